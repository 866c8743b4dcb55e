/*
 * preview: what a reader of a message sees, as text in UTF-8: the fields that
 * readers show, the text (of several forms the plain one, else the HTML as
 * text), a line for each attachment, and forwarded messages, indented.
 *
 * Nothing in it moves the cursor of a terminal: controls are shown as \xHH,
 * but for line ends and tabs.
 */
#ifndef MESSAGE_PREVIEW_H
#define MESSAGE_PREVIEW_H

#include "lib/buf.h"
#include "lib/error.h"

#include "content/input.h"

enum {
	PREVIEW_TEXT_MAX = 1 << 20, /* octets shown of one text */
	PREVIEW_MAX = 16 << 20,	    /* and of all; a line says so */
	PREVIEW_DEPTH = 8,	    /* messages within messages */
};

/* The message is all of an input whose bytes can be read again.  Any bytes are
 * a message; -1: they cannot be read. */
int preview_render(struct input *, struct buf *out, struct error *);

#endif
