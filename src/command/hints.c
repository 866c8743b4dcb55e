#include "command/hints.h"

#include <string.h>

#include "report/steps.h"

/* The same server by another scheme, whose port is named. */
static void
put_url(struct buf *out, const char *scheme, const struct server *server)
{
	bool v6 = strchr(server->host, ':') != NULL;

	buf_printf(out, "-S %s://%s%s%s:%u", scheme, v6 ? "[" : "",
	    server->host, v6 ? "]" : "", server->port);
}

const char *
hints_if_clear(struct target *t, const struct server *server)
{
	struct buf url = {0};
	const char *hint = "this port speaks SMTP in clear first: "
			   "--tls=starttls";

	if (server->security == SERVER_SECURITY_IMPLICIT &&
	    server->kind == SERVER_TCP) {
		put_url(&url, "submission", server);
		hint = arena_printf(&t->arena,
		    "this port speaks SMTP in clear first: %s (STARTTLS)",
		    buf_string(&url));
		buf_clear(&url);
	}
	return hint;
}

void
hints_no_greeting(
    const struct target *t, const struct settings *s, struct error *err)
{
	const struct hop *hop = &t->route.hops[t->route.at];
	const struct server *server = hop->server;
	struct buf hint = BUF_WITH_MAX(sizeof(err->hint) - 1);

	if (hop->tls == CONNECTION_TLS_IMPLICIT || server->kind != SERVER_TCP ||
	    server->lmtp)
		return;
	buf_puts(&hint, "no greeting: if this port wants TLS first, ");
	put_url(&hint, "smtps", server);
	if (s->server.tls.mode == TLS_STARTTLS || s->server.tls.mode == TLS_OFF)
		buf_puts(&hint, " without --tls");
	error_hint(err, "%s", buf_string(&hint));
	buf_clear(&hint);
}

static void
put_default_server(const struct settings *s, struct buf *hint)
{
	size_t i;

	buf_puts(hint,
	    "no server is configured and nothing answers at the default\n");
	if (s->account == NULL && s->accounts.count > 0) {
		buf_puts(hint, "-A NAME (--account) chooses an account: ");
		for (i = 0; i < s->accounts.count; i++)
			buf_printf(hint, "%s%s", i > 0 ? ", " : "",
			    s->accounts.items[i]);
		return;
	}
	buf_puts(hint,
	    "name one with --server HOST, or write 'server = HOST' into ");
	for (i = 0; i < s->files.count; i++)
		buf_printf(
		    hint, "%s%s", i > 0 ? " or " : "", s->files.items[i]);
}

void
hints_give(const struct target *t, const struct settings *s, bool connected,
    struct error *err)
{
	const struct server *server = target_server(t);
	struct buf hint = BUF_WITH_MAX(sizeof(err->hint) - 1);
	const char *step =
	    steps_after((enum smtp_phase)err->phase, err->reply, err->enhanced,
		err->text, server->host, route_credentials(&t->route) != NULL);

	if (step != NULL)
		buf_puts(&hint, step);
	else if (s->server.origin == NULL && err->status == EX_TEMPFAIL &&
	    !connected)
		put_default_server(s, &hint);
	else if (err->status == EX_TEMPFAIL && err->reply == 0 &&
	    err->phase == SMTP_PHASE_GREETING)
		hints_no_greeting(t, s, err);
	else if (err->status == EX_PROTOCOL && server->port == 465)
		buf_puts(&hint, "port 465 wants TLS first: --tls=implicit");
	else if (err->status == EX_NOPERM &&
	    strcmp(err->enhanced, "5.7.30") == 0)
		buf_puts(&hint,
		    "the server has switched password authentication off");
	if (hint.len > 0)
		error_hint(err, "%s", buf_string(&hint));
	buf_clear(&hint);
}
