/* rows: who we are to the server. */
#include "options/rows.h"

static const struct option_row rows[] = {
    {
	.name = "user",
	.letter = 'u',
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(auth.user),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.argument = "NAME",
	.summary = "authenticate as NAME",
	.manual = "The user name to authenticate with. It can be part "
		  "of the server's URL, too.",
    },
    {
	.name = "password-command",
	.type = OPTION_STRING,
	.secret = SECRET_COMMAND,
	.offset = FIELD(auth.password_command),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_PASSWORD,
	.argument = "COMMAND",
	.summary = "take the password from a command",
	.manual = "Runs COMMAND by the shell when the password is "
		  "needed, and takes the first line that it prints.",
    },
    {
	.name = "password-file",
	.type = OPTION_STRING,
	.offset = FIELD(auth.password_file),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_PASSWORD,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "take the password from a file",
	.manual = "Takes the first line of FILE as the password. FILE "
		  "must belong to you or to root, and give no rights "
		  "to group and others. On a read-only mount, where "
		  "Docker and Kubernetes keep secrets and rights cannot "
		  "be changed, others may read it if the command line "
		  "names it.",
    },
    {
	.name = "password",
	.type = OPTION_SECRET,
	.offset = FIELD(auth.password),
	.scope = OPTION_FILE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_PASSWORD,
	.argument = "TEXT",
	.summary = "the password itself",
	.manual = "The password. It is accepted in a configuration file "
		  "only, and only in one that belongs to you, is not "
		  "reached by a symbolic link, and that nobody else can "
		  "read (mode 0600).",
    },
    {
	.name = "token-command",
	.type = OPTION_STRING,
	.secret = SECRET_COMMAND,
	.offset = FIELD(auth.token_command),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_TOKEN,
	.argument = "COMMAND",
	.summary = "take an OAuth token from a command",
	.manual = "Runs COMMAND by the shell, and signs in with the access "
		  "token (OAuth 2.0) that is the first line that it prints, "
		  "where the server takes one (OAUTHBEARER, XOAUTH2). A "
		  "password that is given, too, is for servers that do not.",
    },
    {
	.name = "token-file",
	.type = OPTION_STRING,
	.offset = FIELD(auth.token_file),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_TOKEN,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "take an OAuth token from a file",
	.manual = "The same with the first line of FILE, which must be as a "
		  "password file.",
    },
    {
	.name = "auth",
	.type = OPTION_STRING,
	.check = value_token,
	.offset = FIELD(auth.mechanism),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "MECHANISM",
	.summary = "use this SASL mechanism and no other",
	.manual = "Authenticates by this SASL mechanism and no other. "
		  "Without it, the strongest that both sides have.",
    },
    {
	.name = "auth-in-clear",
	.type = OPTION_FLAG,
	.offset = FIELD(auth.in_clear),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.summary = "allow credentials without TLS",
	.manual = "Allows credentials to travel unencrypted. Without "
		  "it they do so on loopback only.",
    },
    {.name = NULL},
};

const struct option_section section_authentication = {
    "Authentication", "authentication", ROWS(rows)};
