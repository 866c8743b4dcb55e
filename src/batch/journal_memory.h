/* journal_memory: what the lines of a journal add up to (journal.h). */
#ifndef BATCH_JOURNAL_MEMORY_H
#define BATCH_JOURNAL_MEMORY_H

#include "lib/siphash.h"

#include "batch/journal.h"
#include "batch/journal_keys.h"

/* Bytes that no NUL need follow. */
struct journal_text {
	const char *s;
	size_t n;
};

/* What is found by a hash. */
struct journal_node {
	uint64_t hash;
	struct journal_node *next; /* of its chain */
};

struct journal_chains {
	struct journal_node **heads;
	size_t size, count; /* size: a power of two, or 0 */
};

struct journal_message;

struct journal_memory {
	unsigned char secret[SIPHASH_SECRET];
	struct journal_keys keys;
	/* Those that are heard of and not over, and the recipients of those
	 * that have many. */
	struct journal_chains messages, recipients;
	struct journal_message *oldest, *newest;
	uint64_t counts[JOURNAL_REFUSED + 1]; /* by journal_state; of NEW
	it is of no use */
};

void journal_memory_init(
    struct journal_memory *, const unsigned char batch[JOURNAL_BATCH]);
void journal_memory_clear(struct journal_memory *);

/* A message is tried; and then for each of its recipients. */
struct journal_message *journal_memory_try(
    struct journal_memory *, const struct journal_key *, int64_t at);
void journal_memory_try_recipient(struct journal_memory *,
    struct journal_message *, const struct journal_text *);
void journal_memory_verdict(struct journal_memory *, const struct journal_key *,
    const struct journal_text *recipient, enum smtp_verdict, bool over);

/* As in journal.h. */
uint64_t
journal_memory_hash(const struct journal_memory *, const struct journal_key *);
enum journal_state
journal_memory_state(const struct journal_memory *, const struct journal_key *);
enum journal_state journal_memory_recipient(const struct journal_memory *,
    const struct journal_key *, const struct journal_text *);
bool journal_memory_first_try(
    const struct journal_memory *, const struct journal_key *, int64_t *at);
bool journal_memory_claim(struct journal_memory *, const struct journal_key *);
void journal_memory_unknown(const struct journal_memory *,
    void (*each)(void *, const struct journal_key *, const char *recipient),
    void *arg);

#endif
