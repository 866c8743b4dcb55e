/* boundary: see boundary.h. */
#include "mime/boundary.h"

#include <string.h>

#include "rfc5322/ident.h"

void
boundary_init(struct boundary *b, const struct ident *ident, unsigned n)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_";
	struct ident mixed = *ident;
	size_t i;

	/* No letter of the Message-ID: who sees one cannot tell the other. */
	ident_mix(&mixed, &n, sizeof(n));
	memset(b, 0, sizeof(*b));
	memcpy(b->stem, "=_", 2);
	for (i = 2; i < BOUNDARY_STEM; i++) {
		if (i == 2 + sizeof(mixed.random))
			ident_mix(&mixed, "", 1);
		b->stem[i] =
		    alphabet[mixed.random[(i - 2) % sizeof(mixed.random)] % 64];
	}
}

void
boundary_begin(struct boundary *b)
{
	b->tail_len = 0;
}

void
boundary_update(struct boundary *b, const char *bytes, size_t n)
{
	char edge[2 * BOUNDARY_STEM];
	size_t head = n < BOUNDARY_STEM ? n : BOUNDARY_STEM, len;

	if (n == 0 || b->stem[0] == '\0')
		return;
	memcpy(edge, b->tail, b->tail_len);
	memcpy(edge + b->tail_len, bytes, head);
	len = b->tail_len + head;
	b->found |= memmem(edge, len, b->stem, BOUNDARY_STEM) != NULL ||
	    memmem(bytes, n, b->stem, BOUNDARY_STEM) != NULL;
	if (n >= BOUNDARY_STEM) {
		memcpy(b->tail, bytes + n - BOUNDARY_STEM, BOUNDARY_STEM);
		b->tail_len = BOUNDARY_STEM;
		return;
	}
	b->tail_len = len < BOUNDARY_STEM ? len : BOUNDARY_STEM;
	memmove(b->tail, edge + len - b->tail_len, b->tail_len);
}

const char *
boundary_next(struct boundary *b, struct arena *a)
{
	return arena_printf(a, "%s%c", b->stem, (char)('a' + b->used++));
}
