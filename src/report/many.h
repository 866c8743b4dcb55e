/*
 * many: what is told of many messages: one after another, and their sum.
 */
#ifndef REPORT_MANY_H
#define REPORT_MANY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "report/outcome.h"

/* One message, when it is over for this run. */
struct report_many {
	const char *program; /* the name in front of each line */
	const char *where;   /* "list.csv: line 12" */
	uint64_t record, line;
	const char *key, *message_id;
	const struct smtp_recipient *recipients;
	const bool *again; /* of each: he will be tried again in this run */
	size_t count;
	unsigned tries;
	bool expired; /* those put off are not tried again: it is too late */
};

struct report_many_sum {
	const char *program;
	uint64_t all, accepted, partial, refused, unknown, left, bad, doubles;
	uint64_t expired; /* only what waits does so */
	bool open;	  /* the list was not read to its end */
	int status;
	const struct error *error; /* why it ended before the end, or NULL */
	double seconds;
};

/* A line for each recipient who was not accepted and is not tried again;
 * verbose: for those, too. */
void report_many_text(struct buf *, const struct report_many *, bool verbose);
/* One object and a newline (see the manual). */
int report_many_json(struct buf *, const struct report_many *, struct error *);

/* "accepted 97 of 100 messages; 2 refused, 1 unknown" */
void report_many_sum_text(struct buf *, const struct report_many_sum *);
int report_many_sum_json(
    struct buf *, const struct report_many_sum *, struct error *);

#endif
