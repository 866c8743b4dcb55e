/*
 * script_raw: whether a message went by lines and bytes of a script, that is,
 * not by DATA or BDAT as exchanges, and what became of it.
 *
 * What goes out is followed as a server would: DATA and a lone dot, BDAT with
 * LAST and all its octets.  A message that was ended may be delivered until it
 * was answered: once, in LMTP for each recipient (RFC 2033 4.2), after 353 for
 * each and for all.
 */
#ifndef COMMAND_SCRIPT_RAW_H
#define COMMAND_SCRIPT_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum script_raw_at { RAW_COMMAND, RAW_MESSAGE, RAW_CHUNK };

/* All zero: nothing went out. */
struct script_raw {
	enum script_raw_at at;
	char line[40];	  /* the beginning of the line that is not complete */
	size_t length;	  /* of the whole of it */
	uint64_t octets;  /* RAW_CHUNK: still to come */
	bool last;	  /* RAW_CHUNK: the message ends with it */
	bool go_ahead;	  /* DATA was answered 354; BDAT needs nothing */
	unsigned before;  /* replies that come before that to DATA or BDAT */
	unsigned pending; /* other commands that went as bytes, unanswered */

	bool lmtp;	  /* LHLO was answered 2yz */
	unsigned taken;	  /* RCPT that were since MAIL */
	bool ended;	  /* a message did, and is not answered as a whole */
	unsigned answers; /* that are still to come, 0: nobody knows */
	bool answered;	  /* one has come */
	bool accepted;	  /* a message was */
};

/* Bytes, or a command (without CRLF). */
void script_raw_sent(struct script_raw *, const char *bytes, size_t n);
void script_raw_said(struct script_raw *, const char *command);
/* A reply, to a command (without CRLF) or (NULL) to what was sent before. */
void script_raw_heard(struct script_raw *, const char *command, int code);
/* A message may have been delivered, and it is not known. */
bool script_raw_unknown(const struct script_raw *, bool lost);

#endif
