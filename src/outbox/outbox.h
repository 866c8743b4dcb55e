/*
 * outbox: messages that wait on disk.
 *
 * The directory is the state: a message is one file, and the directory that it
 * lies in says what is true of it, whatever ended when, the power included:
 *
 *	tmp/		being written, where a file cannot be without a name
 *	queue/		waits until it is due: the file's mtime; mode 0700: held
 *	unknown/	went past its commit point, and no verdict is known
 *	failed/		is not tried again, or was no message
 *	lock		held by the one who flushes
 *	seen		what was told of (outbox_has_news)
 *
 * All are of mode 0700 and the owner's.  A message in queue/ supersedes one of
 * the same ID in unknown/.  What no power cut can lose was synced, file and
 * directory, before a function said 0.  The due time is not: it is sooner then;
 * nor is that a message was accepted, until others are marked or outbox_unlock:
 * it is unknown then.
 *
 * A file is its envelope and options, one JSON object in the first line (see
 * envelope.h), the message's octets, and a line for each thing that was said
 * of it since (outbox_said).
 *
 * Who sends a message or changes what becomes of it holds a lock on its file,
 * so that no two do so at a time; who enqueues needs none.
 */
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "outbox/id.h"

enum outbox_place {
	OUTBOX_TMP,
	OUTBOX_QUEUE,
	OUTBOX_UNKNOWN,
	OUTBOX_FAILED,
	OUTBOX_PLACES
};

struct outbox {
	char *path;
	uid_t owner;
	int base; /* -1: there is none: it is empty */
	int dirs[OUTBOX_PLACES];
	int lock;      /* -1: we do not hold it */
	bool unsynced; /* names that are gone from unknown/ */
};

/* One that is not open: there is nothing in it, and it may be closed. */
#define OUTBOX_NONE \
	((struct outbox){.base = -1, .dirs = {-1, -1, -1, -1}, .lock = -1})

/*
 * Opens the outbox at the path, which belongs to `owner`.  With `make` what is
 * not there is made, as the one who calls, up to three directories above it
 * included; else nothing is, and an outbox that is not there is an empty one.
 * Who enqueues, sends or changes anything opens it with `make`.
 * -1: EX_CONFIG (a symbolic link, somebody else's, or open to others; it is
 * named), EX_CANTCREAT, EX_IOERR.  outbox_close takes either.
 */
int outbox_open(
    struct outbox *, const char *path, uid_t owner, bool make, struct error *);
void outbox_close(struct outbox *);

/*
 * Becomes the one who flushes, until it is closed or outbox_unlock, which also
 * syncs what was not.  What a
 * crash has left is put in order then: what is superseded in unknown/ goes, so
 * does what lies in tmp/ since an hour and is written by nobody, and recipients
 * who were about to part are where they belong.
 * -1: EX_TEMPFAIL: somebody else is; EX_IOERR.
 */
int outbox_lock(struct outbox *, struct error *);
void outbox_unlock(struct outbox *);

/* --- what waits ---------------------------------------------------------- */

struct outbox_recipient {
	const char *address;
	const char *parameters; /* of RCPT, as they are sent; "": none */
};

struct outbox_envelope {
	char id[OUTBOX_ID_SIZE];
	char part_of[OUTBOX_ID_SIZE]; /* the ID that a part of the recipients
					 was queued under; "": this one */
	int64_t time;		      /* queued first, seconds since 1970 */
	const char *reverse_path;     /* "": none */
	const struct outbox_recipient *recipients;
	size_t count;
	const char *options; /* a JSON object, which means something to the
				caller only; NULL: none */
};

/* A message that is being queued. */
struct outbox_new {
	struct outbox *outbox;
	enum outbox_place place; /* where it will be */
	int fd;			 /* -1: none */
	char id[OUTBOX_ID_SIZE];
	char temp[OUTBOX_ID_SIZE]; /* its name in tmp/, "": it has none */
	uint64_t begin;		   /* octets before the message */
	uint64_t size;		   /* of it, so far */
	bool unreached; /* may be set before outbox_finish: as outbox_entry */
};

/*
 * Begins a message; its envelope gets an ID unless it has one.
 * outbox_write adds octets, any number; outbox_finish gives it its due time and
 * its name in queue/, and only if it says 0 the message `id` is queued: file
 * and name are synced.  It also touches the outbox's own directory, so that who
 * watches the one above (inotify(7), a path unit of systemd) knows of it without
 * knowing whose outboxes there are.  After any failure of the two, and after
 * outbox_abandon, nothing is left behind; -1: EX_CANTCREAT, EX_IOERR,
 * EX_OSERR, and what it was.  outbox_abandon is needless, but allowed, after
 * outbox_finish.
 */
int outbox_begin(struct outbox *, struct outbox_new *,
    const struct outbox_envelope *, struct error *);
/* The same for one that was sent before it came here, and may go to unknown/ or
 * failed/; what was said of it follows its last octet, and counts as a try. */
int outbox_begin_in(struct outbox *, enum outbox_place, struct outbox_new *,
    const struct outbox_envelope *, struct error *);
int
outbox_say(struct outbox_new *, int64_t now, const char *said, struct error *);
/* How many octets there will be, if that is known: -1, as all below: there is no
 * room for a large one, and none has been taken from others. */
int outbox_expect(struct outbox_new *, uint64_t size, struct error *);
int outbox_write(struct outbox_new *, const void *, size_t n, struct error *);
int outbox_finish(struct outbox_new *, int64_t due, struct error *);
void outbox_abandon(struct outbox_new *);

/* --- which there are ----------------------------------------------------- */

struct outbox_entry {
	char id[OUTBOX_ID_SIZE];
	enum outbox_place place;
	bool held;
	bool unreached; /* put off since no server could be reached, and not
			   for what one said */
	int64_t due;	/* seconds since 1970 */
	uint64_t size;	/* of the file */
};

struct outbox_list {
	struct outbox_entry *entries; /* queue/ by due time, then unknown/, then
					 failed/, by ID: oldest first */
	size_t count, capacity;
	struct buf remarks; /* a line, with its newline, for each thing that is
			       no message */
};

/*
 * Lists without opening a file.  What is none of ours (not a regular file,
 * somebody else's, no ID for a name) is remarked upon; who holds the lock moves
 * it to failed/, and hears nothing of what is there already.  -1: EX_IOERR.
 * outbox_list_free in any case.
 */
int outbox_list(struct outbox *, struct outbox_list *, struct error *);
void outbox_list_free(struct outbox_list *);

/* Whether there is anything at all in the place: it costs no list. */
bool outbox_has_any(const struct outbox *, enum outbox_place);

struct outbox_news {
	size_t failed, unknown; /* all that lie there */
};
/* Whether anything has come to failed/ or unknown/ to stay there since this was
 * asked last; that is kept in the outbox, in the file `seen`.  While one is on its
 * way to there, or from there, nothing is. */
bool outbox_has_news(struct outbox *, struct outbox_news *);

/* Whether it waits and its time has come.  A clock that was wrong puts nothing
 * off for long: nobody is due later than RETRY_LONGEST_S from now. */
bool outbox_is_due(const struct outbox_entry *, int64_t now);

/* --- one of them --------------------------------------------------------- */

struct outbox_message {
	struct outbox *outbox;
	enum outbox_place place;
	int fd;	   /* -1: none; it stands at the message's first octet, of which
		   there are `size` */
	bool held; /* not to be sent */
	bool damaged; /* torn, zeros or no message: it can only be cancelled */
	struct outbox_envelope envelope;
	uint64_t begin, size; /* where in the file the message is */
	unsigned tries;	      /* that were put off since: */
	int64_t since;	      /* it was queued, or outbox_retry */
	struct arena arena;   /* what the envelope points to */
};

enum outbox_taken {
	OUTBOX_ERROR = -1,
	OUTBOX_TAKEN,
	OUTBOX_GONE, /* it is not there any more */
	OUTBOX_BUSY, /* another process sends or changes it just now */
};

/*
 * Opens a message to be sent or changed, which nobody else does until
 * outbox_put; or only to look at it (nothing is locked).  Who sends looks at
 * `held` first: it may be so since it was listed.
 * OUTBOX_ERROR: EX_IOERR; EX_DATAERR: it is torn, filled with zeros or otherwise
 * no message, and one of queue/ that was to be taken now lies in failed/, as
 * the error says.  One that is damaged and taken elsewhere can be cancelled.
 * outbox_put is needed only after OUTBOX_TAKEN.
 */
enum outbox_taken outbox_take(struct outbox *, enum outbox_place,
    const char *id, struct outbox_message *, struct error *);
enum outbox_taken outbox_look(struct outbox *, enum outbox_place,
    const char *id, struct outbox_message *, struct error *);
void outbox_put(struct outbox_message *);

/* Appends what was said of it: lines of JSON, {"time":N,"said":"..."}. */
int outbox_said(const struct outbox_message *, struct buf *, struct error *);

/* --- what becomes of it -------------------------------------------------- */

/*
 * Before the last octet goes out: the message is in unknown/ and nowhere else,
 * for certain.  -1: EX_IOERR: it is not, and the last octet must not be sent;
 * the message is in queue/ again where the disk let it.
 */
int outbox_mark(struct outbox_message *, struct error *);
/* The same for some of one outbox, which costs no more than for one: all of them
 * or none. */
int outbox_mark_all(struct outbox_message *const *, size_t n, struct error *);

enum outbox_fate {
	OUTBOX_OVER,   /* accepted: done with */
	OUTBOX_LATER,  /* to be tried again */
	OUTBOX_UNSURE, /* past the commit point, no verdict */
	OUTBOX_REFUSED /* for good, or too old */
};

/* The verdict on one try. */
struct outbox_verdict {
	const enum outbox_fate *fates; /* of each recipient */
	int64_t now;		       /* seconds since 1970 */
	int64_t due;		       /* of those to be tried again */
	const char *said; /* by servers, or why not; any text, NULL: nothing */
	bool unreached;	  /* they are to be tried again since nobody could be
			   reached */
	bool again; /* it was no try, or the same run goes on with it: it is not
		       put off, and nothing is written down of those who are to
		       be tried again */
};

/*
 * Does as the verdict says, whether it was marked or not: with the whole
 * message where all have one fate, else with one for those of each fate, which
 * is written before the old one goes.  Those to be tried again keep the ID; the
 * others have one of their own where theirs is taken, and part_of names it.
 * -1: EX_IOERR, EX_CANTCREAT: no recipient is lost, but what went past the mark
 * may still be in unknown/, with all recipients; what did not, in queue/.  Where
 * recipients part, outbox_lock goes on with it another time, if there was room
 * to note down what is to be done, as on a full disk there mostly is.
 */
int outbox_settle(
    struct outbox_message *, const struct outbox_verdict *, struct error *);

/* Puts a message of queue/ off to the time at which others are tried that no
 * server could be reached for; that is no try of its own.  -1: EX_IOERR. */
int outbox_put_off(struct outbox_message *, int64_t due, struct error *);

/* Keeps a message of queue/ from being sent, until outbox_release; both are
 * synced.  -1: EX_USAGE: it is not in queue/; EX_IOERR. */
int outbox_hold(struct outbox_message *, struct error *);
int outbox_release(struct outbox_message *, struct error *);
/* It is no more, wherever it was. */
int outbox_cancel(struct outbox_message *, struct error *);
/* Of unknown/ and failed/: back to queue/; of queue/: is due now.  If recipients
 * were about to part, that is done, and nothing else. */
int outbox_retry(struct outbox_message *, int64_t now, struct error *);

/* One that nobody can know before.  -1: EX_OSERR. */
int outbox_new_id(char id[OUTBOX_ID_SIZE], struct error *);

#endif
