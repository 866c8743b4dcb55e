#include "transport/proxy_url.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"
#include "lib/url.h"
#include "transport/endpoint.h"
#include "transport/host.h"
#include "transport/service.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 3986 3.1 */
#define SCHEME_CHARACTERS                                      \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789+-."

enum {
	SHOWN = 200,	    /* octets of the text in an error */
	SOCKS5_LENGTH = 255 /* of a user, of a password (RFC 1929 2) */
};

/* In the order of enum proxy_kind; the last one is what desktops write into
 * all_proxy, and GLib takes it for version 5 first, too. */
static const struct scheme {
	const char *name, *port;
	bool wants_address, takes_password;
} schemes[] = {
    {"socks4", "1080", true, false},
    {"socks4a", "1080", false, false},
    {"socks5", "1080", true, true},
    {"socks5h", "1080", false, true},
    {"http", "80", false, true},
    {"https", "443", false, true},
    {"socks", "1080", false, true},
};

static int
parse_scheme(
    const char *text, struct proxy *p, const char **rest, struct error *err)
{
	const char *end = strstr(text, "://");
	size_t i, n;

	p->kind = PROXY_HTTP;
	*rest = text;
	if (end == NULL)
		return 0;
	*rest = end + 3;
	for (i = 0; i < LENGTH(schemes); i++) {
		p->kind = (enum proxy_kind)i;
		if (!ascii_equal_n(text, (size_t)(end - text), schemes[i].name))
			continue;
		if (i > PROXY_HTTPS)
			p->kind = PROXY_SOCKS5H;
		return 0;
	}
	/* Anything else than a name may be a part of a password. */
	n = strspn(text, SCHEME_CHARACTERS);
	if (n > 0 && text + n == end)
		error_set(err, EX_USAGE, "unknown scheme %.*s", (int)n, text);
	else
		error_set(err, EX_USAGE, "unknown scheme");
	return error_hint(err,
	    "known are socks4://, socks4a://, socks5://, socks5h://, http:// "
	    "and https://");
}

/* The text out of its escapes, in place. */
static int
unescape(char *text, struct error *err)
{
	const char *in = text, *end = text + strlen(text);
	char *out = text;
	int byte;

	while (in < end) {
		byte = (unsigned char)*in;
		if (byte == '%')
			byte = ascii_hex(in + 1, (size_t)(end - in) - 1);
		if (byte == -1) {
			error_set(err, EX_USAGE,
			    "'%%' without two hexadecimal digits");
			return error_hint(err, "write %%25 for %%");
		}
		if (byte < 0x20 || byte == 0x7f)
			return error_set(err, EX_USAGE,
			    "control character \\x%02X", (unsigned)byte);
		in += *in == '%' ? 3 : 1;
		*out++ = (char)byte;
	}
	*out = '\0';
	return 0;
}

static int
take_password(struct proxy *p, char *text, struct error *err)
{
	if (!schemes[p->kind].takes_password)
		return error_set(err, EX_USAGE,
		    "there are no passwords in SOCKS4, only users");
	if (unescape(text, err) == -1)
		return -1;
	secret_set(&p->password, text, strlen(text));
	return 0;
}

static int
check_lengths(const struct proxy *p, struct error *err)
{
	if (p->kind == PROXY_HTTP || p->kind == PROXY_HTTPS)
		return 0;
	if (strlen(p->user) > SOCKS5_LENGTH || p->password.len > SOCKS5_LENGTH)
		return error_set(err, EX_USAGE,
		    "in SOCKS a user and a password have at most %d octets",
		    SOCKS5_LENGTH);
	return 0;
}

/* USER[:PASSWORD], n octets. */
static int
parse_login(struct arena *arena, const char *text, size_t n, struct proxy *p,
    struct error *err)
{
	const char *colon = memchr(text, ':', n);
	size_t user_len = colon != NULL ? (size_t)(colon - text) : n;
	char *user = arena_memdup(arena, text, user_len), *password;
	int r = 0;

	if (user_len == 0)
		return error_set(err, EX_USAGE, "no user before '%c'",
		    colon != NULL ? ':' : '@');
	if (unescape(user, err) == -1)
		return -1;
	p->user = user;
	if (colon != NULL) {
		n -= user_len + 1;
		password = arena_memdup(arena, colon + 1, n);
		r = take_password(p, password, err);
		secret_wipe(password, n);
	}
	/* RFC 7617 2: the first colon ends the user. */
	if (r == 0 && !ascii_begins(schemes[p->kind].name, "socks") &&
	    strchr(user, ':') != NULL)
		r = error_set(err, EX_USAGE, "there is a ':' in the user");
	return r == 0 ? check_lengths(p, err) : -1;
}

static int
parse_host(struct arena *arena, const char *text, size_t n, struct proxy *p,
    struct error *err)
{
	const char *rest, *close, *port = schemes[p->kind].port,
				  *end = text + n;
	bool literal = *text == '[';

	if (literal) {
		close = memchr(text, ']', n);
		if (close == NULL)
			return error_set(err, EX_USAGE, "'[' without ']'");
		if (host_literal(arena, text + 1, (size_t)(close - text) - 1,
			true, &p->host, err) == -1)
			return -1;
		rest = close + 1;
		if (rest < end && *rest != ':')
			return error_set(
			    err, EX_USAGE, "only a port can follow ']'");
	} else {
		rest = memchr(text, ':', n);
		if (rest == NULL)
			rest = end;
		if (rest == text)
			return error_set(err, EX_USAGE, "no host");
		if (host_name(arena,
			arena_memdup(arena, text, (size_t)(rest - text)),
			&p->host, err) == -1)
			return -1;
	}
	if (rest < end)
		port = arena_memdup(arena, rest + 1, (size_t)(end - rest) - 1);
	p->port = service_port(port);
	if (p->port == 0)
		return error_set(err, EX_USAGE,
		    "what follows the host is neither a port from 1 to 65535 "
		    "nor a service");
	p->text = arena_printf(arena,
	    strchr(p->host, ':') != NULL ? "%s://[%s]:%u" : "%s://%s:%u",
	    schemes[p->kind].name, p->host, p->port);
	return 0;
}

static int
parse(struct arena *arena, const char *text, struct proxy *p, struct error *err)
{
	const char *c, *at;
	size_t n;

	for (c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return error_set(err, EX_USAGE,
			    "control character \\x%02X",
			    (unsigned)(unsigned char)*c);
	if (parse_scheme(text, p, &text, err) == -1)
		return -1;
	n = strcspn(text, "/?#");
	if (text[n] != '\0' && strcmp(text + n, "/") != 0) {
		error_set(
		    err, EX_USAGE, "a proxy has no path, query or fragment");
		return strchr(text + n, '@') == NULL
		    ? -1
		    : error_hint(err,
			  "in a user or password write %%2F for /, %%3F for "
			  "?, %%23 for #");
	}
	at = memchr(text, '@', n);
	if (at != NULL) {
		if (parse_login(arena, text, (size_t)(at - text), p, err) == -1)
			return -1;
		n -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	if (memchr(text, '@', n) != NULL) {
		error_set(err, EX_USAGE, "more than one '@'");
		return error_hint(
		    err, "write %%40 for '@' in a user or password");
	}
	return parse_host(arena, text, n, p, err);
}

int
proxy_url_parse(
    struct arena *arena, const char *text, struct proxy *p, struct error *err)
{
	struct buf shown = BUF_WITH_MAX(0);
	char *copy;

	*p = (struct proxy){0};
	if (parse(arena, text, p, err) == 0)
		return 0;
	secret_clear(&p->password);
	copy = arena_strdup(arena, text);
	url_forget_password(copy);
	printable_append(&shown, copy, strnlen(copy, SHOWN));
	error_context(err, "proxy '%s'", buf_string(&shown));
	buf_clear(&shown);
	return -1;
}

bool
proxy_wants_address(const struct proxy *p)
{
	return schemes[p->kind].wants_address;
}

bool
proxy_takes_password(const struct proxy *p)
{
	return schemes[p->kind].takes_password;
}

int
proxy_reaches(const struct proxy *p, const char *host, struct error *err)
{
	if (strchr(host, '%') != NULL)
		return error_set(err, EX_USAGE,
		    "%s: an address with a zone is of no use to a proxy", host);
	if ((p->kind == PROXY_SOCKS4 || p->kind == PROXY_SOCKS4A) &&
	    strchr(host, ':') != NULL) {
		error_set(err, EX_USAGE, "%s: SOCKS4 knows IPv4 addresses only",
		    host);
		return error_hint(
		    err, "if the proxy speaks SOCKS5: socks5h://");
	}
	return 0;
}
