/*
 * secret: bytes that must not be seen; zeroed when freed.
 *
 * A secret is never printed, logged or copied into anything but a buffer
 * that is itself wiped.
 */
#ifndef LIB_SECRET_H
#define LIB_SECRET_H

#include <stddef.h>

struct secret {
	char *bytes; /* NUL behind them; NULL: there is none */
	size_t len;
};

void secret_set(struct secret *s, const char *bytes, size_t n);
void secret_clear(struct secret *s);
void secret_wipe(void *bytes, size_t n); /* not optimised away */

#endif
