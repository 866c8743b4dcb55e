/*
 * answer: what a message takes over from the one that it answers (RFC 5322
 * section 3.6.4): In-Reply-To, References and the subject.
 */
#ifndef MESSAGE_ANSWER_H
#define MESSAGE_ANSWER_H

#include "message/draft.h"

/* Of message identifiers, separated by blanks; NULL: it answers none. */
struct answer {
	const char *in_reply_to;
	const char *references;
	const char *subject;  /* "Re: ..." in UTF-8; NULL: not known */
	bool subject_encoded; /* encoded words in it are not text: they could
				 not be decoded, and stay */
};

/* From the params' in_reply_to or answered.  EX_USAGE: no Message-ID;
 * EX_DATAERR: a file that is no message, or has none. */
int answer_read(struct message *, const struct message_params *,
    struct answer *, struct error *);

#endif
