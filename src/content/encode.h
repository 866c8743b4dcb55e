/*
 * encode: content transfer encodings (RFC 2045 section 6) as sources that
 * stand upon the source they encode.
 *
 * Each owns the source below and frees it; each can be rewound if that one
 * can, and passes on its errors and its SOURCE_AGAIN.  The bytes do not
 * depend on the sizes in which they are read.
 */
#ifndef CONTENT_ENCODE_H
#define CONTENT_ENCODE_H

#include <stdbool.h>

#include "lib/source.h"

/* Text in canonical form: LF becomes CRLF, CRLF stays; any other CR stays too,
 * or (cr_ends) becomes CRLF; a last line without an end gets one, unless
 * `open_end`.  Nothing stays nothing. */
struct source *encode_lines(struct source *below, bool cr_ends, bool open_end);
/* From canonical text, whose CRLF stay line ends; or from any bytes (binary),
 * of which CR and LF are encoded like others (RFC 2045 6.7 rule 4). */
struct source *encode_quoted_printable(struct source *below, bool binary);
/* Lines of 76 characters (RFC 2045 6.8), each with CRLF. */
struct source *encode_base64(struct source *below);

#endif
