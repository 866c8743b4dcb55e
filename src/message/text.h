/*
 * text: a leaf that is text, and which charset that text is truly in.
 */
#ifndef MESSAGE_TEXT_H
#define MESSAGE_TEXT_H

#include "message/draft.h"
#include "mime/boundary.h"

struct text {
	/* in */
	const char *charset; /* that it is said to be in; NULL: nobody looks
				into it, it may be anything */
	bool by_option;	     /* --charset would have said otherwise */
	bool ascii;	     /* it is said to be no more than US-ASCII */
	struct boundary *boundary; /* to be looked for in it */
	/* out */
	const char *label; /* for a Content-Type field: the charset, or
			      "us-ascii" if that says it all; NULL: none */
	bool wrong;	   /* it is not in that charset */
	uint64_t wrong_at; /* offset of the first byte that is not */
};

/* Scans the leaf, whose input lasts or is spooled.  EX_USAGE: no such charset.
 * What is wrong with the text is not an error yet. */
int
text_scan(struct arena *, struct mime_part *, struct text *, struct error *);
/* EX_DATAERR: that it holds a NUL, or is not in its charset; 0: it is fine. */
int text_check(const struct mime_part *, const struct text *, struct error *);

#endif
