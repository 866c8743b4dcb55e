/*
 * author: the addresses that an account is for, and how well one of them fits.
 *
 * An address is taken as a setting has it, with or without a display name
 * before it in angle brackets.  A `*` outside of quotation marks makes it a
 * pattern, where it stands for any characters, or none.  Local parts are
 * compared as they are, domains without regard to capitals, and in their ASCII
 * form, so that a U-label and its A-label are the same (RFC 5890).
 */
#ifndef OPTIONS_AUTHOR_H
#define OPTIONS_AUTHOR_H

#include <stdbool.h>
#include <stdint.h>

bool author_is_pattern(const char *setting);
/* 0: the address is another one; AUTHOR_EXACT: it is the same; else how many
 * characters of it a pattern names, and one. */
enum { AUTHOR_EXACT = INT32_MAX };
int author_fit(const char *setting, const char *address);

#endif
