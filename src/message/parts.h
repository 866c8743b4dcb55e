/*
 * parts: the tree of a composed message, nested as its readers expect:
 *
 *	multipart/mixed
 *	    multipart/alternative
 *		the text
 *		multipart/related
 *		    the HTML, what it shows
 *		the calendar
 *	    what is inline, if there is no HTML
 *	    attachments, the calendar as a file, messages forwarded
 *
 * with no multipart around a single part.
 */
#ifndef MESSAGE_PARTS_H
#define MESSAGE_PARTS_H

#include "message/draft.h"
#include "message/fields.h"

/* Fills in m->root.  If the message is reproducible, *ident depends on the
 * parts afterwards. */
int parts_make(struct message *, const struct message_params *,
    const struct fields *, struct ident *, struct error *);

#endif
