/* envelope: recipients without doubles, by a hash table, since lists may be
 * long. */
#include "message/envelope.h"

#include <string.h>

#include "lib/ascii.h"

#include "rfc5322/address_parameters.h"

static uint32_t
hash_bytes(uint32_t h, const char *s, bool fold)
{
	for (; *s != '\0'; s++) {
		h ^= (unsigned char)(fold ? ascii_lower(*s) : *s);
		h *= 16777619; /* FNV-1a */
	}
	return h;
}

/* The slot of an equal address, or the free one where it belongs. */
static uint32_t *
slot(const struct envelope *e, const struct address *a)
{
	uint32_t h = hash_bytes(2166136261U, a->local, false);
	size_t i;

	h = hash_bytes(h, a->domain, true);
	for (i = h % e->slot_count;; i = (i + 1) % e->slot_count)
		if (e->slots[i] == 0 ||
		    address_equal(&e->recipients[e->slots[i] - 1], a))
			return &e->slots[i];
}

/* The recipients, in an array of their own. */
static void
move(struct envelope *e, size_t capacity)
{
	struct address *all = arena_alloc(e->arena, capacity * sizeof(*all));

	if (e->count > 0)
		memcpy(all, e->recipients, e->count * sizeof(*all));
	e->recipients = all;
	e->capacity = capacity;
}

static void
make_slots(struct envelope *e)
{
	size_t i;

	e->slot_count = e->capacity * 2;
	e->slots = arena_alloc(e->arena, e->slot_count * sizeof(*e->slots));
	for (i = 0; i < e->count; i++)
		*slot(e, &e->recipients[i]) = (uint32_t)i + 1;
}

/* Room for those of the list.  The first one, which is often the only one and
 * may be long, is its own envelope. */
static void
reserve(struct envelope *e, const struct address_list *list)
{
	size_t more = e->count + list->count;

	if (more <= e->capacity)
		return;
	/* Lists of one each are long, too. */
	if (e->capacity > 0 && more < e->capacity * 4)
		more = e->capacity * 4;
	if (e->capacity > 0) {
		move(e, more);
	} else {
		e->recipients = list->addresses;
		e->capacity = more;
	}
	make_slots(e);
}

static int
meet(struct address *known, const struct address *again, struct error *err)
{
	if (again->parameters == NULL)
		return 0;
	if (known->parameters == NULL)
		known->parameters = again->parameters;
	if (address_parameters_equal(known->parameters, again->parameters))
		return 0;
	error_set(err, EX_USAGE,
	    "recipient %s: named twice, with different parameters",
	    known->mailbox);
	return error_hint(err, "each recipient gets one copy, in one way");
}

int
envelope_add(
    struct envelope *e, const struct address_list *list, struct error *err)
{
	uint32_t *where;
	size_t i;

	reserve(e, list);
	for (i = 0; i < list->count; i++) {
		where = slot(e, &list->addresses[i]);
		if (*where != 0) {
			if (meet(&e->recipients[*where - 1],
				&list->addresses[i], err) == -1)
				return -1;
			continue;
		}
		/* Who comes twice stays in the list. */
		if (e->recipients == list->addresses && e->count < i)
			move(e, e->capacity);
		e->recipients[e->count++] = list->addresses[i];
		*where = (uint32_t)e->count;
		e->utf8 |= list->addresses[i].utf8;
	}
	/* Nobody else is put where the list has its own. */
	if (e->recipients == list->addresses)
		e->capacity = e->count;
	return 0;
}

int
envelope_reverse_path(struct arena *a, const char *text, const char *domain,
    const char *what, const char **out, bool *utf8, struct error *err)
{
	struct address_params params = {
	    .domain = domain, .what = what, .single = true};
	struct address_list list = {0};
	size_t from = strspn(text, " \t"), n = strcspn(text + from, " \t");

	*out = "";
	*utf8 = false;
	if (text[from + n + strspn(text + from + n, " \t")] == '\0' &&
	    (n == 0 || (n == 2 && memcmp(text + from, "<>", 2) == 0)))
		return 0;
	if (address_parse(a, text, &params, &list, err) == -1)
		return -1;
	*out = list.addresses[0].mailbox;
	*utf8 = list.addresses[0].utf8;
	return 0;
}
