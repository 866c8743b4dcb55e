/*
 * xtext: text in a parameter of SMTP, where blanks, '+' and '=' cannot stand.
 */
#ifndef LIB_XTEXT_H
#define LIB_XTEXT_H

#include "lib/buf.h"

/* RFC 3461 4: visible ASCII but for '+' and '=' stays, of the rest each octet
 * is "+HH".  0, or -1 when there is no room. */
int xtext_encode(struct buf *out, const char *text);
/* RFC 6533 3, utf-8-addr-xtext: '\' is none of those that stay, and each
 * character of the rest is "\x{HH}".  -1, too, for what is not UTF-8. */
int xtext_encode_utf8(struct buf *out, const char *text);

#endif
