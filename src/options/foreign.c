/* foreign: see foreign.h. */
#include "options/foreign.h"

#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "options/option_table.h"

const struct foreign_row foreign_rows[] = {
    {"-r --sender --from-address --mailfrom --return-address",
	"-f ADDRESS (--from) says who it is from, and gets what bounces"},
    {"--mail-from --return-path --envelope-sender --read-envelope-from "
     "-rp",
	"--envelope-from ADDRESS says where failures are reported"},
    {"-F --full-name --from-name --sender-name -fname",
	"the name stands before the address: --from 'Ann <ann@example.org>'"},
    {"--mail-rcpt --recipient --recipients --rcpt-to --mail-to --mailto "
     "--receiver",
	"-t ADDRESS (--to) names a recipient, and so does an operand"},
    {"--to-cmd --cc-cmd",
	"COMMAND | smtpsend --to-file - reads recipients, one a line; "
	"--cc-file is for copies"},
    {"--undisclosed-recipients",
	"-b ADDRESS (--bcc) names a recipient whom the others do not see"},
    {"--keepbcc", "--keep-bcc shows the Bcc field to everyone"},
    {"--remove-bcc-headers", "leave it out: Bcc never goes out"},
    {"--replyto -rt", "--reply-to ADDRESS is where answers should go"},
    {"-sub", "-s TEXT (--subject) is the subject"},
    {"--read-recipients",
	"-m - sends a complete message to those who are in its header"},
    {"-p --port --smtp-port --smtp-server-port",
	"the port stands behind the host: --server HOST:PORT"},
    {"--host --hostname --smtp --smtp-server --smtp-host --mail-server "
     "--mailhost --relay --url --mta --smtphost --smtpserver "
     "--mailhub --smtp-url",
	"-S HOST:PORT (--server) names the server"},
    {"--protocol --lmtp --smtps",
	"the server's URL says the protocol: --server smtps://HOST, or lmtp://"},
    {"--resolve --connect-to --copy-routing",
	"-S ADDRESS:PORT says where to connect, --tls-server-name NAME whose "
	"certificate is expected"},
    {"--socket --unix-socket", "--server unix:PATH is a socket"},
    {"--pipe", "--server exec:COMMAND is a program"},
    {"--smtp-user --auth-user --username --smtp-auth-user --smtpuser --authuser "
     "-au -xu",
	"-u NAME (--user) signs in"},
    {"--smtp-pass --smtp-password --auth-password --auth-pass --passwd "
     "--smtp-auth-password --smtppass --authpass --pass -ap -xp",
	"in a command line everyone can see a password:\n"
	"--password-file FILE or --password-command COMMAND gives it"},
    {"--passwordeval", "--password-command COMMAND prints the password"},
    {"--netrc-file", "--netrc=FILE takes user and password from a netrc"},
    {"--netrc-optional",
	"leave it out: ~/.netrc counts where it has the user's password"},
    {"--oauth2-bearer --xoauth2 --access-token --token",
	"--token-command COMMAND or --token-file FILE signs in with a token"},
    {"--no-auth --no-smtp-auth",
	"leave it out: who signs in is who names a user"},
    {"--auth-method --auth-mechanism --smtp-auth --auth-plain --auth-login "
     "--login-options --sasl-mech",
	"--auth MECHANISM says how to sign in"},
    {"--smtp-encryption --smtp-ssl --ssl --ssl-reqd --starttls "
     "--tls-starttls --tls-on-connect --tlsc -tlsc --smtp-use-starttls "
     "--use-tls --use-ssl --ssl-tls --use-starttls --usetls --usestarttls",
	"--tls=starttls demands STARTTLS; --tls=implicit is TLS from the "
	"first byte"},
    {"--tls-optional --tls-optional-strict --tlso -tlso --opportunistic",
	"leave it out: --tls=auto, which is meant without, takes TLS where it "
	"is offered"},
    {"--no-tls --notls --disable-tls --no-ssl --nossl --no-starttls "
     "--disable-ssl",
	"--tls=off sends in clear, for everyone to read"},
    {"-k --insecure --tls-certcheck --tls-verify --ssl-verify "
     "--no-check-certificate --no-verify --skip-verify --no-verify-ssl "
     "--allow-insecure --ignore-cert --verify-cert -verifyCert",
	"a certificate counts if --tls-ca FILE or --tls-pin PIN says so"},
    {"--tls-fingerprint --pinnedpubkey --fingerprint",
	"--tls-pin PIN names the one key that is trusted"},
    {"--cacert --ca-file --tls-ca-file --ssl-ca-file --tls-trust-file "
     "--ca-cert --ca-certs --cafile --ca-bundle --capath --ca-path "
     "--tls-ca-path --smtp-ssl-cert-path",
	"--tls-ca FILE names the authorities that are trusted"},
    {"--cert --cert-file --tls-cert-file --client-cert --ssl-cert "
     "--certificate --smtp-ssl-client-cert",
	"--tls-cert FILE is the certificate that is shown to the server"},
    {"--key-file --tls-key-file --client-key --ssl-key --private-key "
     "--smtp-ssl-client-key",
	"--tls-key FILE is the private key of --tls-cert"},
    {"--crl --crlfile --crl-file --tls-crl-file",
	"--tls-crl FILE lists the certificates that are revoked"},
    {"--tls-priorities --priorities --ciphers --tls-cipher --tls13-ciphers "
     "--tls-max --tls-min-dh-prime-bits",
	"--tls-priority STRING is what TLS may agree on"},
    {"--tlsv1.2 --tlsv1.3 --tls-protocol --tlsp -tlsp",
	"--tls-min-version 1.2 or 1.3 is the least that is spoken"},
    {"--sni --tls-sni --tls-host-override --servername",
	"--tls-server-name NAME is the name in the certificate"},
    {"--helo --lhlo --smtp-domain --smtp-hostname --domain --fqdn --hello "
     "--local-hostname --heloname -ehlo",
	"--ehlo-name NAME is what we call ourselves"},
    {"--bind --bind-address --local-interface --source-ip -li",
	"--source-address ADDRESS is where connections come from"},
    {"--local-port -lp",
	"the system chooses the local port; --source-address ADDRESS is where "
	"connections come from"},
    {"--4", "-4 (--ipv4) uses IPv4 only"},
    {"--6", "-6 (--ipv6) uses IPv6 only"},
    {"-x --proxy-host --proxy-port --http-proxy --socks --socks-proxy "
     "--socks4 --socks4a --socks5 --socks5-hostname --preproxy",
	"--proxy URL names it: http://HOST:PORT, socks5h://HOST:PORT"},
    {"-U --proxy-user",
	"the proxy's URL names the user: --proxy http://USER@HOST:PORT"},
    {"--noproxy", "--no-proxy HOSTS are reached without the proxy"},
    {"--proxy-cacert --proxy-insecure",
	"--proxy-ca FILE names the authorities that are trusted for the "
	"proxy"},
    {"--haproxy-protocol --proxy-version",
	"--proxy-protocol v1 or v2 begins with a PROXY header"},
    {"--connect-timeout", "--timeout DURATION limits each step"},
    {"--max-time", "--deadline DURATION limits the whole run"},
    {"-T --upload-file --data --eml --raw-message",
	"-m FILE (--message) sends a complete message, -m - one on standard "
	"input"},
    {"--add-header --extra-header --custom-header --append --xheader "
     "--headers",
	"-H 'Name: value' (--header) adds a header field"},
    {"--xmailer --x-mailer --user-agent",
	"-H 'User-Agent: NAME' (--header) is that field"},
    {"--read-receipt --receipt --request-receipt -rrr",
	"-H 'Disposition-Notification-To: ADDRESS' asks the reader for one"},
    {"-N --notify --dsn --delivery-notification",
	"--dsn-notify WHEN asks for reports: success,failure,delay or never"},
    {"-R", "--dsn-return WHAT is what a report brings back: full or hdrs"},
    {"--add-missing-from-header --add-missing-date-header "
     "--set-from-header --set-date-header --set-msgid-header --auto-from",
	"leave it out: From, Date and Message-ID are added where they are "
	"missing"},
    {"--text-file --message-file --msg-file --textfile",
	"--body-file FILE is the text, -m FILE (--message) a complete "
	"message"},
    {"--text --body-text --text-body --msg",
	"--body TEXT is the text, or --body-file FILE, or standard input"},
    {"--html-file --body-html --html-body --alternative",
	"--html FILE is the text as HTML"},
    {"--attachment --attachments --attach-file --file --files --attach-fd "
     "--attach-body",
	"-a FILE (--attach) attaches a file"},
    {"-M --attach-type --content-type --mime-type -ct",
	"--attach FILE,type=TYPE says what a file is, -H 'Content-Type: TYPE' "
	"what the text is"},
    {"--attach-name --content-name --content-filename",
	"--attach FILE,name=NAME gives a file another name"},
    {"-i", "leave it out: a line with a dot does not end the text"},
    {"-ti -tio -toi",
	"-t alone takes a complete message, with those who are in its header; "
	"a line with a dot does not end it"},
    {"-bs -bm -bp -bv -bd -bi -bt",
	"-b is --bcc here, and what follows it an address: --bcc=ADDRESS"},
    {"-o", "leave it out: it is sent now, and errors are told"},
    {"-B --8bitmime --pipeline --prdr",
	"leave it out: what the server offers is used"},
    {"--mail-rcpt-allowfails",
	"leave it out: those who are accepted get it, whatever becomes of "
	"others"},
    {"-C --config --config-file --conf --rcfile --resource-files",
	"--show-settings names the configuration files; -A NAME chooses an "
	"account in them"},
    {"--identity",
	"-A NAME (--account) chooses a section of the "
	"configuration"},
    {"--print-config --dump", "--show-settings prints what is set"},
    {"-P --pretend --no-send --simulate --dump-mail",
	"-n (--dry-run) prints what would go out; --check asks the server, and "
	"sends nothing"},
    {"--serverinfo --probe --info", "--server-info shows what a server offers"},
    {"-E --discard-empty-messages --skip-empty-attachments",
	"what is empty is sent, too: `test -s FILE` asks first"},
    {"--retries --retry-delay",
	"exit status 75 says that it may work later, and nobody has it yet"},
    {"-d --debug --debug-level --smtp-debug --loglevel --log-level",
	"-vv shows what is said to the server"},
    {"--silent --hide-all --no-progress-meter",
	"-q (--quiet) says no more than errors"},
    {"-l -X --logfile --log-file --trace --trace-ascii",
	"--log FILE has a line for each mail, --transcript FILE what was said"},
    {"--syslog --syslog-facility", "--log=syslog has a line for each mail"},
    {"--trace-time --show-time-lapse -stl",
	"--timing shows how long each phase took"},
    {"--quit-after --drop-after --drop-after-send --quit "
     "--xclient --xclient-addr",
	"--script FILE says the commands that it holds, and no more"},
    {"--encoding --transfer-encoding --content-transfer-encoding",
	"leave it out: each part is encoded as its bytes need it"},
    {"--sendcharsets --ttycharset --8bit-encoding --compose-encoding -cs",
	"--charset NAME says which charset the text is in"},
    {"--sendwait --v15-compat",
	"leave it out: when smtpsend ends, the server has answered"},
    {NULL, NULL},
};

/* swaks names fields so: --h-Subject, --header-X-Test. */
static const struct foreign_row fields[] = {
    {"--h-", "-H 'Name: value' (--header) is a header field"},
    {"--header-", "-H 'Name: value' (--header) is a header field"},
};

static const char *
hint_for(const char *word)
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

const char *
foreign_hint(const char *word)
{
	const char *hint = hint_for(word);
	char name[OPTION_VARIABLE_SIZE];

	/* Some have long names behind one dash. */
	if (hint == NULL && word[0] == '-' && word[1] != '-' &&
	    strlen(word) > 3 && strlen(word) < sizeof(name) - 1) {
		snprintf(name, sizeof(name), "-%s", word);
		hint = hint_for(name);
	}
	return hint;
}

const char *
foreign_setting_hint(const char *name)
{
	char word[OPTION_VARIABLE_SIZE] = "--";
	size_t i;

	if (strlen(name) > sizeof(word) - 3)
		return NULL;
	for (i = 0; name[i] != '\0'; i++)
		word[i + 2] = name[i] == '_' ? '-' : (char)ascii_lower(name[i]);
	word[i + 2] = '\0';
	return foreign_hint(word);
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
