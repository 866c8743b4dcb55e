/* flush: what waits in the outbox, as a supply of messages. */
#ifndef COMMAND_FLUSH_H
#define COMMAND_FLUSH_H

#include "batch/supply.h"
#include "command/compose.h"
#include "command/outbox_select.h"
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
	uint64_t bad; /* no messages */
};

struct flush {
	struct supply supply;		 /* the first member */
	const struct settings *settings; /* of this group */
	const struct process *process;
	struct outbox *outbox;
	const struct outbox_select *select; /* what else must be true of a
					       message; NULL: nothing */
	const struct flush_group *group;
	size_t at;  /* the next entry */
	bool *over; /* of each entry: this run is done with it */
	struct ident ident;
	const char *charset;
	int64_t lifetime_s;
	uint64_t random;
	struct flush_counts counts;
	bool somebody; /* has one, or may have */
};

/* Sends what is due of what is selected; flush_run (command.h) is for all. */
int flush_selected(const struct settings *, const struct process *,
    const struct outbox_select *);

/* flush_supply.c */
void flush_supply_begin(struct flush *);
/* One that could not even be opened. */
void flush_count_error(struct flush *, const struct error *);
/* Those that this run is not done with are put off: why no connection could be
 * had.  flush_leave only counts them: it has not come to them. */
void flush_put_off(struct flush *, const struct error *why);
void flush_leave(struct flush *);

#endif
