/*
 * texts: what servers said of recipients, kept for the report within bounds,
 * so that ten thousand refusals of 64 KiB each neither fill the memory nor the
 * terminal.
 *
 * Equal texts are kept once.  Of a text SMTP_TEXT_MAX octets are kept at most,
 * and SMTP_TEXT_SHORT of a long one that was kept before, or that comes when
 * SMTP_TEXTS_MAX octets of long ones are there; a last line says how many
 * octets were left out.  Short ones are always kept whole.
 *
 * `struct smtp_texts t = {.arena = a}` is empty.  The texts live in the arena.
 */
#ifndef SMTP_TEXTS_H
#define SMTP_TEXTS_H

#include <stddef.h>

#include "lib/arena.h"

enum {
	SMTP_TEXT_SHORT = 256,
	SMTP_TEXT_MAX = 4096,
	SMTP_TEXTS_MAX = 1024 * 1024,
};

struct smtp_texts {
	struct arena *arena;
	const char **table; /* open addressing; NULL: free */
	size_t count, cap;  /* cap is a power of two, or 0 */
	size_t long_octets; /* of the long ones that were kept */
};

/* The text, or as much of it as is kept; good as long as the arena. */
const char *smtp_texts_keep(struct smtp_texts *, const char *text);
void smtp_texts_clear(struct smtp_texts *); /* the table */

#endif
