/* flowed_decode: format=flowed text (RFC 3676) as its reader sees it. */
#ifndef CONTENT_FLOWED_DECODE_H
#define CONTENT_FLOWED_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/*
 * Appends the text with its paragraphs joined, in lines that end with LF;
 * quoted ones begin with as many ">" as they are deep, and a space.  delsp:
 * the space before a soft line end is no part of the text (RFC 3676 4.2).
 */
int flowed_decode(const char *text, size_t n, bool delsp, struct buf *out);

#endif
