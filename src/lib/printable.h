/*
 * printable: text from outside, made safe for a terminal, a log or JSON.
 *
 * Well-formed UTF-8 stays; C0 and C1 controls, DEL, bidirectional controls,
 * line and paragraph separators and ill-formed bytes become \xHH (per byte),
 * tab and newline become \t and \n, a backslash stays as it is.
 */
#ifndef LIB_PRINTABLE_H
#define LIB_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

int printable_append(struct buf *b, const char *bytes, size_t n);
/* The length of the well-formed UTF-8 sequence at s (1 to 4), 0 if none is;
 * *rune gets its value.  Overlong forms and surrogates are ill-formed. */
size_t printable_utf8(const char *s, size_t n, uint32_t *rune);
/* Whether all of it is well-formed UTF-8. */
bool printable_is_utf8(const char *s, size_t n);

#endif
