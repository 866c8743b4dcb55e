/* rows: who we are to the server. */
#include "options/rows.h"

static const char *const managers[] = {"secret-tool", "pass", NULL};
static const char *const mechanisms[] = {"EXTERNAL", "OAUTHBEARER", "XOAUTH2",
    "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1",
    "PLAIN", "LOGIN", "GSSAPI", "CRAM-MD5", NULL};

static const char *const login_ways[] = {"browser", "device", "copy", NULL};

static const struct option_row rows[] = {
    {
	.name = "user",
	.letter = 'u',
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(auth.user),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
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
	.name = "password-fd",
	.type = OPTION_STRING,
	.check = value_descriptor,
	.offset = FIELD(auth.password_fd),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS & ~CALL_CONFIGURE,
	.group = GROUP_PASSWORD,
	.argument = "N",
	.summary = "take the password from a descriptor",
	.manual = "Takes the next line of the descriptor N as the password: "
		  "one that the program was started with, such as a pipe "
		  "or, as `0`, standard input, if nothing else is read from "
		  "there. No octet behind the line is taken, and programs "
		  "that are started do not get the descriptor.",
    },
    {
	.name = "password-credential",
	.type = OPTION_STRING,
	.check = value_credential,
	.offset = FIELD(auth.password_credential),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_PASSWORD,
	.argument = "NAME",
	.summary = "take the password from systemd",
	.manual = "Takes the first line of the credential NAME as the "
		  "password: what a unit of systemd has by "
		  "`LoadCredential=NAME:FILE`, "
		  "`SetCredentialEncrypted=` and the like "
		  "(systemd.exec(5)), in the directory "
		  "`$CREDENTIALS_DIRECTORY`. One that is called "
		  "`smtpsend.password` is used when nothing else says where "
		  "the password is.",
    },
    {
	.name = "password-from",
	.type = OPTION_STRING,
	.offset = FIELD(auth.password_from),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_PASSWORD,
	.argument = "MANAGER",
	.choices = managers,
	.summary = "take the password from secret-tool or pass",
	.manual = "Asks a password manager for the password of the user at "
		  "the host. `secret-tool` looks it up in the keyring of the "
		  "desktop (GNOME, KDE, KeePassXC) by the attributes `host`, "
		  "`service` (`smtp`) and `user`, as msmtp does: "
		  "`secret-tool store --label=mail host HOST service smtp "
		  "user USER` puts it there. `pass` has it as "
		  "`smtp/HOST/USER`.",
    },
    {
	.name = "netrc",
	.type = OPTION_STRING,
	.offset = FIELD(auth.netrc),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_PASSWORD,
	.argument = "FILE",
	.optional = true,
	.omitted = "~/.netrc",
	.completion = COMPLETE_FILE,
	.summary = "take user and password from a netrc",
	.manual = "Takes the password from FILE (`~/.netrc`), and the user, "
		  "too, if none is named. For a user that is named "
		  "`~/.netrc` is looked into without this option, when "
		  "nothing else says where the password is. Who may read "
		  "FILE is as for `--password-file`. See "
		  "AUTHENTICATION in smtpsend(1) for what is read there.",
    },
    {
	.name = "no-netrc",
	.type = OPTION_FLAG,
	.offset = FIELD(auth.no_netrc),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.summary = "look into no netrc that is not named",
	.manual = "Does not look into `~/.netrc` for the password of a user "
		  "that is named.",
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
	.name = "login",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.argument = "HOW",
	.optional = true,
	.choices = login_ways,
	.summary = "sign in by OAuth, with a browser or a code",
	.manual = "Signs the account (`-A`) in at the provider that its "
		  "`oauth` names, and keeps the token, which is used and "
		  "renewed by itself from then on. No mail server is asked. "
		  "See SIGNING IN in smtpsend(1).\n"
		  "\n"
		  "With `browser` a browser of this machine is opened; with "
		  "`device` a code is shown, to be typed in a browser "
		  "anywhere; with `copy` an address is shown, and the one "
		  "where the browser ends is pasted. Without HOW, it is the "
		  "browser where there is a display (`DISPLAY`, "
		  "`WAYLAND_DISPLAY` or `BROWSER` is set, `SSH_CONNECTION` is "
		  "not), else `device` where provider and server have it, else "
		  "`copy`.",
	.action = ACTION_LOGIN,
    },
    {
	.name = "oauth",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(auth.oauth.provider),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
	.group = GROUP_TOKEN,
	.argument = "PROVIDER|URL",
	.completion = COMPLETE_PROVIDER,
	.summary = "sign in by OAuth, with --login's token",
	.manual = "Signs in with the token that `--login` has got, which is "
		  "renewed by itself: PROVIDER is one that `--explain` knows "
		  "(`gmail`, `microsoft365`, `outlook`), URL an issuer that "
		  "publishes its metadata (RFC 8414, OpenID Connect).",
    },
    {
	.name = "logout",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "forget a sign-in, and have it revoked",
	.manual = "Ends the sign-in of the account (`-A`): has the "
		  "authorisation server revoke it (RFC 7009) where that "
		  "offers to, and removes what is kept of it here, whatever "
		  "the server says; a warning tells what is left there. No "
		  "mail server is asked. See SIGNING IN in smtpsend(1).",
	.action = ACTION_LOGOUT,
    },
    {
	.name = "print-token",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "print the access token, for other programs",
	.manual = "Prints the access token of the account (`-A`) and nothing "
		  "else on standard output, renewed if it has to be: for "
		  "other programs that sign in at the same server, such as "
		  "one that reads mail. Whoever sees it can do what the "
		  "account can, for as long as it lasts. See SIGNING IN in "
		  "smtpsend(1).",
	.action = ACTION_PRINT_TOKEN,
    },
    {
	.name = "oauth-client-id",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(auth.oauth.client_id),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
	.argument = "ID",
	.summary = "the app that signs in",
	.manual = "The app (client) that the authorisation server knows. None "
		  "is shipped: without it, one is registered where the server "
		  "lets anybody do so (RFC 7591).",
    },
    {
	.name = "oauth-client-secret-command",
	.type = OPTION_STRING,
	.secret = SECRET_COMMAND,
	.offset = FIELD(auth.oauth.client_secret_command),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
	.group = GROUP_CLIENT_SECRET,
	.argument = "COMMAND",
	.summary = "take the app's secret from a command",
	.manual = "Runs COMMAND by the shell when the secret of the app is "
		  "needed, and takes the first line that it prints. Google "
		  "gives one to each app.",
    },
    {
	.name = "oauth-client-secret-file",
	.type = OPTION_STRING,
	.offset = FIELD(auth.oauth.client_secret_file),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
	.group = GROUP_CLIENT_SECRET,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "take the app's secret from a file",
	.manual = "The same from the first line of FILE, which must be as "
		  "private as that of `--password-file`.",
    },
    {
	.name = "oauth-scope",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(auth.oauth.scope),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
	.argument = "SCOPE",
	.summary = "ask for this scope",
	.manual =
	    "The scopes that are asked for, with blanks between, in place "
	    "of the provider's.",
    },
    {
	.name = "oauth-tenant",
	.type = OPTION_STRING,
	.check = value_token,
	.offset = FIELD(auth.oauth.tenant),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
	.argument = "TENANT",
	.summary = "the tenant at Microsoft",
	.manual =
	    "The tenant at Microsoft: its domain or number, where the app "
	    "is not for those of all organizations.",
    },
    {
	.name = "oauth-ca",
	.type = OPTION_STRING,
	.offset = FIELD(auth.oauth.ca),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_ANY & ~CALL_ANONYMOUS) | CALL_LOGIN | CALL_SIGNED,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "trust these authorities for HTTPS",
	.manual = "The authorities in FILE (PEM), or in a directory of hashed "
		  "names, are trusted for the authorisation server in place of "
		  "the system's.",
    },
    {
	.name = "auth",
	.type = OPTION_STRING,
	.check = value_token,
	.offset = FIELD(auth.mechanism),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "MECHANISM",
	.hints = mechanisms,
	.summary = "use this SASL mechanism and no other",
	.manual = "Authenticates by this SASL mechanism and no other. "
		  "Without it, the strongest that both sides have; GSSAPI "
		  "and CRAM-MD5 want to be named.",
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
    {
	.name = "tls-cert",
	.type = OPTION_STRING,
	.offset = FIELD(server.tls.cert),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.argument = "FILE|URL",
	.completion = COMPLETE_FILE,
	.summary = "show this certificate to the server",
	.manual = "Our own certificate, for servers that ask for one under "
		  "TLS: a file in PEM (with those that lead to its "
		  "authority behind it), DER or PKCS#12, or the `pkcs11:` "
		  "URL of a token's. It is shown to a verified server only. "
		  "On the command line it demands TLS. See Certificates in "
		  "smtpsend(1).",
    },
    {
	.name = "tls-key",
	.type = OPTION_STRING,
	.offset = FIELD(server.tls.key),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.argument = "FILE|URL",
	.completion = COMPLETE_FILE,
	.summary = "the private key of --tls-cert",
	.manual = "The private key of `--tls-cert`, encrypted or not: a file "
		  "in PEM or DER, which must be as private as that of "
		  "`--password-file`, or the `pkcs11:` URL of a token's. "
		  "Without it, the key is where the certificate is.",
    },
    {
	.name = "tls-key-password-command",
	.type = OPTION_STRING,
	.secret = SECRET_COMMAND,
	.offset = FIELD(server.tls.key_password_command),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_KEY_PASSWORD,
	.argument = "COMMAND",
	.summary = "take the key's password from a command",
	.manual = "Runs COMMAND by the shell when the private key is "
		  "encrypted or in a token, and takes the first line that it "
		  "prints as its password or PIN. Without it, it is asked "
		  "for on the terminal. A PIN that the token refuses is not "
		  "tried again.",
    },
    {
	.name = "tls-key-password-file",
	.type = OPTION_STRING,
	.offset = FIELD(server.tls.key_password_file),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY & ~CALL_ANONYMOUS,
	.group = GROUP_KEY_PASSWORD,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "take the key's password from a file",
	.manual = "Takes the first line of FILE, which must be as private as "
		  "that of `--password-file`, as the private key's password "
		  "or PIN.",
    },
    {.name = NULL},
};

const struct option_section section_authentication = {
    "Authentication", "authentication", ROWS(rows)};
