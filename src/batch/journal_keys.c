#include "batch/journal_keys.h"

#include <stdlib.h>

#include "lib/memory.h"

static const uint64_t key_mask = ~(uint64_t)JOURNAL_KEYS_BITS;

/* The upper octet chooses the part. */
static unsigned
part_of(uint64_t hash)
{
	return (unsigned)(hash >> 56);
}

/* Its slot, or the free one that it would have; some slot is free. */
static uint64_t *
find(const struct journal_keys_part *part, uint64_t hash)
{
	uint64_t key = hash & key_mask;
	size_t at =
	    (size_t)((uint64_t)(uint32_t)(hash >> 24) * part->size >> 32);

	while (part->slots[at] != 0 && (part->slots[at] & key_mask) != key)
		at = at + 1 == part->size ? 0 : at + 1;
	return &part->slots[at];
}

/* At most four fifths are in use. */
static void
make_room(struct journal_keys_part *part)
{
	struct journal_keys_part old = *part;
	uint32_t i;

	if (old.used < old.size - old.size / 5)
		return;
	part->size = old.size + old.size / 5 + 16;
	part->slots = memory_alloc(part->size * sizeof(*part->slots));
	for (i = 0; i < old.size; i++)
		if (old.slots[i] != 0)
			*find(part, old.slots[i]) = old.slots[i];
	free(old.slots);
}

unsigned
journal_keys_get(const struct journal_keys *keys, uint64_t hash)
{
	const struct journal_keys_part *part = &keys->parts[part_of(hash)];

	if (part->size == 0)
		return 0;
	return (unsigned)*find(part, hash) & JOURNAL_KEYS_BITS;
}

unsigned
journal_keys_change(
    struct journal_keys *keys, uint64_t hash, unsigned away, unsigned add)
{
	struct journal_keys_part *part = &keys->parts[part_of(hash)];
	uint64_t *slot;
	unsigned old;

	make_room(part);
	slot = find(part, hash);
	part->used += *slot == 0;
	old = (unsigned)*slot & JOURNAL_KEYS_BITS;
	*slot = (hash & key_mask) | (old & ~away) | add;
	return old;
}

size_t
journal_keys_bytes(const struct journal_keys *keys)
{
	size_t bytes = sizeof(*keys), i;

	for (i = 0; i < JOURNAL_KEYS_PARTS; i++)
		bytes += keys->parts[i].size * sizeof(*keys->parts[i].slots);
	return bytes;
}

void
journal_keys_clear(struct journal_keys *keys)
{
	size_t i;

	for (i = 0; i < JOURNAL_KEYS_PARTS; i++)
		free(keys->parts[i].slots);
	*keys = (struct journal_keys){0};
}
