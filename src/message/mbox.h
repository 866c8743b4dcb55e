/*
 * mbox: a message as an entry of a mailbox file (RFC 4155), quoted in such a
 * way that it can be undone (the form that is known as mboxrd): a line that
 * begins with "From ", or with that behind any number of ">", gets one more.
 */
#ifndef MESSAGE_MBOX_H
#define MESSAGE_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct mbox {
	bool inside;   /* of a line whose beginning has been looked at */
	size_t angles; /* ">" held back */
	size_t from;   /* letters of "From " held back behind them */
};

/* The line in front of an entry.  sender: a reverse-path, "" the null one;
 * now: seconds since the epoch. */
void mbox_separator(struct buf *out, const char *sender, int64_t now);
/* The message goes by in pieces, with LF as line end; `struct mbox m = {0}` is
 * its beginning. */
void mbox_update(struct mbox *, const char *bytes, size_t n, struct buf *out);
/* What is held back, the end of the last line, and the empty line behind the
 * entry. */
void mbox_end(struct mbox *, struct buf *out);

#endif
