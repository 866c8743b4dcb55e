/* flush: what waits in the outbox, as a supply of messages. */
#ifndef COMMAND_FLUSH_H
#define COMMAND_FLUSH_H

#include "batch/supply.h"
#include "command/compose.h"
#include "command/log.h"
#include "command/outbox_select.h"
#include "command/parameters.h"
#include "command/spool.h"
#include "command/target.h"
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
	uint64_t bad;	    /* no messages */
	uint64_t also_left; /* of the unknown: some recipients are still to be
			       sent to */
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

/*
 * The system's settings, for messages that are marked for its flush, with all
 * secrets in the target: read by root, and used by a child that is not root any
 * more.
 */
struct flush_system {
	struct arena arena; /* what it was read with */
	struct settings settings;
	struct process process;
	struct target target;
	struct error error; /* why they cannot be used; status 0: they can */
};

/* What became of all of several outboxes. */
struct flush_sum {
	struct flush_counts counts;
	bool somebody;
	uint64_t marked;    /* due, but left to the system's flush */
	bool failed;	    /* an outbox could not be looked through */
	struct error error; /* what stood in the way first; status 0: nothing
			       did */
	bool untold;	    /* it is still to be told */
};

struct flush {
	struct supply supply;		 /* the first member */
	const struct settings *settings; /* of this group */
	const struct settings *call;	 /* of the call */
	const struct process *process;
	struct outbox *outbox;
	const struct outbox_select *select; /* what else must be true of a
					       message; NULL: nothing */
	const struct flush_system *system;  /* for those that are marked;
					       NULL: for the others */
	struct outbox_list *list;
	struct flush_group *group;
	struct arena *arena; /* of this group */
	size_t at;	     /* the next entry */
	bool *over;	     /* of each entry: this run is done with it */
	unsigned *had; /* of each: a bit for each fate that recipients have
				met in this run */
	struct ident ident;
	const char *charset;
	int64_t lifetime_s;
	int64_t until_us;   /* monotonic: nothing is begun then */
	int64_t connect_us; /* so long no connection may be had */
	bool impatient;	    /* a server that asks to wait is left to the end */
	bool beside; /* the call is about something else: what comes in between
			does no harm, and is told with -v only */
	uint64_t random;
	struct flush_counts counts;
	uint64_t marked; /* left to the system's flush */
	bool somebody;	 /* has one, or may have it */
	bool incomplete; /* some outbox could not be looked through */
	struct log *log;
	struct flush_failure *failures; /* whose hooks are to be run */
};

/* Sends what is due of what is selected, or all of that if the selection says so,
 * and root's call that of all users. */
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

/* Sends what is due in one's own outboxes, and adds to the sum: what is marked
 * with `system`, what is not without. */
void flush_places(const struct settings *, const struct process *,
    const struct spool_places *, const struct flush_system *,
    const struct outbox_select *, struct flush_sum *);

/* flush_settings.c: what holds for the messages of a group; to be cleared in
 * either case.  -1 with EX_DATAERR: its words are none of ours. */
int flush_settings(const struct flush *, const struct flush_group *,
    struct arena *, struct settings *, struct error *);

/* Whether the call that queued a message said itself, and not the configuration,
 * what the envelope is to have that servers may lack. */
bool flush_call_demands(const struct flush *, const struct settings *,
    const struct outbox_envelope *);

/* flush_system.c: from the system's file and nothing else.  flush_system_clear
 * wipes; it may come twice. */
void flush_system_read(
    struct flush_system *, const struct settings *, const struct process *);
void flush_system_clear(struct flush_system *);

/* flush_owners.c: root's flush of the spool, where each user's outbox is looked
 * through by a child that is that user. */
void flush_owners(const struct settings *, const struct process *,
    const char *spool, const struct outbox_select *, struct flush_sum *);

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
/* They have failed. */
void flush_refuse(struct flush *, const struct error *why);

/* flush_tell.c */
void
flush_tell_error(const struct flush *, const char *id, const struct error *);
void flush_tell_expired(const struct flush *, const char *id);
/* To the log; and the hook is told of what failed, by flush_run_hooks. */
void flush_tell(struct flush *, const struct flush_told *);
void flush_add_counts(struct flush_counts *, const struct flush_counts *);
/* The sum of all; returns the status. */
int flush_tell_sum(const struct flush *, const struct error *first);
void flush_run_hooks(struct flush *);

#endif
