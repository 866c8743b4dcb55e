#include "outbox/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "lib/printable.h"
#include "outbox/outbox_internal.h"
#include "outbox/retry.h"

/* In failed/ nobody moves it once more, and a flush comes every minute. */
static void
remark(struct outbox *o, struct outbox_list *list, enum outbox_place place,
    const char *name, const char *why)
{
	if (o->lock != -1 && place == OUTBOX_FAILED)
		return;
	buf_printf(&list->remarks, "%s/", outbox_place_name(place));
	printable_append(&list->remarks, name, strlen(name));
	buf_printf(&list->remarks, ": %s", why);
	if (o->lock != -1)
		outbox_set_aside(o, place, name, &list->remarks);
	buf_putc(&list->remarks, '\n');
}

static void
add(struct outbox_list *list, enum outbox_place place, const char *id,
    const struct stat *st)
{
	struct outbox_entry *e;

	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		list->entries = memory_realloc(
		    list->entries, list->capacity, sizeof(*list->entries));
	}
	e = &list->entries[list->count++];
	*e = (struct outbox_entry){.place = place,
	    .held = (st->st_mode & S_IXUSR) != 0,
	    .unreached = st->st_mtim.tv_nsec == OUTBOX_UNREACHED_NS,
	    .due = st->st_mtime,
	    .size = (uint64_t)st->st_size};
	memcpy(e->id, id, sizeof(e->id));
}

static int
look(struct outbox *o, struct outbox_list *list, enum outbox_place place,
    const char *name)
{
	const char *why;
	struct stat st;

	/* It may be gone meanwhile, or was moved. */
	if (fstatat(o->dirs[place], name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	why = outbox_strange(o, &st);
	if (why == NULL && !outbox_id_is(name))
		why = "is no name of a message";
	if (why != NULL)
		remark(o, list, place, name, why);
	else if (place != OUTBOX_UNKNOWN || !outbox_has(o, OUTBOX_QUEUE, name))
		add(list, place, name, &st);
	return 0;
}

static int
list_place(struct outbox *o, struct outbox_list *list, enum outbox_place place,
    struct error *err)
{
	DIR *dir = outbox_names(o, place);
	const char *name;

	if (dir == NULL)
		return errno == ENOENT ? 0 : outbox_io_error(o, place, "", err);
	do
		name = outbox_next_name(dir);
	while (name != NULL && look(o, list, place, name) == 0);
	if (name != NULL || errno != 0) {
		outbox_io_error(o, place, "", err);
		closedir(dir);
		return -1;
	}
	closedir(dir);
	return 0;
}

static int
compare(const void *left, const void *right)
{
	const struct outbox_entry *a = left, *b = right;

	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	if (a->place == OUTBOX_QUEUE && a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return strcmp(a->id, b->id);
}

int
outbox_list(struct outbox *o, struct outbox_list *list, struct error *err)
{
	*list = (struct outbox_list){0};
	if (list_place(o, list, OUTBOX_QUEUE, err) == -1 ||
	    list_place(o, list, OUTBOX_UNKNOWN, err) == -1 ||
	    list_place(o, list, OUTBOX_FAILED, err) == -1)
		return -1;
	if (list->count > 0)
		qsort(list->entries, list->count, sizeof(*list->entries),
		    compare);
	return 0;
}

void
outbox_list_free(struct outbox_list *list)
{
	free(list->entries);
	buf_clear(&list->remarks);
	*list = (struct outbox_list){0};
}

bool
outbox_has_any(const struct outbox *o, enum outbox_place place)
{
	DIR *dir = outbox_names(o, place);
	bool has = dir != NULL && outbox_next_name(dir) != NULL;

	if (dir != NULL)
		closedir(dir);
	return has;
}

bool
outbox_is_due(const struct outbox_entry *e, int64_t now)
{
	return e->place == OUTBOX_QUEUE && !e->held &&
	    (e->due <= now || e->due > now + RETRY_LONGEST_S);
}
