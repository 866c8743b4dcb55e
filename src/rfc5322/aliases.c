/* aliases: see aliases.h. */
#include "rfc5322/aliases.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "rfc5322/aliases_file.h"

enum { FEWEST_SLOTS = 64 };

/* FNV-1a, of a name as somebody wrote it. */
static unsigned
hash_of(const char *name)
{
	uint32_t h = 2166136261;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)ascii_lower(*name)) * 16777619;
	return h ^ h >> 15;
}

/* Where the alias of a name is, or would be: there are more than enough. */
static struct alias **
slot_of(const struct aliases *as, const char *name, unsigned hash)
{
	size_t i = hash & (as->slot_count - 1);

	while (as->slots[i] != NULL &&
	    (as->slots[i]->hash != hash ||
		!ascii_equal(as->slots[i]->name, name)))
		i = (i + 1) & (as->slot_count - 1);
	return &as->slots[i];
}

static void
add_names(struct aliases *as, struct arena *arena, size_t from)
{
	struct alias **slot, *a;
	size_t wanted = FEWEST_SLOTS;

	while (wanted / 2 < as->count)
		wanted *= 2;
	if (wanted > as->slot_count) {
		as->slots = arena_alloc(arena, wanted * sizeof(*as->slots));
		as->slot_count = wanted;
		from = 0;
	}
	for (; from < as->count; from++) {
		a = as->all[from];
		a->hash = hash_of(a->name);
		slot = slot_of(as, a->name, a->hash);
		if (*slot == NULL)
			*slot = a;
	}
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
		add_names(as, arena, before);
	return 0;
}

/* The place of the first alias of the name, as->count: there is none. */
static size_t
find(const struct aliases *as, const char *name)
{
	const struct alias *a;

	if (as->slot_count == 0)
		return as->count;
	a = *slot_of(as, name, hash_of(name));
	return a != NULL ? a->number : as->count;
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
	unsigned char *states;	  /* of as->all */
	/* How many aliases are in a row from each that is DONE on, itself
	 * included; NULL: that is not asked. */
	unsigned char *heights;
	size_t fallback; /* the place of `default` */
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

/* Why a target is none that can be had; NULL: it may be an address. */
static const char *
special(const char *text)
{
	text += *text == '"';
	if (*text == '|')
		return "stands for a program:";
	if (*text == '/')
		return "stands for a file:";
	if (ascii_begins(text, ":include:"))
		return "stands for a list in a file:";
	return *text == ':' ? "stands for what is no address:" : NULL;
}

/* \name: that is no alias */
static bool
is_last(const struct alias_target *t)
{
	return t->text[t->text[0] == '"'] == '\\';
}

/* Its address, in the arena. */
static int
parse(const struct aliases *as, struct arena *arena, const struct alias *a,
    const struct alias_target *t, struct address *out, struct error *err)
{
	struct address_params params = {
	    .domain = as->domain, .single = true, .unhinted = true};
	struct address_list list = {0};
	const char *wrong = special(t->text);

	if (wrong != NULL) {
		fail(err, a, t->line, wrong, t->text);
		return error_hint(err, "Mail is sent to addresses only.");
	}
	params.what = arena_printf(arena, "%s:%u", a->file, t->line);
	if (address_parse(arena, t->text + (t->text[0] == '\\'), &params, &list,
		err) == -1) {
		if (err->status == EX_USAGE)
			err->status = EX_CONFIG;
		return -1;
	}
	*out = list.addresses[0];
	return 0;
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

/* An alias that is being looked at, and which of its targets is next. */
struct step {
	size_t place;
	const struct alias_target *target;
	unsigned char height; /* of what it led to so far */
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

/* What an alias leads to is in a row behind it. */
static void
raise(struct path *p, unsigned height)
{
	struct step *s = &p->steps[p->count - 1];

	if (height > s->height)
		s->height = (unsigned char)height;
}

/* One that is known to lead to no circle; if heights are asked for, not too far
 * from here either. */
static int
pass(struct walk *w, struct path *p, size_t place)
{
	const struct alias *start;

	if (w->heights == NULL || p->count == 0)
		return 0;
	if (p->count + w->heights[place] > ALIASES_DEPTH_MAX) {
		start = w->as->all[p->steps[0].place];
		return fail(w->err, start, start->line,
		    "leads over too many other aliases, by way of",
		    w->as->all[place]->name);
	}
	raise(p, w->heights[place]);
	return 0;
}

static int
enter(struct walk *w, struct path *p, size_t place, const struct alias *from,
    unsigned line)
{
	const struct alias *a = w->as->all[place];

	if (w->states[place] == DONE)
		return pass(w, p, place);
	if (w->states[place] == OPEN)
		return fail(w->err, from, line, "leads back to", a->name);
	if (p->count == ALIASES_DEPTH_MAX)
		return fail(w->err, from, line,
		    "is an alias of an alias of too many others, up to",
		    w->as->all[p->steps[0].place]->name);
	if (a->targets == NULL)
		return fail(w->err, a, a->line, "stands for nobody", NULL);
	w->states[place] = OPEN;
	p->steps[p->count++] =
	    (struct step){.place = place, .target = a->targets};
	return 0;
}

static void
leave(struct walk *w, struct path *p)
{
	const struct step s = p->steps[--p->count];

	w->states[s.place] = DONE;
	if (w->heights == NULL)
		return;
	w->heights[s.place] = s.height + 1;
	if (p->count > 0)
		raise(p, s.height + 1U);
}

/* Where the next target of the last step leads. */
static int
take(struct walk *w, struct path *p)
{
	struct step *s = &p->steps[p->count - 1];
	const struct alias *a = w->as->all[s->place];
	const struct alias_target *t = s->target;
	struct address address;
	size_t place;

	s->target = t->next;
	if (parse(w->as, w->arena, a, t, &address, w->err) == -1)
		return -1;
	place = is_last(t) ? w->as->count : next(w, p, &address);
	if (place != w->as->count)
		return enter(w, p, place, a, t->line);
	append(w, &address);
	return 0;
}

/* From one alias on, over all that it leads to. */
static int
follow(struct walk *w, size_t place)
{
	struct path p = {.count = 0};

	if (enter(w, &p, place, w->as->all[place], 0) == -1)
		return -1;
	while (p.count > 0) {
		if (p.steps[p.count - 1].target == NULL)
			leave(w, &p);
		else if (take(w, &p) == -1)
			return -1;
		/* Addresses that nobody asked for. */
		if (w->out == NULL)
			arena_reset(w->arena);
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

/* What is wrong with one of them by itself. */
static int
check_alone(const struct aliases *as, struct arena *arena,
    const struct alias *a, struct error *err)
{
	const struct alias *first = as->all[find(as, a->name)];
	const struct alias_target *t;
	struct address ignored;

	if (first != a) {
		fail(err, a, a->line, "has an alias already", NULL);
		return error_hint(err, "It is in %s, line %u, and counts.",
		    first->file, first->line);
	}
	if (a->targets == NULL)
		return fail(err, a, a->line, "stands for nobody", NULL);
	for (t = a->targets; t != NULL; t = t->next) {
		if (parse(as, arena, a, t, &ignored, err) == -1)
			return -1;
		arena_reset(arena);
	}
	return 0;
}

int
aliases_check(const struct aliases *as, struct error *err)
{
	struct walk w = begin(as, err);
	struct arena arena = {0};
	size_t i;
	int r = 0;

	w.arena = &arena;
	w.heights = memory_alloc(as->count + 1);
	for (i = 0; i < as->count && r == 0; i++)
		r = check_alone(as, &arena, as->all[i], err);
	for (i = 0; i < as->count && r == 0; i++)
		r = follow(&w, i);
	free(w.heights);
	free(w.states);
	arena_clear(&arena);
	return r;
}
