/*
 * responder: the server's side of one SMTP connection (RFC 5321 4), without I/O,
 * clock or environment: bytes of the client in, replies for it out, events for
 * the caller, who decides what is taken.
 *
 * The caller's loop:
 *
 *	while responder_event(r, &e): deal with it; responder_answer if it is
 *	    one of those that ask
 *	write r->out, and empty it
 *	responder_receive(r, what came)
 *
 * Commands are read one by one, however they are cut into pieces or put
 * together (RFC 2920); nothing behind one that asks is looked at until it is
 * answered.  What the client may not say, or not now (4.1.4), is answered here
 * and makes no event.  MAIL without EHLO or HELO is taken, as all servers on a
 * pipe do.
 *
 * A command's line may end in LF alone.  A message ends at CRLF "." CRLF and
 * nothing else (4.1.1.4), or somebody who writes a part of it could begin a
 * second one: a client that sends CRLF leaves lines with LF alone as they are.
 * But of a client whose DATA line ended in LF alone, who does not know of CR,
 * each LF ends a line, of the message too.  What ends its lines nobody decides
 * who writes a message.
 */
#ifndef SMTP_RESPONDER_H
#define SMTP_RESPONDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

enum {
	/* Octets of a command with its line end: RFC 5321 4.5.3.1.4 has 512, and
	 * what extensions add. */
	RESPONDER_LINE_MAX = 4096,
	RESPONDER_PATH_MAX = 256,	  /* 4.5.3.1.3, brackets included */
	RESPONDER_RECIPIENTS_MAX = 10000, /* of one message; 452 to more */
};

enum responder_event_type {
	/* Each of these waits for responder_answer. */
	RESPONDER_MAIL,
	RESPONDER_RCPT,
	RESPONDER_DATA, /* 354, or why not */
	RESPONDER_END,	/* the message is complete */
	/* These do not. */
	RESPONDER_TEXT,	 /* octets of it, the dots undone */
	RESPONDER_RESET, /* MAIL and all that followed it is void */
	RESPONDER_QUIT,
};

/* Texts live until the next call. */
struct responder_event {
	enum responder_event_type type;
	/* MAIL, RCPT: without the brackets and a source route; not judged but for
	 * its length and the characters in it.  "": the null one. */
	const char *path;
	/* Of MAIL: */
	uint64_t size;	   /* SIZE=; 0: not said */
	const char *ret;   /* RET= (RFC 3461 4.3), NULL: not said */
	const char *envid; /* ENVID=, as it was said: xtext */
	/* Of RCPT: */
	const char *notify; /* NOTIFY= (RFC 3461 4.1) */
	const char *orcpt;  /* ORCPT=, type and xtext */
	/* TEXT: */
	const char *bytes;
	size_t n;
};

enum responder_state {
	RESPONDER_COMMANDS,
	RESPONDER_ASKING, /* an answer is awaited */
	RESPONDER_MESSAGE,
	RESPONDER_OVER,
};

/* Where in a line of the message the next octet stands. */
enum responder_place {
	RESPONDER_BEGIN,
	RESPONDER_DOT,	  /* behind a dot that began it, */
	RESPONDER_DOT_CR, /* and a CR behind that */
	RESPONDER_WITHIN,
};

struct responder {
	struct buf out; /* the caller writes it and empties it */

	/* The rest is its own. */
	const char *name;
	uint64_t size_max;
	struct buf in;
	size_t at; /* of it, what was read */
	struct buf line;
	bool overlong; /* the rest of this line is dropped */
	enum responder_state state;
	enum responder_event_type asked;
	bool mail; /* a transaction is open; it has: */
	bool utf8; /* SMTPUTF8 */
	size_t accepted, refused;
	bool bare; /* lines of the message end in LF alone */
	enum responder_place place;
	char last; /* octet of the message */
};

/* The name lives as long as the responder; size_max is what SIZE offers (RFC
 * 1870), 0: no bound.  The greeting is in `out` then. */
void responder_init(struct responder *, const char *name, uint64_t size_max);
void responder_clear(struct responder *);

void responder_receive(struct responder *, const char *bytes, size_t n);
/* False: nothing more until there is more to receive. */
bool responder_event(struct responder *, struct responder_event *);
/*
 * The answer to what was asked: 2yz (DATA: 354) takes it.  The text may have
 * lines and any octets; enhanced code "": the one that the text begins with,
 * else a plain one of the class.  421 ends the session.
 */
void responder_answer(
    struct responder *, int code, const char *enhanced, const char *text);
/* 421 out of turn: the session is over. */
void
responder_close(struct responder *, const char *enhanced, const char *text);
/* After QUIT or 421. */
bool responder_is_over(const struct responder *);
/* A message has begun and is not complete. */
bool responder_in_message(const struct responder *);

#endif
