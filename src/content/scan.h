/*
 * scan: what kind of bytes a text is made of, counted as it goes by in
 * pieces.  The result does not depend on the sizes of the pieces.
 */
#ifndef CONTENT_SCAN_H
#define CONTENT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum { SCAN_LINE_MAX = 998 }; /* RFC 5322 2.1.1, without its end */

/* What may keep bytes from going out as they are. */
enum scan_oddity {
	SCAN_NUL,
	SCAN_BARE_CR,	/* not followed by LF */
	SCAN_LONG_LINE, /* over SCAN_LINE_MAX octets */
	SCAN_EIGHT_BIT, /* a byte over 127 */
	SCAN_ODDITIES,
};

/* A UTF-8 sequence that is not complete yet. */
struct scan_utf8 {
	uint64_t begin;		 /* its offset */
	unsigned char more;	 /* bytes that it still needs */
	unsigned char low, high; /* what the next of them may be */
};

struct scan {
	/* Set behind scan_begin: a CR alone ends a line.  It is counted as
	 * SCAN_BARE_CR all the same, and not in `lines`: the numbers of lines
	 * are those of editors and of grep -n, for which only LF ends one. */
	bool cr_ends;
	uint64_t bytes;
	uint64_t lines;	  /* line ends, LF and CRLF */
	uint64_t crlf;	  /* those which are CRLF */
	uint64_t longest; /* octets in the longest line, without its end */
	uint64_t count[SCAN_ODDITIES];
	uint64_t first[SCAN_ODDITIES]; /* number of the line where it is */
	uint64_t ill_formed; /* offset of what is not UTF-8, plus 1; 0: none */

	/* where it is now */
	uint64_t line_before; /* number of the line before the first one */
	uint64_t column; /* octets in this line, a CR at its end included */
	bool cr;	 /* the last byte was a CR */
	bool is_long;	 /* this line has been counted as long */
	struct scan_utf8 utf8;
};

/* `line`: the number of the first line, for messages. */
void scan_begin(struct scan *, uint64_t line);
void scan_update(struct scan *, const char *bytes, size_t n);
void scan_end(struct scan *);

/* The size in canonical form: CRLF at the end of every line. */
uint64_t scan_canonical_size(const struct scan *);
/* Whether the text seen so far can be the beginning of the one that `whole`
 * is the result of, and whether it is all of it. */
bool scan_within(const struct scan *so_far, const struct scan *whole);
bool scan_equal(const struct scan *, const struct scan *);
/* EX_DATAERR with the line, if it holds NUL, bare CR (but if they end lines),
 * long lines or, where they are not allowed, bytes over 127; else 0. */
int scan_check(
    const struct scan *, const char *name, bool eight_bit, struct error *);
/* The same for a complete message, of which the hint says what mends it. */
int scan_check_message(
    const struct scan *, const char *name, bool eight_bit, struct error *);

#endif
