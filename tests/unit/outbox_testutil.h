/* outbox_testutil: an outbox in a directory of its own, and what is in it. */
#ifndef TESTS_UNIT_OUTBOX_TESTUTIL_H
#define TESTS_UNIT_OUTBOX_TESTUTIL_H

#include "outbox/outbox.h"

enum { OUTBOX_TEST_NOW = 1795000000 };

struct outbox_place_of_test {
	char base[32];	 /* a directory */
	char path[48];	 /* of the outbox, in it */
	struct outbox o; /* open, made */
};

int outbox_test_set_up(void **state);
int outbox_test_tear_down(void **state);

/* Queues a message for so many of a@x, b@x, c@x, d@x; -1 with *err. */
int outbox_test_try_queue(struct outbox *, size_t first, size_t recipients,
    const char *text, char id[OUTBOX_ID_SIZE], struct error *err);
/* The same for a@x and so on, which is to go well. */
void outbox_test_queue(struct outbox *, size_t recipients, const char *text,
    char id[OUTBOX_ID_SIZE]);
/* Takes it, which is to go well. */
void outbox_test_take(struct outbox *, enum outbox_place, const char *id,
    struct outbox_message *);
/* "queue:a@x,b@x failed:c@x " and so on, in the order of the list; "held" before
 * the place where it is. */
const char *outbox_test_holds(struct outbox *, struct buf *);

#endif
