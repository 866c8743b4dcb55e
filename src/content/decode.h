/*
 * decode: content transfer encodings (RFC 2045 section 6) undone, as sources
 * that stand upon the source they decode; see encode.h for what they own.
 *
 * They are as forgiving as readers of mail are: whatever the bytes are,
 * something comes out, and the same whatever the sizes are in which they are
 * read.
 */
#ifndef CONTENT_DECODE_H
#define CONTENT_DECODE_H

#include "lib/source.h"

/* What is not of the alphabet is ignored (RFC 2045 6.8); padding ends a group
 * of four, and not the text. */
struct source *decode_base64(struct source *below);
/* Canonical text: line ends come out as CRLF, soft ones not at all.  A "=" that
 * begins no encoded byte stands for itself; white space before a line end goes
 * (RFC 2045 6.7). */
struct source *decode_quoted_printable(struct source *below);

#endif
