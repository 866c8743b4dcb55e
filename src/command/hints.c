#include "command/hints.h"

#include <string.h>

#include "lib/ascii.h"
#include "command/target_proof.h"
#include "command/target_trust.h"
#include "lib/shell.h"
#include "report/steps.h"

/* What there is to know of a connection that came to nothing. */
struct ask {
	const struct target *target;
	const struct settings *settings;
	const struct server *server;
	const struct error *error;
	bool connected; /* to a server */
};

/* The pattern is in small letters. */
static bool
has_words(const struct ask *a, const char *words)
{
	const char *text;

	for (text = a->error->text; *text != '\0'; text++)
		if (ascii_begins(text, words))
			return true;
	return false;
}

/* As an option; port 0: the scheme's own. */
static void
put_url(struct buf *out, const char *scheme, const struct server *server,
    unsigned port)
{
	bool v6 = strchr(server->host, ':') != NULL;

	buf_printf(out, "-S %s://%s%s%s", scheme, v6 ? "[" : "", server->host,
	    v6 ? "]" : "");
	if (port != 0)
		buf_printf(out, ":%u", port);
}

/* The same place with another protocol, LMTP or not. */
static void
put_protocol(struct buf *out, bool lmtp, const struct server *server)
{
	char word[SHELL_WORD_SIZE];
	struct buf url = {0};

	if (server->kind == SERVER_TCP) {
		put_url(out, lmtp ? "lmtp" : "smtp", server, server->port);
		return;
	}
	if (server->kind == SERVER_EXEC) {
		/* It may hold a secret. */
		buf_printf(out, "-S %sexec:COMMAND", lmtp ? "lmtp+" : "");
		return;
	}
	buf_printf(&url, "%sunix:%s", lmtp ? "lmtp+" : "", server->path);
	buf_printf(out, "-S %s", shell_word(buf_string(&url), "SERVER", word));
	buf_clear(&url);
}

const char *
hints_if_clear(struct target *t, const struct server *server)
{
	struct buf url = {0};
	const char *hint = "this port speaks SMTP in clear first: "
			   "--tls=starttls";

	if (server->security == SERVER_SECURITY_IMPLICIT &&
	    server->kind == SERVER_TCP) {
		put_url(&url, "submission", server, server->port);
		hint = arena_printf(&t->arena,
		    "this port speaks SMTP in clear first: %s (STARTTLS)",
		    buf_string(&url));
		buf_clear(&url);
	}
	return hint;
}

static void
put_greeting(const struct target *t, const struct settings *s, struct buf *hint)
{
	const struct hop *hop = &t->route.hops[t->route.at];
	const struct server *server = hop->server;

	if (hop->tls == CONNECTION_TLS_IMPLICIT || server->kind != SERVER_TCP ||
	    server->lmtp)
		return;
	buf_puts(hint, "no greeting: if this port wants TLS first, ");
	put_url(hint, "smtps", server, server->port);
	if (s->server.tls.mode == TLS_STARTTLS || s->server.tls.mode == TLS_OFF)
		buf_puts(hint, " without --tls");
}

void
hints_no_greeting(
    const struct target *t, const struct settings *s, struct error *err)
{
	struct buf hint = BUF_WITH_MAX(sizeof(err->hint) - 1);

	put_greeting(t, s, &hint);
	error_hint(err, "%s", buf_string(&hint));
	buf_clear(&hint);
}

/* --- what each of them says, if it is so ----------------------------------*/

static void
no_such_protocol(const struct ask *a, struct buf *hint)
{
	int reply = a->error->reply;

	if (a->error->phase != SMTP_PHASE_EHLO ||
	    a->server->kind == SERVER_FD || (reply != 500 && reply != 502))
		return;
	buf_printf(hint, "the server may speak %s: ",
	    a->server->lmtp ? "SMTP, and no LMTP" : "LMTP alone");
	put_protocol(hint, !a->server->lmtp, a->server);
}

static enum steps_user
user_of(const struct ask *a)
{
	unsigned proofs = target_proofs(a->settings);

	if (route_credentials(&a->target->route) == NULL)
		return STEPS_NOBODY;
	return (proofs & SASL_TOKEN) != 0   ? STEPS_TOKEN
	    : (proofs & SASL_PASSWORD) != 0 ? STEPS_PASSWORD
					    : STEPS_PROOF;
}

static void
after_reply(const struct ask *a, struct buf *hint)
{
	const char *step = steps_after((enum smtp_phase)a->error->phase,
	    a->error->reply, a->error->enhanced, a->error->text,
	    a->server->host, user_of(a));

	if (step != NULL)
		buf_puts(hint, step);
}

static void
no_default_server(const struct ask *a, struct buf *hint)
{
	const struct settings *s = a->settings;
	size_t i;

	if (s->server.origin != NULL || a->error->status != EX_TEMPFAIL ||
	    a->connected)
		return;
	buf_puts(hint,
	    "no server is configured and nothing answers at the default\n"
	    "smtpsend --configure ADDRESS makes an account, step by step\n");
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

static void
no_such_host(const struct ask *a, struct buf *hint)
{
	const char *origin = a->settings->server.origin;

	if (a->error->status != EX_NOHOST || a->connected)
		return;
	buf_puts(hint,
	    "check how it is spelt; -S HOST (--server) names another one");
	if (!a->settings->server.on_argv && origin != NULL)
		buf_printf(hint, "; this one comes from %s", origin);
}

/* Port 25 is closed to many lines, and a port is soon mistyped. */
static void
nothing_listens(const struct ask *a, struct buf *hint)
{
	static const struct {
		unsigned port;
		const char *scheme;
	} usual[] = {{587, "submission"}, {465, "smtps"}, {25, "smtp"}};
	size_t i, n = 0;

	if (a->error->status != EX_TEMPFAIL || a->connected ||
	    a->server->kind != SERVER_TCP || a->server->lmtp ||
	    a->target->proxied || has_words(a, "unreachable") ||
	    has_words(a, "cannot be looked up"))
		return;
	buf_puts(hint, "no server answers at this port; the usual ones: ");
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (usual[i].port == a->server->port)
			continue;
		buf_puts(hint, n++ > 0 ? ", " : "");
		put_url(hint, usual[i].scheme, a->server, 0);
	}
}

static void
no_listening_socket(const struct ask *a, struct buf *hint)
{
	if (a->server->kind == SERVER_UNIX && !a->connected &&
	    a->error->phase == SMTP_PHASE_CONNECT)
		buf_puts(hint,
		    "no server listens at this socket: start it, or name "
		    "another one with -S (--server)");
}

/* By the first word of its greeting. */
static void
another_service(const struct ask *a, struct buf *hint)
{
	static const struct {
		char begins[8], name[12];
	} services[] = {
	    {": ssh-", "SSH"},
	    {": http/", "a web"},
	    {": +ok", "a POP3"},
	    {": * ok", "an IMAP"},
	};
	size_t i;

	if ((a->error->status != EX_PROTOCOL &&
		a->error->status != EX_NOPERM) ||
	    a->error->phase > SMTP_PHASE_GREETING ||
	    a->server->kind != SERVER_TCP)
		return;
	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (!has_words(a, services[i].begins))
			continue;
		buf_printf(hint, "this is %s server's port; one for mail: ",
		    i == 0 ? "an SSH" : services[i].name);
		put_url(hint, "submission", a->server, 0);
		buf_puts(hint, ", ");
		put_url(hint, "smtps", a->server, 0);
		return;
	}
	if (a->error->status == EX_PROTOCOL && a->server->port == 465)
		buf_puts(hint, "port 465 wants TLS first: --tls=implicit");
}

static void
no_greeting(const struct ask *a, struct buf *hint)
{
	if (a->error->status == EX_TEMPFAIL && a->error->reply == 0 &&
	    a->error->phase == SMTP_PHASE_GREETING)
		put_greeting(a->target, a->settings, hint);
}

/* Where nobody can sign in nobody needs to, or users go elsewhere. */
static void
no_authentication(const struct ask *a, struct buf *hint)
{
	if (a->error->phase != SMTP_PHASE_AUTH ||
	    a->error->status != EX_NOPERM ||
	    !has_words(a, "does not offer authentication"))
		return;
	buf_puts(hint,
	    "leave the user out if the server takes mail from here without");
	if (a->server->kind != SERVER_TCP || a->server->lmtp)
		return;
	buf_puts(hint, "\nwhere users sign in is, as a rule, ");
	put_url(hint, "submission", a->server, 0);
}

static void
no_starttls(const struct ask *a, struct buf *hint)
{
	const struct settings_server *s = &a->settings->server;

	if (a->error->phase != SMTP_PHASE_STARTTLS || a->error->reply != 0 ||
	    !has_words(a, "does not offer it") || a->server->kind != SERVER_TCP)
		return;
	put_url(hint, "smtps", a->server, 0);
	buf_puts(hint, " has TLS from the first byte, where it is offered");
	if (route_credentials(&a->target->route) != NULL ||
	    s->tls.cert != NULL || target_trust_is_said(a->settings) ||
	    a->settings->envelope.require_tls)
		return;
	buf_puts(hint, "\n");
	put_url(hint, "smtp", a->server, a->server->port);
	buf_puts(hint, " --tls=off sends in clear, for everyone to read");
}

/* sendmail(8) has none of smtpsend's options. */
static void
where_options_are(const struct ask *a, struct buf *hint)
{
	const struct strings *files = &a->settings->files;
	const char *text = buf_string(hint);
	size_t i;

	if (!a->settings->local.face || strstr(text, " into ") != NULL ||
	    (strstr(text, "-S ") == NULL && strstr(text, "--") == NULL))
		return;
	buf_puts(
	    hint, "\nwhat are options of smtpsend (-S: server) are lines of ");
	for (i = 0; i < files->count; i++)
		buf_printf(hint, "%s%s", i > 0 ? " or " : "", files->items[i]);
}

void
hints_give(const struct target *t, const struct settings *s, bool connected,
    struct error *err)
{
	/* The first that has something to say says it. */
	static void (*const all[])(const struct ask *, struct buf *) = {
	    no_such_protocol,
	    after_reply,
	    no_default_server,
	    no_such_host,
	    no_listening_socket,
	    nothing_listens,
	    another_service,
	    no_greeting,
	    no_starttls,
	    no_authentication,
	};
	const struct ask ask = {
	    .target = t,
	    .settings = s,
	    .server = target_server(t),
	    .error = err,
	    .connected = connected,
	};
	struct buf hint = BUF_WITH_MAX(sizeof(err->hint) - 1);
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]) && hint.len == 0; i++)
		all[i](&ask, &hint);
	where_options_are(&ask, &hint);
	if (hint.len > 0)
		error_hint(err, "%s", buf_string(&hint));
	buf_clear(&hint);
}
