/*
 * letter: the small letter of a capital, in any script (Unicode 3.13, simple
 * case folding).
 */
#ifndef LIB_LETTER_H
#define LIB_LETTER_H

#include <stddef.h>

enum { LETTER_MAX = 4 }; /* octets of a character */

/*
 * s begins with a character of UTF-8 beyond ASCII, which is whole in these n
 * bytes: its length.  0: it does not.  out gets what its capital and its small
 * letter have in common, of the same length; a pair that differs in length stays
 * apart.
 */
size_t letter_fold(const char *s, size_t n, char out[LETTER_MAX]);

#endif
