/* server_info: what a server says of itself, and whether a message could be
 * handed in. */
#include "command/command.h"

#include <string.h>
#include <time.h>

#include "lib/ascii.h"

#include "command/peer.h"
#include "command/target_known.h"
#include "command/target_proof.h"
#include "command/trace.h"
#include "command/waiting.h"
#include "delivery/loop.h"
#include "report/info.h"
#include "transport/tls_details.h"

struct server_info {
	const struct settings *settings;
	const struct process *process;
	struct target target;
	struct trace trace;
	struct arena arena;
	struct peer peer;
	struct delivery *delivery; /* the one that looks */
	bool anonymous;
	bool looks; /* without credentials, until TLS has proved the server */
	bool tried; /* AUTH */
	bool signed_in;
	bool ready;
	unsigned ready_trips;
	const struct hop *clear; /* the first one where a message would go
				    without TLS; NULL: none was met */
	struct error error;	 /* why no message could be handed in; status 0:
			       nothing stands in the way */
};

/* The words of the AUTH lines in a reply to EHLO, also of the old form AUTH=, and
 * the bits of those that are known. */
static const char *
mechanisms_in(struct arena *a, const char *hello, unsigned *bits)
{
	const struct sasl_mechanism *m;
	struct buf words = {0};
	const char *line = hello, *kept, *w;
	size_t n;

	*bits = 0;
	while ((line = strchr(line, '\n')) != NULL) {
		if (!ascii_begins(++line, "AUTH") ||
		    strchr(" \t=", line[4]) == NULL)
			continue;
		line += 5;
		for (line += strspn(line, " \t");
		     *line != '\0' && *line != '\n';
		     line += n + strspn(line + n, " \t")) {
			n = strcspn(line, " \t\n");
			w = arena_strndup(a, line, n);
			m = sasl_mechanism_find(w);
			if (m != NULL && (*bits & sasl_mechanism_bit(m)) != 0)
				continue; /* both forms say the same */
			buf_printf(&words, "%s%s", words.len > 0 ? " " : "", w);
			if (m != NULL)
				*bits |= sasl_mechanism_bit(m);
		}
	}
	kept = arena_strdup(a, buf_string(&words));
	buf_clear(&words);
	return kept;
}

static const char *
hello(const struct server_info *q, bool secure)
{
	const struct smtp_session *s = delivery_session(q->delivery);

	return s != NULL ? smtp_session_hello(s, secure) : "";
}

static const struct hop *
hop_of(const struct server_info *q)
{
	return &q->target.route.hops[q->target.route.at];
}

/* A message would sign in, and so it is tried. */
static bool
signs_in(const struct server_info *q)
{
	return !q->anonymous && hop_of(q)->credentials != NULL;
}

static const struct sasl_mechanism *
choose(struct server_info *q, unsigned offered, bool secure)
{
	const struct transport_tls *tls = delivery_tls(q->delivery);
	const struct settings *s = q->settings;

	return sasl_mechanism_choose(&(struct sasl_choice){
	    .offered = offered,
	    .held = target_proofs(s),
	    .name = s->auth.mechanism,
	    .secure = secure,
	    .clear_ok = secure || s->auth.in_clear ||
		delivery_peer(q->delivery)->untapped,
	    .bound = secure && tls != NULL && tls->exporter_size > 0,
	});
}

/* Whether a message would go under TLS if it could: on this machine it does
 * only where nobody can sign in without. */
static bool
needs_tls(struct server_info *q)
{
	unsigned offered;

	if (hop_of(q)->tls != CONNECTION_TLS_AUTO ||
	    !delivery_peer(q->delivery)->local)
		return true;
	(void)mechanisms_in(&q->arena, hello(q, false), &offered);
	return signs_in(q) && choose(q, offered, false) == NULL;
}

/* NULL: there is TLS, and it proves who the server is; or there is none. */
static const struct error *
unverified(const struct server_info *q)
{
	const struct transport_tls *tls = delivery_tls(q->delivery);

	return tls != NULL && tls->details != NULL &&
		tls->details->verdict.status != 0
	    ? &tls->details->verdict
	    : NULL;
}

/* No credentials go to a server that is not the right one; and where they would
 * go in clear, what is offered under TLS does not matter. */
static bool
may_sign_in(struct server_info *q)
{
	const struct smtp_capabilities *c =
	    smtp_session_capabilities(delivery_session(q->delivery));

	return q->looks && signs_in(q) && unverified(q) == NULL &&
	    (needs_tls(q) || choose(q, c->mechanisms, true) != NULL);
}

static void
on_ready(struct server_info *q, struct delivery *d)
{
	q->ready = true;
	q->ready_trips = delivery_figures(d)->round_trips;
	if (may_sign_in(q)) {
		smtp_session_auth(delivery_session(d), hop_of(q)->credentials,
		    q->settings->auth.mechanism);
		q->tried = true;
	}
	smtp_session_quit(delivery_session(d));
}

static void
on_auth(struct server_info *q, struct delivery *d, const struct smtp_reply *r)
{
	q->signed_in = r->code == 235;
	q->ready_trips = delivery_figures(d)->round_trips;
}

static void
on_hello(struct server_info *q)
{
	if (q->clear == NULL && hello(q, true)[0] == '\0' && !needs_tls(q))
		q->clear = hop_of(q);
}

static void
converse(struct server_info *q, struct delivery *d)
{
	const struct wait_limits wait = process_wait(q->process);
	struct loop *loop = loop_new(&wait);
	struct waiting waiting = {
	    .settings = q->settings,
	    .process = q->process,
	    .target = &q->target,
	    .delivery = d,
	};
	struct smtp_event event;

	loop_add(loop, d);
	waiting_begin(&waiting, loop);
	while (loop_next(loop, &event) != NULL) {
		waiting_over(&waiting);
		trace_event(&q->trace, d, &event);
		if (event.type == SMTP_READY)
			on_ready(q, d);
		else if (event.type == SMTP_REPLY &&
		    event.phase == SMTP_PHASE_EHLO)
			on_hello(q);
		else if (event.type == SMTP_REPLY &&
		    event.phase == SMTP_PHASE_AUTH)
			on_auth(q, d, event.reply);
		else if (event.type == SMTP_CLOSED && event.error != NULL &&
		    q->error.status == 0 &&
		    event.result->phase != SMTP_PHASE_QUIT)
			q->error = *event.error;
	}
	q->signed_in &= q->error.status == 0;
	waiting_over(&waiting);
	loop_free(loop);
}

/* With TLS wherever it is offered, and whoever shows himself then; a send would
 * not hear what is said after a certificate that fails. */
static void
look(struct server_info *q)
{
	struct connection_params params = q->target.connection;

	params.look = q->looks = true;
	q->delivery = delivery_new(&q->target.route, &params);
	converse(q, q->delivery);
	if (q->error.status < EX_SIGNAL && unverified(q) != NULL &&
	    needs_tls(q) && !hop_of(q)->policy.optional)
		q->error = *unverified(q);
	peer_add(&q->peer, q->delivery);
	target_known_keep(&q->target, q->settings, q->process, q->delivery);
}

/* Whether a message would go in clear, and TLS has kept us from seeing whether
 * it can. */
static bool
clear_is_unseen(struct server_info *q)
{
	if (q->clear == NULL || q->error.status >= EX_SIGNAL)
		return false;
	if (q->ready)
		return !needs_tls(q) && signs_in(q) && !q->tried;
	return delivery_figures(q->delivery)->phase_us[SMTP_PHASE_STARTTLS] !=
	    0;
}

/* Over another connection. */
static void
try_in_clear(struct server_info *q)
{
	struct delivery *d, *looked = q->delivery;
	struct route route = {.count = 1};
	struct hop hop;

	if (!clear_is_unseen(q))
		return;
	q->error.status = 0;
	q->looks = false;
	hop = q->ready ? *hop_of(q) : *q->clear;
	hop.tls = CONNECTION_TLS_OFF;
	if (q->anonymous)
		hop.credentials = NULL;
	route.hops = &hop;
	q->delivery = d = delivery_new(&route, &q->target.connection);
	converse(q, d);
	q->delivery = looked;
	delivery_free(d);
}

static const char *
names_of(struct arena *a, const struct smtp_capabilities *c,
    const unsigned *bits, size_t count)
{
	struct buf list = {0};
	const char *kept;
	size_t i;

	for (i = 0; i < count; i++)
		if (smtp_capable(c, bits[i]))
			buf_printf(&list, "%s%s", list.len > 0 ? " " : "",
			    smtp_capability_name(
				(enum smtp_capability)bits[i]));
	kept = arena_strdup(a, buf_string(&list));
	buf_clear(&list);
	return kept;
}

/* Waits for the server from MAIL to the verdict, for one recipient: MAIL, RCPT,
 * DATA and the end of the message, or BDAT, which is both. */
static unsigned
message_trips(const struct smtp_capabilities *c)
{
	bool bdat = smtp_capable(c, SMTP_CHUNKING);

	if (smtp_capable(c, SMTP_PIPELINING))
		return bdat ? 1 : 2;
	return bdat ? 3 : 4;
}

static void
fill_use(struct server_info *q, struct report_info *info)
{
	static const unsigned used[] = {SMTP_PIPELINING, SMTP_CHUNKING,
	    SMTP_SIZE, SMTP_8BITMIME, SMTP_SMTPUTF8, SMTP_ENHANCEDSTATUSCODES,
	    SMTP_LIMITS, SMTP_PRDR};
	static const unsigned on_request[] = {SMTP_DSN, SMTP_DELIVERBY,
	    SMTP_FUTURERELEASE, SMTP_MT_PRIORITY, SMTP_RRVS, SMTP_REQUIRETLS};
	struct smtp_session *s = delivery_session(q->delivery);
	const struct smtp_capabilities *c;
	const struct sasl_mechanism *m;
	bool secure = info->secured[0] != '\0';
	unsigned offered;

	if (info->clear[0] == '\0' && !secure)
		return;
	c = smtp_session_capabilities(s);
	info->used =
	    names_of(&q->arena, c, used, sizeof(used) / sizeof(used[0]));
	info->on_request = names_of(&q->arena, c, on_request,
	    sizeof(on_request) / sizeof(on_request[0]));
	info->mechanisms = mechanisms_in(
	    &q->arena, secure ? info->secured : info->clear, &offered);
	m = choose(q, c->mechanisms, secure);
	info->mechanism = m != NULL ? m->name : NULL;
	info->size_max = c->size_max;
	info->rcpt_max = c->rcpt_max;
	info->mail_max = c->mail_max;
	info->rcpt_domain_max = c->rcpt_domain_max;
	if (q->ready)
		info->message_trips = message_trips(c);
	info->ready_trips = q->ready_trips;
}

static void
fill_tls(struct server_info *q, struct report_info *info)
{
	const struct transport_tls *tls = delivery_tls(q->delivery);
	const struct tls_details *d = tls != NULL ? tls->details : NULL;
	struct report_certificate *chain;
	time_t now = time(NULL);
	size_t i;

	if (d == NULL)
		return;
	chain = arena_alloc(&q->arena, (d->count + 1) * sizeof(*chain));
	for (i = 0; i < d->count; i++)
		chain[i] = (struct report_certificate){
		    .subject = d->chain[i].subject,
		    .issuer = d->chain[i].issuer,
		    .names = d->chain[i].names,
		    .name_count = d->chain[i].name_count,
		    .begins = d->chain[i].begins,
		    .expires = d->chain[i].expires,
		    .days = report_days(d->chain[i].expires, now),
		};
	info->chain = chain;
	info->chain_count = d->count;
	info->key_exchange = d->key_exchange;
	info->pin = tls->fingerprint;
	info->unverified = d->verdict.status != 0 ? d->verdict.text : NULL;
}

static void
fill_addresses(struct server_info *q, struct report_info *info)
{
	struct report_address *all;
	const struct endpoint *e;
	unsigned count, i;
	char text[64];

	e = delivery_endpoints(q->delivery, &count);
	all = arena_alloc(&q->arena, (count + 1) * sizeof(*all));
	for (i = 0; i < count; i++) {
		endpoint_text(&e[i], text);
		all[i] = (struct report_address){
		    .address = arena_strdup(&q->arena, text),
		    .port = endpoint_port(&e[i]),
		    .connected = e[i].connected,
		    .error = e[i].connected ? e[i].left
			: e[i].error != 0
			? arena_strdup(&q->arena, strerror(e[i].error))
			: NULL,
		};
	}
	info->addresses = all;
	info->address_count = count;
}

static int
report(struct server_info *q)
{
	const struct smtp_session *s = delivery_session(q->delivery);
	struct report_info info = {
	    .greeting = s != NULL ? smtp_session_greeting(s) : "",
	    .clear = hello(q, false),
	    .secured = hello(q, true),
	    .used = "",
	    .on_request = "",
	    .mechanisms = "",
	    .key_exchange = "",
	    .pin = "",
	    .signed_in = q->signed_in,
	};
	struct report r = {.info = &info, .outcome.status = q->error.status};
	struct buf out = {0};
	struct error err;

	fill_addresses(q, &info);
	fill_use(q, &info);
	fill_tls(q, &info);
	peer_report(&q->peer, &q->target, q->process, &r);
	peer_warn(&r, q->settings, q->process);
	if (q->error.status != 0) {
		target_explain(&q->target, q->settings, &q->error);
		r.error = &q->error;
	}
	report_way(&out, &r, false);
	output_tell(q->process, &out);
	buf_reset(&out);
	if (!q->settings->report.json)
		report_info(&out, &r);
	else if (report_json(&out, &r, &err) == -1)
		output_text_error(q->settings, q->process, &err);
	(void)output_print(q->process, &out);
	if (q->error.status != 0)
		output_text_error(q->settings, q->process, &q->error);
	if (q->settings->report.timing)
		output_timing(q->process, &r);
	buf_clear(&out);
	if (output_finish(q->process, &err) == -1 && err.status == EX_IOERR) {
		output_text_error(q->settings, q->process, &err);
		if (r.outcome.status == EX_OK)
			r.outcome.status = err.status;
	}
	return r.outcome.status;
}

int
server_info_run(const struct settings *settings, const struct process *process)
{
	struct server_info q = {.settings = settings, .process = process};
	struct error err;
	int status;

	if ((settings->report.json && report_json_available(&err) == -1) ||
	    target_init(&q.target, settings, &err) == -1 ||
	    trace_open(&q.trace, settings, process, &err) == -1) {
		status = output_error(settings, process, &err);
	} else {
		q.anonymous = settings->action_arguments.count > 0;
		if (!q.anonymous &&
		    target_ready(&q.target, settings, process, &err) == -1) {
			status = output_error(settings, process, &err);
		} else {
			look(&q);
			try_in_clear(&q);
			target_forget(&q.target);
			status = report(&q);
		}
	}
	delivery_free(q.delivery);
	arena_clear(&q.arena);
	trace_close(&q.trace);
	target_clear(&q.target);
	return status;
}
