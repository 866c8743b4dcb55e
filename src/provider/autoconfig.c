/* autoconfig: see autoconfig.h. */
#include "provider/autoconfig.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "provider/column.h"
#include "provider/xml.h"

enum { TEXT_MAX = 1000, HTTP_OK = 200, HTTP_ERRORS = 400 };

/* What is said of one server, as far as it was read. */
struct server {
	char host[256], port[8], socket[16];
	char user[256];
	char auth[128]; /* mechanisms, in the order of the text */
	bool smtp;
};

struct reader {
	struct xml xml;
	const char *address;
	struct arena *arena;
	struct provider_found *found;
	struct provider_server *servers; /* found->servers */
	struct server server;
	struct buf text; /* of the element at hand */
	bool is_config;
};

/* Where an element of a server stands: clientConfig, emailProvider,
 * outgoingServer, it. */
enum { CONFIG = 1, PROVIDER, SERVER, FIELD };

/* A way to sign in is the mechanisms of it that we know. */
static const char *
mechanisms_of(const char *authentication)
{
	static const struct {
		const char *name, *mechanisms;
	} ways[] = {
	    {"OAuth2", "OAUTHBEARER,XOAUTH2"},
	    {"password-cleartext", "PLAIN,LOGIN"},
	    {"plain", "PLAIN,LOGIN"},
	    {"password-encrypted", "CRAM-MD5"},
	    {"secure", "CRAM-MD5"},
	    {"GSSAPI", "GSSAPI"},
	    {"TLS-client-cert", "EXTERNAL"},
	};
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, authentication) == 0)
			return ways[i].mechanisms;
	return NULL;
}

/* What is too long for a value is none. */
static void
keep(char *field, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n < size)
		memcpy(field, text, n + 1);
}

static void
keep_auth(struct server *s, const char *text)
{
	const char *more = mechanisms_of(text);
	size_t n = strlen(s->auth);

	if (more == NULL || strstr(s->auth, more) != NULL ||
	    n + 1 + strlen(more) >= sizeof(s->auth))
		return;
	if (n > 0)
		s->auth[n++] = ',';
	memcpy(s->auth + n, more, strlen(more) + 1);
}

/* Without the blanks around it, and with the address filled in. */
static const char *
value_of(struct reader *r)
{
	static const struct {
		const char *name, *ours;
	} places[] = {{"%EMAILADDRESS%", "%address"},
	    {"%EMAILLOCALPART%", "%local"}, {"%EMAILDOMAIN%", "%domain"}};
	const char *s = buf_string(&r->text);
	struct buf out = {0};
	size_t i, n;

	s += strspn(s, " \t\r\n");
	for (n = strlen(s); n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL; n--)
		;
	for (; n > 0; s++, n--) {
		for (i = 0; i < 3; i++)
			if (strncmp(
				s, places[i].name, strlen(places[i].name)) == 0)
				break;
		if (i == 3) {
			buf_putc(&out, *s);
			continue;
		}
		buf_puts(
		    &out, provider_user(places[i].ours, r->address, r->arena));
		s += strlen(places[i].name) - 1;
		n -= strlen(places[i].name) - 1;
	}
	s = arena_strdup(r->arena, buf_string(&out));
	buf_clear(&out);
	return s;
}

static void
end_field(struct reader *r)
{
	const char *value = value_of(r);
	struct server *s = &r->server;

	if (xml_is(&r->xml, FIELD, "hostname"))
		keep(s->host, sizeof(s->host), value);
	else if (xml_is(&r->xml, FIELD, "port"))
		keep(s->port, sizeof(s->port), value);
	else if (xml_is(&r->xml, FIELD, "socketType"))
		keep(s->socket, sizeof(s->socket), value);
	else if (xml_is(&r->xml, FIELD, "username"))
		keep(s->user, sizeof(s->user), value);
	else if (xml_is(&r->xml, FIELD, "authentication"))
		keep_auth(s, value);
}

/* A cell of our own table is judged as strictly. */
static const char *
judged(struct reader *r, const char *column, const char *text)
{
	const char *value = NULL;
	struct error err;

	if (*text == '\0' ||
	    column_read(column_find(column, strlen(column)), text, strlen(text),
		r->arena, &value, &err) == -1)
		return NULL;
	return value;
}

static void
end_server(struct reader *r)
{
	const struct server *s = &r->server;
	struct provider_found *found = r->found;
	const char *host = judged(r, "server", s->host);
	const char *port = judged(r, "port", s->port);
	const char *user =
	    judged(r, "user", *s->user != '\0' ? s->user : r->address);
	bool implicit = strcmp(s->socket, "SSL") == 0;

	if (!s->smtp || host == NULL || port == NULL || user == NULL ||
	    (!implicit && strcmp(s->socket, "STARTTLS") != 0) ||
	    found->server_count == AUTOCONFIG_SERVERS_MAX ||
	    (found->server_count > 0 && strcmp(found->user, user) != 0))
		return;
	if (found->server_count == 0) {
		found->user = user;
		found->auth =
		    *s->auth != '\0' ? arena_strdup(r->arena, s->auth) : NULL;
	}
	r->servers[found->server_count++] = (struct provider_server){
	    .host = host,
	    .port = (unsigned)strtoul(port, NULL, 10),
	    .implicit = implicit,
	};
}

static bool
in_server(const struct reader *r)
{
	return xml_is(&r->xml, CONFIG, "clientConfig") &&
	    xml_is(&r->xml, PROVIDER, "emailProvider") &&
	    xml_is(&r->xml, SERVER, "outgoingServer");
}

static void
take(struct reader *r, enum xml_event event)
{
	size_t depth = r->xml.depth;

	if (event == XML_OPEN && depth == CONFIG)
		r->is_config = xml_is(&r->xml, CONFIG, "clientConfig");
	if (!in_server(r))
		return;
	if (event == XML_OPEN && depth == SERVER) {
		memset(&r->server, 0, sizeof(r->server));
		r->server.smtp = xml_attribute_is(&r->xml, "type", "smtp");
	} else if (event == XML_OPEN && depth == FIELD) {
		buf_reset(&r->text);
	} else if (event == XML_TEXT && depth == FIELD) {
		(void)buf_append(&r->text, r->xml.text.data, r->xml.text.len);
	} else if (event == XML_CLOSE && depth == FIELD) {
		end_field(r);
	} else if (event == XML_CLOSE && depth == SERVER) {
		end_server(r);
	}
}

int
autoconfig_read(const char *text, size_t n, const char *address,
    struct arena *arena, struct provider_found *found, struct error *err)
{
	struct reader r = {
	    .address = address,
	    .arena = arena,
	    .found = found,
	    .text = BUF_WITH_MAX(TEXT_MAX),
	};
	enum xml_event event = XML_BAD;

	found->server_count = 0;
	found->servers = r.servers =
	    arena_alloc(arena, AUTOCONFIG_SERVERS_MAX * sizeof(*r.servers));
	if (xml_begin(&r.xml, text, n, err) == 0)
		while ((event = xml_next(&r.xml, err)) > XML_DONE)
			take(&r, event);
	if (event == XML_DONE && !r.is_config) {
		error_set(err, EX_PROTOCOL, "it is no clientConfig");
		event = XML_BAD;
	}
	xml_clear(&r.xml);
	buf_clear(&r.text);
	/* What was read before it turned out to be nothing does not count. */
	if (event == XML_BAD)
		found->server_count = 0;
	return event == XML_BAD ? -1 : found->server_count > 0;
}

/* RFC 3986 2.3. */
static void
put_escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (ascii_is_letter_or_digit(*text) ||
		    strchr("-._~", *text) != NULL)
			buf_putc(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
}

static const char *
with_address(const char *url, const char *address, struct arena *arena)
{
	struct buf out = {0};

	buf_printf(&out, "%s?emailaddress=", url);
	put_escaped(&out, address);
	url = arena_strdup(arena, buf_string(&out));
	buf_clear(&out);
	return url;
}

const char *
autoconfig_url(const struct provider_search *search, const char *address,
    unsigned which, struct arena *arena)
{
	const char *domain = strrchr(address, '@') + 1;
	const char *url = search->autoconfig_url;

	if (url != NULL && which == 0)
		return strchr(url, '?') != NULL
		    ? url
		    : with_address(url, address, arena);
	if (url != NULL || which > 1)
		return NULL;
	if (which == 1)
		return arena_printf(arena,
		    "https://%s/.well-known/autoconfig/mail/config-v1.1.xml",
		    domain);
	url = arena_printf(
	    arena, "https://autoconfig.%s/mail/config-v1.1.xml", domain);
	return with_address(url, address, arena);
}

int
autoconfig_ask(const struct provider_search *search, const char *url,
    const char *address, struct arena *arena, struct provider_found *found,
    struct error *err)
{
	const struct http_request request = {
	    .url = url,
	    .accept = "application/xml, text/xml",
	    .max = AUTOCONFIG_SIZE_MAX,
	    .follow = true,
	};
	const char *place =
	    arena_strndup(arena, url, strcspn(url, "?")); /* nobody's address */
	struct http_answer answer = {0};
	int r = 0;

	if (http_fetch(search->http, &request, &answer, err) == -1)
		return -1;
	if (answer.code == HTTP_OK)
		r = autoconfig_read(buf_string(&answer.body), answer.body.len,
		    address, arena, found, err);
	else if (answer.code < HTTP_ERRORS || answer.code >= 500)
		r = error_set(err, EX_TEMPFAIL, "answer %d", answer.code);
	http_answer_clear(&answer);
	if (r == -1)
		return error_context(err, "%s", place);
	found->where = place;
	return r;
}
