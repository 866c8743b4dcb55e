/* msmtprc: see msmtprc.h. */
#include "command/msmtprc.h"

#include <string.h>

#include "lib/charset.h"
#include "options/value.h"

static const char blanks[] = " \t\r\f\v";

/* A command that has nothing here unless it says what would be so anyway. */
static const struct known {
	const char *name;
	enum msmtprc_command command;
	const char *harmless; /* an argument, beside an empty one */
	const char *lacking;
} known[] = {
    {"host", MSMTPRC_HOST, NULL, NULL},
    {"port", MSMTPRC_PORT, NULL, NULL},
    {"socket", MSMTPRC_SOCKET, NULL, NULL},
    {"protocol", MSMTPRC_PROTOCOL, NULL, NULL},
    {"tls", MSMTPRC_TLS, NULL, NULL},
    {"tls_starttls", MSMTPRC_TLS_STARTTLS, NULL, NULL},
    {"tls_trust_file", MSMTPRC_TLS_TRUST_FILE, NULL, NULL},
    {"auth", MSMTPRC_AUTH, NULL, NULL},
    {"user", MSMTPRC_USER, NULL, NULL},
    {"password", MSMTPRC_PASSWORD, NULL, NULL},
    {"passwordeval", MSMTPRC_PASSWORDEVAL, NULL, NULL},
    {"from", MSMTPRC_FROM, NULL, NULL},
    {"from_full_name", MSMTPRC_FROM_FULL_NAME, NULL, NULL},
    {"proxy_host", MSMTPRC_PROXY_HOST, NULL, NULL},
    {"proxy_port", MSMTPRC_PROXY_PORT, NULL, NULL},
    {"timeout", MSMTPRC_TIMEOUT, NULL, NULL},
    {"connect_timeout", MSMTPRC_TIMEOUT, NULL, NULL},
    {"domain", MSMTPRC_DOMAIN, NULL, NULL},
    {"dsn_return", MSMTPRC_DSN_RETURN, NULL, NULL},
    {"remove_bcc_headers", MSMTPRC_REMOVE_BCC_HEADERS, NULL, NULL},
    {"source_ip", MSMTPRC_SOURCE_IP, NULL, NULL},
    {"dsn_notify", MSMTPRC_DSN_NOTIFY, NULL, NULL},
    {"tls_cert_file", MSMTPRC_TLS_CERT_FILE, NULL, NULL},
    {"tls_key_file", MSMTPRC_TLS_KEY_FILE, NULL, NULL},
    {"tls_crl_file", MSMTPRC_TLS_CRL_FILE, NULL, NULL},
    {"tls_priorities", MSMTPRC_TLS_PRIORITIES, NULL, NULL},
    {"tls_host_override", MSMTPRC_TLS_HOST_OVERRIDE, NULL, NULL},
    {"tls_fingerprint", MSMTPRC_OTHER, NULL,
	"a fingerprint is of a certificate, tls-pin of its key: smtpsend "
	"--server-info shows that"},
    {"tls_certcheck", MSMTPRC_OTHER, "on",
	"certificates are verified; tls-pin or tls-ca says whom to trust"},
    {"tls_nocertcheck", MSMTPRC_OTHER, "off",
	"certificates are verified; tls-pin or tls-ca says whom to trust"},
    {"tls_min_dh_prime_bits", MSMTPRC_OTHER, NULL,
	"the library decides on the size of primes"},
    {"ntlmdomain", MSMTPRC_OTHER, NULL, "NTLM is not spoken"},
    {"auto_from", MSMTPRC_OTHER, "off",
	"no address is made of a user's name: write from = ADDRESS"},
    {"maildomain", MSMTPRC_OTHER, NULL,
	"no address is made of a user's name: write from = ADDRESS"},
    {"allow_from_override", MSMTPRC_OTHER, "on",
	"--from always goes before the configuration"},
    {"set_from_header", MSMTPRC_OTHER, "auto",
	"a From field is added where there is none, and never replaced"},
    {"add_missing_from_header", MSMTPRC_OTHER, "on",
	"a From field is added where there is none"},
    {"set_date_header", MSMTPRC_OTHER, "auto",
	"a Date field is added where there is none"},
    {"add_missing_date_header", MSMTPRC_OTHER, "on",
	"a Date field is added where there is none"},
    {"set_msgid_header", MSMTPRC_OTHER, "auto",
	"a Message-ID is added where there is none"},
    {"undisclosed_recipients", MSMTPRC_OTHER, "off",
	"To and Cc stay; name those who are not to be seen with --bcc"},
    {"logfile", MSMTPRC_OTHER, NULL,
	"no log is kept; transcript, on-success and on-failure tell more"},
    {"logfile_time_format", MSMTPRC_OTHER, NULL, "no log is kept"},
    {"syslog", MSMTPRC_OTHER, "off",
	"no log is kept; on-success and on-failure can run logger(1)"},
    {"aliases", MSMTPRC_OTHER, NULL, "local names are not looked up"},
    {"eval", MSMTPRC_OTHER, NULL,
	"it was not run: write the line that it gives"},
};

struct reader {
	struct msmtprc *rc;
	const char *path;
	unsigned number;
	struct msmtprc_account *account; /* NULL: in defaults */
	const struct msmtprc_line *defaults[MSMTPRC_KNOWN];
};

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, blanks);
	for (n = strlen(s); n > 0 && strchr(blanks, s[n - 1]) != NULL; n--)
		s[n - 1] = '\0';
	return s;
}

/* What stands between the first quotation mark and the last one. */
static char *
unquote(char *s)
{
	size_t n = strlen(s);

	if (n < 2 || s[0] != '"' || s[n - 1] != '"')
		return s;
	s[n - 1] = '\0';
	return s + 1;
}

static struct msmtprc_account *
find_account(const struct reader *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->rc->account_count; i++)
		if (strcmp(r->rc->accounts[i].name, name) == 0)
			return &r->rc->accounts[i];
	return NULL;
}

static struct msmtprc_account *
add_account(struct reader *r, const char *name)
{
	struct msmtprc_account *a = &r->rc->accounts[r->rc->account_count++];

	a->name = name;
	a->number = r->number;
	memcpy(a->defaults, r->defaults, sizeof(a->defaults));
	return a;
}

static int
refuse(const struct reader *r, const char *what, const char *name,
    struct error *err)
{
	struct error refused;

	error_set(&refused, EX_CONFIG, "%s:%u: %s%.80s", r->path, r->number,
	    what, name);
	*err = refused;
	return -1;
}

/* What the bases say themselves, which goes before the defaults. */
static int
inherit(
    struct reader *r, struct msmtprc_account *a, char *bases, struct error *err)
{
	const struct msmtprc_account *base;
	char *name;
	size_t i;

	while ((name = strsep(&bases, ",")) != NULL) {
		name = trim(name);
		base = find_account(r, name);
		if (base == NULL || base == a)
			return refuse(r, "there is no account above it called ",
			    name, err);
		for (i = 0; i < MSMTPRC_KNOWN; i++)
			if (base->own[i] != NULL)
				a->own[i] = base->own[i];
	}
	return 0;
}

/* NAME [: BASE,…] */
static int
begin_account(struct reader *r, char *argument, struct error *err)
{
	char *bases = strchr(argument, ':'), *name;

	if (bases != NULL)
		*bases++ = '\0';
	name = trim(argument);
	if (value_plain(name, err) == -1)
		return refuse(r, "the account's name ", err->text, err);
	if (find_account(r, name) != NULL)
		return refuse(
		    r, "there is an account above it called ", name, err);
	r->account = add_account(r, name);
	return bases != NULL ? inherit(r, r->account, bases, err) : 0;
}

static const struct known *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

static void
add_line(struct reader *r, const char *name, const char *argument)
{
	struct msmtprc_line *line = &r->rc->lines[r->rc->line_count++];
	const struct known *k = find_command(name);
	bool harmless = k != NULL &&
	    (*argument == '\0'
		    ? k->harmless == NULL || strcmp(k->harmless, "on") == 0
		    : k->harmless != NULL &&
			strcmp(k->harmless, argument) == 0);

	*line = (struct msmtprc_line){
	    .number = r->number,
	    .name = name,
	    .command = k != NULL ? k->command : MSMTPRC_OTHER,
	    .argument = argument,
	    .account = r->account != NULL ? r->account->name : NULL,
	    .lacking = k == NULL ? "msmtp 1.8 has no such command"
		: harmless	 ? NULL
				 : k->lacking,
	};
	if (line->command == MSMTPRC_OTHER)
		return;
	if (r->account != NULL)
		r->account->own[line->command] = line;
	else
		r->defaults[line->command] = line;
}

static int
take_line(struct reader *r, char *line, bool *begun, struct error *err)
{
	char *name, *argument;

	name = line = trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	argument = line + strcspn(line, blanks);
	if (*argument != '\0')
		*argument++ = '\0';
	argument = unquote(trim(argument));
	if (strcmp(name, "account") == 0) {
		*begun = true;
		return begin_account(r, argument, err);
	}
	if (strcmp(name, "defaults") == 0) {
		*begun = true;
		r->account = NULL;
		return 0;
	}
	if (!*begun)
		r->account = add_account(r, "default");
	*begun = true;
	add_line(r, name, argument);
	return 0;
}

int
msmtprc_read(struct msmtprc *rc, struct arena *a, char *text, size_t n,
    const char *path, struct error *err)
{
	struct reader r = {.rc = rc, .path = path};
	char *end = text + n, *next;
	size_t lines = 1, accounts = 1;
	bool begun = false;

	*rc = (struct msmtprc){0};
	if (charset_refuse_nul(text, n, EX_CONFIG, err) == -1)
		return error_context(err, "%s", path);
	for (next = text;
	     (next = memchr(next, '\n', (size_t)(end - next))) != NULL; next++)
		lines++;
	for (next = text; (next = strstr(next, "account")) != NULL; next++)
		accounts++;
	/* None of them moves. */
	rc->lines = arena_alloc(a, lines * sizeof(*rc->lines));
	rc->accounts = arena_alloc(a, accounts * sizeof(*rc->accounts));
	for (; text < end; text = next) {
		r.number++;
		next = memchr(text, '\n', (size_t)(end - text));
		if (next == NULL)
			next = end;
		*next = '\0';
		if (take_line(&r, text, &begun, err) == -1)
			return -1;
		next++;
	}
	return 0;
}
