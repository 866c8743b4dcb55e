/*
 * author: the addresses that an account is for, and how well one of them fits.
 *
 * An address is taken as a setting has it, with or without a display name
 * before it in angle brackets.  A `*` outside of quotation marks makes it a
 * pattern, where it stands for any characters, or none.  Capitals of ASCII make
 * no difference: a local part may have them for its host (RFC 5321 2.4), but who
 * types his own address with one is no other author, and nothing is sent by
 * what is compared here.  Domains are compared in their ASCII form, so that a
 * U-label and its A-label are the same (RFC 5890).
 */
#ifndef OPTIONS_AUTHOR_H
#define OPTIONS_AUTHOR_H

#include <stdbool.h>
#include <stdint.h>

bool author_is_pattern(const char *setting);
/* 0: the address is another one; AUTHOR_EXACT: it is the same, AUTHOR_SAME: but
 * for capitals in the local part; else how many characters of it a pattern names,
 * and one. */
enum { AUTHOR_EXACT = INT32_MAX, AUTHOR_SAME = AUTHOR_EXACT - 1 };
int author_fit(const char *setting, const char *address);

#endif
