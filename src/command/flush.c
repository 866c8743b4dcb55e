/* flush: what waits in the outbox is sent (--flush). */
#include "command/flush.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "batch/batch.h"
#include "command/boxes.h"
#include "command/enqueue.h"
#include "command/identity.h"
#include "command/outbox_news.h"
#include "command/target.h"
#include "command/trace.h"
#include "lib/clock.h"
#include "lib/memory.h"

enum {
	WINDOW = 16,
	NO_CONNECTION_US = 30 * 1000000, /* how long none may work */
	BESIDE_US = 10 * 1000000,
};

/* Another one comes every minute, and what this one has begun has its time. */
static const int64_t flush_us = 15 * 60 * INT64_C(1000000);

/* --- one group ------------------------------------------------------------*/

struct run {
	struct flush flush;
	struct target target;
	struct trace trace;
	struct route route;
	struct schedule *schedule;
	struct journal *journal;
	struct arena arena;
	struct batch_end end;
	struct delivery *delivery; /* NULL: there is none */
	int64_t begun_us;	   /* with this hop */
	size_t hop;
};

static struct delivery *
connect_lane(void *arg, unsigned lane)
{
	struct run *r = arg;
	const struct route *all = &r->target.route;
	struct hop *hops = r->route.hops;

	(void)lane;
	r->route = *all;
	r->route.hops = hops;
	memcpy(hops, all->hops, all->count * sizeof(*hops));
	r->delivery = delivery_new(&r->route, &r->target.connection);
	r->begun_us = clock_monotonic_us();
	r->hop = r->route.at;
	return r->delivery;
}

static void
lane_closed(void *arg, unsigned lane, struct delivery *d)
{
	struct run *r = arg;

	(void)lane;
	(void)d;
	r->delivery = NULL;
	r->target.route.at = r->route.at;
}

/* Whoever does not answer holds up all others. */
static int64_t
look(void *arg)
{
	struct run *r = arg;
	const int64_t now = clock_monotonic_us();
	struct error err;

	if (r->delivery == NULL || schedule_ever_ready(r->schedule))
		return INT64_MAX;
	if (r->hop != r->route.at) {
		r->hop = r->route.at;
		r->begun_us = now;
	}
	if (now < r->begun_us + r->flush.connect_us)
		return r->begun_us + r->flush.connect_us;
	error_set(&err, EX_TEMPFAIL, "no connection within %d seconds",
	    (int)(r->flush.connect_us / 1000000));
	delivery_abort(r->delivery, &err);
	r->delivery = NULL;
	return now;
}

static void
lane_event(void *arg, struct delivery *d, const struct smtp_event *event)
{
	struct run *r = arg;

	if (event->type == SMTP_DONE || event->type == SMTP_CLOSED)
		log_see(r->flush.log, d);
	if (r->trace.show || r->trace.fd != -1)
		trace_event(&r->trace, d, event);
}

static int
prepare(struct run *r, const struct settings *s, const struct process *process,
    struct error *err)
{
	const struct schedule_params schedule = {.connections = 1,
	    .window = WINDOW,
	    .tries = 1,
	    .retry_for_us = r->flush.connect_us,
	    .stop_after = 0,
	    .impatient = r->flush.impatient};
	const struct journal_params journal = {0};
	const struct flush_system *system = r->flush.system;

	r->flush.charset = identity_charset(&r->arena);
	if ((system == NULL && target_init(&r->target, s, err) == -1) ||
	    (system != NULL &&
		target_share(&r->target, &system->target, s, &r->arena, err) ==
		    -1) ||
	    identity_read(&r->flush.ident, false, &r->arena, err) == -1 ||
	    journal_open(&r->journal, &journal, err) == -1 ||
	    trace_open(&r->trace, s, process, err) == -1 ||
	    (system == NULL && target_ready(&r->target, s, process, err) == -1))
		return -1;
	r->target.connection.flights = true;
	r->route.hops = arena_alloc(
	    &r->arena, r->target.route.count * sizeof(*r->route.hops));
	memcpy(
	    &r->flush.random, r->flush.ident.random, sizeof(r->flush.random));
	r->schedule = schedule_new(&schedule, clock_monotonic_us());
	return 0;
}

/* Its server asks to wait, and others do not: of the group stays what is to be
 * done when they have had their turn. */
static void
keep_rest(const struct run *r)
{
	struct flush_group *group = r->flush.group;
	size_t i, n = 0;

	for (i = 0; i < group->count; i++)
		if (!r->flush.over[i])
			group->entries[n++] = group->entries[i];
	group->count = n;
}

static void
send_group(struct run *r, const struct settings *s,
    const struct process *process, struct error *err)
{
	struct error why;
	const struct batch_params params = {.supply = &r->flush.supply,
	    .journal = r->journal,
	    .schedule = r->schedule,
	    .connections = 1,
	    .wait = process_wait(process),
	    .connect = connect_lane,
	    .closed = lane_closed,
	    .event = lane_event,
	    .look = look,
	    .arg = r};

	flush_supply_begin(&r->flush);
	batch_run(&params, &r->end);
	if (schedule_is_impatient(r->schedule)) {
		keep_rest(r);
		return;
	}
	why = r->end.error.status != 0 ? r->end.error : r->end.last;
	if (r->end.stopped != NULL)
		error_set(&why, EX_TEMPFAIL, "%s", r->end.stopped);
	if (why.status != 0 && !schedule_ever_ready(r->schedule))
		target_explain(&r->target, s, &why);
	/* Somebody's wish to end it is nothing that the server did; and the
	 * call beside which it is tried may come at any time. */
	if (why.status != 0 && r->end.signal == 0 && !r->flush.beside &&
	    (!schedule_ever_ready(r->schedule) || r->end.stopped != NULL))
		flush_put_off(&r->flush, &why);
	else
		flush_leave(&r->flush);
	if (why.status == 0)
		return;
	if (!r->flush.beside || s->report.verbose > 0)
		output_text_error(s, process, &why);
	*err = why;
	/* What is kept is tried again. */
	if (err->status == EX_NOHOST)
		err->status = EX_TEMPFAIL;
}

/* They wait as they did: the call is not about them. */
static void
cannot_begin(struct flush *f, const struct error *err)
{
	if (!f->beside || f->call->report.verbose > 0)
		output_text_error(f->call, f->process, err);
	if (f->beside)
		flush_leave(f);
	else if (f->system != NULL && err->status == EX_DATAERR)
		flush_refuse(f, err);
	else
		flush_put_off(f, err);
}

static void
run_clear(struct run *r)
{
	trace_close(&r->trace);
	if (r->flush.system == NULL)
		target_clear(&r->target);
	flush_run_hooks(&r->flush);
	schedule_free(r->schedule);
	journal_close(r->journal);
}

/* True: its server was reached.  What is left in the group is to be done, too. */
static bool
run_group(struct flush *all, struct flush_group *group, struct error *first)
{
	struct run r = {.flush = *all};
	struct settings settings;
	struct process process = *all->process;
	struct error err = {0};
	bool reached;

	r.flush.counts = (struct flush_counts){0};
	r.flush.group = group;
	r.flush.arena = &r.arena;
	r.flush.over =
	    arena_alloc(&r.arena, group->count * sizeof(*r.flush.over));
	memset(r.flush.over, 0, group->count * sizeof(*r.flush.over));
	r.flush.had =
	    arena_alloc(&r.arena, group->count * sizeof(*r.flush.had));
	memset(r.flush.had, 0, group->count * sizeof(*r.flush.had));
	r.flush.settings = &settings;
	process.given = &settings;
	process.unattended |= all->beside;
	r.flush.process = &process;
	if (flush_settings(all, group, &r.arena, &settings, &err) == -1 ||
	    prepare(&r, &settings, &process, &err) == -1)
		cannot_begin(&r.flush, &err);
	else
		send_group(&r, &settings, &process, &err);
	if (r.schedule == NULL || !schedule_is_impatient(r.schedule))
		group->count = 0;
	reached = r.schedule != NULL && schedule_ever_ready(r.schedule);
	if (first->status == 0)
		*first = err;
	flush_add_counts(&all->counts, &r.flush.counts);
	all->somebody |= r.flush.somebody;
	all->log->route = NULL;
	run_clear(&r);
	settings_clear(&settings);
	arena_clear(&r.arena);
	return reached;
}

static void
run_once(struct flush *f, struct flush_groups *groups, const char *options,
    struct error *err)
{
	struct flush_groups more;
	size_t i;

	for (i = 0; i < groups->count; i++) {
		struct flush_group *group = &groups->items[i];

		if (group->count == 0)
			continue;
		if (flush_is_to_end(f)) {
			f->counts.left += group->count;
			group->count = 0;
			continue;
		}
		more = (struct flush_groups){0};
		if (run_group(f, group, err) && group->count == 0 &&
		    options == NULL && !flush_is_to_end(f) &&
		    flush_take_unreached(f, &more, group)) {
			(void)run_group(f, &more.items[0], err);
			f->counts.left += more.items[0].count;
		}
		flush_groups_clear(&more);
	}
}

static void
run_groups(
    struct flush *f, const char *options, const char *except, struct error *err)
{
	struct flush_groups groups = {0};

	flush_sort_out(f, &groups, options, except);
	f->impatient = groups.count > 1;
	run_once(f, &groups, options, err);
	f->impatient = false;
	run_once(f, &groups, options, err);
	flush_groups_clear(&groups);
}

static int
flush_all(struct flush *f, struct error *err)
{
	int r = outbox_list(f->outbox, f->list, err);

	boxes_tell_remarks(f->settings, f->process, f->outbox->path, f->list);
	if (r == 0)
		run_groups(f, NULL, NULL, err);
	return r;
}

static int
flush_place(struct flush *f, const struct spool_places *places, size_t number,
    struct error *err)
{
	int r = spool_open(f->outbox, places, number, false, err);

	if (r == 0 && f->outbox->base != -1) {
		r = outbox_lock(f->outbox, err);
		if (r == 0)
			r = flush_all(f, err);
	}
	outbox_list_free(f->list);
	outbox_close(f->outbox);
	log_close(f->log);
	return r;
}

void
flush_places(const struct settings *s, const struct process *process,
    const struct spool_places *places, const struct flush_system *system,
    const struct outbox_select *select, struct flush_sum *sum)
{
	struct error err;
	size_t i;

	for (i = 0; i < places->count; i++) {
		struct outbox outbox;
		struct outbox_list list = {0};
		struct log log = {.settings = s, .process = process};
		struct flush f = {.settings = s,
		    .call = s,
		    .process = process,
		    .outbox = &outbox,
		    .list = &list,
		    .log = &log,
		    .select = select,
		    .system = system,
		    .connect_us = NO_CONNECTION_US,
		    .until_us = process->deadline_us != 0
			? INT64_MAX
			: process->start_us + flush_us,
		    .lifetime_s = s->outbox.lifetime_ms / 1000};
		int r;

		err = (struct error){0};
		r = flush_place(&f, places, i, &err);
		flush_add_counts(&sum->counts, &f.counts);
		sum->somebody |= f.somebody;
		sum->marked += f.marked;
		sum->failed |= r == -1;
		if (sum->error.status == 0) {
			sum->error = err;
			sum->untold = r == -1;
		} else if (r == -1) {
			output_text_error(s, process, &err);
		}
	}
}

static int
tell_sum(const struct settings *s, const struct process *process,
    const struct flush_sum *sum)
{
	const struct flush_counts none = {0};
	const struct flush all = {.settings = s,
	    .call = s,
	    .process = process,
	    .counts = sum->counts,
	    .somebody = sum->somebody,
	    .incomplete = sum->failed};

	if (sum->marked > 0 && s->report.verbose > 0)
		output_warning(s, process,
		    "%llu that %s due for the system's flush alone",
		    (unsigned long long)sum->marked,
		    sum->marked == 1 ? "is" : "are");
	if (sum->untold && memcmp(&sum->counts, &none, sizeof(none)) == 0)
		return output_error(s, process, &sum->error);
	if (sum->untold)
		output_text_error(s, process, &sum->error);
	return flush_tell_sum(&all, &sum->error);
}

int
flush_selected(const struct settings *s, const struct process *process,
    const struct outbox_select *select)
{
	struct spool_places places;
	struct arena arena = {0};
	struct flush_sum sum = {0};
	int status;

	if (spool_places(s, &arena, &places, &sum.error) == -1)
		sum.untold = sum.failed = true;
	else if (geteuid() == 0 && places.in_spool)
		flush_owners(s, process, places.spool, select, &sum);
	else
		flush_places(s, process, &places, NULL, select, &sum);
	status = tell_sum(s, process, &sum);
	arena_clear(&arena);
	return status;
}

int
flush_run(const struct settings *s, const struct process *process)
{
	int status = flush_selected(s, process, NULL);

	outbox_tell_news(s, process);
	return status;
}

/* --- beside another mail --------------------------------------------------*/

static bool
is_to_be_flushed(const struct outbox *o)
{
	return o->base != -1 && outbox_has_any(o, OUTBOX_QUEUE);
}

static void
flush_own(struct flush *f, struct arena *a, const char *except)
{
	struct buf options = {0};
	struct error err = {0};

	if (enqueue_options(f->call, a, &options, &err) == 0 &&
	    outbox_lock(f->outbox, &err) == 0 &&
	    outbox_list(f->outbox, f->list, &err) == 0)
		run_groups(f, buf_string(&options), except, &err);
	buf_clear(&options);
	if (f->call->report.verbose > 0 &&
	    f->counts.accepted + f->counts.partial + f->counts.refused +
		    f->counts.expired + f->counts.unknown + f->counts.left >
		0)
		(void)flush_tell_sum(f, &err);
}

static int
status_of(void *arg)
{
	return *(const int *)arg;
}

void
flush_beside(const struct settings *s, const struct process *process,
    const char *except, int status)
{
	struct outbox outbox;
	struct outbox_list list = {0};
	struct arena arena = {0};
	struct log log = {.settings = s, .process = process};
	struct flush f = {.settings = s,
	    .call = s,
	    .process = process,
	    .outbox = &outbox,
	    .list = &list,
	    .log = &log,
	    .beside = true,
	    .connect_us = BESIDE_US,
	    .until_us = clock_monotonic_us() + BESIDE_US,
	    .lifetime_s = s->outbox.lifetime_ms / 1000};
	struct error err;

	memory_on_exhaustion(status_of, &status);
	if (enqueue_open(&outbox, s, &arena, false, &err) == 0 &&
	    is_to_be_flushed(&outbox) && !flush_is_to_end(&f))
		flush_own(&f, &arena, except);
	outbox_list_free(&list);
	outbox_close(&outbox);
	log_close(&log);
	arena_clear(&arena);
	memory_on_exhaustion(NULL, NULL);
}
