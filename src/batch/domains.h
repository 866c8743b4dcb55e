/*
 * domains: those whose recipients are put off, and for how long nothing more is
 * said of them.
 *
 * Three of one domain put off in a row: it is paused for 1 min.  When the next
 * one after that is put off, too, it is paused again, twice as long, up to 10
 * min.  What is put off while it is paused was on its way and does not count.
 * Names are compared as ASCII without regard to capitals.
 */
#ifndef BATCH_DOMAINS_H
#define BATCH_DOMAINS_H

#include <stddef.h>
#include <stdint.h>

struct domain;

/* All zeroes: none.  Only those that were put off take memory. */
struct domains {
	struct domain **bucket;
	size_t buckets; /* a power of 2 */
	size_t count;
};

void domains_clear(struct domains *);
/* A recipient was put off.  Until when its domain is paused, 0 if it is not. */
int64_t domains_deferred(struct domains *, const char *name, int64_t now_us);
/* One was accepted: no pause, no row. */
void domains_accepted(struct domains *, const char *name);
/* One was refused: the row ends, a pause does not. */
void domains_refused(struct domains *, const char *name);
/* 0: it is not paused now. */
int64_t domains_until(const struct domains *, const char *name, int64_t now_us);

#endif
