#include "batch/domains.h"

#include <stdlib.h>

#include "lib/ascii.h"
#include "lib/memory.h"

enum { ROW = 3, BUCKETS = 64 };

static const int64_t first_us = INT64_C(60) * 1000000;
static const int64_t longest_us = INT64_C(600) * 1000000;

struct domain {
	struct domain *next; /* in its bucket */
	char *name;
	uint64_t hash;
	unsigned row;	  /* of those put off */
	int64_t pause_us; /* the last one, 0: none since one was accepted */
	int64_t until_us;
};

void
domains_clear(struct domains *ds)
{
	struct domain *d, *next;
	size_t i;

	for (i = 0; i < ds->buckets; i++) {
		for (d = ds->bucket[i]; d != NULL; d = next) {
			next = d->next;
			free(d->name);
			free(d);
		}
	}
	free(ds->bucket);
	*ds = (struct domains){0};
}

/* FNV-1a */
static uint64_t
hash(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)ascii_lower(*name)) *
		    UINT64_C(0x100000001b3);
	return h;
}

static struct domain *
find(const struct domains *ds, const char *name)
{
	uint64_t h = hash(name);
	struct domain *d;

	if (ds->buckets == 0)
		return NULL;
	for (d = ds->bucket[h & (ds->buckets - 1)]; d != NULL; d = d->next)
		if (d->hash == h && ascii_equal(d->name, name))
			return d;
	return NULL;
}

static void
put(struct domains *ds, struct domain *d)
{
	struct domain **bucket = &ds->bucket[d->hash & (ds->buckets - 1)];

	d->next = *bucket;
	*bucket = d;
}

static void
grow(struct domains *ds)
{
	struct domains old = *ds;
	struct domain *d, *next;
	size_t i;

	ds->buckets = old.buckets > 0 ? old.buckets * 2 : BUCKETS;
	ds->bucket = memory_alloc(ds->buckets * sizeof(*ds->bucket));
	for (i = 0; i < old.buckets; i++) {
		for (d = old.bucket[i]; d != NULL; d = next) {
			next = d->next;
			put(ds, d);
		}
	}
	free(old.bucket);
}

static struct domain *
find_or_add(struct domains *ds, const char *name)
{
	struct domain *d = find(ds, name);

	if (d != NULL)
		return d;
	if (ds->count == ds->buckets)
		grow(ds);
	d = memory_alloc(sizeof(*d));
	d->name = memory_strdup(name);
	d->hash = hash(name);
	put(ds, d);
	ds->count++;
	return d;
}

int64_t
domains_deferred(struct domains *ds, const char *name, int64_t now_us)
{
	struct domain *d = find_or_add(ds, name);

	if (d->pause_us > 0 && now_us < d->until_us)
		return d->until_us;
	if (++d->row < ROW && d->pause_us == 0)
		return 0;
	d->pause_us = d->pause_us == 0 ? first_us : d->pause_us * 2;
	if (d->pause_us > longest_us)
		d->pause_us = longest_us;
	d->until_us = now_us + d->pause_us;
	return d->until_us;
}

void
domains_accepted(struct domains *ds, const char *name)
{
	struct domain *d = find(ds, name);

	if (d == NULL)
		return;
	d->row = 0;
	d->pause_us = 0;
}

void
domains_refused(struct domains *ds, const char *name)
{
	struct domain *d = find(ds, name);

	if (d != NULL)
		d->row = 0;
}

int64_t
domains_until(const struct domains *ds, const char *name, int64_t now_us)
{
	const struct domain *d = find(ds, name);

	return d != NULL && d->pause_us > 0 && now_us < d->until_us
	    ? d->until_us
	    : 0;
}
