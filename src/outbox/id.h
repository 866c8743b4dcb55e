/*
 * id: what a message in the outbox is called: 16 letters and digits that are
 * hard to confuse (Crockford's base32, in lower case), of which the first 11
 * are the time in microseconds, so that they sort by it, and the last five are
 * chance.
 */
#ifndef OUTBOX_ID_H
#define OUTBOX_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { OUTBOX_ID_SIZE = 17 }; /* with NUL */

/* `us` since 1970; `chance`: 25 bits of it count. */
void outbox_id_make(char id[OUTBOX_ID_SIZE], uint64_t us, uint32_t chance);
bool outbox_id_is(const char *name);
/* Whether a user means this one: he gives its beginning, or its end, in which
 * they differ sooner; in capitals, too.  "" means none. */
bool outbox_id_matches(const char *id, const char *given);

#endif
