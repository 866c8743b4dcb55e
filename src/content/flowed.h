/*
 * flowed: text for the parameter format=flowed (RFC 3676), without DelSp.
 */
#ifndef CONTENT_FLOWED_H
#define CONTENT_FLOWED_H

#include <stddef.h>

#include "lib/buf.h"

enum {
	FLOWED_COLUMNS = 72, /* that a line may have (RFC 3676 4.2) */
	FLOWED_DEPTH = 40,   /* of quoting, up to which lines are broken */
};

/*
 * Appends n bytes of text, in any charset that extends ASCII, to *out as
 * flowed text with LF line ends.  Each line of the text (ended by LF or CRLF,
 * the last maybe by nothing, and so it stays) is one paragraph, so that a
 * reader who joins what is flowed gets the lines back, without spaces at their
 * ends:
 * - A line longer than 72 columns is broken behind spaces, never within a
 *   word.  A character is a column, or a byte is, if the line is not UTF-8.
 * - A line that begins with ">" is quoted, as deep as it has ">" (4.5); all it
 *   is broken into is quoted as deep.  "> > a" is depth 1 by the RFC: its text
 *   "> a" is not touched.  Deeper than FLOWED_DEPTH, lines are not broken.
 * - What begins with a space, "From " or a ">" that is no quote is
 *   space-stuffed (4.4).
 * - "-- " alone, quoted or not, stays: it is the signature's line (4.3); none
 *   is made by breaking.
 * 0, or -1 if *out has no room.
 */
int flowed_encode(const char *text, size_t n, struct buf *out);

#endif
