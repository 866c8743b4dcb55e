/*
 * What the files of a session share; nobody else includes it.
 *
 *	session.c	bytes in and out, replies, work
 *	say.c		a command into the output
 *	as_said.c	what somebody else says
 *	setup.c		greeting, EHLO, STARTTLS
 *	auth.c		AUTH
 *	transaction.c	MAIL, RCPT, DATA, BDAT
 *	verdict.c	what became of them
 *	octets.c	what went over the connection, for a dump
 *	ending.c	why a session ends
 */
#ifndef SMTP_SESSION_INTERNAL_H
#define SMTP_SESSION_INTERNAL_H

#include "lib/mask.h"
#include "smtp/output.h"
#include "smtp/pipeline.h"
#include "smtp/session.h"
#include "smtp/work.h"

enum {
	COMMAND_MAX = 12 * 1024, /* RFC 4954 4: the longest line, AUTH's */
	BODY_PIECE = 64 * 1024,	 /* read at once for DATA */
};

struct verb_row {
	const char *name;
	enum smtp_phase phase;
	bool ends_group; /* RFC 2920 3.1: nothing may follow before the reply */
	int timeout_ms;	 /* RFC 5321 4.5.3.2 */
	void (*on_reply)(struct smtp_session *, const struct pending *);
};

struct smtp_session {
	struct smtp_params params;
	struct smtp_capabilities capabilities;
	bool secure;
	const struct sasl_binding *binding; /* of TLS; NULL: there is none */
	bool tls_wanted; /* START_TLS was raised, secured() is awaited */
	bool closing;	 /* the server said 421: it closes */
	bool withheld;	 /* see smtp_session_withhold */
	bool closed;	 /* nothing is sent or received any more */
	bool quit_sent;
	bool needs_rset; /* before another transaction may begin */
	bool flight;	 /* what was said last has the next with it */
	bool bytes_said; /* as_said: there may be replies to bytes */
	size_t taken;	 /* as_said: RCPT that were answered 2yz since MAIL */

	struct buf greeting, hello[2]; /* what it said of itself, in clear and
					  under TLS */
	struct mask mask;	       /* credentials, in replies */

	struct work_queue work;
	struct smtp_pipeline pipeline;
	const char *names[SMTP_PHASE_QUIT + 1]; /* of the commands that were
						   sent last; NULL: none */
	char command[16];			/* the name of the user's */

	struct smtp_output out;
	int input_fd; /* the body awaits it; -1 */

	struct buf in;
	size_t in_used;
	struct smtp_reply reply;
	struct buf heard;  /* (octets) of the reply that is coming in, */
	size_t heard_more; /* and how many of them are not kept */

	struct smtp_events events;

	struct error error; /* why it ended, status 0: it did not fail */
	struct smtp_result failure; /* the same, as a result */
	enum sasl_secret refused;   /* see smtp_session_refused */
	char closing_text[512];	    /* of the 421 */
};

/* session.c */
extern const struct verb_row verb_rows[];

/* say.c */
bool session_may_send(const struct smtp_session *);
/* Appends "text CRLF" to the output and waits for its reply. */
void session_say(struct smtp_session *, enum verb, struct work *,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same for what stands in the output from there on. */
void session_say_from(struct smtp_session *, enum verb, struct work *,
    size_t recipient, size_t from);
/* The same with a secret in it, behind `head` octets that are none: `shown`
 * stands in the trace. */
void session_say_secret(struct smtp_session *, enum verb, struct work *,
    const char *shown, const struct buf *line, size_t head);
void session_wait_for(
    struct smtp_session *, enum verb, struct work *, size_t recipient);
/* The command that waits last was made to its end. */
void session_command_ends(struct smtp_session *);
/* What was just answered waits again: LMTP answers a message several times. */
void session_wait_again(struct smtp_session *, const struct pending *);
void session_trace(struct smtp_session *, enum smtp_phase, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void session_raise(
    struct smtp_session *, enum smtp_event_type, struct smtp_transaction *);

/* octets.c: they do nothing unless octets are wanted. */
/* The next n octets of the output are about to count as sent. */
void octets_sent(struct smtp_session *, size_t n);
/* Of a reply, in order; told when it is complete. */
void octets_heard(struct smtp_session *, const char *bytes, size_t n);
void octets_tell_heard(struct smtp_session *);
/* What else came in, and no reply was made of. */
void octets_tell_rest(struct smtp_session *);

/* ending.c */
/* What the session is at. */
enum smtp_phase session_phase(const struct smtp_session *);
/* How the command of a phase was said last, BDAT or HELO; NULL: it was not, or
 * it is one of the user's.  Outlives the session. */
const char *session_command(const struct smtp_session *, enum smtp_phase);
/* The same, else as the phase is called; the user's by its first word. */
const char *session_name(const struct smtp_session *, enum smtp_phase);
/* All work was done, or nothing more can be. */
void session_close(struct smtp_session *);
/* Ends the session: every transaction is settled, SMTP_CLOSED is raised, what
 * was not sent never is.  polite: QUIT is said, its reply is not awaited. */
void
session_fail(struct smtp_session *, bool polite, int status, enum smtp_phase,
    int code, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The same for a reply that refuses: "PHASE: CODE text". */
void session_refused(struct smtp_session *, int status, enum smtp_phase);
/* The same for one that may not be there (EX_PROTOCOL). */
void session_broken(struct smtp_session *, enum smtp_phase);
/* The server said 421, which is a reply to whatever waits (RFC 5321 3.8), and
 * what it had to say before it closes was heard. */
void session_server_closes(struct smtp_session *, enum smtp_phase);

/* setup.c */
/* What the parameters ask for, and begins it. */
void setup_queue(struct smtp_session *);
/* Begins what is at the cursor, or waits for its turn or its end; true when it
 * was not needed and is over. */
bool setup_step(struct smtp_session *, struct work *);
/* What a reply has let in is said at once. */
void setup_go_on(struct smtp_session *);
void setup_secured(struct smtp_session *);
/* A reply to `front` (NULL: to nothing) has come: takes out of it what must be
 * read word for word, then makes stars of what it repeats of our credentials,
 * so that nobody else sees them. */
void setup_take_reply(struct smtp_session *, const struct pending *front);
void setup_on_greeting(struct smtp_session *, const struct pending *);
void setup_on_ehlo(struct smtp_session *, const struct pending *);
void setup_on_starttls(struct smtp_session *, const struct pending *);

/* as_said.c */
/* Makes the command at the cursor, bytes, or the wait for a reply: false when
 * it must wait. */
bool as_said_step(struct smtp_session *, struct work *);
/* False, and the session has failed: a command that somebody else says would go
 * in clear where TLS is demanded. */
bool as_said_may_go(struct smtp_session *, const char *line, const char *shown);
/* Whether the reply to it lists capabilities. */
bool as_said_is_hello(const struct pending *);
void as_said_on_reply(struct smtp_session *, const struct pending *);

/* auth.c */
/* Whether a mechanism may be used on this connection as it is. */
bool auth_is_usable(const struct smtp_session *, const struct auth *);
void auth_begin(struct smtp_session *, struct work *);
void auth_on_reply(struct smtp_session *, const struct pending *);

/* transaction.c */
/* Makes the next command; false when nothing may be made now. */
bool transaction_step(struct smtp_session *, struct work *);
/* The length of a RCPT command. */
size_t transaction_rcpt_octets(
    const struct smtp_session *, const struct work *, size_t recipient);
/* No (further) part of the message is made; the first reason counts. */
void transaction_stop(struct work *, struct smtp_result why);
/* Nobody is left who could get the message. */
bool transaction_is_hopeless(const struct work *);
/* Its commands end here; the server may still be in it.  True. */
bool transaction_give_up(struct smtp_session *, struct work *);

/* verdict.c */
void transaction_on_mail(struct smtp_session *, const struct pending *);
void transaction_on_rcpt(struct smtp_session *, const struct pending *);
void transaction_on_data(struct smtp_session *, const struct pending *);
void transaction_on_message(struct smtp_session *, const struct pending *);
void transaction_on_bdat(struct smtp_session *, const struct pending *);
void transaction_on_rset(struct smtp_session *, const struct pending *);
/* Ends it if all was made and answered. */
void transaction_end_if_over(struct smtp_session *, struct work *);
/* Ends it because the session does: s->failure says why. */
void transaction_abandon(struct smtp_session *, struct work *);

#endif
