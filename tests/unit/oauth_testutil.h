/* oauth_testutil: a server of HTTP on loopback that gives one answer to each
 * question, whatever it is. */
#ifndef UNIT_OAUTH_TESTUTIL_H
#define UNIT_OAUTH_TESTUTIL_H

#include <pthread.h>
#include <stddef.h>

#include "lib/buf.h"

struct answering {
	int listener;
	char url[64];		    /* http://127.0.0.1:PORT */
	const char *const *answers; /* as they are sent, NULL at the end */
	const size_t *lengths;	    /* NULL: those of strings */
	struct buf asked;	    /* all that came */
	pthread_t thread;
};

/* The n-th connection gets the n-th answer, after its head and body have come,
 * and is closed. */
void answering_begin(
    struct answering *, const char *const *answers, const size_t *lengths);
/* When it has given all of them. */
void answering_end(struct answering *);

#endif
