/* http_testutil: a server on loopback, by plain HTTP, that says what a test
 * wants. */
#ifndef HTTP_TESTUTIL_H
#define HTTP_TESTUTIL_H

#include <stddef.h>

enum { HTTP_SAYS_MAX = 6 << 20, HTTP_ANSWERS = 4 };

enum http_manner {
	HTTP_ANSWERS_AT_ONCE,
	HTTP_HANGS,    /* says it, and keeps the connection */
	HTTP_DRIBBLES, /* an octet each millisecond, without end */
};

/* Shared with the process that serves. */
struct http_said {
	char says[HTTP_ANSWERS]
		 [HTTP_SAYS_MAX]; /* the last one again and again */
	size_t len[HTTP_ANSWERS];
	size_t count; /* of them */
	enum http_manner manner;
	char heard[HTTP_ANSWERS][65536]; /* the questions, from the first */
	size_t asked;
};

/* It ends with the test, or by http_stop. */
struct http_said *http_serve(int *port);
/* What is said from now on, for the first question and those after it: a status
 * line, fields and a body, whose length is added. */
void http_says(struct http_said *, const char *head, const char *body);
void http_says_bytes(
    struct http_said *, const char *head, const char *body, size_t n);
void http_says_next(struct http_said *, const char *head, const char *body);
/* Ends it. */
void http_stop(struct http_said *);

#endif
