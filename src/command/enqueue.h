/*
 * enqueue: a message that is kept in the outbox, with what the call says of its
 * server, of who signs in there, and of its envelope.
 *
 * That is kept as words of a command line, and read again when the message is
 * sent, with the configuration of that time: {"words":[...]}, with
 * "config":"PATH" where the call named one in place of the usual ones, and
 * "dsn":"if-offered" where it is no fault that a server has no DSN.  Who cannot
 * sign in at the system's relay leaves it to the system's flush, and there is a
 * mark for that (see marked.h).
 */
#ifndef COMMAND_ENQUEUE_H
#define COMMAND_ENQUEUE_H

#include "command/mail.h"
#include "outbox/outbox.h"

/* The outbox that the settings mean: where new messages are put. */
int enqueue_open(struct outbox *, const struct settings *, struct arena *,
    bool make, struct error *);
/* What is kept of the call, as it stands in the envelope: messages that have the
 * same go by the same connection.  -1: EX_USAGE: it cannot be kept. */
int enqueue_options(
    const struct settings *, struct arena *, struct buf *, struct error *);
/* Whether somebody with that result could have it later.  Under the name sendmail
 * nobody looks at the status: that is so of all that can be put right. */
bool enqueue_is_for_later(const struct settings *, const struct smtp_result *);
/* Whether it was not sent since the server lacks what the envelope demands, and
 * not what the message itself cannot do without. */
bool enqueue_server_lacks(const struct smtp_result *);
/* Whether sending it is the system's flush's business (marked.h), so that this
 * call can only queue: 1, 0; -1: that, and something is wrong. */
int
enqueue_is_for_system(const struct settings *, struct arena *, struct error *);
/* What became of those for whom a message is kept that was to be sent. */
struct enqueue_rest {
	const bool *wanted; /* who they are; NULL: all */
	enum outbox_place place;
	/* Of queue/: */
	bool tried;	/* to be tried again after a pause, and not at once, */
	bool unreached; /* or once a server is reached, as none was, */
	const struct error *why; /* why; status 0: recipients' results say it */
};
/* Keeps a message that was to be sent, which has been read: whatever time that
 * took, and whatever signal came, with what was said of it.  *id, if it says 0,
 * lives in the mail's arena; it is safe on the disk then. */
int enqueue_rest(const struct settings *, const struct process *, struct mail *,
    const struct enqueue_rest *, const char **id, struct error *);
/* A line for each that is wanted: what was said of him. */
void enqueue_said(const struct mail *, const bool *wanted, struct buf *);
/* Whether what stood in the way before a server was asked is such a try, and
 * nothing that somebody has to put right. */
bool enqueue_is_try(const struct error *);
/* Of enqueue_rest: the message is there, and gets what was said of it and its due
 * time. */
int enqueue_finish(struct outbox_new *, const struct mail *,
    const struct enqueue_rest *, int64_t now, struct error *);
/* Says that it is there, and why it was not sent: in one line. */
void enqueue_tell_why(const struct settings *, const struct process *,
    const struct error *why, const char *id);
/* A message that cannot be sent, why ever: it is read and kept, which is told.
 * The exit status: 0, or that of what is wrong with the message or the outbox. */
int enqueue_instead(
    const struct settings *, const struct process *, const struct error *why);
/* --queue, and what else is not sent now; with status 0 the first one also gets
 * the ID. */
int enqueue_get_id(
    const struct settings *, const struct process *, char id[OUTBOX_ID_SIZE]);
int enqueue_run(const struct settings *, const struct process *);

#endif
