/* rows: what is told of smtpsend itself. */
#include "options/rows.h"

static const struct option_row rows[] = {
    {
	.name = "show-settings",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "print what is set, and where that comes from",
	.manual = "Prints every setting that was set, with `-v` all of "
		  "them, with its value and its origin, "
		  "and the configuration files that were looked for, with "
		  "their accounts. "
		  "Nothing is sent. Passwords are not shown, and of a "
		  "command that gives one, or that is the server, only, "
		  "with `-v`, its text.",
	.action = ACTION_SHOW_SETTINGS,
    },
    {
	.name = "accounts",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "list the accounts that are configured",
	.manual = "Prints a line for each account of the configuration: "
		  "its name, with an asterisk before the one that this "
		  "call would use, the addresses that it is for, its "
		  "server, how it signs in, and whether that can work as "
		  "far as it is known without a connection and without "
		  "running a command. An account with a mistake in it is "
		  "listed with that, and the exit status is 78 then. "
		  "`--json` prints an object; see ACCOUNTS in smtpsend(1).",
	.action = ACTION_ACCOUNTS,
    },
    {
	.name = "configure",
	.type = OPTION_ACTION,
	.check = value_plain,
	.scope = OPTION_ARGV,
	.argument = "ADDRESS",
	.optional = true,
	.summary = "make an account, step by step",
	.manual = "Makes the account for ADDRESS: finds the servers, looks at "
		  "what they offer, asks for a password or signs in, tries "
		  "whether the server lets us in, and then writes the account "
		  "into the user's configuration, which is otherwise left as "
		  "it is. `-n` prints what would be written, and asks "
		  "nothing. What the command line says of the server, a proxy "
		  "and signing in belongs to the account; `-A` names it. See "
		  "FIRST STEPS in smtpsend(1).",
	.action = ACTION_CONFIGURE,
    },
    {
	.name = "dns-server",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(search.dns_server),
	.scope = OPTION_ARGV,
	.applies = CALL_CONFIGURE,
	.argument = "ADDRESS[:PORT]",
	.summary = "ask this name server for MX and SRV",
	.manual = "The name server that --configure asks which servers a "
		  "domain has, in place of the system's.",
    },
    {
	.name = "autoconfig-url",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(search.autoconfig_url),
	.scope = OPTION_ARGV,
	.applies = CALL_CONFIGURE,
	.argument = "URL",
	.summary = "look for published settings there",
	.manual = "Where --configure looks for the settings that a domain "
		  "publishes for mail programs, in place of the usual "
		  "addresses at the domain.",
    },
    {
	.name = "import-msmtprc",
	.type = OPTION_ACTION,
	.check = value_line,
	.scope = OPTION_ARGV,
	.argument = "FILE",
	.optional = true,
	.completion = COMPLETE_FILE,
	.summary = "print a configuration of msmtp as one of ours",
	.manual = "Prints the configuration of msmtp in FILE as one of "
		  "smtpsend's on standard output; nothing is changed and no "
		  "command is run. Without FILE, it is `~/.msmtprc`, else "
		  "`$XDG_CONFIG_HOME/msmtp/config`, else `/etc/msmtprc`. "
		  "What smtpsend has nothing for is told on standard error "
		  "and in comments, with its line. See ACCOUNTS in "
		  "smtpsend(1).",
	.action = ACTION_IMPORT_MSMTPRC,
    },
    {
	.name = "help",
	.letter = 'h',
	.type = OPTION_ACTION,
	.check = value_query,
	.scope = OPTION_ARGV,
	.argument = "TOPIC",
	.optional = true,
	.completion = COMPLETE_TOPIC,
	.summary = "print this, or more about a topic or option",
	.manual = "Prints a summary, and what TOPIC may be: `all` lists all "
		  "options, the name of a section those that stand in it, "
		  "`exit` the exit statuses. With the name of an option, "
		  "prints what this manual says about it.\n"
		  "\n"
		  "With a server named by `-S` and nothing to send, it "
		  "is `--server-help`. `-h` is always the summary.",
	.action = ACTION_OPTION_HELP,
    },
    {
	.name = "version",
	.letter = 'V',
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "print the version",
	.manual = "Prints the version.",
	.action = ACTION_VERSION,
    },
    {.name = NULL},
};

const struct option_section section_general = {
    "General", "general", ROWS(rows)};
