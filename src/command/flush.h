/* flush: what waits in the outbox, as a supply of messages. */
#ifndef COMMAND_FLUSH_H
#define COMMAND_FLUSH_H

#include "batch/supply.h"
#include "command/compose.h"
#include "command/parameters.h"
#include "outbox/outbox.h"

/* Messages for one server and account. */
struct flush_group {
	const char *options; /* as the outbox has them */
	const struct outbox_entry **entries;
	size_t count, capacity;
};

struct flush_counts {
	uint64_t accepted, partial, refused, unknown, left;
};

struct flush {
	struct supply supply;		 /* the first member */
	const struct settings *settings; /* of this group */
	const struct process *process;
	struct outbox *outbox;
	const struct flush_group *group;
	size_t at; /* the next entry */
	struct ident ident;
	const char *charset;
	int64_t lifetime_s;
	uint64_t random;
	struct flush_counts counts;
	bool somebody; /* has one, or may have */
};

/* flush_supply.c */
void flush_supply_begin(struct flush *);
/* Why no connection could be had: all that were due are put off. */
void flush_put_off(struct flush *, const struct error *why);

#endif
