/* enhanced: enhanced status codes (RFC 3463 2), where text is all there is. */
#ifndef LIB_ENHANCED_H
#define LIB_ENHANCED_H

#include <stddef.h>

/* The length of "class.subject.detail" at s, at most 9; 0 if it is none. */
size_t enhanced_length(const char *s, size_t n, char class);

#endif
