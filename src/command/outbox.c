/* outbox: what waits, and what becomes of it by hand (--outbox). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/boxes.h"
#include "command/command.h"
#include "command/marked.h"
#include "command/outbox_list.h"
#include "lib/ascii.h"
#include "lib/json.h"
#include "lib/printable.h"
#include "options/nearest.h"
#include "options/option.h"

/* Behind "  2026-05-04 09:08:07  ". */
enum { REPLY_COLUMN = 23 };

struct work {
	const struct settings *settings;
	const struct process *process;
	const struct outbox_select *select; /* NULL: none */
	struct boxes boxes;
	struct buf out; /* for standard output */
	bool failed;	/* one of them */
	struct error first;
};

static const char *
state_of(const struct outbox_entry *e, int64_t now)
{
	switch (e->place) {
	case OUTBOX_UNKNOWN:
		return "unknown";
	case OUTBOX_FAILED:
		return "failed";
	case OUTBOX_TMP:
	case OUTBOX_QUEUE:
	case OUTBOX_PLACES:
		break;
	}
	return e->held ? "held" : outbox_is_due(e, now) ? "due" : "waits";
}

static void
put_time(struct buf *out, int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm;
	char text[32];

	if (localtime_r(&t, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		buf_puts(out, text);
}

/* --- list and show --------------------------------------------------------*/

static void
put_line(struct work *w, const struct outbox_entry *e,
    const struct outbox_message *m, int64_t now)
{
	struct buf *out = &w->out;
	size_t i;

	buf_printf(out, "%s  %-7s  %8llu  ", e->id, state_of(e, now),
	    (unsigned long long)m->size);
	if (e->place == OUTBOX_QUEUE && !e->held && e->due > now)
		put_time(out, e->due);
	else
		put_time(out, m->envelope.time);
	buf_puts(out, "  <");
	printable_append(
	    out, m->envelope.reverse_path, strlen(m->envelope.reverse_path));
	buf_puts(out, ">");
	for (i = 0; i < m->envelope.count; i++) {
		const char *to = m->envelope.recipients[i].address;

		buf_puts(out, " ");
		printable_append(out, to, strlen(to));
	}
	if (marked_is(m->envelope.options))
		buf_puts(out, "  (waits for the system's flush)");
	if (w->boxes.at->owner != NULL)
		buf_printf(out, "  (of %s)", w->boxes.at->owner->shown);
	buf_putc(out, '\n');
}

static void
put_json(struct work *w, const struct outbox_entry *e,
    const struct outbox_message *m, int64_t now)
{
	struct buf *out = &w->out;
	const struct outbox_envelope *v = &m->envelope;
	size_t i;

	buf_printf(out,
	    "{\"version\":1,\"id\":\"%s\",\"state\":\"%s\",\"queued\":%lld,"
	    "\"due\":%lld,\"tries\":%u,\"size\":%llu,\"from\":",
	    e->id, state_of(e, now), (long long)v->time, (long long)e->due,
	    m->tries, (unsigned long long)m->size);
	json_quote(out, v->reverse_path, strlen(v->reverse_path));
	buf_puts(out, ",\"to\":[");
	for (i = 0; i < v->count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		json_quote(out, v->recipients[i].address,
		    strlen(v->recipients[i].address));
	}
	buf_printf(out, "],\"queued_for_system\":%s",
	    marked_is(v->options) ? "true" : "false");
	if (w->boxes.at->owner != NULL) {
		buf_puts(out, ",\"owner\":");
		json_quote(out, w->boxes.at->owner->shown,
		    strlen(w->boxes.at->owner->shown));
	}
	buf_puts(out, "}\n");
}

/* One a line, below one another. */
static void
put_replies(struct buf *out, const char *text, size_t n)
{
	const char *end;

	while ((end = memchr(text, '\n', n)) != NULL) {
		printable_append(out, text, (size_t)(end - text));
		buf_printf(out, "\n%*s", REPLY_COLUMN, "");
		n -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	printable_append(out, text, n);
}

/* Each line is an object; what was said in it may have several. */
static bool
take_said(void *arg, const struct json_value *v)
{
	struct buf *out = arg;

	if (strcmp(v->name, "time") == 0) {
		buf_puts(out, "  ");
		put_time(out, strtoll(v->text, NULL, 10));
	} else if (strcmp(v->name, "said") == 0) {
		buf_puts(out, "  ");
		put_replies(out, v->text, v->len);
	} else if (strcmp(v->name, "retried") == 0) {
		buf_puts(out, "  to be tried anew (--outbox=retry)");
	}
	return true;
}

static void
put_said(struct work *w, const struct outbox_message *m)
{
	struct buf said = BUF_WITH_MAX(16 * 1024 * 1024);
	struct error err;
	const char *line;
	size_t n;

	if (outbox_said(m, &said, &err) == -1)
		output_text_error(w->settings, w->process, &err);
	for (line = buf_string(&said); *line != '\0'; line += n) {
		n = strcspn(line, "\n");
		(void)json_walk(line, n, take_said, &w->out);
		buf_putc(&w->out, '\n');
		n += line[n] == '\n';
	}
	buf_clear(&said);
}

static void
look_at(struct work *w, const struct outbox_entry *e, bool show)
{
	const int64_t now = (int64_t)time(NULL);
	struct outbox_message m;
	struct error err;

	switch (outbox_look(&w->boxes.outbox, e->place, e->id, &m, &err)) {
	case OUTBOX_ERROR:
		output_text_error(w->settings, w->process, &err);
		/* What a user leaves there spoils no status of root's. */
		w->failed |= w->boxes.at->owner == NULL;
		return;
	case OUTBOX_GONE:
	case OUTBOX_BUSY:
		return;
	case OUTBOX_TAKEN:
		break;
	}
	if (!outbox_selects(w->select, &m))
		;
	else if (w->settings->report.json)
		put_json(w, e, &m, now);
	else
		put_line(w, e, &m, now);
	if (show && !w->settings->report.json)
		put_said(w, &m);
	outbox_put(&m);
}

/* --- what changes something -----------------------------------------------*/

typedef int change(struct outbox_message *, struct error *);

static int
retry_now(struct outbox_message *m, struct error *err)
{
	return outbox_retry(m, (int64_t)time(NULL), err);
}

static const struct action {
	const char *name;
	change *change; /* NULL: it is looked at */
	bool needs_id;
	bool spares_unknown; /* of all those that nobody has named */
	bool takes_damaged;  /* what is set aside when it is taken, too */
} actions[] = {
    {.name = "list"},
    {.name = "show", .needs_id = true},
    {.name = "hold", .change = outbox_hold, .needs_id = true},
    {.name = "release", .change = outbox_release, .needs_id = true},
    {.name = "cancel",
	.change = outbox_cancel,
	.needs_id = true,
	.takes_damaged = true},
    {.name = "retry",
	.change = retry_now,
	.needs_id = true,
	.spares_unknown = true},
};

static void
change_one(
    struct work *w, const struct action *action, const struct outbox_entry *e)
{
	struct outbox_message m;
	struct error err;
	enum outbox_taken taken =
	    outbox_take(&w->boxes.outbox, e->place, e->id, &m, &err);

	if (taken == OUTBOX_ERROR && err.status == EX_DATAERR &&
	    e->place == OUTBOX_QUEUE && action->takes_damaged &&
	    outbox_take(&w->boxes.outbox, OUTBOX_FAILED, e->id, &m, &err) ==
		OUTBOX_TAKEN)
		taken = OUTBOX_TAKEN;
	if (taken == OUTBOX_BUSY)
		error_set(&err, EX_TEMPFAIL, "it is just being sent");
	if (taken == OUTBOX_GONE)
		error_set(&err, EX_NOINPUT, "it is not there any more");
	if (taken == OUTBOX_TAKEN) {
		if (action->change(&m, &err) == 0)
			taken = OUTBOX_TAKEN;
		else
			taken = OUTBOX_ERROR;
		outbox_put(&m);
	}
	if (taken == OUTBOX_TAKEN)
		return;
	error_context(&err, "%s", e->id);
	output_text_error(w->settings, w->process, &err);
	if (w->first.status == 0)
		w->first = err;
	w->failed = true;
}

/* --- whom it is about -----------------------------------------------------*/

static int
enter(struct work *w, const struct box *box)
{
	struct error err;

	if (boxes_enter(&w->boxes, box, &err) == 0)
		return 0;
	output_text_error(w->settings, w->process, &err);
	w->failed |= box->owner == NULL;
	return -1;
}

static void
deal_with(
    struct work *w, const struct action *action, const struct outbox_entry *e)
{
	if (action->change == NULL)
		look_at(w, e, strcmp(action->name, "show") == 0);
	else
		change_one(w, action, e);
}

static void
deal_with_all(struct work *w, const struct action *action)
{
	size_t i, k, spared = 0;

	for (i = 0; i < w->boxes.count; i++) {
		const struct outbox_list *list = &w->boxes.items[i].list;

		if (list->count == 0 || enter(w, &w->boxes.items[i]) == -1)
			continue;
		for (k = 0; k < list->count; k++)
			if (action->spares_unknown &&
			    list->entries[k].place == OUTBOX_UNKNOWN)
				spared++;
			else
				deal_with(w, action, &list->entries[k]);
		boxes_leave(&w->boxes);
	}
	if (spared > 0)
		output_warning(w->settings, w->process,
		    "note: what is unknown may have arrived: %s only if you "
		    "name its ID",
		    action->name);
}

static int
deal_with_named(struct work *w, const struct action *action, const char *name,
    struct error *err)
{
	const struct outbox_entry *found = NULL;
	const struct box *box = NULL;
	char quoted[OPTION_QUOTED_SIZE];
	size_t i, k;

	if (ascii_equal(name, "all")) {
		deal_with_all(w, action);
		return 0;
	}
	for (i = 0; i < w->boxes.count; i++)
		for (k = 0; k < w->boxes.items[i].list.count; k++) {
			const struct outbox_entry *e =
			    &w->boxes.items[i].list.entries[k];

			if (!outbox_id_matches(e->id, name))
				continue;
			if (found != NULL)
				return error_set(err, EX_USAGE,
				    "--outbox: %s is the beginning or the end "
				    "of more than one ID",
				    option_quote(name, quoted));
			found = e;
			box = &w->boxes.items[i];
		}
	if (found == NULL)
		return error_set(err, EX_NOINPUT,
		    "--outbox: there is no message %s",
		    option_quote(name, quoted));
	if (enter(w, box) == -1)
		return 0;
	deal_with(w, action, found);
	boxes_leave(&w->boxes);
	return 0;
}

static const struct action *
find_action(const char *name, struct error *err)
{
	struct nearest near = {.word = name};
	char quoted[OPTION_QUOTED_SIZE];
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
		nearest_offer(&near, actions[i].name);
	}
	error_set(err, EX_USAGE,
	    "--outbox: %s is none of list, show, hold, release, cancel, retry",
	    option_quote(name, quoted));
	nearest_suggest(err, "", near.best);
	return NULL;
}

static int
work(struct work *w, struct error *err)
{
	const struct strings *words = &w->settings->action_arguments;
	const struct action *action =
	    find_action(words->count > 0 ? words->items[0] : "list", err);
	size_t i;

	if (action == NULL)
		return -1;
	if (action->needs_id && words->count < 2) {
		error_set(err, EX_USAGE, "--outbox=%s: which messages?",
		    action->name);
		return error_hint(err,
		    "IDs follow as operands, or 'all'; --outbox lists them");
	}
	if (boxes_list(&w->boxes, action->change != NULL, err) == -1)
		return -1;
	if (words->count < 2)
		deal_with_all(w, action);
	for (i = 1; i < words->count; i++)
		if (deal_with_named(w, action, words->items[i], err) == -1)
			return -1;
	return 0;
}

static int
run(const struct settings *s, const struct process *process,
    const struct outbox_select *select, const char *if_none)
{
	struct work w = {.settings = s,
	    .process = process,
	    .select = select,
	    .boxes = {.settings = s, .process = process}};
	struct error err;
	int r, status = EX_OK;

	r = work(&w, &err);
	if (r == 0 && w.out.len == 0 && !s->report.json)
		buf_puts(&w.out, if_none);
	if (r == -1)
		status = output_error(s, process, &err);
	else if (output_text(process, &w.out, &err) == -1)
		status = output_error(s, process, &err);
	else if (w.failed)
		status = w.first.status != 0 ? w.first.status : EX_IOERR;
	buf_clear(&w.out);
	boxes_clear(&w.boxes);
	return status;
}

int
outbox_run(const struct settings *s, const struct process *process)
{
	return run(s, process, NULL, "");
}

int
outbox_list_run(const struct settings *s, const struct process *process,
    const struct outbox_select *select)
{
	return run(s, process, select, "Mail queue is empty\n");
}
