#include "batch/journal_memory.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "lib/printable.h"

#include "batch/journal_line.h"

/* What is kept of a key. */
enum {
	ACCEPTED = 1, /* it is over, unless it is among the messages again */
	REFUSED = 2,
	PARTIAL = 3, /* some of its recipients have it */
	STATE = 3,
	CLAIMED = 4
};

enum {
	CHAINS_MIN = 64,
	FEW = 8 /* recipients that are found one by one */
};

struct recipient {
	struct journal_node node;
	const struct journal_message *of;
	struct recipient *next;
	enum journal_state state; /* neither NEW nor PART */
	size_t len;
	char name[]; /* NUL-terminated */
};

struct journal_message {
	struct journal_node node;
	struct journal_message *older, *newer;
	struct recipient *first, *last;
	size_t count;			    /* recipients, */
	size_t counts[JOURNAL_REFUSED + 1]; /* and by their states */
	enum journal_state state;
	bool tried;
	bool doubted; /* a try of a recipient never had a verdict */
	int64_t first_at;
	uint64_t record;
	size_t len;
	char key[];
};

/* Well-formed text, in which it is kept, hashed and written. */
struct clean {
	struct journal_text text;
	struct buf own; /* what it stands in, if it had to be changed */
};

static struct clean
clean(const char *s, size_t n)
{
	struct clean c = {.text = {s, n}};

	if (ascii_run(s, n) == n || printable_is_utf8(s, n))
		return c;
	journal_line_clean(&c.own, s, n);
	c.text = (struct journal_text){buf_string(&c.own), c.own.len};
	return c;
}

uint64_t
journal_memory_hash(
    const struct journal_memory *m, const struct journal_key *key)
{
	struct clean c;
	uint64_t hash;

	if (key->hash != 0)
		return key->hash;
	c = clean(key->text, key->len);
	hash = siphash(m->secret, c.text.s, c.text.n);
	buf_clear(&c.own);
	return hash;
}

static void
chain(struct journal_chains *c, struct journal_node *node)
{
	struct journal_node **head = &c->heads[node->hash & (c->size - 1)];

	node->next = *head;
	*head = node;
}

static void
add_node(struct journal_chains *c, struct journal_node *node)
{
	struct journal_chains old = *c;
	struct journal_node *n, *next;
	size_t i;

	if (old.count == old.size) {
		c->size = old.size > 0 ? old.size * 2 : CHAINS_MIN;
		c->heads =
		    memory_alloc(c->size * sizeof(struct journal_node *));
		for (i = 0; i < old.size; i++)
			for (n = old.heads[i]; n != NULL; n = next) {
				next = n->next;
				chain(c, n);
			}
		free(old.heads);
	}
	chain(c, node);
	c->count++;
}

static void
remove_node(struct journal_chains *c, const struct journal_node *node)
{
	struct journal_node **at = &c->heads[node->hash & (c->size - 1)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	c->count--;
}

static struct journal_node *
first_of(const struct journal_chains *c, uint64_t hash)
{
	return c->size > 0 ? c->heads[hash & (c->size - 1)] : NULL;
}

/* By the same 60 bits as in journal_keys. */
static struct journal_message *
find_message(const struct journal_memory *m, uint64_t hash)
{
	struct journal_node *n = first_of(&m->messages, hash);

	while (n != NULL && (n->hash ^ hash) > JOURNAL_KEYS_BITS)
		n = n->next;
	return (struct journal_message *)n;
}

static unsigned
kept(const struct journal_memory *m, uint64_t hash)
{
	return journal_keys_get(&m->keys, hash);
}

static enum journal_state
over_state(unsigned bits)
{
	static const enum journal_state states[] = {
	    [ACCEPTED] = JOURNAL_ACCEPTED,
	    [REFUSED] = JOURNAL_REFUSED,
	    [PARTIAL] = JOURNAL_PARTIAL};

	return states[bits & STATE];
}

static void
keep(struct journal_memory *m, uint64_t hash, unsigned state)
{
	journal_keys_change(&m->keys, hash, STATE, state);
}

static struct journal_message *
open_message(
    struct journal_memory *m, const struct journal_key *key, uint64_t hash)
{
	struct clean c = clean(key->text, key->len);
	struct journal_message *msg = memory_alloc(sizeof(*msg) + c.text.n + 1);

	msg->node.hash = hash;
	msg->record = key->record;
	msg->len = c.text.n;
	memcpy(msg->key, c.text.s, c.text.n);
	buf_clear(&c.own);
	add_node(&m->messages, &msg->node);
	msg->older = m->newest;
	*(m->newest != NULL ? &m->newest->newer : &m->oldest) = msg;
	m->newest = msg;
	msg->state = JOURNAL_TODO;
	m->counts[over_state(kept(m, hash))]--;
	m->counts[msg->state]++;
	return msg;
}

static void
free_message(struct journal_memory *m, struct journal_message *msg)
{
	struct recipient *r = msg->first, *next;

	for (; r != NULL; r = next) {
		next = r->next;
		if (msg->count > FEW)
			remove_node(&m->recipients, &r->node);
		free(r);
	}
	*(msg->older != NULL ? &msg->older->newer : &m->oldest) = msg->newer;
	*(msg->newer != NULL ? &msg->newer->older : &m->newest) = msg->older;
	remove_node(&m->messages, &msg->node);
	free(msg);
}

/* After a recipient of it has another state. */
static void
judge(struct journal_memory *m, struct journal_message *msg)
{
	m->counts[msg->state]--;
	msg->state = msg->counts[JOURNAL_UNKNOWN] > 0 ? JOURNAL_UNKNOWN
	    : msg->counts[JOURNAL_ACCEPTED] + msg->counts[JOURNAL_REFUSED] > 0
	    ? JOURNAL_PART
	    : JOURNAL_TODO;
	m->counts[msg->state]++;
}

/* The last verdict came.  Others who were put off are no recipients any more:
 * their addresses were corrected. */
static void
finish(struct journal_memory *m, struct journal_message *msg,
    enum journal_state last)
{
	size_t missed = msg->counts[JOURNAL_REFUSED] + (last == JOURNAL_TODO);
	unsigned state = missed == 0				? ACCEPTED
	    : msg->counts[JOURNAL_ACCEPTED] > 0 || msg->doubted ? PARTIAL
								: REFUSED;

	m->counts[msg->state]--;
	m->counts[over_state(state)]++;
	keep(m, msg->node.hash, state);
	free_message(m, msg);
}

/* What is said of a message that is over does not open it again. */
static void
amend(struct journal_memory *m, uint64_t hash, enum journal_state state)
{
	if (state == JOURNAL_ACCEPTED || (kept(m, hash) & STATE) != ACCEPTED)
		return;
	m->counts[JOURNAL_ACCEPTED]--;
	m->counts[JOURNAL_PARTIAL]++;
	keep(m, hash, PARTIAL);
}

static uint64_t
recipient_hash(const struct journal_memory *m,
    const struct journal_message *msg, const struct journal_text *name)
{
	/* Of each message other ones. */
	return siphash(m->secret, name->s, name->n) ^
	    (msg->node.hash << 32 | msg->node.hash >> 32);
}

static bool
is_called(const struct recipient *r, const struct journal_text *name)
{
	return r->len == name->n && memcmp(r->name, name->s, name->n) == 0;
}

static struct recipient *
find_recipient(const struct journal_memory *m,
    const struct journal_message *msg, const struct journal_text *name)
{
	struct journal_node *n;
	struct recipient *r;
	uint64_t hash;

	if (msg->count <= FEW) {
		for (r = msg->first; r != NULL && !is_called(r, name);)
			r = r->next;
		return r;
	}
	hash = recipient_hash(m, msg, name);
	for (n = first_of(&m->recipients, hash); n != NULL; n = n->next) {
		r = (struct recipient *)n;
		if (n->hash == hash && r->of == msg && is_called(r, name))
			return r;
	}
	return NULL;
}

static void
index_recipient(struct journal_memory *m, const struct journal_message *msg,
    struct recipient *r)
{
	const struct journal_text name = {r->name, r->len};

	r->node.hash = recipient_hash(m, msg, &name);
	add_node(&m->recipients, &r->node);
}

static struct recipient *
add_recipient(struct journal_memory *m, struct journal_message *msg,
    const struct journal_text *name)
{
	struct recipient *r = memory_alloc(sizeof(*r) + name->n + 1), *few;

	r->of = msg;
	r->len = name->n;
	memcpy(r->name, name->s, name->n);
	*(msg->last != NULL ? &msg->last->next : &msg->first) = r;
	msg->last = r;
	msg->count++;
	if (msg->count == FEW + 1)
		for (few = msg->first; few != NULL; few = few->next)
			index_recipient(m, msg, few);
	else if (msg->count > FEW)
		index_recipient(m, msg, r);
	return r;
}

/* Who was accepted stays it, whatever is said later. */
static void
set_recipient(struct journal_memory *m, struct journal_message *msg,
    const struct journal_text *name, enum journal_state state)
{
	struct clean c = clean(name->s, name->n);
	struct recipient *r = find_recipient(m, msg, &c.text);

	if (r == NULL) {
		r = add_recipient(m, msg, &c.text);
	} else {
		if (r->state == JOURNAL_ACCEPTED)
			state = JOURNAL_ACCEPTED;
		else if (r->state == JOURNAL_UNKNOWN && state == r->state)
			msg->doubted = true;
		msg->counts[r->state]--;
	}
	r->state = state;
	msg->counts[state]++;
	buf_clear(&c.own);
}

void
journal_memory_init(
    struct journal_memory *m, const unsigned char batch[JOURNAL_BATCH])
{
	*m = (struct journal_memory){0};
	memcpy(m->secret, batch, sizeof(m->secret));
}

void
journal_memory_clear(struct journal_memory *m)
{
	while (m->oldest != NULL)
		free_message(m, m->oldest);
	free(m->messages.heads);
	free(m->recipients.heads);
	journal_keys_clear(&m->keys);
}

struct journal_message *
journal_memory_try(
    struct journal_memory *m, const struct journal_key *key, int64_t at)
{
	uint64_t hash = journal_memory_hash(m, key);
	struct journal_message *msg = find_message(m, hash);

	if (msg == NULL)
		msg = open_message(m, key, hash);
	if (!msg->tried) {
		msg->tried = true;
		msg->first_at = at;
	}
	return msg;
}

void
journal_memory_try_recipient(struct journal_memory *m,
    struct journal_message *msg, const struct journal_text *name)
{
	set_recipient(m, msg, name, JOURNAL_UNKNOWN);
	judge(m, msg);
}

static enum journal_state
recipient_state(enum smtp_verdict verdict)
{
	switch (verdict) {
	case SMTP_ACCEPTED:
		return JOURNAL_ACCEPTED;
	case SMTP_REFUSED:
		return JOURNAL_REFUSED;
	case SMTP_UNKNOWN:
		return JOURNAL_UNKNOWN;
	default:
		return JOURNAL_TODO;
	}
}

void
journal_memory_verdict(struct journal_memory *m, const struct journal_key *key,
    const struct journal_text *recipient, enum smtp_verdict verdict, bool over)
{
	uint64_t hash = journal_memory_hash(m, key);
	struct journal_message *msg = find_message(m, hash);
	enum journal_state state = recipient_state(verdict);

	if (msg == NULL && (kept(m, hash) & STATE) != 0) {
		amend(m, hash, state);
		return;
	}
	if (msg == NULL)
		msg = open_message(m, key, hash);
	set_recipient(m, msg, recipient, state);
	judge(m, msg);
	if (over && msg->state != JOURNAL_UNKNOWN)
		finish(m, msg, state);
}

enum journal_state
journal_memory_state(
    const struct journal_memory *m, const struct journal_key *key)
{
	uint64_t hash = journal_memory_hash(m, key);
	const struct journal_message *msg = find_message(m, hash);

	return msg != NULL ? msg->state : over_state(kept(m, hash));
}

enum journal_state
journal_memory_recipient(const struct journal_memory *m,
    const struct journal_key *key, const struct journal_text *name)
{
	uint64_t hash = journal_memory_hash(m, key);
	const struct journal_message *msg = find_message(m, hash);
	const struct recipient *r;
	enum journal_state state;
	struct clean c;

	if (msg == NULL) {
		state = over_state(kept(m, hash));
		return state == JOURNAL_NEW ? JOURNAL_TODO : state;
	}
	c = clean(name->s, name->n);
	r = find_recipient(m, msg, &c.text);
	buf_clear(&c.own);
	return r != NULL ? r->state : JOURNAL_TODO;
}

bool
journal_memory_first_try(
    const struct journal_memory *m, const struct journal_key *key, int64_t *at)
{
	const struct journal_message *msg =
	    find_message(m, journal_memory_hash(m, key));

	if (msg == NULL || !msg->tried)
		return false;
	*at = msg->first_at;
	return true;
}

bool
journal_memory_claim(struct journal_memory *m, const struct journal_key *key)
{
	return (journal_keys_change(
		    &m->keys, journal_memory_hash(m, key), 0, CLAIMED) &
		   CLAIMED) == 0;
}

void
journal_memory_unknown(const struct journal_memory *m,
    void (*each)(void *, const struct journal_key *, const char *recipient),
    void *arg)
{
	const struct journal_message *msg;
	const struct recipient *r;
	struct journal_key key;

	for (msg = m->oldest; msg != NULL; msg = msg->newer)
		for (r = msg->first; r != NULL; r = r->next)
			if (r->state == JOURNAL_UNKNOWN) {
				key = (struct journal_key){msg->key, msg->len,
				    msg->record, msg->node.hash};
				each(arg, &key, r->name);
			}
}
