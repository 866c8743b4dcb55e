/*
 * boxes: the outboxes that --outbox and mailq(1) are about: one's own, and for
 * root those of all users in the spool, too.
 *
 * A user's is opened with his rights alone (owner_enter), and what he has left
 * there is no error of root's.
 */
#ifndef COMMAND_BOXES_H
#define COMMAND_BOXES_H

#include "command/owners.h"
#include "command/spool.h"
#include "outbox/outbox.h"

struct box {
	const char *path;
	size_t place;		   /* of one's own */
	const struct owner *owner; /* NULL: it is one's own */
	struct outbox_list list;
};

struct boxes {
	const struct settings *settings;
	const struct process *process;
	struct spool_places places;
	struct arena arena;
	struct box *items;
	size_t count, capacity;
	const struct box *at; /* that is open */
	struct outbox outbox; /* it */
};

/* Opens all, one's own with `make`, and lists what is in them.  What cannot be
 * looked through of one's own ends it (-1); what is strange is named. */
int boxes_list(struct boxes *, bool make, struct error *);
/* One at a time; nothing is to be left after -1. */
int boxes_enter(struct boxes *, const struct box *, struct error *);
void boxes_leave(struct boxes *);
void boxes_clear(struct boxes *);

/* A line for each thing in the outbox at the path that is no message. */
void boxes_tell_remarks(const struct settings *, const struct process *,
    const char *path, const struct outbox_list *);

#endif
