/*
 * journal: what happened to each message of a batch, in a file that outlives
 * any end of the process or of the machine (SPEC 10), and in memory.
 *
 * The file is append-only, one JSON object a line, printable UTF-8.  A head is
 * its first line, and one more follows where the list or the template was
 * changed on purpose: the newest counts.
 *
 *   {"journal":1,"batch":"32 hex","list":"64 hex","template":"64 hex",
 *    "keys":"COLUMN","zone":"+0100","at":"2026-11-29T09:00:00Z"}
 *
 * ("keys": what keys are made of, "" for all that a record holds; "zone": that
 * of the messages' dates.  Both are those of the first head.)
 *
 * A try stands there, and is on the disk, before the last octets of a message
 * go out to those recipients; the verdict for each of them follows when it is
 * known, that on the last one of the message who may be tried at all with
 * "over":true.
 *
 *   {"at":"...","record":12,"key":"KEY","try":1,"recipients":["bob@x.test"]}
 *   {"at":"...","record":12,"key":"KEY","recipient":"bob@x.test",
 *    "verdict":"accepted","code":250,"enhanced":"2.0.0",
 *    "text":"Ok: queued as 4F1A","over":true}
 *
 * (each on one line).  "verdict" is a smtp_verdict_name().  Who was tried and
 * has no verdict since is unknown, as is who has the verdict "unknown", and
 * stays it until a later verdict on him.
 *
 * A torn last line (without a newline, or no JSON) is cut off when the file is
 * opened again; any other line that does not belong here is an error.
 *
 * In memory: 8 bytes for each key that was seen, with its state; more only of
 * messages that were tried, or judged, and are not over.  Keys are told apart
 * by 60 bits of a hash that nobody can aim at without the batch's id.  Bytes of
 * keys and recipients that are no UTF-8 count as printable.h writes them.
 */
#ifndef BATCH_JOURNAL_H
#define BATCH_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "smtp/result.h"

struct journal;

enum { JOURNAL_BATCH = 16, JOURNAL_HASH = 32 }; /* octets */

/* Of a message, or of one recipient of it. */
enum journal_state {
	JOURNAL_NEW,	  /* never heard of */
	JOURNAL_TODO,	  /* to be tried again: nobody has it */
	JOURNAL_PART,	  /* the same, and some of its recipients are done */
	JOURNAL_UNKNOWN,  /* some of its recipients may have it or not; so is
			     one whose verdicts are still awaited */
	JOURNAL_ACCEPTED, /* over: for all its recipients */
	JOURNAL_PARTIAL,  /* over: for some of them; or refused at last, when
			     an earlier try had no verdict */
	JOURNAL_REFUSED,  /* over: nobody got it, or will */
};

struct journal_key {
	const char *text; /* any bytes but NUL */
	size_t len;
	uint64_t record; /* number, for people */
	uint64_t hash;	 /* see journal_hash; 0: it is found each time */
};

struct journal_params {
	const char *path; /* NULL: in memory only, nothing is written */
	/* It goes on, or begins if there is none: the same command line will
	 * do for the first run and for all others.  Else the file must not be
	 * there, or be empty. */
	bool resume;
	unsigned char batch[JOURNAL_BATCH]; /* for a new one */
	/* Told of every try that the file has, in its order; may be NULL. */
	void (*tried)(void *, int64_t at);
	void *arg;
};

/*
 * Opens the file (mode 0600 if it is new), locks it, reads it, and cuts off a torn
 * end.  A new one stays empty until journal_begin.  A link is followed.
 * -1, and the text names the path:
 *   EX_CANTCREAT  it cannot be made; or is there already (hint: --resume)
 *   EX_NOINPUT    it cannot be opened to go on with
 *   EX_TEMPFAIL   another process has it
 *   EX_DATAERR    not a journal, damaged (the line is named), of a version that
 *                 is not known
 *   EX_IOERR      it cannot be read or written
 * What is no journal is left as it is.
 */
int
journal_open(struct journal **, const struct journal_params *, struct error *);
void journal_close(struct journal *); /* flushes; NULL is fine */

/* What is to be sent, before the first try. */
struct journal_subject {
	/* Hashes; all zero: not known (a pipe), and any will do. */
	unsigned char list[JOURNAL_HASH], templ[JOURNAL_HASH];
	const char *keys; /* what keys are made of; "": all of a record */
	int zone_minutes; /* for a new one */
	bool changed;	  /* others than the head's will do, but for the keys */
	int64_t now;	  /* seconds since the epoch */
};
/* Makes the head of a new file durable, and its name.  -1: EX_DATAERR, it is of
 * another list or template (hint: --resume-changed), or its keys are others;
 * EX_IOERR. */
int
journal_begin(struct journal *, const struct journal_subject *, struct error *);

/* The batch's id: that of the file, where it goes on. */
const unsigned char *journal_batch(const struct journal *);
/* False: it has none yet, or the file does not say. */
bool journal_zone(const struct journal *, int *minutes);

/* Of the text of a key, for whoever keeps the key. */
uint64_t journal_hash(const struct journal *, const struct journal_key *);
/* Of the whole message. */
enum journal_state
journal_state(const struct journal *, const struct journal_key *);
/* Of one recipient, by his address to the byte: TODO, UNKNOWN, ACCEPTED or
 * REFUSED; of a message that is over, what the message is. */
enum journal_state journal_recipient(
    const struct journal *, const struct journal_key *, const char *recipient);
/* When it was tried first (seconds since the epoch).  False: never, or it is
 * over. */
bool journal_first_try(
    const struct journal *, const struct journal_key *, int64_t *at);
/* After a write has failed: whether verdicts could not be written, either. */
bool journal_lacks_verdicts(const struct journal *);
/* For doubles in a list: claims the key for this run; false: it was. */
bool journal_claim(struct journal *, const struct journal_key *);

/*
 * Appends a try (its number from 1) that goes to these recipients.  Nothing of
 * it is on the disk before journal_sync has returned 0, and so long the
 * message must not be finished.  All of them are unknown from here on, until
 * their verdicts.
 */
void journal_try(struct journal *, const struct journal_key *, unsigned number,
    const char *const *recipients, size_t count, int64_t now);
/* Whether a try was appended and not synced yet. */
bool journal_is_owed(const struct journal *);
/*
 * Writes all that was appended and, if a try is owed, syncs it.  -1, EX_IOERR:
 * no try that was owed may go out, and every later call fails in the same way.
 * The file ends with a whole line, then; of what could not be written, tries
 * are left out, since nothing came of them, and verdicts are written as far as
 * there is room, then and later.
 */
int journal_sync(struct journal *, struct error *);

struct journal_verdict {
	const char *recipient;
	enum smtp_verdict verdict;
	int code;		     /* 0: none */
	const char *enhanced, *text; /* NULL or "": none; raw bytes */
	bool over; /* no recipient of the message is left who may be tried: it
		      is over, unless some are unknown */
};
/*
 * Comes after the try that it is the answer to, if there was one (who is
 * refused before a message was finished may have none).  Written by the next
 * sync or flush, or when 64 KiB have come together; not synced by itself.
 */
void journal_verdict(struct journal *, const struct journal_key *,
    const struct journal_verdict *, int64_t now);
/* Writes what was appended, without a sync.  Fails as journal_sync does. */
int journal_flush(struct journal *, struct error *);

/* Messages, those that were claimed only left out. */
struct journal_counts {
	uint64_t todo, part, unknown, accepted, partial, refused;
};
void journal_count(const struct journal *, struct journal_counts *);
/* Each recipient who is unknown, by messages in the order in which they came
 * into the file. */
void journal_unknown(const struct journal *,
    void (*each)(void *, const struct journal_key *, const char *recipient),
    void *arg);

#endif
