/*
 * journal_keys: millions of keys with four bits each, in 8 bytes a key and what
 * a hash table leaves empty: 12 at most, growing included.
 *
 * A key is the upper 60 bits of its hash, whose bits are as good as random.
 */
#ifndef BATCH_JOURNAL_KEYS_H
#define BATCH_JOURNAL_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum { JOURNAL_KEYS_PARTS = 256, JOURNAL_KEYS_BITS = 15 };

/* All zero: empty.  Each part grows by itself, so that what is copied then is
 * small beside the whole. */
struct journal_keys {
	struct journal_keys_part {
		uint64_t *slots; /* key and bits; 0: free */
		uint32_t size, used;
	} parts[JOURNAL_KEYS_PARTS];
};

/* Its bits; 0: it is not there. */
unsigned journal_keys_get(const struct journal_keys *, uint64_t hash);
/* Takes bits away and adds others, so that some are left.  Returns those that
 * it had. */
unsigned journal_keys_change(
    struct journal_keys *, uint64_t hash, unsigned away, unsigned add);
size_t journal_keys_bytes(const struct journal_keys *); /* allocated */
void journal_keys_clear(struct journal_keys *);

#endif
