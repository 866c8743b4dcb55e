/*
 * unescape: characters that a server writes in another way: %41, =41, +41, \x41,
 * \101, \u0041, \A, &#65; or &amp;.
 */
#ifndef LIB_UNESCAPE_H
#define LIB_UNESCAPE_H

#include <stddef.h>

/* One of these begins each of them. */
extern const char unescape_signs[];

/* How many of the n (at least 1) characters at s stand for one, which becomes
 * *c; 0: the first one stands for itself. */
size_t unescape(const char *s, size_t n, unsigned char *c);

#endif
