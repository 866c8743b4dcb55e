/* flush: what waits in the outbox is sent (--flush). */
#include "command/flush.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "batch/batch.h"
#include "command/identity.h"
#include "command/enqueue.h"
#include "command/target.h"
#include "command/trace.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/memory.h"
#include "options/option.h"
#include "options/options.h"
#include "report/many.h"

enum {
	WINDOW = 16,
	NO_CONNECTION_US = 60 * 1000000, /* how long none may work */
};

void
flush_count_error(struct flush *f, const struct error *err)
{
	if (err->status == EX_DATAERR)
		f->counts.bad++;
	else
		f->counts.left++;
}

void
flush_leave(struct flush *f)
{
	size_t i;

	for (i = 0; i < f->group->count; i++)
		f->counts.left += !f->over[i];
}

/* --- messages for the same server -----------------------------------------*/

struct groups {
	struct flush_group *items;
	size_t count, capacity;
};

static struct flush_group *
group_of(struct groups *g, struct arena *a, const char *options)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (strcmp(g->items[i].options, options) == 0)
			return &g->items[i];
	g->items =
	    arena_grown(a, g->items, g->count, &g->capacity, sizeof(*g->items));
	g->items[g->count] = (struct flush_group){.options = options};
	return &g->items[g->count++];
}

/* One that cannot be opened is told; who takes it to send it would find that,
 * and also moves what is no message out of the way. */
static void
set_aside(
    struct flush *f, const struct outbox_entry *entry, const struct error *why)
{
	struct error err = *why;
	struct outbox_message m;

	if (why->status == EX_DATAERR &&
	    outbox_take(f->outbox, entry->place, entry->id, &m, &err) ==
		OUTBOX_TAKEN)
		outbox_put(&m);
	output_text_error(f->settings, f->process, &err);
	flush_count_error(f, &err);
}

/* Those that are due, by what was said of their server. */
static void
sort_out(struct flush *f, const struct outbox_list *list, struct groups *g,
    struct arena *a)
{
	const int64_t now = (int64_t)time(NULL);
	struct outbox_message m;
	struct flush_group *group;
	struct error err;
	const char *options;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct outbox_entry *entry = &list->entries[i];

		if (!outbox_is_due(entry, now))
			continue;
		switch (
		    outbox_look(f->outbox, entry->place, entry->id, &m, &err)) {
		case OUTBOX_ERROR:
			set_aside(f, entry, &err);
			continue;
		case OUTBOX_GONE:
		case OUTBOX_BUSY:
			continue;
		case OUTBOX_TAKEN:
			break;
		}
		if (!outbox_selects(f->select, &m)) {
			outbox_put(&m);
			continue;
		}
		options = m.envelope.options != NULL ? m.envelope.options : "";
		group = group_of(g, a, arena_strdup(a, options));
		group->entries = arena_grown(a, (void *)group->entries,
		    group->count, &group->capacity, sizeof(*group->entries));
		group->entries[group->count++] = entry;
		outbox_put(&m);
	}
}

/* --- the settings that its words make -------------------------------------*/

struct words {
	struct arena *arena;
	char **argv;
	size_t count, capacity;
	const char *config_file; /* in place of the usual ones; NULL: those */
	bool dsn_if_offered;
};

static void
add_word(struct words *w, const char *text)
{
	w->argv = arena_grown(
	    w->arena, w->argv, w->count, &w->capacity, sizeof(*w->argv));
	w->argv[w->count] = text != NULL ? arena_strdup(w->arena, text) : NULL;
	w->count++;
}

static bool
take_word(void *arg, const struct json_value *v)
{
	struct words *w = arg;

	if (strcmp(v->name, "words") == 0 && v->kind == JSON_A_TEXT && v->item)
		add_word(w, arena_strndup(w->arena, v->text, v->len));
	if (strcmp(v->name, "config") == 0 && v->kind == JSON_A_TEXT)
		w->config_file = arena_strndup(w->arena, v->text, v->len);
	if (strcmp(v->name, "dsn") == 0)
		w->dsn_if_offered = true;
	return true;
}

/* As a call to send would have them; `out` is to be cleared in either case. */
static int
read_settings(const struct settings *all, const struct process *process,
    const struct flush_group *group, struct arena *a, struct settings *out,
    struct error *err)
{
	struct options_origin origin = *process->origin;
	struct words w = {.arena = a};

	memset(out, 0, sizeof(*out));
	add_word(&w, process->name);
	if (group->options[0] != '\0' &&
	    json_walk(group->options, strlen(group->options), take_word, &w) ==
		-1)
		return error_set(err, EX_DATAERR,
		    "what was to be known of its server cannot be read");
	add_word(&w, "--body=");
	add_word(&w, "--");
	add_word(&w, "postmaster@localhost");
	origin.argc = (int)w.count;
	add_word(&w, NULL);
	origin.argv = w.argv;
	if (w.config_file != NULL) {
		origin.system_file = w.config_file;
		origin.no_user_file = true;
	}
	if (options_read(&origin, out, err) == -1)
		return -1;
	out->report = all->report;
	out->envelope.dsn_if_offered = w.dsn_if_offered;
	out->delivery.deadline_ms = all->delivery.deadline_ms;
	return 0;
}

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
	return delivery_new(&r->route, &r->target.connection);
}

static void
lane_closed(void *arg, unsigned lane, struct delivery *d)
{
	struct run *r = arg;

	(void)lane;
	(void)d;
	r->target.route.at = r->route.at;
}

static void
lane_event(void *arg, struct delivery *d, const struct smtp_event *event)
{
	struct run *r = arg;

	trace_event(&r->trace, d, event);
}

static int
prepare(struct run *r, const struct settings *s, const struct process *process,
    struct error *err)
{
	const struct schedule_params schedule = {.connections = 1,
	    .window = WINDOW,
	    .tries = 1,
	    .retry_for_us = NO_CONNECTION_US,
	    .stop_after = 0};
	const struct journal_params journal = {0};

	r->flush.charset = identity_charset(&r->arena);
	if (target_init(&r->target, s, err) == -1 ||
	    identity_read(&r->flush.ident, false, &r->arena, err) == -1 ||
	    journal_open(&r->journal, &journal, err) == -1 ||
	    trace_open(&r->trace, s, process, err) == -1 ||
	    target_ready(&r->target, s, process, err) == -1)
		return -1;
	r->target.connection.flights = true;
	r->route.hops = arena_alloc(
	    &r->arena, r->target.route.count * sizeof(*r->route.hops));
	memcpy(
	    &r->flush.random, r->flush.ident.random, sizeof(r->flush.random));
	r->schedule = schedule_new(&schedule, clock_monotonic_us());
	return 0;
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
	    .event = r->trace.show || r->trace.fd != -1 ? lane_event : NULL,
	    .arg = r};

	flush_supply_begin(&r->flush);
	batch_run(&params, &r->end);
	why = r->end.error.status != 0 ? r->end.error : r->end.last;
	if (r->end.stopped != NULL)
		error_set(&why, EX_TEMPFAIL, "%s", r->end.stopped);
	if (why.status != 0 && !schedule_ever_ready(r->schedule))
		target_explain(&r->target, s, &why);
	/* Somebody's wish to end it is nothing that the server did. */
	if (why.status != 0 && r->end.signal == 0 &&
	    (!schedule_ever_ready(r->schedule) || r->end.stopped != NULL))
		flush_put_off(&r->flush, &why);
	else
		flush_leave(&r->flush);
	if (why.status == 0)
		return;
	output_text_error(s, process, &why);
	*err = why;
}

/* What became of one group adds up to what became of all. */
static void
add(struct flush *all, const struct flush *one)
{
	all->counts.accepted += one->counts.accepted;
	all->counts.partial += one->counts.partial;
	all->counts.refused += one->counts.refused;
	all->counts.unknown += one->counts.unknown;
	all->counts.left += one->counts.left;
	all->counts.bad += one->counts.bad;
	all->somebody |= one->somebody;
}

static void
run_group(
    struct flush *all, const struct flush_group *group, struct error *first)
{
	struct run r = {.flush = *all};
	struct settings settings;
	struct process process = *all->process;
	struct error err = {0};

	r.flush.counts = (struct flush_counts){0};
	r.flush.group = group;
	r.flush.over =
	    arena_alloc(&r.arena, group->count * sizeof(*r.flush.over));
	memset(r.flush.over, 0, group->count * sizeof(*r.flush.over));
	r.flush.settings = &settings;
	process.given = &settings;
	r.flush.process = &process;
	if (read_settings(all->settings, all->process, group, &r.arena,
		&settings, &err) == -1 ||
	    prepare(&r, &settings, &process, &err) == -1) {
		output_text_error(all->settings, all->process, &err);
		flush_put_off(&r.flush, &err);
	} else {
		send_group(&r, &settings, &process, &err);
	}
	if (first->status == 0)
		*first = err;
	add(all, &r.flush);
	trace_close(&r.trace);
	target_clear(&r.target);
	schedule_free(r.schedule);
	journal_close(r.journal);
	settings_clear(&settings);
	arena_clear(&r.arena);
}

static int
tell(const struct flush *f, const struct error *first)
{
	const struct flush_counts *n = &f->counts;
	const struct outcome_many o = {.somebody = f->somebody,
	    .unfinished = n->left > 0,
	    .unknown = n->unknown > 0,
	    .refused = n->refused + n->partial > 0,
	    .bad = n->bad > 0 ? EX_DATAERR : 0,
	    .why = first->status != 0 ? first->status : EX_TEMPFAIL};
	const struct report_many_sum sum = {.program = f->process->name,
	    .all = n->accepted + n->partial + n->refused + n->unknown +
		n->left + n->bad,
	    .accepted = n->accepted,
	    .partial = n->partial,
	    .refused = n->refused,
	    .unknown = n->unknown,
	    .left = n->left,
	    .bad = n->bad,
	    .status = outcome_of_many(&o)};
	struct buf out = {0};
	struct error err;

	if (sum.status != EX_OK || f->settings->report.verbose > 0) {
		report_many_sum_text(&out, &sum);
		output_tell(f->process, &out);
		buf_reset(&out);
	}
	if (f->settings->report.json &&
	    report_many_sum_json(&out, &sum, &err) == 0)
		(void)output_print(f->process, &out);
	buf_clear(&out);
	return sum.status;
}

static bool
is_to_end(const struct process *process)
{
	return *process->signal != 0 ||
	    (process->deadline_us != 0 &&
		clock_monotonic_us() >= process->deadline_us);
}

static int
flush_all(struct flush *f, struct outbox_list *list, struct error *err)
{
	struct arena arena = {0};
	struct groups groups = {0};
	struct buf remarks = {0};
	size_t i;
	int r = outbox_list(f->outbox, list, err);

	if (list->remarks.len > 0) {
		buf_puts(&remarks, buf_string(&list->remarks));
		output_tell(f->process, &remarks);
	}
	buf_clear(&remarks);
	if (r == 0)
		sort_out(f, list, &groups, &arena);
	for (i = 0; r == 0 && i < groups.count; i++) {
		if (is_to_end(f->process))
			f->counts.left += groups.items[i].count;
		else
			run_group(f, &groups.items[i], err);
	}
	arena_clear(&arena);
	return r;
}

int
flush_selected(const struct settings *s, const struct process *process,
    const struct outbox_select *select)
{
	struct outbox outbox;
	struct outbox_list list = {0};
	struct arena arena = {0};
	struct flush f = {.settings = s,
	    .process = process,
	    .outbox = &outbox,
	    .select = select,
	    .lifetime_s = s->outbox.lifetime_ms / 1000};
	struct error err = {0};
	int status;

	if (enqueue_open(&outbox, s, &arena, false, &err) == -1 ||
	    (outbox.base != -1 && outbox_lock(&outbox, &err) == -1) ||
	    (outbox.base != -1 && flush_all(&f, &list, &err) == -1))
		status = output_error(s, process, &err);
	else
		status = tell(&f, &err);
	outbox_list_free(&list);
	outbox_close(&outbox);
	arena_clear(&arena);
	return status;
}

int
flush_run(const struct settings *s, const struct process *process)
{
	return flush_selected(s, process, NULL);
}
