/*
 * session: the client's side of one SMTP or LMTP connection (RFC 5321, RFC
 * 2033), without I/O, clock or environment: bytes from the server in, bytes
 * for it out, events for the caller.
 *
 * A session is work still to be sent (setting up, transactions, commands, QUIT)
 * and a queue of commands sent and not yet answered.  Sending runs ahead until a
 * command ends a pipelined group (RFC 2920 3.1), or after each command when
 * the server does not pipeline; each reply belongs to the oldest command that
 * waits.  The greeting is the reply to a command that nobody sent.
 *
 * The caller's loop:
 *
 *	while smtp_session_event(s, &e): deal with it
 *	smtp_session_output(s, &bytes, &n); if that made events, deal with them
 *	    and ask again; send some of the bytes; smtp_session_sent(s, count)
 *	smtp_session_receive(s, what came)
 *
 * Extensions are used when advertised and never otherwise.
 *
 * A recipient's result is what was said of it: accepted only if its RCPT was
 * answered 2yz and so was the message: in LMTP its own reply to the message, with
 * PRDR both its own and the one to the message as a whole.
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/source.h"

#include "smtp/capability.h"
#include "smtp/event.h"
#include "smtp/parameter.h"
#include "smtp/reply.h"
#include "smtp/result.h"
#include "sasl/sasl.h"
#include "smtp/texts.h"

enum smtp_starttls {
	SMTP_STARTTLS_NEVER,
	SMTP_STARTTLS_FOR_AUTH, /* where no mechanism may be used without */
	SMTP_STARTTLS_MAY,	/* where it is offered and works */
	SMTP_STARTTLS_MUST,
};

/* All pointers are the caller's and outlive the session. */
struct smtp_params {
	const char *ehlo_name;
	bool lmtp;
	enum smtp_starttls starttls;
	bool secure;			    /* TLS from the first byte */
	const struct sasl_binding *binding; /* secure: see _secured */
	bool clear_ok; /* clear-text credentials may go without TLS */
	const struct sasl_credentials *credentials; /* NULL: no AUTH */
	const char *mechanism;			    /* NULL: the best one */
	bool extensions; /* HELO does not do: AUTH is to come, perhaps */
	const char *const *without; /* keywords to be taken as absent */
	size_t without_count;
	bool trace;   /* make SMTP_SENT events */
	bool octets;  /* make SMTP_OCTETS_… events */
	bool as_said; /* see smtp_session_say: of setting up the greeting alone
			 is awaited; starttls MUST lets no mail and no question
			 go in clear */
};

struct smtp_recipient {
	const char *address;		   /* mailbox, as RCPT writes it */
	struct smtp_parameters parameters; /* of RCPT */
	struct smtp_result result;
	bool taken;	   /* RCPT was answered 2yz */
	bool one_too_many; /* deferred, since the server takes only so many at
			      once: another transaction may have it */
};

#define SMTP_SIZE_UNKNOWN UINT64_MAX

/* One message for its recipients: MAIL, RCPT…, DATA or BDAT. */
struct smtp_transaction {
	const char *reverse_path; /* "" is the null one */
	struct smtp_recipient *recipients;
	size_t recipient_count; /* at least 1 */
	struct source *body;	/* CRLF line ends, nothing stuffed */
	uint64_t size;		/* octets in body, or SMTP_SIZE_UNKNOWN */
	/* Any refusal ends it before the message; PRDR is not asked for. */
	bool all_or_nothing;
	bool message_only; /* MAIL and RCPT were said before: DATA, or
				     BDAT if `bdat` is set; no recipients */
	bool probe;	   /* RSET in the place of the message, which is
				     not read: RCPT decides */
	bool stuffed;	   /* DATA: dots are doubled in body already */
	bool shares;	   /* there are others on the session: a body that
			      fails ends it only where it has to (DATA) */
	struct smtp_parameters parameters; /* of MAIL, but for SIZE: the form */
	struct smtp_parameters asked; /* … and what the sender asks for */
	struct smtp_texts *texts;     /* those of the results */

	/* Filled by the session: */
	bool bdat;	     /* goes by BDAT */
	bool committed;	     /* SMTP_COMMIT was raised */
	bool message_sent;   /* all of the message was sent */
	bool answered;	     /* message_only: every verdict has come */
	bool abandoned;	     /* the session ended before it was answered */
	uint64_t bytes_sent; /* octets of the message handed out */
};

struct smtp_session;

struct smtp_session *smtp_session_new(const struct smtp_params *);
void smtp_session_free(struct smtp_session *);

/* Whether work that is added now can still go out: the session has not ended,
 * and the server has not said 421. */
bool smtp_session_takes_work(const struct smtp_session *);
/*
 * Work, in order.  What smtp_session_new adds by itself is setting up: greeting
 * and EHLO, STARTTLS and AUTH as the parameters say, SMTP_READY.  More may be
 * added at any time, also after SMTP_DONE.
 *
 * STARTTLS is not said where TLS is on or the policy does not want it.  AUTH's
 * credentials (one session has the same in all of them: replies are searched
 * for one secret) and mechanism (NULL: the best one) outlive the session.  What
 * is demanded and cannot be had ends it.
 *
 * The caller owns the transaction and its body until SMTP_DONE.  A command is
 * one line without CRLF and without controls.
 */
void smtp_session_starttls(struct smtp_session *, enum smtp_starttls policy);
void smtp_session_auth(struct smtp_session *, const struct sasl_credentials *,
    const char *mechanism);
void smtp_session_send(struct smtp_session *, struct smtp_transaction *);
void smtp_session_command(struct smtp_session *, const char *line);
void smtp_session_quit(struct smtp_session *);
/*
 * A conversation as somebody else says it (params.as_said).  Any reply to what
 * is said is taken as it is, none means more than it says, and EHLO, LHLO, MAIL
 * and RCPT are listened to for what AUTH and a message need to know.  STARTTLS
 * and AUTH are said whether they are offered or not, and end the session only
 * where they cannot be said.  Replies that nobody waits for yet are kept
 * once bytes were said.
 *
 * A command, which is one line without CRLF; `shown` is what SMTP_SENT and
 * SMTP_REPLY say of it.  n bytes as they are, which have no reply; over when
 * they were sent; secret: nobody else is shown them.  The next reply, to whatever
 * it may be.
 * flight: what comes next goes with it, whether the server pipelines or not.
 */
void smtp_session_say(
    struct smtp_session *, const char *line, const char *shown, bool flight);
void smtp_session_put(struct smtp_session *, const char *bytes, size_t n,
    bool secret, bool flight);
void smtp_session_await(struct smtp_session *, bool flight);

/* Bytes from the server.  At most smtp_session_room() of them. */
size_t smtp_session_room(const struct smtp_session *);
void smtp_session_receive(struct smtp_session *, const char *bytes, size_t n);
/* What is waiting to go; n is 0 when nothing is.  A later call gives the same
 * bytes until they were sent or the session has ended, but perhaps at another
 * place and with more behind them. */
void smtp_session_output(struct smtp_session *, const char **bytes, size_t *n);
void smtp_session_sent(struct smtp_session *, size_t n);
/* Of a message whose SMTP_COMMIT was raised last, and of all behind it, nothing
 * more goes out; what was to go before does, and is answered. */
void smtp_session_withhold(struct smtp_session *);
/* The body has nothing to give yet: wait for this descriptor, -1: no. */
int smtp_session_awaits_input(const struct smtp_session *);

/* TLS is up: capabilities are forgotten, EHLO is said again.  What it says of
 * the channel (NULL: nothing) outlives the session. */
void smtp_session_secured(struct smtp_session *, const struct sasl_binding *);
/* The stream is gone: an error of the transport's (a time-out, a reset), or
 * NULL when the server closed it.  What was received before counts only as far
 * as its events were pulled. */
void smtp_session_disconnected(struct smtp_session *, const struct error *);

bool smtp_session_event(struct smtp_session *, struct smtp_event *);
/* What is awaited, and the limit of RFC 5321 4.5.3.2 for it; 0: nothing is. */
int smtp_session_timeout(const struct smtp_session *, enum smtp_phase *);
const struct smtp_capabilities *
smtp_session_capabilities(const struct smtp_session *);
/* What the server said of itself, all lines of it (see reply.h): its greeting,
 * and its answer to EHLO or HELO in clear or under TLS; "": it has not. */
const char *smtp_session_greeting(const struct smtp_session *);
const char *smtp_session_hello(const struct smtp_session *, bool secure);
/* What the server did not take (535, RFC 4954 6), if that is why it ended; 0:
 * nothing. */
enum sasl_secret smtp_session_refused(const struct smtp_session *);
/* QUIT has gone out and nothing else is awaited. */
bool smtp_session_finished(const struct smtp_session *);

#endif
