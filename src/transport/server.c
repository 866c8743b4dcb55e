/* server: strict splitting of what -S names; decoding is left to libcurl. */
#include "transport/server.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/curl.h"
#include "lib/printable.h"
#include "lib/url.h"
#include "transport/host.h"
#include "transport/server_text.h"
#include "transport/service.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define UNRESERVED LETTERS DIGITS "-._~" /* RFC 3986 2.3 */
#define URL_FORMS                                                            \
	"smtp://, submission://, smtps://, submissions:// or lmtp:// and a " \
	"host,\nor unix:/path, lmtp+unix:/path, exec:COMMAND, "              \
	"lmtp+exec:COMMAND, fd:N"
#define NO_PORT "'%s' is neither a port from 1 to 65535 nor a service"

struct scheme {
	const char *name;
	enum server_kind kind;
	enum server_security security;
	bool lmtp;
	const char *service; /* TCP only */
};

static const struct scheme schemes[] = {
    {.name = "smtp", .service = "25"},
    {.name = "submission",
	.service = "587",
	.security = SERVER_SECURITY_STARTTLS},
    {.name = "smtps", .service = "465", .security = SERVER_SECURITY_IMPLICIT},
    {.name = "submissions",
	.service = "465",
	.security = SERVER_SECURITY_IMPLICIT},
    {.name = "lmtp", .service = "24", .lmtp = true},
    {.name = "unix", .kind = SERVER_UNIX},
    {.name = "lmtp+unix", .kind = SERVER_UNIX, .lmtp = true},
    {.name = "exec", .kind = SERVER_EXEC},
    {.name = "lmtp+exec", .kind = SERVER_EXEC, .lmtp = true},
    {.name = "fd", .kind = SERVER_FD},
};

/* A piece of the text. */
struct span {
	const char *at;
	size_t n;
};

/* What goes through all of it. */
struct parse {
	struct arena *arena;
	const struct scheme *scheme; /* NULL: none was given */
	struct server *server;
	struct error *err;
};

struct authority {
	struct span login, host, port; /* .at NULL: not there */
	bool literal;		       /* host is to be an IPv6 address */
};

#define refuse(p, ...) error_set((p)->err, EX_USAGE, __VA_ARGS__)

static bool
span_is(struct span s, const char *text)
{
	return ascii_equal_n(s.at, s.n, text);
}

static bool
span_has(struct span s, char c)
{
	return s.n > 0 && memchr(s.at, c, s.n) != NULL;
}

/* The byte that the %-escape at s stands for, -1 if it is none. */
static int
escape(const char *s, const char *end)
{
	return ascii_hex(s + 1, (size_t)(end - s) - 1);
}

static bool
control(int byte)
{
	return (byte >= 0 && byte < 0x20) || byte == 0x7f;
}

static int
check_controls(const struct parse *p, const char *text, bool escapes)
{
	const char *end = text + strlen(text), *s;

	for (s = text; s < end; s++) {
		if (control((unsigned char)*s))
			return refuse(p, "control character \\x%02X",
			    (unsigned)(unsigned char)*s);
		if (escapes && *s == '%' && control(escape(s, end)))
			return refuse(p, "control character %.3s", s);
	}
	return 0;
}

/* Every % must begin an escape; libcurl would let it pass as it is. */
static int
check_escapes(const struct parse *p, struct span s)
{
	const char *end = s.at + s.n, *c;

	for (c = s.at; c < end; c++)
		if (*c == '%' && escape(c, end) == -1) {
			refuse(p, "'%%' without two hexadecimal digits");
			return error_hint(p->err, "write %%25 for %%");
		}
	return 0;
}

static int
parse_port(const struct parse *p, const struct authority *a,
    const char *default_service)
{
	struct server *s = p->server;
	const char *service = default_service;
	size_t i;

	if (a->port.at != NULL)
		service = arena_memdup(p->arena, a->port.at, a->port.n);
	else if (p->scheme != NULL)
		service = p->scheme->service;
	s->port = service_port(service);
	if (s->port != 0)
		return 0;
	/* What is no number may be a password that no '@' follows. */
	if (a->port.at != NULL && a->port.n <= 5 &&
	    strspn(service, DIGITS) == a->port.n)
		refuse(p, NO_PORT, service);
	else
		refuse(p, NO_PORT, "***");
	for (i = 0; i < LENGTH(schemes); i++)
		if (schemes[i].kind == SERVER_TCP &&
		    span_is(a->host, schemes[i].name))
			error_hint(p->err, "a URL has two slashes: %s://HOST",
			    schemes[i].name);
	return -1;
}

static CURLUcode
decode_parts(const struct parse *p, const struct curl_library *curl, CURLU *u,
    const char **host)
{
	const unsigned flags = CURLU_URLDECODE;
	CURLUcode r = CURLUE_OK;
	char *part = NULL;

	if (host != NULL) {
		r = curl->url_get(u, CURLUPART_HOST, &part, flags);
		if (r != CURLUE_OK)
			return r;
		*host = arena_strdup(p->arena, part);
		curl->free(part);
	}
	r = curl->url_get(u, CURLUPART_USER, &part, flags);
	if (r != CURLUE_OK)
		return r == CURLUE_NO_USER ? CURLUE_OK : r;
	p->server->user = arena_strdup(p->arena, part);
	curl->free(part);
	r = curl->url_get(u, CURLUPART_PASSWORD, &part, flags);
	if (r != CURLUE_OK)
		return r == CURLUE_NO_PASSWORD ? CURLUE_OK : r;
	secret_set(&p->server->password, part, strlen(part));
	secret_wipe(part, strlen(part));
	curl->free(part);
	return CURLUE_OK;
}

/* User and password, and the host if that has any, out of their escapes. */
static int
decode(const struct parse *p, const struct authority *a, const char **host)
{
	bool escaped = !a->literal && span_has(a->host, '%');
	struct buf url = BUF_WITH_MAX(0);
	CURLUcode r = CURLUE_OUT_OF_MEMORY;
	struct curl_library curl;
	CURLU *u;

	if (a->login.n == 0 && !escaped)
		return 0;
	/* The library costs as much as a handshake. */
	if (!escaped && strspn(a->login.at, UNRESERVED) == a->login.n) {
		p->server->user =
		    arena_memdup(p->arena, a->login.at, a->login.n);
		return 0;
	}
	if (curl_open(&curl, p->err) == -1) {
		error_context(p->err, "a user name or %%-escapes need libcurl");
		return error_hint(p->err,
		    "install libcurl, or write "
		    "HOST:PORT without escapes and give the user with --user");
	}
	if (span_has(a->login, ':'))
		curl_wipe_freed(&curl);
	/* Room for all at once: growing would leave copies unwiped.  The
	 * scheme is one that libcurl cannot know: with its own smtp:// it
	 * takes a ';' in user or password for options. */
	buf_reserve(&url, a->login.n + a->host.n + 64);
	buf_puts(&url, "smtpsend://");
	if (a->login.n > 0)
		buf_printf(&url, "%.*s@", (int)a->login.n, a->login.at);
	if (escaped)
		buf_append(&url, a->host.at, a->host.n);
	else
		buf_puts(&url, "localhost");
	if ((u = curl.url()) != NULL)
		r = curl.url_set(
		    u, CURLUPART_URL, url.data, CURLU_NON_SUPPORT_SCHEME);
	secret_wipe(url.data, url.len);
	buf_clear(&url);
	if (r == CURLUE_OK)
		r = decode_parts(p, &curl, u, escaped ? host : NULL);
	curl.url_cleanup(u);
	return r == CURLUE_OK ? 0 : refuse(p, "%s", curl.url_strerror(r));
}

static int
check_login(const struct parse *p, struct span login)
{
	const char *user;

	if (login.n == 0 || login.at[0] == ':')
		return refuse(
		    p, "no user before '%c'", login.n == 0 ? '@' : ':');
	if (span_has(login, ':') && login.at[login.n - 1] == ':' &&
	    memchr(login.at, ':', login.n) == login.at + login.n - 1)
		return refuse(p, "empty password");
	user = arena_memdup(p->arena, login.at, strcspn(login.at, ":@"));
	if (strcasestr(user, ";auth=") != NULL) {
		refuse(p, "a mechanism in a URL is not known here");
		return error_hint(p->err, "use --auth=MECHANISM");
	}
	return check_escapes(p, login);
}

/* RFC 3986 3.2, with a bare IPv6 address besides. */
static int
split(const struct parse *p, const char *text, size_t n, struct authority *a)
{
	const char *end = text + n, *at = memchr(text, '@', n), *rest, *close;

	*a = (struct authority){0};
	if (at != NULL) {
		a->login = (struct span){text, (size_t)(at - text)};
		text = at + 1;
	}
	n = (size_t)(end - text);
	if (memchr(text, '@', n) != NULL) {
		refuse(p, "more than one '@'");
		return error_hint(p->err,
		    "write %%40 for '@' in a user or password, or use --user");
	}
	rest = n > 0 ? memchr(text, ':', n) : NULL;
	if (n > 0 && *text == '[') {
		close = memchr(text, ']', n);
		if (close == NULL)
			return refuse(p, "'[' without ']'");
		a->literal = true;
		a->host = (struct span){text + 1, (size_t)(close - text) - 1};
		rest = close + 1;
		if (rest < end && *rest != ':')
			return refuse(p, "only a port can follow ']'");
	} else {
		a->literal = rest != NULL && rest != memrchr(text, ':', n);
		if (a->literal || rest == NULL)
			rest = end;
		a->host = (struct span){text, (size_t)(rest - text)};
	}
	if (a->host.n == 0)
		return refuse(p, "no host");
	if (rest < end)
		a->port = (struct span){rest + 1, (size_t)(end - rest) - 1};
	if (rest < end && a->port.n == 0)
		return refuse(p, "no port after ':'");
	return 0;
}

static bool
names_several(const char *text)
{
	size_t n = strcspn(text, "/?#");
	const char *at = n > 0 ? memchr(text, '@', n) : NULL;

	return n > 0 &&
	    memchr(at != NULL ? at : text, ',',
		n - (at != NULL ? (size_t)(at - text) : 0)) != NULL;
}

/* As other programs have them, with commas between. */
static int
several(const struct parse *p, const char *text)
{
	struct buf each = BUF_WITH_MAX(0);
	size_t n, unused;

	refuse(p, "several servers in one value");
	if (url_password(text, &unused) == NULL) {
		for (; *text != '\0'; text += n + (text[n] == ',')) {
			n = strcspn(text, ",");
			buf_puts(&each, n > 0 ? " -S " : "");
			printable_append(&each, text, n);
		}
		error_hint(p->err, "each has an option or line of its own:%s",
		    buf_string(&each));
	}
	buf_clear(&each);
	return -1;
}

static int
check_path(const struct parse *p, const char *path)
{
	if (*path == '\0' || (p->scheme != NULL && strcmp(path, "/") == 0))
		return 0;
	refuse(p, "a mail server has no %s",
	    *path == '/' ? "path" : "query or fragment");
	if (strchr(path, '@') != NULL)
		return error_hint(p->err,
		    "in a user or password write %%2F "
		    "for /, %%3F for ?, %%23 for #");
	if (p->server->lmtp || p->scheme == NULL)
		return error_hint(p->err, "a Unix socket is written %s",
		    p->server->lmtp ? "lmtp+unix:/path" : "unix:/path");
	return -1;
}

static int
parse_tcp(const struct parse *p, const char *text, const char *default_service)
{
	struct server *s = p->server;
	struct authority a;
	const char *host;
	size_t n = strcspn(text, "/?#");

	if (check_path(p, text + n) == -1 || split(p, text, n, &a) == -1)
		return -1;
	if (a.login.at != NULL && check_login(p, a.login) == -1)
		return -1;
	if (!a.literal && check_escapes(p, a.host) == -1)
		return -1;
	host = arena_memdup(p->arena, a.host.at, a.host.n);
	if (decode(p, &a, &host) == -1)
		return -1;
	if (a.literal &&
	    host_literal(p->arena, a.host.at, a.host.n, p->scheme != NULL,
		&s->host, p->err) == -1)
		return -1;
	if (!a.literal && host_name(p->arena, host, &s->host, p->err) == -1)
		return -1;
	if (parse_port(p, &a, default_service) == -1)
		return -1;
	s->text = arena_printf(
	    p->arena, a.literal ? "[%s]:%u" : "%s:%u", s->host, s->port);
	return 0;
}

static int
parse_unix(const struct parse *p, const char *path)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	struct server *s = p->server;

	if (strncmp(path, "///", 3) == 0)
		path += 2; /* a URL with an empty authority */
	if (path[0] != '/' || path[1] == '/')
		return refuse(p, "the socket's path must begin with one '/'");
	if (strlen(path) > max)
		return refuse(p, "a socket's path has at most %zu bytes", max);
	s->path = arena_strdup(p->arena, path);
	s->text = arena_printf(p->arena, "%sunix:%s", s->lmtp ? "lmtp+" : "",
	    server_text_part(p->arena, path, strlen(path), max));
	return 0;
}

static int
parse_exec(const struct parse *p, const char *whole, const char *command)
{
	struct server *s = p->server;

	size_t len;

	if (command[strspn(command, " ")] == '\0')
		return refuse(p, "no command after ':'");
	if (url_password(whole, &len) != NULL)
		return refuse(p,
		    "a user and a password where a command is "
		    "to be");
	s->command = arena_strdup(p->arena, command);
	s->text = arena_printf(p->arena, "%sexec:%s", s->lmtp ? "lmtp+" : "",
	    server_text_command(p->arena, command));
	return 0;
}

static int
parse_fd(const struct parse *p, const char *number)
{
	size_t n = strlen(number);
	unsigned long fd = ULONG_MAX;

	if (n > 0 && n <= 10 && strspn(number, DIGITS) == n)
		fd = strtoul(number, NULL, 10);
	if (fd > INT_MAX)
		return refuse(p, "not the number of a descriptor");
	p->server->fd = (int)fd;
	p->server->text = arena_printf(p->arena, "fd:%lu", fd);
	return 0;
}

/* "scheme://", or one of ours that needs no slashes; *rest is what follows. */
static int
parse_scheme(struct parse *p, const char *text, const char **rest)
{
	struct span name = {text, strcspn(text, ":")};
	const char *after = text + name.n;
	bool slashes = strncmp(after, "://", 3) == 0;
	size_t i;

	*rest = text;
	if (*after == '\0' || strspn(text, LETTERS DIGITS "+-.") < name.n)
		return 0;
	for (i = 0; i < LENGTH(schemes); i++)
		if (span_is(name, schemes[i].name) &&
		    (slashes || schemes[i].kind != SERVER_TCP)) {
			p->scheme = &schemes[i];
			*rest = after + (schemes[i].kind == SERVER_TCP ? 3 : 1);
			return 0;
		}
	if (!slashes)
		return 0; /* HOST:PORT */
	refuse(p, "unknown scheme");
	return error_hint(p->err, "known are %s", URL_FORMS);
}

static int
parse(struct parse *p, const char *text, const char *default_service)
{
	struct server *s = p->server;
	const char *rest;

	if (*text == '\0')
		return refuse(p, "no host");
	if (parse_scheme(p, text, &rest) == -1)
		return -1;
	if (p->scheme != NULL) {
		s->kind = p->scheme->kind;
		s->security = p->scheme->security;
		s->lmtp = p->scheme->lmtp;
	}
	/* A command is never decoded: in it, %0d belongs to the shell. */
	if (check_controls(p, text, s->kind != SERVER_EXEC) == -1)
		return -1;
	switch (s->kind) {
	case SERVER_UNIX:
		return parse_unix(p, rest);
	case SERVER_EXEC:
		return parse_exec(p, text, rest);
	case SERVER_FD:
		return parse_fd(p, rest);
	case SERVER_TCP:
		break;
	}
	if (names_several(rest))
		return several(p, text);
	return parse_tcp(p, rest, default_service);
}

int
server_parse(struct arena *arena, const char *text, const char *default_service,
    struct server *server, struct error *err)
{
	struct parse p = {.arena = arena, .server = server, .err = err};

	*server = (struct server){.fd = -1};
	if (parse(&p, text, default_service) == 0)
		return 0;
	secret_clear(&server->password);
	return error_context(
	    err, "server '%s'", server_text_masked(arena, text));
}
