#include "command/boxes.h"

#include <string.h>
#include <unistd.h>

#include "command/command.h"

int
boxes_enter(struct boxes *b, const struct box *box, struct error *err)
{
	const struct owner *owner = box->owner;
	int r;

	b->at = box;
	b->outbox = OUTBOX_NONE;
	if (owner == NULL)
		r = spool_open(&b->outbox, &b->places, box->place, false, err);
	else
		r = owner_enter(owner, err) == -1
		    ? -1
		    : outbox_open(
			  &b->outbox, box->path, owner->uid, false, err);
	if (r == -1)
		boxes_leave(b);
	return r;
}

void
boxes_leave(struct boxes *b)
{
	outbox_close(&b->outbox);
	if (b->at->owner != NULL)
		owner_leave();
}

void
boxes_clear(struct boxes *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		outbox_list_free(&b->items[i].list);
	arena_clear(&b->arena);
}

static struct box *
add_box(struct boxes *b)
{
	b->items = arena_grown(
	    &b->arena, b->items, b->count, &b->capacity, sizeof(*b->items));
	b->items[b->count] = (struct box){0};
	return &b->items[b->count++];
}

void
boxes_tell_remarks(const struct settings *s, const struct process *process,
    const char *path, const struct outbox_list *list)
{
	const char *line = buf_string(&list->remarks), *end;
	struct error err;

	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		error_set(
		    &err, EX_DATAERR, "%s/%.*s", path, (int)(end - line), line);
		output_text_error(s, process, &err);
	}
}

static int
list_own(struct boxes *b, struct box *box, bool make, struct error *err)
{
	int r = spool_open(&b->outbox, &b->places, box->place, make, err);

	if (r == 0)
		r = outbox_list(&b->outbox, &box->list, err);
	if (r == 0)
		boxes_tell_remarks(
		    b->settings, b->process, b->outbox.path, &box->list);
	outbox_close(&b->outbox);
	return r;
}

static void
list_owners(struct boxes *b, struct box *box)
{
	struct error err;

	if (boxes_enter(b, box, &err) == -1) {
		output_text_error(b->settings, b->process, &err);
		return;
	}
	if (outbox_list(&b->outbox, &box->list, &err) == -1)
		output_text_error(b->settings, b->process, &err);
	if (box->list.remarks.len > 0)
		output_warning(b->settings, b->process,
		    "%s: there are files in it that are no messages",
		    box->path);
	boxes_leave(b);
}

static void
add_owners(struct boxes *b, const struct owner *owner, const char *path)
{
	struct box *box = add_box(b);

	box->path = path;
	box->owner = owner;
	list_owners(b, box);
}

static int
list_others(struct boxes *b, struct error *err)
{
	const char *spool = b->places.spool;
	struct owners found;
	const struct owned *owned;
	struct owner *owner;
	size_t i, k;

	if (owners_find(&found, b->settings, b->process, spool, false,
		&b->arena, err) == -1)
		return -1;
	for (i = 0; i < found.count; i++) {
		owned = &found.items[i];
		owner = arena_alloc(&b->arena, sizeof(*owner));
		owner_find(owner, owned, &b->arena);
		add_owners(b, owner,
		    arena_printf(
			&b->arena, "%s/%lu", spool, (unsigned long)owner->uid));
		for (k = 0; k < owned->count; k++)
			add_owners(b, owner,
			    arena_printf(
				&b->arena, "%s/%s", spool, owned->more[k]));
	}
	return 0;
}

int
boxes_list(struct boxes *b, bool make, struct error *err)
{
	struct box *box;
	size_t i;

	if (spool_places(b->settings, &b->arena, &b->places, err) == -1)
		return -1;
	for (i = 0; i < b->places.count; i++) {
		box = add_box(b);
		box->path = b->places.paths[i];
		box->place = i;
		if (list_own(b, box, make, err) == -1)
			return -1;
	}
	return geteuid() == 0 && b->places.in_spool ? list_others(b, err) : 0;
}
