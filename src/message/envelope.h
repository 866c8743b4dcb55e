/*
 * envelope: whom a message is for and where its failures go to (RFC 5321
 * section 2.3.1).
 */
#ifndef MESSAGE_ENVELOPE_H
#define MESSAGE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"

#include "rfc5322/address.h"

/* Recipients in order, each once.  {.arena = a} is empty. */
struct envelope {
	struct arena *arena;
	struct address *recipients;
	size_t count, capacity;
	uint32_t *slots; /* hash table of indexes + 1, 0: free */
	size_t slot_count;
	bool utf8; /* one of them needs SMTPUTF8 */
};

/* EX_USAGE: one that is there already has other parameters; one that has none
 * takes them over.  The list's array may become the envelope's, and does not
 * change any more. */
int
envelope_add(struct envelope *, const struct address_list *, struct error *);

/* The reverse-path "" or "<>" (the null one), or one address, as RFC 5321
 * writes it, without angle brackets. */
int envelope_reverse_path(struct arena *, const char *text, const char *domain,
    const char *what, const char **out, bool *utf8, struct error *);

#endif
