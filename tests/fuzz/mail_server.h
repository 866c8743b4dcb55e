/*
 * mail_server: any server that a client can meet, decided by the fuzzer, and
 * what the client was truly told, told apart from the program's own reading:
 * written from RFC 5321, 2033 (LMTP), 2920 (PIPELINING), 3030 (CHUNKING) and
 * draft-hall-prdr-00 (PRDR).
 *
 * The server reads commands and makes up replies: what a good one says, or
 * anything else.  What was made up counts when it is heard, and not before:
 * each whole reply answers the oldest command that was sent and not answered.
 * After a reply that no server may give nothing counts any more.
 */
#ifndef FUZZ_MAIL_SERVER_H
#define FUZZ_MAIL_SERVER_H

#include "fuzz/fuzz.h"

enum {
	TRANSFERS_MAX = 32,
	TRANSFER_TO_MAX = 8,
	QUESTIONS_MAX = 2048,
};

enum question_kind {
	ASKED_GREETING, /* what nobody asked */
	ASKED_HELLO,
	ASKED_STARTTLS,
	ASKED_AUTH, /* and each line of its exchange */
	ASKED_OTHER,
	ASKED_QUIT,
	ASKED_MAIL, /* from here on: of a transfer */
	ASKED_RCPT,
	ASKED_DATA,
	ASKED_MESSAGE, /* the dot */
	ASKED_CHUNK,
	ASKED_LAST,
};

/* Keywords of EHLO, as bits. */
enum {
	OFFERS_PIPELINING = 1 << 0,
	OFFERS_CHUNKING = 1 << 1,
	OFFERS_SIZE = 1 << 2,
	OFFERS_8BITMIME = 1 << 3,
	OFFERS_SMTPUTF8 = 1 << 4,
	OFFERS_STARTTLS = 1 << 5,
	OFFERS_AUTH = 1 << 6,
	OFFERS_PRDR = 1 << 7,
};

/* From one MAIL to the end of what follows it.  Codes are those heard, 0 when
 * none was. */
struct transfer {
	unsigned number; /* of MAIL FROM:<sNUMBER@x.test> */
	int mail, data;
	int chunk; /* the first one that was refused */
	int early; /* a refusal that came within the message or chunk */
	struct {
		unsigned number; /* of RCPT TO:<rTRANSFER.NUMBER@x.test> */
		int rcpt, verdict;
	} to[TRANSFER_TO_MAX];
	size_t count;
	bool prdr_asked;    /* by MAIL, */
	bool prdr;	    /* and 353 was heard */
	size_t verdicts;    /* heard, with LMTP or PRDR */
	bool whole;	    /* all of the message came, */
	struct buf message; /* which is this, without doubled dots */
};

struct question {
	enum question_kind kind;
	struct transfer *transfer;
	size_t to;     /* ASKED_RCPT */
	bool complete; /* all of it was sent */
};

struct mail_server {
	struct fuzz *fuzz;
	bool lmtp, secure;

	/* what comes from the client */
	struct buf line;
	bool in_message; /* after 354 was heard */
	bool in_chunk, chunk_last;
	uint64_t chunk_left;
	unsigned auth_lines; /* that are no commands */
	bool quit;

	/* what it is told */
	bool obliging;	    /* it says yes where good ones do not */
	bool open;	    /* MAIL was let in */
	bool prdr;	    /* which asked for PRDR */
	size_t taken;	    /* recipients since */
	bool chunk_refused; /* since */
	struct buf says;
	bool hangs_up; /* once all of `says` was heard */
	bool silent;   /* a reply was left out, or one too many given */

	/* what it has heard of it */
	struct buf heard; /* the beginning of a line */
	int code;	  /* of a reply that is not whole; 0: none is begun */
	unsigned offers;  /* keywords that were heard */
	struct question asked[QUESTIONS_MAX];
	size_t asked_first, asked_count;
	struct transfer transfers[TRANSFERS_MAX];
	size_t transfer_count;
	bool broken;  /* a reply that no server may give */
	bool closing; /* 421 */
	bool refused; /* some 5yz */
	bool rset_refused;
	bool uncertain; /* too odd for this model to tell */
};

void mail_server_init(struct mail_server *, struct fuzz *, bool lmtp);
void mail_server_clear(struct mail_server *);
void mail_server_greet(struct mail_server *);
/* Bytes from the client. */
void mail_server_take(struct mail_server *, const char *bytes, size_t n);
/* The client is given the first n bytes of `says`, and has them now. */
void mail_server_heard(struct mail_server *, const char *bytes, size_t n);
/* TLS begins: what was said before is no more. */
void mail_server_secured(struct mail_server *);
/* Whether a message has come, and no verdict on it was heard yet that would
 * decide what became of somebody. */
bool mail_server_owes(const struct mail_server *);

/* Of the files mail_server*.c alone: a question that is asked, the one whose
 * answer is next (NULL: none), and a reply that is made up. */
struct question *mail_server_ask(struct mail_server *, enum question_kind);
struct question *mail_server_oldest(struct mail_server *);
void
mail_server_reply(struct mail_server *, enum question_kind, const char *line);

#endif
