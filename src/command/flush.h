/* flush: what waits in the outbox, as a supply of messages. */
#ifndef COMMAND_FLUSH_H
#define COMMAND_FLUSH_H

#include "batch/supply.h"
#include "command/compose.h"
#include "command/log.h"
#include "command/outbox_select.h"
#include "command/parameters.h"
#include "outbox/outbox.h"

/* Messages for one server and account. */
struct flush_group {
	const char *options; /* as the outbox has them */
	struct outbox_entry **entries;
	size_t count, capacity;
	unsigned tries; /* the most that one of them has had */
	bool fresh;	/* one has had none */
	int64_t then;	/* when they are tried again that were not come to; 0:
			   that is not known yet */
};

struct flush_groups {
	struct arena arena;
	struct flush_group *items;
	size_t count, capacity;
};

struct flush_counts {
	uint64_t accepted, partial, refused, expired, unknown, left;
	uint64_t bad; /* no messages */
};

/* What became of a message, when it is over for this run. */
struct flush_told {
	const char *id, *from;
	const char *message_id; /* NULL: it is not known */
	const struct smtp_recipient *recipients;
	size_t count;
	uint64_t size;
	const char *why; /* in our words; NULL: recipients have theirs */
	int status;
	bool expired;
	bool failed; /* it, or a part of it, is in failed/ */
};

struct flush_failure;

struct flush {
	struct supply supply;		 /* the first member */
	const struct settings *settings; /* of this group */
	const struct settings *call;	 /* of the call */
	const struct process *process;
	struct outbox *outbox;
	const struct outbox_select *select; /* what else must be true of a
					       message; NULL: nothing */
	struct outbox_list *list;
	struct flush_group *group;
	struct arena *arena; /* of this group */
	size_t at;	     /* the next entry */
	bool *over;	     /* of each entry: this run is done with it */
	struct ident ident;
	const char *charset;
	int64_t lifetime_s;
	int64_t until_us;   /* monotonic: nothing is begun then */
	int64_t connect_us; /* so long no connection may be had */
	bool beside; /* the call is about something else: what comes in between
			does no harm, and is told with -v only */
	uint64_t random;
	struct flush_counts counts;
	bool somebody; /* has one, or may have it */
	struct log *log;
	struct flush_failure *failures; /* whose hooks are to be run */
};

/* Sends what is due of what is selected; flush_run (command.h) is for all. */
int flush_selected(const struct settings *, const struct process *,
    const struct outbox_select *);
/*
 * Mail was sent to a server just now: what waits for the same one (whatever
 * enqueue_options says the same of) goes, too, but for the ID `except` (NULL:
 * none), if no other process flushes.  Nothing is begun after ten seconds.  The
 * call has its status, which memory that runs out does not change.
 */
void flush_beside(const struct settings *, const struct process *,
    const char *except, int status);

/* flush_groups.c: the messages of the list that are due, by what was said of
 * their server; those that have not been tried come first.  options, NULL: any:
 * only those that have these, and of these also those that wait for a server to
 * be reached. */
void flush_sort_out(struct flush *, struct flush_groups *, const char *options,
    const char *except);
/* A server was reached: those that waited for that and are not due.  True: there
 * are some. */
bool flush_take_unreached(
    struct flush *, struct flush_groups *, const struct flush_group *);
/* None was: those of the group that would be due before the others are put off
 * to the same time. */
void flush_align(struct flush *);
void flush_groups_clear(struct flush_groups *);

/* flush_supply.c */
void flush_supply_begin(struct flush *);
bool flush_is_to_end(const struct flush *);

/* flush_unsent.c */
#define FLUSH_TOO_LATE "it could not be sent in time"
/* One that could not even be opened. */
void flush_count_error(struct flush *, const struct error *);
/* The last try comes after the time is over: whoever was switched off for so
 * long has not tried. */
bool flush_is_too_late(const struct flush *, const struct outbox_message *);
/* All recipients alike: to be tried again, when it is due, or refused. */
void flush_settle_unsent(struct flush *, struct outbox_message *,
    enum outbox_fate, int64_t due, const struct error *why);
/* Those that this run is not done with are put off: why no connection could be
 * had.  flush_leave only counts them: it has not come to them. */
void flush_put_off(struct flush *, const struct error *why);
void flush_leave(struct flush *);

/* flush_tell.c */
void
flush_tell_error(const struct flush *, const char *id, const struct error *);
void flush_tell_expired(const struct flush *, const char *id);
/* To the log; and the hook is told of what failed, by flush_run_hooks. */
void flush_tell(struct flush *, const struct flush_told *);
/* The sum of all; returns the status. */
int flush_tell_sum(const struct flush *, const struct error *first);
void flush_run_hooks(struct flush *);

#endif
