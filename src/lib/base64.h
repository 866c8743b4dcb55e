/*
 * base64: RFC 4648 section 4, on one line and with padding.
 */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include "lib/buf.h"

/* The values of the characters, with BASE64_DIGIT added; 0 for what is none. */
extern const unsigned char base64_values[256];
enum { BASE64_DIGIT = 64 };

/* 0, or -1 when there is no room, with nothing appended.  The bytes of `out`
 * move once at most: what is secret can be wiped. */
int base64_encode(struct buf *out, const void *bytes, size_t n);
/* -1, too, for what is not the base64 of anything: then something of it may
 * have been appended. */
int base64_decode(struct buf *out, const char *text, size_t n);

#endif
