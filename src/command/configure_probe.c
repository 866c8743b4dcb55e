/* configure_probe: see configure_probe.h. */
#include "command/configure_probe.h"

#include <string.h>

#include "command/target.h"
#include "command/trace.h"
#include "command/waiting.h"
#include "delivery/loop.h"
#include "lib/clock.h"

enum { STEP_MS = 10 * 1000, ALL_MS = 20 * 1000 };

/* One of them, while it is looked at. */
struct attempt {
	struct configure_place *place;
	struct settings settings;
	struct target target;
	struct delivery *delivery; /* NULL: it could not begin */
	bool over;
};

int
configure_settings(const struct account_new *account,
    const struct settings *base, const struct settings *s, struct settings *own,
    struct error *err)
{
	if (account_new_settings(account, base, own, err) == -1)
		return -1;
	own->report = s->report;
	own->delivery = s->delivery;
	own->delivery.dry_run = NULL;
	own->action = ACTION_NOOP;
	/* No file says yet which server that is. */
	own->server.on_argv = true;
	return 0;
}

/* Without anything that only who signs in needs. */
static int
anonymous_settings(const struct account_new *account,
    const struct settings *base, const struct settings *s, const char *server,
    struct settings *own, struct error *err)
{
	struct account_new with = *account;

	account_new_add(&with, "server", server);
	if (configure_settings(&with, base, s, own, err) == -1)
		return -1;
	secret_clear(&own->auth.password);
	own->auth = (struct settings_auth){0};
	own->server.tls.cert = own->server.tls.key = NULL;
	if (own->delivery.timeout_ms == 0 || own->delivery.timeout_ms > STEP_MS)
		own->delivery.timeout_ms = STEP_MS;
	return 0;
}

static int
attempt_begin(struct attempt *t, const struct account_new *account,
    const struct settings *base, const struct settings *s,
    const struct process *process, struct loop *loop, struct error *err)
{
	if (anonymous_settings(
		account, base, s, t->place->text, &t->settings, err) == -1 ||
	    target_init(&t->target, &t->settings, err) == -1 ||
	    target_ready_unsigned(
		&t->target, &t->settings, process, true, err) == -1)
		return -1;
	t->delivery = delivery_new(&t->target.route, &t->target.connection);
	loop_add(loop, t->delivery);
	return 0;
}

static void
attempt_clear(struct attempt *t)
{
	delivery_free(t->delivery);
	target_clear(&t->target);
	settings_clear(&t->settings);
}

static void
take_event(struct attempt *t, const struct smtp_event *event)
{
	const struct smtp_capabilities *c;

	if (event->type == SMTP_READY) {
		c = smtp_session_capabilities(delivery_session(t->delivery));
		t->over = true;
		t->place->ready =
		    !t->place->clear || !smtp_capable(c, SMTP_STARTTLS);
		t->place->mechanisms = c->mechanisms;
		t->place->secure = delivery_tls(t->delivery) != NULL;
		smtp_session_quit(delivery_session(t->delivery));
	} else if (event->type == SMTP_CLOSED) {
		if (event->error != NULL && !t->place->ready) {
			t->place->error = *event->error;
			t->place->phase = event->result->phase;
			target_explain(
			    &t->target, &t->settings, &t->place->error);
		}
		t->over = true;
	}
}

/* The first that is fine, as soon as none before it can be. */
static struct configure_place *
first_ready(const struct attempt *attempts, size_t count)
{
	size_t i;

	for (i = 0; i < count && attempts[i].over; i++)
		if (attempts[i].place->ready)
			return attempts[i].place;
	return NULL;
}

/* Of the first one by rank that answered in time, whoever is still awaited. */
static struct configure_place *
any_ready(const struct attempt *attempts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (attempts[i].place->ready)
			return attempts[i].place;
	return NULL;
}

static struct configure_place *
converse(struct loop *loop, struct attempt *attempts, size_t count)
{
	struct configure_place *found = NULL;
	struct smtp_event event;
	struct delivery *d;
	size_t i;

	while (found == NULL && (d = loop_next(loop, &event)) != NULL) {
		for (i = 0; attempts[i].delivery != d; i++)
			;
		take_event(&attempts[i], &event);
		found = first_ready(attempts, count);
	}
	return found != NULL ? found : any_ready(attempts, count);
}

int
configure_probe(const struct account_new *account, const struct settings *base,
    const struct settings *s, const struct process *process,
    struct configure_place *places, size_t count,
    struct configure_place **found, struct error *err)
{
	struct wait_limits wait = process_wait(process);
	int64_t limit_us = clock_monotonic_us() + ALL_MS * (int64_t)1000;
	struct arena arena = {0};
	struct attempt *attempts =
	    arena_alloc(&arena, (count + 1) * sizeof(*attempts));
	struct loop *loop;
	size_t i;
	int r = 0;

	if (wait.deadline_us == 0 || wait.deadline_us > limit_us)
		wait.deadline_us = limit_us;
	loop = loop_new(&wait);
	for (i = 0; i < count; i++) {
		attempts[i].place = &places[i];
		attempts[i].over = attempt_begin(&attempts[i], account, base, s,
				       process, loop, &places[i].error) == -1;
	}
	*found = converse(loop, attempts, count);
	if (loop_signal(loop) != 0)
		r = error_set(err, EX_SIGNAL + loop_signal(loop),
		    "cancelled, nothing was changed");
	loop_free(loop);
	for (i = 0; i < count; i++)
		attempt_clear(&attempts[i]);
	arena_clear(&arena);
	return r;
}

/* One that is to be signed in to. */
static int
sign_in(struct target *t, const struct settings *own,
    const struct process *process, struct trace *trace, struct error *err)
{
	const struct wait_limits wait = process_wait(process);
	struct delivery *d = delivery_new(&t->route, &t->connection);
	struct loop *loop = loop_new(&wait);
	struct waiting waiting = {
	    .settings = own,
	    .process = process,
	    .target = t,
	    .delivery = d,
	};
	struct smtp_event event;
	int r = error_set(err, EX_TEMPFAIL, "the connection ended");
	bool ready = false;

	loop_add(loop, d);
	waiting_begin(&waiting, loop);
	while (loop_next(loop, &event) != NULL) {
		waiting_over(&waiting);
		trace_event(trace, d, &event);
		if (event.type == SMTP_READY) {
			ready = true;
			r = 0;
			smtp_session_quit(delivery_session(d));
		} else if (event.type == SMTP_CLOSED && event.error != NULL &&
		    !ready) {
			*err = *event.error;
		}
	}
	waiting_over(&waiting);
	if (loop_signal(loop) != 0)
		r = error_set(err, EX_SIGNAL + loop_signal(loop),
		    "cancelled, nothing was changed");
	else if (r == -1)
		target_explain(t, own, err);
	loop_free(loop);
	delivery_free(d);
	return r;
}

int
configure_sign_in(const struct account_new *account,
    const struct settings *base, const struct settings *s,
    const struct process *process, const struct secret *password,
    struct error *err)
{
	struct settings own = {0};
	struct target target = {0};
	struct trace trace = {.fd = -1};
	int r;

	r = configure_settings(account, base, s, &own, err);
	if (r == 0 && password != NULL)
		secret_set(&own.auth.password, password->bytes, password->len);
	if (r == 0)
		r = target_init(&target, &own, err);
	if (r == 0)
		r = trace_open(&trace, s, process, err);
	if (r == 0) {
		r = target_ready(&target, &own, process, err);
		if (r == 0)
			r = sign_in(&target, &own, process, &trace, err);
		trace_close(&trace);
	}
	target_clear(&target);
	settings_clear(&own);
	return r;
}
