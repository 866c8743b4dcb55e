/*
 * The server that -S names, and the proxy that --proxy does: each field is fit
 * for what it is used for, and a password is shown nowhere.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/memory.h"
#include "transport/bypass.h"
#include "transport/proxy_url.h"
#include "transport/server.h"

static void
check_server(const struct server *s)
{
	const char *const fields[] = {s->host, s->path, s->user};
	size_t i;

	for (i = 0; i < 3; i++)
		MUST(fields[i] == NULL ||
			!fuzz_control(fields[i], strlen(fields[i]), ""),
		    "a control in field %zu", i);
	MUST(s->text != NULL, "no text");
	switch (s->kind) {
	case SERVER_TCP:
		MUST(s->host != NULL && s->host[0] != '\0', "no host");
		MUST(s->port > 0 && s->port < 65536, "port %u", s->port);
		break;
	case SERVER_UNIX:
		MUST(s->path != NULL && s->path[0] != '\0', "no path");
		break;
	case SERVER_EXEC:
		MUST(s->command != NULL && s->command[0] != '\0', "no command");
		break;
	case SERVER_FD:
		MUST(s->fd >= 0, "descriptor %d", s->fd);
		break;
	}
}

/* Whether user:password@ may stand in it: in a URL, or before a host. */
static bool
has_authority(const char *text)
{
	static const char *const others[] = {
	    "unix:", "exec:", "fd:", "lmtp+unix:", "lmtp+exec:"};
	size_t i, n;

	for (i = 0; i < sizeof(others) / sizeof(*others); i++) {
		n = strlen(others[i]);
		if (strncasecmp(text, others[i], n) == 0 &&
		    (strncmp(text + n, "//", 2) != 0 || text[n + 2] == '/'))
			return false;
	}
	return true;
}

static void
check_proxy(struct arena *arena, const char *text, const char *password)
{
	struct proxy p = {0};
	struct error err = {0};

	if (proxy_url_parse(arena, text, &p, &err) == -1) {
		MUST(err.status == EX_USAGE || err.status == EX_OSERR,
		    "status %d", err.status);
		MUST(strstr(err.text, password) == NULL &&
			strstr(err.hint, password) == NULL,
		    "the password of %s in: %s", text, err.text);
		MUST(p.password.bytes == NULL, "an error, and a password");
		return;
	}
	MUST(p.host[0] != '\0' && !fuzz_control(p.host, strlen(p.host), ""),
	    "host %s", p.host);
	MUST(p.port > 0 && p.port < 65536, "port %u", p.port);
	MUST(p.user == NULL || !fuzz_control(p.user, strlen(p.user), ""),
	    "a control in the user");
	MUST(strstr(p.text, password) == NULL, "the password of %s in: %s",
	    text, p.text);
	(void)bypass_lists(text, p.host);
	(void)bypass_lists(text, "2001:db8::1");
	secret_clear(&p.password);
}

/* Puts a password where one stands, before the first @: it is not seen. */
static void
check_secret(struct arena *arena, const char *text)
{
	static const char password[] = "Zw9Q";
	struct server s = {0};
	struct error err = {0};
	struct buf with = {0};
	const char *at = strchr(text, '@'), *colon = at;

	while (colon != NULL && colon > text && *colon != ':')
		colon--;
	if (at == NULL || colon == text || colon[1] == '/' ||
	    strstr(text, password) != NULL || !has_authority(text))
		return;
	buf_append(&with, text, (size_t)(colon + 1 - text));
	buf_printf(&with, "%s%s", password, at);
	if (server_parse(arena, buf_string(&with), "25", &s, &err) == -1)
		MUST(strstr(err.text, password) == NULL &&
			strstr(err.hint, password) == NULL,
		    "the password of %s in: %s", with.data, err.text);
	else if (s.password.len > 0)
		MUST(strstr(s.text, password) == NULL,
		    "the password of %s in: %s", with.data, s.text);
	secret_clear(&s.password);
	check_proxy(arena, buf_string(&with), password);
	buf_clear(&with);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	size_t len;
	char *text = fuzz_rest(&f, &len);
	struct arena arena = {0};
	struct server s = {0};
	struct error err = {0};

	text = memory_realloc(text, strlen(text) + 1, 1);
	if (server_parse(&arena, text, "25", &s, &err) == 0) {
		check_server(&s);
	} else {
		MUST(err.status == EX_USAGE || err.status == EX_OSERR,
		    "status %d", err.status);
		MUST(err.text[0] != '\0', "an error without a word");
		MUST(s.password.bytes == NULL, "an error, and a password");
	}
	secret_clear(&s.password);
	check_secret(&arena, text);
	check_proxy(&arena, text, "\n");
	arena_clear(&arena);
	free(text);
	return 0;
}
