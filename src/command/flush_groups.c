/* flush_groups: which messages go to the same server, and when. */
#include "command/flush.h"
#include "command/marked.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct flush_group *
group_of(struct flush_groups *g, const char *options)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (strcmp(g->items[i].options, options) == 0)
			return &g->items[i];
	g->items = arena_grown(
	    &g->arena, g->items, g->count, &g->capacity, sizeof(*g->items));
	g->items[g->count] =
	    (struct flush_group){.options = arena_strdup(&g->arena, options)};
	return &g->items[g->count++];
}

static void
add(struct flush_groups *g, struct outbox_entry *entry,
    const struct outbox_message *m, const char *options)
{
	struct flush_group *group = group_of(g, options);

	group->entries = arena_grown(&g->arena, (void *)group->entries,
	    group->count, &group->capacity, sizeof(*group->entries));
	group->entries[group->count++] = entry;
	group->fresh |= m->tries == 0;
	if (m->tries > group->tries)
		group->tries = m->tries;
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
	if (!f->beside || f->call->report.verbose > 0)
		output_text_error(f->settings, f->process, &err);
	flush_count_error(f, &err);
}

static void
look_at(struct flush *f, struct outbox_entry *entry, struct flush_groups *g,
    const char *wanted)
{
	struct outbox_message m;
	const char *options;
	struct error err;

	switch (outbox_look(f->outbox, entry->place, entry->id, &m, &err)) {
	case OUTBOX_ERROR:
		set_aside(f, entry, &err);
		return;
	case OUTBOX_GONE:
	case OUTBOX_BUSY:
		return;
	case OUTBOX_TAKEN:
		break;
	}
	options = m.envelope.options != NULL ? m.envelope.options : "";
	if (marked_is(options) != (f->system != NULL))
		f->marked += f->system == NULL;
	else if (outbox_selects(f->select, &m) &&
	    (wanted == NULL || strcmp(options, wanted) == 0))
		add(g, entry, &m, options);
	outbox_put(&m);
}

/* Those first that have had no try: a server that cannot be reached is found
 * out about slowly, and holds up nobody who may go to another one. */
static int
compare(const void *left, const void *right)
{
	const struct flush_group *a = left, *b = right;

	if (a->fresh != b->fresh)
		return a->fresh ? -1 : 1;
	return strcmp(a->entries[0]->id, b->entries[0]->id);
}

static bool
waits_for_a_server(const struct outbox_entry *e)
{
	return e->place == OUTBOX_QUEUE && !e->held && e->unreached;
}

static bool
is_asked_for(const struct flush *f, const struct outbox_entry *e)
{
	return f->select != NULL && f->select->undue &&
	    e->place == OUTBOX_QUEUE && !e->held;
}

void
flush_sort_out(struct flush *f, struct flush_groups *g, const char *options,
    const char *except)
{
	const int64_t now = (int64_t)time(NULL);
	struct outbox_entry *entry;
	size_t i;

	for (i = 0; i < f->list->count; i++) {
		entry = &f->list->entries[i];
		if (except != NULL && strcmp(entry->id, except) == 0)
			continue;
		if (outbox_is_due(entry, now) || is_asked_for(f, entry) ||
		    (options != NULL && waits_for_a_server(entry)))
			look_at(f, entry, g, options);
	}
	if (g->count > 1)
		qsort(g->items, g->count, sizeof(*g->items), compare);
}

bool
flush_take_unreached(
    struct flush *f, struct flush_groups *g, const struct flush_group *group)
{
	const int64_t now = (int64_t)time(NULL);
	struct outbox_entry *entry;
	size_t i;

	for (i = 0; i < f->list->count; i++) {
		entry = &f->list->entries[i];
		if (waits_for_a_server(entry) && !outbox_is_due(entry, now) &&
		    !is_asked_for(f, entry))
			look_at(f, entry, g, group->options);
	}
	return g->count > 0;
}

static void
align(struct flush *f, const struct outbox_entry *entry)
{
	const char *wanted = f->group->options, *options;
	struct outbox_message m;
	struct error err;

	if (outbox_look(f->outbox, entry->place, entry->id, &m, &err) !=
	    OUTBOX_TAKEN)
		return;
	options = m.envelope.options != NULL ? m.envelope.options : "";
	if (strcmp(options, wanted) != 0) {
		outbox_put(&m);
		return;
	}
	outbox_put(&m);
	/* Only who holds it may change it. */
	if (outbox_take(f->outbox, entry->place, entry->id, &m, &err) !=
	    OUTBOX_TAKEN)
		return;
	if (!m.held && outbox_put_off(&m, f->group->then, &err) == -1)
		flush_tell_error(f, entry->id, &err);
	outbox_put(&m);
}

void
flush_align(struct flush *f)
{
	const int64_t now = (int64_t)time(NULL);
	const struct flush_group *group = f->group;
	const struct outbox_entry *entry;
	size_t i, own = 0;

	for (i = 0; i < f->list->count; i++) {
		entry = &f->list->entries[i];
		/* Both have the same order; of these it is known already. */
		if (own < group->count && group->entries[own] == entry) {
			own++;
			continue;
		}
		if (entry->place == OUTBOX_QUEUE && !entry->held &&
		    !outbox_is_due(entry, now) && entry->due < f->group->then)
			align(f, entry);
	}
}

void
flush_groups_clear(struct flush_groups *g)
{
	arena_clear(&g->arena);
}
