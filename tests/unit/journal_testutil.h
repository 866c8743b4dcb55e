/* journal_testutil: journals in a directory of their own, and what is said in
 * them in a few letters. */
#ifndef TESTS_JOURNAL_TESTUTIL_H
#define TESTS_JOURNAL_TESTUTIL_H

#include "lib/buf.h"

#include "batch/journal.h"

enum { JOURNAL_TEST_START = 1764406800 }; /* 2025-11-29T09:00:00Z */

struct journal_place {
	char base[32], path[64];
	struct journal_params params;
	struct journal_subject subject; /* of `path`, to go on */
	struct journal *journal;
};

int journal_place_set_up(void **state);
int journal_place_tear_down(void **state); /* closes the journal, too */

struct journal_key journal_test_key(const char *text);
/* Opens, or fails the test. */
void journal_place_open(struct journal_place *);
void journal_place_close(struct journal_place *);
/* Its status and text must be these; the text may be a part. */
void
journal_place_refuses(struct journal_place *, int status, const char *text);
/*
 * Steps, with a blank between: "Tab" a try that goes to a and b; "Aa" a
 * accepted, "Ra" refused, "Da" deferred, "Ua" unknown, "Na" not sent; a "!"
 * behind it: over.
 */
void journal_test_say(struct journal *, const char *key, const char *steps);
/* The state's letter: n, t, p, u, a, r. */
char journal_test_letter(enum journal_state);

/* Files. */
void journal_test_read(const char *path, struct buf *);
void journal_test_write(const char *path, const char *bytes, size_t n);
size_t journal_test_lines(const char *bytes, size_t n);

#endif
