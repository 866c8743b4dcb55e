/* each_tell: what is told of many messages, while they go out and at the end. */
#include "command/each.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "options/option.h"
#include "report/many.h"
#include "report/report.h"

enum {
	EVERY_US = 200 * 1000,	/* between two drawings */
	FIRST_US = 1000 * 1000, /* what takes less shows nothing */
};

static bool
is_shown(struct each *e)
{
	const struct settings *s = e->settings;

	if (!e->asked)
		e->shown = !s->report.quiet && s->report.verbose == 0 &&
		    isatty(STDERR_FILENO);
	e->asked = true;
	return e->shown;
}

void
each_progress_over(struct each *e)
{
	static const char wipe[] = "\r\033[K";

	if (e->drawn)
		outlet_put(e->process->output->err, wipe, sizeof(wipe) - 1);
	e->drawn = false;
}

static uint64_t
done(const struct each_counts *n)
{
	return n->accepted + n->partial + n->refused + n->unknown;
}

static void
put_pace(const struct each *e, int64_t us, struct buf *line)
{
	const struct each_counts *n = &e->counts;
	double rate = (double)n->new / ((double)us / 1e6);
	uint64_t left = n->all > done(n) ? n->all - done(n) : 0;

	buf_printf(line, ", %.*f/s, %u connection%s", rate < 10 ? 1 : 0, rate,
	    e->lanes, e->lanes == 1 ? "" : "s");
	if (rate > 0 && left > 0 && e->supply.left != UINT64_MAX)
		buf_printf(line, ", %.0f s left", (double)left / rate);
}

static void
draw(struct each *e, int64_t us)
{
	const struct each_counts *n = &e->counts;
	struct outlet *terminal = e->process->output->err;
	struct buf line = {0};

	if (outlet_is_behind(terminal))
		return;
	buf_printf(&line, "\r%s: ", e->process->name);
	if (!e->sending) {
		buf_printf(&line, "%llu records checked",
		    (unsigned long long)e->records.on.number);
	} else {
		buf_printf(&line, "%llu of %llu%s sent",
		    (unsigned long long)done(n), (unsigned long long)n->all,
		    e->supply.left == UINT64_MAX ? " or more" : "");
		if (n->refused + n->partial > 0)
			buf_printf(&line, ", %llu refused",
			    (unsigned long long)(n->refused + n->partial));
		put_pace(e, us, &line);
	}
	buf_puts(&line, "\033[K");
	outlet_put(terminal, buf_string(&line), line.len);
	buf_clear(&line);
	e->drawn = true;
}

int64_t
each_progress(struct each *e)
{
	int64_t now = clock_monotonic_us();

	if (!is_shown(e))
		return INT64_MAX;
	if (e->begun_us == 0)
		e->begun_us = now;
	if (e->drawn_us == 0)
		e->drawn_us = e->begun_us + FIRST_US - EVERY_US;
	if (now - e->drawn_us >= EVERY_US) {
		draw(e, now - e->begun_us);
		e->drawn_us = now;
	}
	return e->drawn_us + EVERY_US;
}

void
each_tell_line(struct each *e, const char *fmt, ...)
{
	struct buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	each_progress_over(e);
	output_warning(e->settings, e->process, "%s", buf_string(&text));
	buf_clear(&text);
}

/* "list.csv: line 12", or the name of a file that is a message. */
static void
put_where(const struct each *e, const struct each_message *m, struct buf *out)
{
	char digits[21];

	if (m->line == 0) {
		buf_puts(out, m->record.name);
		return;
	}
	*ascii_put_number(digits, m->line) = '\0';
	buf_puts(out, e->records.name);
	buf_puts(out, ": line ");
	buf_puts(out, digits);
}

static void
count(struct each *e, const struct each_message *m)
{
	const struct supply_message *s = &m->supply;
	struct each_counts *n = &e->counts;
	bool later = false, unknown = false, accepted = m->all > s->count;
	enum journal_state state = journal_state(e->journal, &s->key);
	size_t i;

	for (i = 0; i < s->count; i++) {
		later |=
		    s->fates[i] == SUPPLY_LATER || s->fates[i] == SUPPLY_LEFT;
		unknown |= s->fates[i] == SUPPLY_UNKNOWN;
		accepted |= s->recipients[i].result.verdict == SMTP_ACCEPTED;
	}
	e->somebody |= accepted || unknown;
	if (later)
		return;
	n->new ++;
	/* Another one of its recipients may have been unknown before. */
	if (unknown || state == JOURNAL_UNKNOWN)
		n->unknown++;
	else if (state == JOURNAL_ACCEPTED)
		n->accepted++;
	else if (accepted)
		n->partial++;
	else
		n->refused++;
}

/* What is tried again in this run has its line then. */
static void
write_log(struct each *e, const struct each_message *m)
{
	const struct supply_message *s = &m->supply;
	struct log_entry entry = {.from = s->reverse_path,
	    .recipients = s->recipients,
	    .count = s->count,
	    .size = s->transaction.size,
	    .sized = s->transaction.size > 0 &&
		s->transaction.size != SMTP_SIZE_UNKNOWN,
	    .message_id = m->message_id,
	    .status = outcome_of(s->recipients, s->count).status};
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->fates[i] == SUPPLY_LATER)
			return;
	log_write(&e->log, &entry);
}

/* Nobody wants to hear of it. */
static bool
goes_without_saying(const struct each *e, const struct supply_message *s)
{
	const struct settings_report *r = &e->settings->report;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->recipients[i].result.verdict != SMTP_ACCEPTED)
			return false;
	return r->verbose == 0 && !r->json;
}

void
each_tell_message(struct each *e, const struct each_message *m)
{
	const struct supply_message *s = &m->supply;
	struct buf where = {0}, out = {0};
	struct report_many r = {.program = e->process->name,
	    .record = s->key.record,
	    .line = m->line,
	    .key = s->key.text,
	    .message_id = m->message_id,
	    .recipients = s->recipients,
	    .count = s->count,
	    .tries = s->tries};
	struct error err;
	bool *again;
	size_t i;

	count(e, m);
	write_log(e, m);
	if (goes_without_saying(e, s))
		return;
	again = memory_alloc(s->count * sizeof(*again));
	for (i = 0; i < s->count; i++)
		again[i] = s->fates[i] == SUPPLY_LATER;
	put_where(e, m, &where);
	r.where = buf_string(&where);
	r.again = again;
	report_many_text(&out, &r, e->settings->report.verbose > 0);
	if (out.len > 0) {
		each_progress_over(e);
		output_tell(e->process, &out);
	}
	buf_reset(&out);
	if (e->settings->report.json && report_many_json(&out, &r, &err) == 0)
		(void)output_print(e->process, &out);
	buf_clear(&out);
	buf_clear(&where);
	free(again);
}

struct unknown {
	const struct each *e;
	struct buf out;
};

static void
put_unknown(void *arg, const struct journal_key *key, const char *recipient)
{
	struct unknown *u = arg;

	buf_printf(&u->out, "%s: record %llu: ", u->e->process->name,
	    (unsigned long long)key->record);
	printable_append(&u->out, recipient, strlen(recipient));
	buf_puts(&u->out, ": unknown: it may have been delivered\n");
}

static void
tell_unknown(const struct each *e)
{
	struct unknown u = {.e = e};

	journal_unknown(e->journal, put_unknown, &u);
	if (u.out.len > 0)
		output_tell(e->process, &u.out);
	buf_clear(&u.out);
}

static const char *
journal_name(const struct settings *s)
{
	return s->many.resume != NULL ? s->many.resume : s->many.results;
}

/* As it is typed. */
static const char *
typed(const char *name, char quoted[OPTION_QUOTED_SIZE])
{
	return name == NULL || strlen(name) > OPTION_QUOTED_SIZE / 2 ||
		name[strcspn(name, " \t\"$&;()<>|*?`\\")] == '\0'
	    ? name
	    : option_quote(name, quoted);
}

/* How to go on from here. */
static void
tell_ways_on(const struct each *e, const struct report_many_sum *sum)
{
	char quoted[OPTION_QUOTED_SIZE];
	const char *journal = typed(journal_name(e->settings), quoted);

	if (journal != NULL && journal_lacks_verdicts(e->journal))
		output_warning(e->settings, e->process,
		    "warning: %s lacks the last verdicts, since they could not "
		    "be written: with --resume these messages are unknown",
		    journal);
	if ((sum->left > 0 || sum->open) && journal != NULL)
		output_warning(e->settings, e->process,
		    "hint: go on with the same command and --resume %s%s",
		    journal,
		    e->settings->many.results != NULL
			? " in the place of --results"
			: "");
	else if ((sum->left > 0 || sum->open) &&
	    sum->accepted + sum->unknown > 0)
		output_warning(e->settings, e->process,
		    "hint: with --results FILE it is kept who has it, and "
		    "--resume FILE goes on");
	if (sum->unknown > 0 && journal != NULL)
		output_warning(e->settings, e->process,
		    "hint: --resume %s --resend-unknown sends what is unknown "
		    "again",
		    journal);
}

static void
tell_why(struct each *e, const struct batch_end *end, uint64_t left)
{
	/* A signal or the deadline that came too late for anything. */
	bool whole = end->finished && left == 0;
	struct buf out = {0};
	struct error err = end->error;

	if (err.status == 0 && !end->finished)
		err = end->last;
	if (end->stopped != NULL && err.status == 0) {
		error_set(&err, EX_UNFINISHED, "stopped: %s", end->stopped);
		if (end->hint != NULL)
			error_hint(&err, "%s", end->hint);
	} else if (err.status == 0 && end->signal != 0 && !whole) {
		error_set(&err, EX_SIGNAL + end->signal, "cancelled");
	} else if (err.status == 0 && end->late && !whole) {
		error_set(&err, EX_TEMPFAIL, "the deadline has passed");
	}
	if (err.status == 0)
		return;
	if (e->settings->report.quiet)
		err.hint[0] = '\0';
	report_error(&out, e->process->name, &err);
	output_tell(e->process, &out);
	buf_clear(&out);
}

static int
status_of(const struct each *e, const struct batch_end *end, uint64_t left)
{
	const struct each_counts *n = &e->counts;
	struct outcome_many o = {
	    .somebody = e->somebody,
	    .unfinished = left > 0 || !end->finished,
	    .unknown = n->unknown > 0,
	    .refused = n->refused + n->partial > 0,
	    .bad = n->bad > 0 ? e->bad.status : 0,
	    .why = end->error.status,
	};

	if (end->stopped != NULL || o.why == 0)
		o.why = end->last.status;
	if (o.why == 0 && end->signal != 0)
		o.why = EX_SIGNAL + end->signal;
	if (o.why == 0 && end->late)
		o.why = EX_TEMPFAIL;
	return outcome_of_many(&o);
}

int
each_tell_end(struct each *e, const struct batch_end *end)
{
	const struct each_counts *n = &e->counts;
	struct report_many_sum sum = {.program = e->process->name,
	    .all = n->all,
	    .accepted = n->accepted,
	    .partial = n->partial,
	    .refused = n->refused,
	    .unknown = n->unknown,
	    .bad = n->bad,
	    .doubles = n->doubles,
	    .error = end->error.status != 0 ? &end->error : NULL};
	struct buf out = {0};
	struct error err;

	each_progress_over(e);
	sum.left = n->all > done(n) ? n->all - done(n) : 0;
	sum.open = !e->checked && !end->finished;
	sum.status = e->status = status_of(e, end, sum.left);
	e->over = true;
	sum.seconds =
	    (double)(clock_monotonic_us() - e->process->start_us) / 1e6;
	tell_why(e, end, sum.left);
	if (n->all + n->bad + n->doubles == 0 && end->finished)
		output_warning(e->settings, e->process,
		    "note: %s has no records", e->records.name);
	if (n->unknown > 0)
		tell_unknown(e);
	if (sum.status != EX_OK || e->settings->report.verbose > 0 ||
	    is_shown(e)) {
		report_many_sum_text(&out, &sum);
		output_tell(e->process, &out);
		buf_reset(&out);
	}
	tell_ways_on(e, &sum);
	if (e->settings->report.json &&
	    report_many_sum_json(&out, &sum, &err) == 0 &&
	    output_print(e->process, &out) == -1)
		output_warning(e->settings, e->process,
		    "warning: the report could not be written to standard "
		    "output");
	buf_clear(&out);
	return sum.status;
}
