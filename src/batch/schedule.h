/*
 * schedule: how much goes out when: connections, rate, quota, and what is made
 * of the replies of servers to whom it is too much.
 *
 * Decisions only: no I/O, no clock (times are microseconds of one monotonic
 * clock, which the caller gives and which never go back), no randomness but the
 * seed, no knowledge of messages.
 *
 * Lanes are connections, numbered from 0 to `connections` - 1.  For each:
 *
 *	may_open  opening  ready  { give  recipient…  done }…  closed
 *
 * How connections become fewer and more is said in lanes.h, what is kept of
 * domains in domains.h, rate and quota in pace.h, the replies in reply_kind.h.
 *
 * A reply to MAIL or to a message that speaks of too much lets all wait: 10 s,
 * then 30 s, 1, 2, 5 and 10 min, if it comes again; and the rate is halved (but
 * not for a server that takes nothing from anybody).  What comes during such a
 * wait was on its way and changes nothing.  When a message is accepted as long
 * after a wait as that was, the next one is of 10 s again.
 */
#ifndef BATCH_SCHEDULE_H
#define BATCH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "batch/reply_kind.h"
#include "lib/buf.h"

struct schedule_params {
	unsigned connections; /* 1 and more */
	unsigned window;      /* messages in flight on a lane at most, 1 and
				 more */
	uint64_t rate_count;  /* so many in that time, all lanes together; 0: no
				 limit */
	int64_t rate_us;
	uint64_t quota_count; /* a sliding window; 0: none */
	int64_t quota_us;
	unsigned per_connection; /* messages on one; 0: as many as the server
				    takes */
	int64_t retry_for_us; /* how long what was put off is tried again, and
				    how long no connection may work; 0: no
				    message is tried twice */
	unsigned tries;	      /* of a recipient that is put off; 0: no limit */
	unsigned stop_after;  /* the same 5yz to so many messages in a row; 0:
				however many */
	bool impatient;	      /* a reply that speaks of too much stops the run,
				 in place of a wait */
	uint64_t seed;	      /* of the jitter */
};

struct schedule;

struct schedule *schedule_new(const struct schedule_params *, int64_t now_us);
void schedule_free(struct schedule *);

/* A message that was tried before this run, for the quota: at a time that may
 * be negative. */
void schedule_used(struct schedule *, int64_t at_us);

/* Whether to open this lane's connection now. */
bool schedule_may_open(struct schedule *, unsigned lane, int64_t now_us);
void schedule_opening(struct schedule *, unsigned lane);
/* Greeting, TLS and AUTH are done: messages may be given. */
void schedule_ready(struct schedule *, unsigned lane, int64_t now_us);
/* Whether any lane ever was.  If none was, a first connection that fails
 * without a reply is better told than tried again: the caller ends then. */
bool schedule_ever_ready(const struct schedule *);

/* Whether one more message may be given to this lane now; if so it counts as
 * given (rate, quota, window, per_connection). */
bool schedule_give(struct schedule *, unsigned lane, int64_t now_us);
/* There was none after all, or the last one that was given never got to MAIL:
 * it does not count.  Before schedule_closed(), or after it until the lane is
 * opened again. */
void schedule_take_back(struct schedule *, unsigned lane);
/* The connection takes no more (it had all it takes, fewer are wanted, the run
 * stops): QUIT may follow what was given. */
bool schedule_lane_is_full(const struct schedule *, unsigned lane);

enum schedule_fate {
	SCHEDULE_FINAL,	   /* the reply stands: accepted or refused */
	SCHEDULE_LATER,	   /* again, not before *at_us; a try is counted */
	SCHEDULE_GIVEN_UP, /* it would be later, but time or tries are over */
	SCHEDULE_TODO,	   /* as if it had not been tried, no try is counted:
			      the connection was lost, or the run stops */
};

/*
 * What becomes of a recipient after this reply.  domain: the right side of its
 * address, NULL: it has none.  tries: 1 for the first one.  first_us: when it
 * was tried first in this run.  Messages whose connection was lost before
 * their end went out are asked for, too, with code 0: they may have had their
 * time.  The phase of such a reply may be that of another message, in flight
 * before it, so it says nothing; whoever may have the message (SMTP_UNKNOWN) is
 * never asked for, since that must not be tried again by itself.
 */
enum schedule_fate schedule_recipient(struct schedule *,
    const struct schedule_reply *, const char *domain, unsigned tries,
    int64_t first_us, int64_t now_us, int64_t *at_us);

/*
 * What becomes of refusals (SCHEDULE_FINAL, and not accepted).  While the same
 * 5yz comes to one message after the other it may be about us and not about
 * them, so the caller holds those messages back, `stop_after` - 1 and those
 * in flight at most.  What is still held when the run ends, is refused.
 */
enum schedule_hold {
	SCHEDULE_HOLD_NOTHING, /* this message's stand, those held stay held */
	SCHEDULE_HOLD_THIS,    /* this message's are held with the others */
	SCHEDULE_HOLD_ENDS,    /* all stand, also those that were held */
	SCHEDULE_HOLD_ANEW,    /* those that were held stand, this message's are
				  held now */
	SCHEDULE_HOLD_TODO, /* the run stops: this message's and those held are
				  SCHEDULE_TODO */
};

/*
 * All recipients of a message were judged by schedule_recipient(): its place in
 * the window is free.  message: the reply that stands for it: an acceptance if
 * anybody has it, else that to MAIL, DATA or its end, or that to RCPT if all of
 * them got the same code and enhanced code; NULL: they got several.
 */
enum schedule_hold schedule_done(struct schedule *, unsigned lane,
    const struct schedule_reply *message, int64_t now_us);

/*
 * A connection ended, or could not be made.  why: NULL: in good order, after
 * our QUIT; else the reply, or code 0 and our own words.  was_ready: after
 * schedule_ready().  What was given and not done is no longer counted as in
 * flight.
 */
void schedule_closed(struct schedule *, unsigned lane,
    const struct schedule_reply *why, bool was_ready, int64_t now_us);

/* Until when the caller passes over recipients of a domain; 0: it need not. */
int64_t schedule_domain_until(
    const struct schedule *, const char *domain, int64_t now_us);
/* The next moment at which schedule_may_open() or schedule_give() changes its
 * answer for any lane if nothing happens before; INT64_MAX: none.  Domains and
 * *at_us of schedule_recipient() are the caller's to look after. */
int64_t schedule_wake_us(const struct schedule *, int64_t now_us);
/* Why the run stops (printable, one line), and the next step (NULL: none is
 * known); NULL: it goes on. */
const char *schedule_stopped(const struct schedule *, const char **hint);
/* Whether it stops because it is impatient. */
bool schedule_is_impatient(const struct schedule *);
/* Something to be told once, a printable line, is appended; false: nothing. */
bool schedule_news(struct schedule *, struct buf *text);
/* For progress. */
unsigned schedule_connections_wanted(const struct schedule *);

#endif
