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
/* What is held back, the end of the last line, and the empty line behind the
 * entry. */
void mbox_end(struct mbox *, struct buf *out);

#define MBOX_SEPARATOR 512 /* octets of a line that are looked at */
/*
 * Whether a line of n octets, or its beginning, without its end, is one that
 * stands in front of an entry: "From ", any sender, and a date.  As programs
 * differ, that is a day of the week, then month and day of the month or the
 * other way round, and among the next words a time with or without seconds
 * and a year of four digits, whatever stands for a zone.
 * *sender: the octets behind "From " that are the sender; NULL: not asked.
 */
bool mbox_is_separator(const char *line, size_t n, size_t *sender);

/* Looks for the line in front of another entry: mbox_is_separator behind an
 * empty line.  `struct mbox_search s = {0}`. */
struct mbox_search {
	char
	    line[MBOX_SEPARATOR]; /* the beginning of one behind an empty one */
	size_t len;
	uint64_t column; /* octets of this line, CR apart */
	bool after_empty;
	uint64_t lines; /* so far */
	uint64_t found; /* the line it is, counted from 1; 0: none */
};
void mbox_search_update(struct mbox_search *, const char *bytes, size_t n);

#endif
