/* each: many messages in one call (--each, several --message). */
#include "command/each.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/charset.h"
#include "lib/clock.h"
#include "lib/memory.h"

#include "command/flush.h"
#include "command/identity.h"
#include "command/local.h"
#include "command/target_known.h"
#include "command/terminal.h"
#include "options/call.h"
#include "options/value_many.h"
#include "report/report.h"

enum {
	WINDOW = 128,	 /* messages in flight on a connection */
	ASK_FROM = 11,	 /* messages at a terminal */
	PIPED_FILES = 8, /* of a message, as long as that is not known */
};

/* No quota is of a longer time (value_many.h): seconds. */
static const int64_t quota_max_s = 1000000000;

/* One run of it. */
struct run {
	struct each each;
	struct target target;
	struct trace trace;
	struct route *routes; /* for each connection, its own */
	struct schedule *schedule;
	struct arena arena;
	struct batch_end end;
};

int
each_open_journal(struct each *e, void (*tried)(void *, int64_t), void *arg,
    struct error *err)
{
	const struct settings_many *m = &e->settings->many;
	struct journal_params p = {
	    .path = m->resume != NULL ? m->resume : m->results,
	    .resume = m->resume != NULL,
	    .tried = tried,
	    .arg = arg};

	if (p.path != NULL && strcmp(p.path, "-") == 0) {
		error_set(err, EX_USAGE, "%s: a journal is a file, not '-'",
		    p.resume ? "--resume" : "--results");
		return error_hint(
		    err, "--json prints results on standard output");
	}
	if (getrandom(p.batch, sizeof(p.batch), 0) != (ssize_t)sizeof(p.batch))
		return error_set(
		    err, EX_OSERR, "no random numbers: %s", strerror(errno));
	return journal_open(&e->journal, &p, err);
}

int
each_begin(struct each *e, const struct settings *s,
    const struct process *process, struct error *err)
{
	*e = (struct each){.settings = s,
	    .process = process,
	    .log = {.settings = s, .process = process}};
	if (records_open(&e->records, s, process, err) == -1 ||
	    call_check_form(s, records_are_complete(&e->records), err) == -1 ||
	    plan_make(&e->plan, s, process, &e->records, err) == -1)
		return -1;
	e->charset = identity_charset(&e->arena);
	e->ascii = charset_is_utf8(
	    s->message.charset != NULL ? s->message.charset : e->charset);
	if (identity_read(&e->ident,
		s->message.from == NULL && s->message.from_pattern == NULL,
		&e->arena, err) == -1 ||
	    local_set_host(s, &e->arena, &e->ident, err) == -1)
		return -1;
	return local_fill(s, &e->ident, &e->arena, &e->local, err);
}

void
each_end(struct each *e)
{
	each_message_forget(e);
	log_close(&e->log);
	mould_clear(&e->mould);
	journal_close(e->journal);
	plan_clear(&e->plan);
	records_close(&e->records);
	free(e->skips.numbers);
	arena_clear(&e->scratch);
	arena_clear(&e->arena);
}

/* --- the schedule ---------------------------------------------------------*/

static unsigned
at_most(uint64_t n)
{
	return n < 1000000000 ? (unsigned)n : 1000000000;
}

static int
make_schedule(struct run *r, const struct settings_many *m, struct error *err)
{
	struct schedule_params p = {.connections = at_most(m->connections),
	    .window = WINDOW,
	    .per_connection = at_most(m->per_connection),
	    .retry_for_us = m->retry_for_ms * 1000,
	    .tries = at_most(m->tries),
	    .stop_after = at_most(m->stop_after)};
	struct value_pace pace;

	if (m->rate != NULL) {
		if (value_rate_read(m->rate, &pace, err) == -1)
			return -1;
		p.rate_count = pace.count;
		p.rate_us = pace.us;
	}
	if (m->quota != NULL) {
		if (value_quota_read(m->quota, &pace, err) == -1)
			return -1;
		p.quota_count = pace.count;
		p.quota_us = pace.us;
	}
	memcpy(&p.seed, r->each.ident.random, sizeof(p.seed));
	r->schedule = schedule_new(&p, clock_monotonic_us());
	return 0;
}

/* What earlier runs have tried counts for the quota. */
static void
tried_before(void *arg, int64_t at)
{
	struct run *r = arg;
	int64_t ago = (int64_t)time(NULL) - at;

	/* A clock that was set back. */
	if (ago < 0)
		ago = 0;
	if (ago < quota_max_s)
		schedule_used(
		    r->schedule, clock_monotonic_us() - ago * 1000000);
}

/* --- what the batch asks for ----------------------------------------------*/

static struct delivery *
connect_lane(void *arg, unsigned lane)
{
	struct run *r = arg;
	const struct route *all = &r->target.route;
	struct route *own = &r->routes[lane];
	struct hop *hops = own->hops;

	/* Whatever another connection has tried, this one begins anew. */
	*own = *all;
	own->hops = hops;
	memcpy(hops, all->hops, all->count * sizeof(*hops));
	r->each.lanes++;
	return delivery_new(own, &r->target.connection);
}

static void
lane_closed(void *arg, unsigned lane, struct delivery *d)
{
	struct run *r = arg;

	r->each.lanes--;
	/* For the errors that name the server. */
	r->target.route.at = r->routes[lane].at;
	target_known_keep(&r->target, r->each.settings, r->each.process, d);
}

static bool
is_traced(const struct run *r)
{
	return r->trace.show || r->trace.fd != -1;
}

static void
lane_event(void *arg, struct delivery *d, const struct smtp_event *event)
{
	struct run *r = arg;

	if (event->type == SMTP_DONE)
		log_see(&r->each.log, d);
	if (is_traced(r))
		trace_event(&r->trace, d, event);
}

static void
news(void *arg, const char *text)
{
	struct run *r = arg;

	each_tell_line(&r->each, "%s", text);
}

static int64_t
look(void *arg)
{
	struct run *r = arg;

	return each_progress(&r->each);
}

/* --- before the first byte ------------------------------------------------*/

/* Once, of a person, who may have meant something else. */
static int
confirm(struct each *e, struct error *err)
{
	const struct wait_limits wait = process_wait(e->process);
	struct buf prompt = BUF_WITH_MAX(200), answer = BUF_WITH_MAX(80);
	int terminal, r = 0;

	if (e->settings->many.yes || !e->checked || e->supply.left < ASK_FROM ||
	    !isatty(STDERR_FILENO) || (terminal = terminal_open()) == -1)
		return 0;
	buf_printf(&prompt, "%s: send %llu messages? [y/N] ", e->process->name,
	    (unsigned long long)e->supply.left);
	buf_reserve(&answer, 80);
	r = terminal_ask(terminal, &prompt, true, &answer, &wait, err);
	if (r == 0 && (answer.len == 0 || strchr("yY", answer.data[0]) == NULL))
		r = error_set(err, EX_USAGE,
		    "nothing was sent; --yes sends without asking");
	close(terminal);
	buf_clear(&prompt);
	buf_clear(&answer);
	return r;
}

static int
begin_journal(struct each *e, struct error *err)
{
	struct journal_subject subject = {
	    .keys = e->settings->many.key != NULL ? e->settings->many.key : "",
	    .zone_minutes = e->ident.zone_minutes,
	    .changed = e->settings->many.resume_changed,
	    .now = (int64_t)time(NULL)};

	if (e->checked)
		memcpy(subject.list, e->list, sizeof(subject.list));
	memcpy(subject.templ, &e->plan.hash, sizeof(e->plan.hash));
	if (e->plan.hash == 0)
		subject.templ[0] = 1;
	return journal_begin(e->journal, &subject, err);
}

/* Messages on their way hold their files open, and programs that we start
 * inherit the limit: as many as connections want, else as many as may be. */
static void
make_room(struct each *e)
{
	const size_t others = 64 + 2 * e->settings->many.connections;
	const size_t wanted = WINDOW * e->settings->many.connections;
	struct rlimit limit;

	if (e->files == 0 && e->checked)
		return;
	if (e->files == 0)
		e->files = PIPED_FILES;
	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	if (limit.rlim_cur < wanted * e->files + others) {
		limit.rlim_cur = wanted * e->files + others;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	e->supply.most = limit.rlim_cur > others
	    ? (size_t)(limit.rlim_cur - others) / e->files
	    : 1;
	if (e->supply.most == 0)
		e->supply.most = 1;
}

static int
prepare(struct run *r, const struct settings *s, const struct process *process,
    struct error *err)
{
	struct each *e = &r->each;
	size_t n = s->many.connections, i;

	if (s->many.record != NULL)
		return error_set(err, EX_USAGE,
		    "--record is for --dry-run and --preview, which show "
		    "one");
	if ((s->report.json && report_json_available(err) == -1) ||
	    target_init(&r->target, s, err) == -1 ||
	    each_begin(e, s, process, err) == -1 ||
	    make_schedule(r, &s->many, err) == -1 ||
	    each_open_journal(e, tried_before, r, err) == -1 ||
	    trace_open(&r->trace, s, process, err) == -1)
		return -1;
	if (each_check(e, err) == -1 || confirm(e, err) == -1 ||
	    target_ready(&r->target, s, process, err) == -1 ||
	    begin_journal(e, err) == -1)
		return -1;
	r->target.connection.flights = true;
	r->target.connection.no_replies = !is_traced(r);
	r->routes = arena_alloc(&r->arena, n * sizeof(*r->routes));
	for (i = 0; i < n; i++)
		r->routes[i].hops = arena_alloc(
		    &r->arena, r->target.route.count * sizeof(struct hop));
	each_supply_begin(e);
	make_room(e);
	return 0;
}

/* --- the run --------------------------------------------------------------*/

/* Memory ran out after all: the journal knows what there is to know. */
static int
exhausted(void *arg)
{
	const struct each *e = arg;

	if (e->over)
		return e->status;
	/* What is on its way may arrive. */
	return e->somebody || e->begun ? EX_UNFINISHED : EX_TEMPFAIL;
}

static void
send_all(struct run *r)
{
	struct each *e = &r->each;
	const struct batch_params params = {.supply = &e->supply,
	    .journal = e->journal,
	    .schedule = r->schedule,
	    .connections = at_most(e->settings->many.connections),
	    .wait = process_wait(e->process),
	    .connect = connect_lane,
	    .closed = lane_closed,
	    .event =
		is_traced(r) || log_is_wanted(e->settings) ? lane_event : NULL,
	    .news = news,
	    .look = look,
	    .arg = r};
	struct error err;

	e->sending = true;
	e->begun_us = e->drawn_us = 0;
	batch_run(&params, &r->end);
	if (journal_flush(e->journal, &err) == -1 && r->end.error.status == 0)
		r->end.error = err;
	if (r->end.error.status != 0 && !schedule_ever_ready(r->schedule) &&
	    r->end.error.status != EX_DATAERR)
		target_explain(&r->target, e->settings, &r->end.error);
	else if (r->end.last.status != 0)
		target_explain(&r->target, e->settings, &r->end.last);
}

int
each_run(const struct settings *settings, const struct process *process)
{
	struct run r = {.each = {.settings = settings, .process = process}};
	struct error err;
	bool reached;
	int status;

	if (prepare(&r, settings, process, &err) == -1) {
		each_progress_over(&r.each);
		status = output_error(settings, process, &err);
	} else {
		memory_on_exhaustion(exhausted, &r.each);
		send_all(&r);
		status = each_tell_end(&r.each, &r.end);
	}
	reached = r.schedule != NULL && schedule_ever_ready(r.schedule) &&
	    r.end.signal == 0 && !r.end.late && r.end.stopped == NULL;
	trace_close(&r.trace);
	target_clear(&r.target);
	schedule_free(r.schedule);
	each_end(&r.each);
	arena_clear(&r.arena);
	memory_on_exhaustion(NULL, NULL);
	if (reached)
		flush_beside(settings, process, NULL, status);
	return status;
}
