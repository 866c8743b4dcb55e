/*
 * What the files session*.c share; nobody else includes it.
 *
 *	session.c	queues, bytes in and out, events, failure
 *	setup.c		greeting, EHLO, STARTTLS, AUTH
 *	transaction.c	MAIL, RCPT, DATA, BDAT
 *	verdict.c	what became of them
 */
#ifndef SMTP_SESSION_INTERNAL_H
#define SMTP_SESSION_INTERNAL_H

#include "smtp/mask.h"
#include "smtp/payload.h"
#include "smtp/session.h"

enum {
	OUT_MAX = 256 * 1024,	 /* output is made up to here, then sent */
	COMMAND_MAX = 12 * 1024, /* RFC 4954 4: the longest line, AUTH's */
	BODY_PIECE = 64 * 1024,	 /* read at once for DATA */
	AUTH_ROUNDS_MAX = 16,
};

enum verb {
	VERB_GREETING, /* the command that nobody sends */
	VERB_EHLO,
	VERB_HELO,
	VERB_STARTTLS,
	VERB_AUTH,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_MESSAGE, /* the dot */
	VERB_BDAT,
	VERB_LAST, /* BDAT n LAST */
	VERB_RSET,
	VERB_COMMAND,
	VERB_QUIT,
};

/* A command that was sent (or is being sent) and not answered. */
struct pending {
	enum verb verb;
	struct work *work; /* NULL: the session's own */
	size_t first;	   /* RCPT: the recipient that waits, */
	size_t count;	   /* and how many do from there on; else 1 */
	uint64_t end;	   /* offset in the stream behind the first command,
			      UINT64_MAX: not all of it was made */
};

struct verb_row {
	const char *name;
	enum smtp_phase phase;
	bool ends_group; /* RFC 2920 3.1: nothing may follow before the reply */
	int timeout_ms;	 /* RFC 5321 4.5.3.2 */
	void (*on_reply)(struct smtp_session *, const struct pending *);
};

enum work_kind { WORK_TRANSACTION, WORK_COMMAND, WORK_QUIT };

/* How far a transaction's commands have been made. */
enum work_at {
	AT_MAIL,
	AT_RCPT,
	AT_BODY,
	AT_CHUNK,
	AT_GO_AHEAD,
	AT_DATA,
	AT_END
};

struct work {
	enum work_kind kind;
	struct work *next;
	size_t unanswered; /* commands of it that wait */
	bool made;	   /* all its commands were made */
	char *line;	   /* WORK_COMMAND */

	struct smtp_transaction *tx; /* WORK_TRANSACTION, and all below */
	enum work_at at;
	size_t next_recipient;	/* whose RCPT is to be made */
	size_t answered;	/* recipients whose RCPT was answered */
	size_t taken;		/* of them, answered 2yz */
	size_t lmtp_next;	/* LMTP: whose verdict is next */
	bool stopped;		/* no (further) message is sent, */
	struct smtp_result why; /* and this is why */
	bool chunk_refused;	/* a BDAT was: no message can be whole */
	struct payload_dots dots;
	uint64_t message_end; /* offset behind the message, 0: not made */
};

struct queued_event {
	struct smtp_event event;
	char *text; /* what event.text points at, freed with it */
};

struct smtp_session {
	struct smtp_params params;
	struct smtp_capabilities capabilities;
	bool secure;
	bool ready;	  /* setup is over */
	bool tls_wanted;  /* START_TLS was raised, secured() is awaited */
	bool tls_refused; /* by the server, and we may go on without */
	bool closing;	  /* the server said 421: it closes */
	bool closed;	  /* nothing is sent or received any more */
	bool quit_sent;
	bool needs_rset; /* before another transaction may begin */

	const struct sasl_mechanism *mechanism;
	unsigned mechanisms_gone; /* those that the server does not know */
	unsigned auth_round;
	bool auth_initial; /* with an initial response (RFC 4954 4), where the
			      mechanism has one */
	bool auth_done;	   /* the mechanism has said all it has to */
	bool auth_cancelled;
	struct buf challenge; /* of the last 334, decoded, */
	bool challenge_bad;   /* unless it could not be */
	struct mask mask;     /* credentials, in replies */

	struct work *first, *last; /* not yet over */
	struct work *cursor;	   /* whose commands are being made */

	struct pending *pending; /* a ring */
	size_t pending_head, pending_count, pending_cap;
	const char *names[SMTP_PHASE_QUIT + 1]; /* of the commands that were
						   sent last; NULL: none */
	bool group_ended; /* nothing more before all have been answered */

	struct buf out;
	size_t out_sent; /* bytes of out that are gone */
	size_t held;	 /* bytes behind out.len: they wait for COMMIT */
	bool out_secret; /* a secret is, or was, in it */
	uint64_t sent;	 /* bytes sent on this connection */
	int input_fd;	 /* the body awaits it; -1 */

	struct buf in;
	size_t in_used;
	struct smtp_reply reply;

	struct queued_event *events; /* a queue in an array */
	size_t event_head, event_count, event_cap;
	char *event_text; /* of the event that was pulled last */

	struct error error; /* why it ended, status 0: it did not fail */
	struct smtp_result failure; /* the same, as a result */
	char closing_text[512];	    /* of the 421 */
};

/* session.c */
bool session_may_send(const struct smtp_session *);
size_t session_out_room(const struct smtp_session *);
/* Where in the stream the output ends so far. */
uint64_t session_out_end(const struct smtp_session *);
/* Appends "text CRLF" to the output and waits for its reply. */
void session_say(struct smtp_session *, enum verb, struct work *,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same with a secret in it: `shown` stands in the trace. */
void session_say_secret(struct smtp_session *, enum verb, const char *shown,
    const struct buf *line);
void session_wait_for(
    struct smtp_session *, enum verb, struct work *, size_t recipient);
/* The command that waits last was made to its end. */
void session_command_ends(struct smtp_session *);
/* Puts back what was just answered: LMTP answers a message several times. */
void session_wait_again(struct smtp_session *, const struct pending *);
void session_trace(struct smtp_session *, enum smtp_phase, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void session_raise(
    struct smtp_session *, enum smtp_event_type, struct smtp_transaction *);
void session_remove(struct smtp_session *, struct work *);
/* Ends the session: every transaction is settled, SMTP_CLOSED is raised, what
 * was not sent never is.  polite: QUIT is said, its reply is not awaited. */
void
session_fail(struct smtp_session *, bool polite, int status, enum smtp_phase,
    int code, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The same for a reply that refuses: "PHASE: CODE text". */
void session_refused(struct smtp_session *, int status, enum smtp_phase);
/* The same for one that may not be there (EX_PROTOCOL). */
void session_broken(struct smtp_session *, enum smtp_phase);

/* setup.c */
void setup_init(struct smtp_session *);
void setup_say_hello(struct smtp_session *);
/* A reply to `front` (NULL: to nothing) has come: takes out of it what must be
 * read word for word, then makes stars of what it repeats of our credentials,
 * so that nobody else sees them. */
void setup_take_reply(struct smtp_session *, const struct pending *front);
void setup_on_greeting(struct smtp_session *, const struct pending *);
void setup_on_ehlo(struct smtp_session *, const struct pending *);
void setup_on_starttls(struct smtp_session *, const struct pending *);
void setup_on_auth(struct smtp_session *, const struct pending *);

/* transaction.c */
/* Makes the next command; false when nothing may be made now. */
bool transaction_step(struct smtp_session *, struct work *);
/* The length of a RCPT command. */
size_t transaction_rcpt_octets(const struct work *, size_t recipient);
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
