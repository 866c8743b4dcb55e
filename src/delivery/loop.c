#include "delivery/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/memory.h"

enum { PATIENCE_MS = 2000 }; /* a signal that comes sooner is the same one */

struct member {
	struct delivery *delivery;
	unsigned committed; /* messages whose verdict is awaited */
	bool cancelled;
};

struct loop {
	struct wait_limits wait;
	struct member *members;
	struct pollfd *fds; /* CONNECTION_POLL_MAX for each, and one */
	size_t count;
	size_t at;   /* whose turn it is; those before wait */
	bool busy;   /* one of those does not */
	bool let_in; /* signals were, since the last wait or flight */
	int signal;
	int seen;	  /* of the signals that came */
	int64_t first_us; /* when the first was seen (monotonic), 0: none was */
	bool impatient;	  /* another one came later */
	int64_t (*look)(void *arg); /* NULL: at nothing else */
	void *look_arg;
	/* NULL: nobody brings any. */
	bool (*feed)(void *arg, int64_t *until, int *fd);
	void *feed_arg;
};

struct loop *
loop_new(const struct wait_limits *wait)
{
	struct loop *l = memory_alloc(sizeof(*l));

	l->wait = *wait;
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	free(l->members);
	free(l->fds);
	free(l);
}

void
loop_add(struct loop *l, struct delivery *d)
{
	l->members =
	    memory_realloc(l->members, l->count + 1, sizeof(*l->members));
	l->fds = memory_realloc(
	    l->fds, (l->count + 1) * CONNECTION_POLL_MAX + 1, sizeof(*l->fds));
	l->members[l->count++] = (struct member){.delivery = d};
}

void
loop_watch(struct loop *l, int64_t (*look)(void *arg), void *arg)
{
	l->look = look;
	l->look_arg = arg;
}

void
loop_feed(
    struct loop *l, bool (*feed)(void *arg, int64_t *until, int *fd), void *arg)
{
	l->feed = feed;
	l->feed_arg = arg;
}

static void
drop(struct loop *l, size_t i)
{
	l->count--;
	memmove(&l->members[i], &l->members[i + 1],
	    (l->count - i) * sizeof(*l->members));
}

static void
end(struct member *m, int status, const char *text)
{
	struct error err;

	error_set(&err, status, "%s", text);
	delivery_abort(m->delivery, &err);
}

static bool
has_signal(const struct loop *l)
{
	return l->wait.stop != NULL && *l->wait.stop != 0;
}

static bool
is_cancelled(const struct loop *l, const struct member *m)
{
	return has_signal(l) && (m->committed == 0 || l->impatient) &&
	    !m->cancelled;
}

static void
heed_signal(struct loop *l, struct member *m)
{
	if (!is_cancelled(l, m))
		return;
	m->cancelled = true;
	l->signal = *l->wait.stop;
	end(m, EX_SIGNAL + l->signal,
	    m->committed > 0 ? "cancelled while the verdict was awaited"
			     : "cancelled");
}

/* Who wants a verdict no more says so by a second signal. */
static void
count_signals(struct loop *l)
{
	int64_t now;

	if (l->wait.came == NULL || *l->wait.came == l->seen)
		return;
	l->seen = *l->wait.came;
	if (!has_signal(l))
		return;
	now = clock_monotonic_us();
	if (l->first_us == 0)
		l->first_us = now;
	else if (now - l->first_us >= PATIENCE_MS * 1000)
		l->impatient = true;
}

/* Signals are let in once more before the last octets of a message, or of those
 * that fly together, may go: while it flowed there may have been no wait. */
static bool
may_commit(struct loop *l)
{
	if (!l->let_in)
		(void)wait_stopped(&l->wait);
	l->let_in = true;
	return !has_signal(l);
}

/* False for an event that is not to be. */
static bool
take_event(struct loop *l, struct member *m, const struct smtp_event *event)
{
	if (event->type == SMTP_FLIGHT)
		l->let_in = false;
	if (event->type == SMTP_COMMIT) {
		if (!may_commit(l)) {
			/* A verdict may still be awaited, of another one. */
			delivery_withhold(m->delivery);
			return false;
		}
		m->committed++;
	} else if (event->type == SMTP_DONE && event->transaction->committed &&
	    m->committed > 0) {
		m->committed--;
	}
	return true;
}

/* What member m waits for: fills fds and lowers *until.  False when its time,
 * or that of the run, is up, which ends its connection. */
static bool
ask(const struct loop *l, struct member *m, nfds_t *n, int64_t now,
    int64_t *until)
{
	const int64_t deadline = l->wait.deadline_us;
	int64_t limit;
	bool run;

	*n += delivery_poll(m->delivery, &l->fds[*n], &limit);
	run = deadline != 0 && deadline <= limit;
	if (run)
		limit = deadline;
	if (limit < *until)
		*until = limit;
	if (limit > now)
		return true;
	if (run)
		end(m, EX_TEMPFAIL, "the deadline has passed");
	else
		delivery_time_out(m->delivery);
	return false;
}

/* When somebody is busy only signals are let in. */
static void
wait_for_io(struct loop *l)
{
	/* A signal wakes nobody who does not heed it, but for another one. */
	struct wait_limits limits = {
	    .stop = l->wait.came, .heeded = l->seen, .mask = l->wait.mask};
	int64_t until = INT64_MAX, later = INT64_MAX, now;
	bool in_time = true;
	nfds_t n = 0;
	size_t i;
	int fd = -1;

	if (l->feed != NULL && l->feed(l->feed_arg, &later, &fd))
		return;
	if (fd >= 0)
		l->fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	if (l->look != NULL)
		until = l->look(l->look_arg);
	if (later < until)
		until = later;
	now = clock_monotonic_us();

	for (i = 0; i < l->count; i++) {
		in_time &= ask(l, &l->members[i], &n, now, &until);
		if (l->members[i].committed == 0 && !l->members[i].cancelled) {
			limits.stop = l->wait.stop;
			limits.heeded = 0;
		}
	}
	if (!in_time)
		return;
	if (l->busy) {
		(void)wait_stopped(&l->wait);
		return;
	}
	limits.deadline_us = until != INT64_MAX ? until : 0;
	if (wait_poll(&limits, l->fds, n) == WAIT_FAILED)
		for (i = 0; i < l->count; i++)
			end(&l->members[i], EX_OSERR, strerror(errno));
}

/* True when there is an event; else `at` is past all members, each of which
 * waits. */
static bool
step_all(struct loop *l, struct smtp_event *event)
{
	while (l->at < l->count) {
		struct member *m = &l->members[l->at];

		heed_signal(l, m);
		switch (delivery_step(m->delivery, event)) {
		case CONNECTION_EVENT:
			if (take_event(l, m, event))
				return true;
			break;
		case CONNECTION_BUSY:
			l->busy = true;
			l->at++;
			break;
		case CONNECTION_WAIT:
			l->at++;
			break;
		case CONNECTION_OVER:
			drop(l, l->at);
			break;
		}
	}
	return false;
}

bool
loop_is_ending(const struct loop *l)
{
	return has_signal(l) ||
	    (l->wait.deadline_us != 0 &&
		l->wait.deadline_us <= clock_monotonic_us());
}

bool
loop_is_over(const struct loop *l, const struct delivery *d)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->members[i].delivery == d)
			return false;
	return true;
}

/* Nobody is there: whether there is somebody after all, at some time. */
static bool
is_fed(struct loop *l)
{
	struct wait_limits limits = l->wait;
	struct pollfd input;
	int64_t until = INT64_MAX;
	int fd = -1;

	while (l->feed != NULL && l->count == 0) {
		if (l->feed(l->feed_arg, &until, &fd))
			continue;
		if ((until == INT64_MAX && fd < 0) || loop_is_ending(l))
			return false;
		if (until != INT64_MAX &&
		    (limits.deadline_us == 0 || until < limits.deadline_us))
			limits.deadline_us = until;
		input = (struct pollfd){.fd = fd, .events = POLLIN};
		(void)wait_poll(&limits, &input, fd >= 0);
		limits.deadline_us = l->wait.deadline_us;
		until = INT64_MAX;
		fd = -1;
	}
	return l->count > 0;
}

struct delivery *
loop_next(struct loop *l, struct smtp_event *event)
{
	while (!step_all(l, event)) {
		/* Who comes new has not begun: it waits for nothing yet. */
		if (l->count > 0)
			wait_for_io(l);
		else if (!is_fed(l))
			return NULL;
		count_signals(l);
		l->at = 0;
		l->busy = l->let_in = false;
	}
	return l->members[l->at].delivery;
}

bool
loop_lingers(const struct loop *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (has_signal(l) && l->members[i].committed > 0 &&
		    !l->members[i].cancelled)
			return true;
	return false;
}

int
loop_signal(const struct loop *l)
{
	return l->signal;
}
