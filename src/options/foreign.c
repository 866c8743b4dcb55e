/* foreign: see foreign.h. */
#include "options/foreign.h"

#include <stdio.h>
#include <string.h>

#include "options/option_table.h"

const struct foreign_row foreign_rows[] = {
    {"-r --sender --from-address --mailfrom",
	"-f ADDRESS (--from) says who it is from, and gets what bounces"},
    {"--mail-from --return-path --envelope-sender --read-envelope-from",
	"--envelope-from ADDRESS says where failures are reported"},
    {"-F --full-name --from-name --sender-name",
	"the name stands before the address: --from 'Ann <ann@example.org>'"},
    {"--mail-rcpt --recipient --recipients",
	"-t ADDRESS (--to) names a recipient, and so does an operand"},
    {"--read-recipients",
	"-m - sends a complete message to those who are in its header"},
    {"-p --port --smtp-port --smtp-server-port",
	"the port stands behind the host: --server HOST:PORT"},
    {"--host --hostname --smtp --smtp-server --smtp-host --mail-server "
     "--mailhost --relay --url --mta",
	"-S HOST:PORT (--server) names the server"},
    {"--protocol --lmtp --smtps",
	"the server's URL says the protocol: --server smtps://HOST, or lmtp://"},
    {"--socket --unix-socket", "--server unix:PATH is a socket"},
    {"--pipe", "--server exec:COMMAND is a program"},
    {"--smtp-user --auth-user --username --smtp-auth-user",
	"-u NAME (--user) signs in"},
    {"--smtp-pass --smtp-password --auth-password --auth-pass --passwd "
     "--smtp-auth-password",
	"in a command line everyone can see a password:\n"
	"--password-file FILE or --password-command COMMAND gives it"},
    {"--passwordeval", "--password-command COMMAND prints the password"},
    {"--auth-method --auth-mechanism --smtp-auth",
	"--auth MECHANISM says how to sign in"},
    {"--smtp-encryption --smtp-ssl --ssl --ssl-reqd --starttls "
     "--tls-starttls --tls-on-connect --tlsc -tlsc --smtp-use-starttls",
	"--tls=starttls demands STARTTLS; --tls=implicit is TLS from the "
	"first byte"},
    {"-k --insecure --tls-certcheck --tls-verify --ssl-verify "
     "--no-check-certificate",
	"a certificate counts if --tls-ca FILE or --tls-pin PIN says so"},
    {"--tls-fingerprint", "--tls-pin PIN names the one key that is trusted"},
    {"--cacert --ca-file --tls-ca-file --ssl-ca-file --tls-trust-file",
	"--tls-ca FILE names the authorities that are trusted"},
    {"--crl --crlfile --crl-file --tls-crl-file",
	"--tls-crl FILE lists the certificates that are revoked"},
    {"--tls-priorities --priorities --ciphers --tls-cipher --tls13-ciphers",
	"--tls-priority STRING is what TLS may agree on"},
    {"--tlsv1.2 --tlsv1.3 --tls-protocol",
	"--tls-min-version 1.2 or 1.3 is the least that is spoken"},
    {"--sni --tls-sni --tls-host-override --servername",
	"--tls-server-name NAME is the name in the certificate"},
    {"--helo --lhlo --smtp-domain --smtp-hostname",
	"--ehlo-name NAME is what we call ourselves"},
    {"--bind --bind-address --local-interface",
	"--source-address ADDRESS is where connections come from"},
    {"--connect-timeout", "--timeout DURATION limits each step"},
    {"--max-time", "--deadline DURATION limits the whole run"},
    {"-T --upload-file --data --eml --raw-message",
	"-m FILE (--message) sends a complete message, -m - one on standard "
	"input"},
    {"--add-header --extra-header --custom-header",
	"-H 'Name: value' (--header) adds a header field"},
    {"--text --body-text --text-body --msg",
	"--body TEXT is the text, or --body-file FILE, or standard input"},
    {"--html-file --body-html", "--html FILE is the text as HTML"},
    {"--attachment --attachments --attach-file --file --files",
	"-a FILE (--attach) attaches a file"},
    {"-M --attach-type --content-type --mime-type",
	"--attach FILE,type=TYPE says what a file is, -H 'Content-Type: TYPE' "
	"what the text is"},
    {"--attach-name", "--attach FILE,name=NAME gives a file another name"},
    {"-i", "leave it out: a line with a dot does not end the text"},
    {"-ti -tio -toi",
	"-t alone takes a complete message, with those who are in its header; "
	"a line with a dot does not end it"},
    {"-bs -bm -bp -bv -bd -bi -bt",
	"-b is --bcc here, and what follows it an address: --bcc=ADDRESS"},
    {"-o", "leave it out: it is sent now, and errors are told"},
    {"-d --debug --debug-level", "-vv shows what is said to the server"},
    {"--silent --hide-all", "-q (--quiet) says no more than errors"},
    {"--logfile --log-file --log", "--transcript FILE keeps what was said"},
    {"--quit-after --drop-after --quit",
	"--script FILE says the commands that it holds, and no more"},
    {"--sendcharsets --ttycharset",
	"--charset NAME says which charset the text is in"},
    {"--record", "--save PATH keeps a copy of what was accepted"},
    {"--sendwait --v15-compat",
	"leave it out: when smtpsend ends, the server has answered"},
    {NULL, NULL},
};

/* swaks names fields so: --h-Subject, --header-X-Test. */
static const struct foreign_row fields[] = {
    {"--h-", "-H 'Name: value' (--header) is a header field"},
    {"--header-", "-H 'Name: value' (--header) is a header field"},
};

const char *
foreign_hint(const char *word)
{
	const struct foreign_row *row;
	size_t n = strlen(word), i;
	const char *at;

	for (row = foreign_rows; row->names != NULL; row++) {
		for (at = row->names; (at = strstr(at, word)) != NULL; at += n)
			if ((at == row->names || at[-1] == ' ') &&
			    (at[n] == ' ' || at[n] == '\0'))
				return row->hint;
	}
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strncmp(word, fields[i].names, strlen(fields[i].names)) ==
		    0)
			return fields[i].hint;
	return NULL;
}

/* The name of a variable as that of an option: "--from". */
static bool
variable_name(const char *text, char name[OPTION_VARIABLE_SIZE])
{
	size_t n = strcspn(text, "=:/@[ ");

	if (n == 0 || text[n] != '=' || n >= OPTION_VARIABLE_SIZE - 2)
		return false;
	snprintf(name, OPTION_VARIABLE_SIZE, "--%.*s", (int)n, text);
	return true;
}

int
value_server(const char *text, struct error *err)
{
	const struct option_row *row;
	char name[OPTION_VARIABLE_SIZE];
	const char *hint;

	if (value_plain(text, err) == -1)
		return -1;
	if (!variable_name(text, name))
		return 0;
	hint = foreign_hint(name);
	row = option_by_name(name + 2);
	if (row != NULL && (row->scope & OPTION_ARGV) == 0)
		row = NULL;
	/* Else the name of a user may begin so. */
	if (hint == NULL && row == NULL && strchr(text, '@') != NULL)
		return 0;
	error_set(err, EX_USAGE, "is no server, and no variables are set here");
	if (hint != NULL)
		return error_hint(err, "%s", hint);
	if (row != NULL)
		return error_hint(err, "%s%s%s is an option here", name,
		    row->argument != NULL ? " " : "",
		    row->argument != NULL ? row->argument : "");
	return error_hint(err,
	    "what s-nail has variables for has options here: smtpsend "
	    "--help=all lists them");
}
