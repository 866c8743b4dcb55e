/*
 * mbox: a message as an entry of a mailbox file (RFC 4155), quoted in such a
 * way that it can be undone (the form that is known as mboxrd): a line that
 * begins with "From ", or with that behind any number of ">", gets one more.
 */
#ifndef CONTENT_MBOX_H
#define CONTENT_MBOX_H

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
/* Looks for the line in front of another entry (RFC 4155): behind an empty
 * line, with "From " and a day of the week.  `struct mbox_search s = {0}`. */
struct mbox_search {
	char line[120]; /* the beginning of the line behind an empty one */
	size_t len;
	uint64_t column; /* octets of this line, CR apart */
	bool after_empty;
	uint64_t lines; /* so far */
	uint64_t found; /* the line it is, counted from 1; 0: none */
};
void mbox_search_update(struct mbox_search *, const char *bytes, size_t n);

/* What is held back, the end of the last line, and the empty line behind the
 * entry. */
void mbox_end(struct mbox *, struct buf *out);

#endif
