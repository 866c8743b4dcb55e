/* aliases: see aliases.h. */
#include "rfc5322/aliases.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "rfc5322/aliases_file.h"

/* Aliases of one name in the order in which they were read. */
static int
compare(const void *a, const void *b)
{
	const struct alias *x = *(struct alias *const *)a;
	const struct alias *y = *(struct alias *const *)b;
	int r = strcmp(x->name, y->name);

	if (r != 0)
		return r;
	return x->number < y->number ? -1 : x->number > y->number;
}

int
aliases_read(struct aliases *as, struct arena *arena, const char *file,
    const char *text, size_t n, struct error *err)
{
	size_t before = as->count;

	if (aliases_file_read(as, arena, file, text, n, err) == -1) {
		as->count = before;
		return -1;
	}
	if (as->count > before)
		qsort(as->sorted, as->count, sizeof(*as->sorted), compare);
	return 0;
}

/* The place of the first alias of the name, as->count: there is none. */
static size_t
find(const struct aliases *as, const char *name)
{
	size_t low = 0, high = as->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (aliases_file_compare(name, as->sorted[middle]->name) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < as->count &&
		aliases_file_compare(name, as->sorted[low]->name) == 0
	    ? low
	    : as->count;
}

static bool
is_local(const struct aliases *as, const struct address *a)
{
	size_t i;

	if (a->bare)
		return true;
	for (i = 0; as->local != NULL && as->local[i] != NULL; i++)
		if (ascii_equal(a->domain, as->local[i]))
			return true;
	return false;
}

/* What became of an alias so far. */
enum state { NEW, OPEN, DONE };

struct walk {
	const struct aliases *as;
	struct arena *arena;
	struct address_list *out; /* NULL: nobody asks */
	unsigned char *states;	  /* of as->sorted */
	size_t fallback;	  /* the place of `default` */
	struct error *err;
};

/* "FILE:LINE: 'NAME' WHAT", and another name if there is one. */
static int
fail(struct error *err, const struct alias *a, unsigned line, const char *what,
    const char *other)
{
	struct buf name = {0}, more = {0};

	printable_append(&name, a->name, strlen(a->name));
	if (other != NULL) {
		buf_puts(&more, " '");
		printable_append(&more, other, strlen(other));
		buf_putc(&more, '\'');
	}
	error_set(err, EX_CONFIG, "%s:%u: '%.200s' %s%.300s", a->file, line,
	    buf_string(&name), what, buf_string(&more));
	buf_clear(&name);
	buf_clear(&more);
	return -1;
}

static int
refuse(struct error *err, const struct alias *a, const struct alias_target *t)
{
	static const char *const kinds[] = {
	    [ALIAS_INCLUDE] = "stands for a list in a file:",
	    [ALIAS_PROGRAM] = "stands for a program:",
	    [ALIAS_FILE] = "stands for a file:",
	    [ALIAS_SPECIAL] = "stands for what is no address:",
	};

	if (t->kind == ALIAS_BAD) {
		*err = *t->wrong;
		return -1;
	}
	fail(err, a, t->line, kinds[t->kind], t->text);
	return error_hint(err, "Mail is sent to addresses only.");
}

static void
append(struct walk *w, const struct address *a)
{
	if (w->out == NULL)
		return;
	w->out->addresses = arena_grown(w->arena, w->out->addresses,
	    w->out->count, &w->out->capacity, sizeof(*a));
	w->out->addresses[w->out->count++] = *a;
}

/* An alias that is being looked at, and at which of its targets. */
struct step {
	size_t place;
	size_t target;
};

struct path {
	struct step steps[ALIASES_DEPTH_MAX];
	size_t count;
};

/* The alias to go on with from an address; as->count: it is a recipient. */
static size_t
next(const struct walk *w, const struct path *p, const struct address *a)
{
	size_t none = w->as->count;
	size_t from = p->count > 0 ? p->steps[p->count - 1].place : none;
	size_t place = is_local(w->as, a) ? find(w->as, a->local) : none;

	if (place == none && is_local(w->as, a))
		place = w->fallback;
	/* A target that would lead back at once is a mailbox. */
	return place == from ? none : place;
}

static int
enter(struct walk *w, struct path *p, size_t place, const struct alias *from,
    unsigned line)
{
	const struct alias *a = w->as->sorted[place];

	if (w->states[place] == DONE)
		return 0;
	if (w->states[place] == OPEN)
		return fail(w->err, from, line, "leads back to", a->name);
	if (p->count == ALIASES_DEPTH_MAX)
		return fail(w->err, from, line,
		    "is an alias of an alias of too many others, up to",
		    w->as->sorted[p->steps[0].place]->name);
	if (a->count == 0)
		return fail(w->err, a, a->line, "stands for nobody", NULL);
	w->states[place] = OPEN;
	p->steps[p->count++] = (struct step){.place = place};
	return 0;
}

/* From one alias on, over all that it leads to. */
static int
follow(struct walk *w, size_t place)
{
	struct path p = {.count = 0};
	const struct alias_target *t;
	const struct alias *a;
	struct step *s;

	if (enter(w, &p, place, w->as->sorted[place], 0) == -1)
		return -1;
	while (p.count > 0) {
		s = &p.steps[p.count - 1];
		a = w->as->sorted[s->place];
		if (s->target == a->count) {
			w->states[s->place] = DONE;
			p.count--;
			continue;
		}
		t = &a->targets[s->target++];
		if (t->kind != ALIAS_ADDRESS)
			return refuse(w->err, a, t);
		place = t->last ? w->as->count : next(w, &p, &t->address);
		if (place == w->as->count)
			append(w, &t->address);
		else if (enter(w, &p, place, a, t->line) == -1)
			return -1;
	}
	return 0;
}

static struct walk
begin(const struct aliases *as, struct error *err)
{
	return (struct walk){
	    .as = as,
	    .states = memory_alloc(as->count + 1),
	    .fallback = find(as, "default"),
	    .err = err,
	};
}

int
aliases_expand(const struct aliases *as, struct arena *arena,
    const struct address_list *list, struct address_list *out,
    struct error *err)
{
	struct walk w = begin(as, err);
	struct path none = {.count = 0};
	size_t before = out->count, i, place;
	int r = 0;

	w.arena = arena;
	w.out = out;
	for (i = 0; i < list->count && r == 0; i++) {
		place = next(&w, &none, &list->addresses[i]);
		if (place == as->count)
			append(&w, &list->addresses[i]);
		else
			r = follow(&w, place);
	}
	if (r == -1)
		out->count = before;
	free(w.states);
	return r;
}

static int
compare_lines(const void *a, const void *b)
{
	const struct alias *x = *(struct alias *const *)a;
	const struct alias *y = *(struct alias *const *)b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* What is wrong with one of them by itself. */
static int
check_alone(const struct aliases *as, const struct alias *a, struct error *err)
{
	const struct alias *first = as->sorted[find(as, a->name)];
	size_t i;

	if (first != a) {
		fail(err, a, a->line, "has an alias already", NULL);
		return error_hint(err, "It is in %s, line %u, and counts.",
		    first->file, first->line);
	}
	if (a->count == 0)
		return fail(err, a, a->line, "stands for nobody", NULL);
	for (i = 0; i < a->count; i++)
		if (a->targets[i].kind != ALIAS_ADDRESS)
			return refuse(err, a, &a->targets[i]);
	return 0;
}

int
aliases_check(const struct aliases *as, struct error *err)
{
	struct alias **lines =
	    memory_alloc((as->count + 1) * sizeof(*as->sorted));
	struct walk w = begin(as, err);
	size_t i;
	int r = 0;

	if (as->count > 0)
		memcpy(lines, as->sorted, as->count * sizeof(*lines));
	qsort(lines, as->count, sizeof(*lines), compare_lines);
	for (i = 0; i < as->count && r == 0; i++)
		r = check_alone(as, lines[i], err);
	for (i = 0; i < as->count && r == 0; i++) {
		memset(w.states, NEW, as->count);
		r = follow(&w, find(as, lines[i]->name));
	}
	free(lines);
	free(w.states);
	return r;
}
