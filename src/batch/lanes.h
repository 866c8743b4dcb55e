/*
 * lanes: how many connections there are, when a closed one is opened again, and
 * how many messages each takes.
 *
 * Trouble halves the number that is wanted (1 at least), and the lane waits
 * (backoff.h) as its failures in a row demand; a message that is accepted
 * on any lane ends that row.  Lanes that were opened before the last trouble
 * fail for the same reason as it: they wait as long and halve nothing more, so
 * that a server that closes fifty connections at once counts as one.  Where a
 * connection could not be set up, those that work go on: no fewer are wanted.
 * When none works, none is opened before the wait of the last is over.
 *
 * A server that closes a connection after as many accepted messages as one that
 * was opened and lost before it, five or more, does so always: that number is
 * what a connection takes from now on, and no trouble.  Until that is known, the
 * message behind so many goes alone.
 *
 * A connection has 16 messages in flight at first, and one more for each that is
 * accepted, up to its window.
 *
 * One more is wanted again after 10 accepted messages for each that is, one a
 * second at most; or one in twice the time as long as each that was added only
 * brings new trouble, up to 5 min.
 */
#ifndef BATCH_LANES_H
#define BATCH_LANES_H

#include <stdbool.h>
#include <stdint.h>

enum lane_state { LANE_CLOSED, LANE_OPENING, LANE_READY };

struct lane {
	enum lane_state state;
	unsigned trouble;   /* how many there had been when it was opened */
	unsigned closings;  /* the same of these */
	unsigned in_flight; /* messages given and not answered */
	unsigned given, accepted; /* on this connection */
	int64_t active_us;	  /* ready, or the last answer */
	int64_t *given_us;	  /* a ring of `window`: when they were given */
	int64_t not_before_us;
};

struct lanes {
	struct lane *lane;
	unsigned count, window;
	unsigned per_connection; /* 0: as many as the server takes */
	unsigned wanted, open, ready;
	bool ever_ready;
	unsigned closings;     /* by the server */
	unsigned closed_after; /* so many accepted messages, the last time */
	unsigned trouble;
	unsigned failures;     /* in a row */
	int64_t failing_us;    /* since when, if there are any */
	int64_t not_before_us; /* for all that are closed */
	uint64_t accepted;     /* since `wanted` was changed, */
	int64_t grown_us;      /* which was then */
	int64_t grow_us;       /* not before so long after that */
	bool grew;	       /* and without trouble since */
	uint64_t random;
};

enum lane_end {
	LANE_IN_ORDER, /* we said QUIT, or nothing was lost */
	LANE_LOST,     /* without a code or with 421 */
	LANE_FAILED,   /* for a reason that says nothing of messages */
};

enum lanes_news {
	LANES_NOTHING,
	LANES_FEWER,   /* are wanted */
	LANES_WAITING, /* none works, and the wait is long */
	LANES_LEARNT,  /* per_connection */
};

void lanes_init(struct lanes *, unsigned count, unsigned window,
    unsigned per_connection, uint64_t seed, int64_t now_us);
void lanes_clear(struct lanes *);

/* From when on the lane may be opened, if nothing happens before; INT64_MAX: it
 * may not, or is open. */
int64_t lanes_open_us(const struct lanes *, unsigned lane);
void lanes_opening(struct lanes *, unsigned lane);
void lanes_ready(struct lanes *, unsigned lane, int64_t now_us);
/* The connection takes no more. */
bool lanes_is_full(const struct lanes *, unsigned lane);
/* It may be given one more. */
bool lanes_has_room(const struct lanes *, unsigned lane);
void lanes_give(struct lanes *, unsigned lane, int64_t now_us);
/* When that was given which is taken back; INT64_MIN: nothing is left. */
int64_t lanes_take_back(struct lanes *, unsigned lane);
void
lanes_answered(struct lanes *, unsigned lane, bool accepted, int64_t now_us);
enum lanes_news
lanes_closed(struct lanes *, unsigned lane, enum lane_end, int64_t now_us);
/* Its wait, and that of all, is over then at the latest. */
void lanes_not_after(struct lanes *, unsigned lane, int64_t us);

#endif
