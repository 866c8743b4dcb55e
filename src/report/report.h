/*
 * report: what a user and a script are told, as text or as JSON.
 *
 * The functions append to a buf, so that who calls decides where it goes and
 * what a failed write means; all text from outside is made printable.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#include "report/outcome.h"

/* How long each phase took, in the order of enum smtp_phase. */
enum { REPORT_PHASES = SMTP_PHASE_QUIT + 1 };

/* What a server answered to a command of the user's. */
struct report_answer {
	const char *command; /* NULL: to nothing that was said */
	uint64_t line;	     /* of the script; 0: of none */
	int code;
	char enhanced[12];
	const char *text;  /* lines joined by '\n'; NULL: there is none */
	const char *error; /* what is wrong with it, or instead of it; NULL */
};

/* What bars are drawn on.  All zero: 80 columns of ASCII. */
struct report_canvas {
	unsigned columns; /* of the terminal, 0: there is none */
	bool utf8, colour;
};

/* A server that was tried before the one that the report is of. */
struct report_tried {
	const char *server;
	const char *address;	   /* where we were connected, or "" */
	const struct error *error; /* why it was left; begins with its name */
	/* For the same one, not for the next: without TLS, without our
	 * certificate */
	bool clear_next, bare_next;
	const char *account, *next_account; /* whose it is, and whose the one
					       after it; NULL: of none */
};

struct report_info; /* info.h */

struct report {
	const char *program; /* the name in front of each line */
	const char *server;  /* as it was named */
	const char *account; /* whose it is; NULL: of none */
	const char *host;    /* its host, "" if it has none */
	const char *proxy;   /* what leads there, NULL: nothing */
	const char *address; /* where we were connected, "" if we were not */
	unsigned port;
	const char *tls_version, *tls_cipher; /* NULL: clear */
	const char *tls_unverified; /* why the certificate was not verified; "":
				       it was; NULL: clear */
	int64_t tls_expires;	    /* when it ends; -1: unknown */
	int64_t now;		    /* in the same seconds */
	bool tls_resumed;      /* a session that an earlier run had verified */
	const char *tls_cache; /* why none can be kept, or NULL */
	const char *tls_trust; /* what a verified server is known by, as --json
				  says it; NULL: it is not verified, or clear */
	const char *tls_pin;   /* SHA-256 of its key, base64; NULL: clear */
	const char *tls_own;   /* what became of our certificate; NULL: none */
	const struct report_tried *tried; /* in order */
	size_t tried_count;

	const struct smtp_recipient *recipients;
	size_t recipient_count;
	const struct smtp_parameters *parameters; /* asked for of MAIL */
	struct outcome outcome;
	const struct error *error; /* why the connection ended early, or NULL */
	bool has_user;		   /* the call names one */
	bool hints; /* wanted: the next step after a refusal, if one is known */
	const char *message_id;
	bool check; /* nothing was to be sent: RCPT decided */
	const char
	    *queued;	 /* what was put off: its ID in the outbox, or NULL */
	bool for_system; /* … and the system's flush is to send it */
	bool expired; /* it has waited for too long, and is not tried again */
	const char *saved; /* where a copy of the message is, or NULL */
	uint64_t bytes;	   /* octets of the message handed out */
	unsigned round_trips;
	const int64_t *phase_us; /* REPORT_PHASES of them */
	struct report_canvas canvas;

	/* Of a query, which has no recipients and no message. */
	const struct report_answer *answers;
	size_t answer_count;
	bool query;
	/* Of a look at the server, which has neither; NULL: it is none. */
	const struct report_info *info;
};

/* What to do for the first one who was not accepted; NULL: that is not known, or
 * the error says it. */
const char *report_next_step(const struct report *);
/* One error with its hints, as lines on standard error. */
void report_error(struct buf *out, const char *program, const struct error *);
/* "bob@x: refused: 550 No such user", a line. */
void report_recipient(struct buf *out, const struct smtp_recipient *);
/* The same as sendmail(8) has it: "bob@x... refused: 550 No such user". */
void report_verified(
    struct buf *out, const struct report *, const struct smtp_recipient *);
/* Refusals, then the sum; nothing for a full success unless verbose. */
void report_text(struct buf *out, const struct report *, bool verbose);
/* Of a message that was not sent: what was said of each recipient, or why
 * nothing was, which is told as of one that was to be sent; verbose, the way that
 * led there before it. */
void report_check(
    struct buf *answers, struct buf *told, const struct report *, bool verbose);
/* The servers that were tried before and, verbose, what TLS did not verify. */
void report_way(struct buf *out, const struct report *, bool verbose);
/* How long each phase took, as bars, of which the longest fills the canvas;
 * those of the envelope (MAIL, RCPT, RSET) are one. */
void report_timing(struct buf *out, const struct report *);
/* One object, version 1 (see the manual).  -1 with *err when the library
 * that writes JSON is not there. */
int report_json(struct buf *out, const struct report *, struct error *);
/* One object for a reply in a script, version 1 (see the manual). */
int report_json_reply(
    struct buf *out, const struct report_answer *, struct error *);
/* Opens what report_json needs, so that its absence is known beforehand. */
int report_json_available(struct error *);

/* The name under which the server queued a message, from its last reply
 * (Postfix, Exim, OpenSMTPD, Sendmail, Haraka …); "" when none is seen. */
void report_queue_id(const char *text, char *out, size_t size);

/* A reply's lines as they came, each with its code and a final newline. */
void report_reply(
    struct buf *out, const char *prefix, int code, const char *text, size_t n);

#endif
