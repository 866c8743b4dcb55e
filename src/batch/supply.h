/*
 * supply: where a batch gets its messages from, one after the other: records of
 * a list, a mailbox, whatever else has many.
 *
 * Whoever makes a supply defines a struct whose first member is `struct supply`
 * and sets the operations.  A message is in memory only while it is on its way;
 * one that is put off is freed, and made again from its place when its time has
 * come, for those recipients who are not done with (journal.h).
 */
#ifndef BATCH_SUPPLY_H
#define BATCH_SUPPLY_H

#include <stddef.h>
#include <stdint.h>

#include "batch/journal.h"
#include "lib/error.h"
#include "smtp/session.h"

struct supply;

/* What becomes of a recipient. */
enum supply_fate {
	SUPPLY_OVER,	/* his result stands: accepted, refused */
	SUPPLY_UNKNOWN, /* likewise; a later run may be told to try again */
	SUPPLY_LATER,	/* again in this run */
	SUPPLY_LEFT,	/* to another run */
};

/* Where the supply finds a message again. */
struct supply_place {
	uint64_t offset, line;
	uint64_t number; /* of the record, for people */
	uint64_t hash;	 /* of what is there */
};

/* All pointers are the supply's and live as long as the message. */
struct supply_message {
	struct journal_key key;
	struct supply_place place;
	const char *reverse_path;
	struct smtp_recipient *recipients; /* those who are to get it now, */
	enum supply_fate *fates;	   /* and what becomes of each */
	size_t count;			   /* at least 1 */
	struct smtp_parameters asked;	   /* of MAIL */
	struct smtp_texts *texts;
	bool all_or_nothing;
	size_t weight; /* octets that it takes in memory, more or less */
	int64_t date;  /* what it says of itself: that of its first try (seconds
			 since the epoch) */

	/* The batch's: */
	struct smtp_transaction transaction;
	unsigned tries;	  /* in this run, with this one */
	int64_t first_us; /* the first of them (monotonic) */
	bool tried;	  /* the journal has it */
	bool split;	  /* it was too many at once: no try of those put off */
	struct supply_message *next; /* that is held back as this one is, or is
					marked with it */
	int64_t due_us; /* of one held back: when to try it again */
};

enum {
	SUPPLY_ERROR = -1, /* *err; there is no more, or not at this place */
	SUPPLY_END,	   /* there is no more */
	SUPPLY_MESSAGE,
	SUPPLY_AGAIN, /* nothing there yet: wait until supply.fd is readable */
};

struct supply_ops {
	/* The next message, which is the caller's. */
	int (*next)(struct supply *, struct supply_message **, struct error *);
	/* The same again that had this place; SUPPLY_END: all are done with. */
	int (*again)(struct supply *, const struct supply_place *,
	    struct supply_message **, struct error *);
	/* For a server that offers these: fills in transaction.body, .size
	 * and .parameters.  -1: it cannot go to such a server. */
	int (*open)(struct supply *, struct supply_message *,
	    const struct smtp_capabilities *, struct error *);
	/* The last octets of this one and those behind it (`next`) are next to
	 * go, in one flight: -1, and none must.  May be NULL: the journal is
	 * enough. */
	int (*mark)(struct supply *, struct supply_message *, struct error *);
	/* All is known of this try; message->recipients and fates tell it. */
	void (*told)(struct supply *, const struct supply_message *);
	void (*free)(struct supply *, struct supply_message *);
};

struct supply {
	const struct supply_ops *ops;
	int fd;	       /* to wait for after SUPPLY_AGAIN */
	uint64_t left; /* messages that are still to come, at most; UINT64_MAX:
			  that is not known */
	size_t most;   /* messages that there can be at a time; 0: any number */
};

#endif
