/*
 * request: one request that came to our loopback redirect, judged, and the page
 * that answers it.  No I/O.
 *
 * Whatever runs on this machine, and any page in its browsers, can send some.
 */
#ifndef OAUTH_REQUEST_H
#define OAUTH_REQUEST_H

#include <stddef.h>

#include "lib/buf.h"

enum { OAUTH_REQUEST_MAX = 8 * 1024 }; /* octets up to the empty line */

enum oauth_request {
	OAUTH_REQUEST_MORE, /* it is not complete */
	OAUTH_REQUEST_ANSWER,
	/* What it is not good for; each has its status code. */
	OAUTH_REQUEST_BAD,
	OAUTH_REQUEST_ELSEWHERE, /* for another path */
	OAUTH_REQUEST_METHOD,	 /* not GET */
	OAUTH_REQUEST_FOREIGN, /* for another host: a name that leads here (DNS
				    rebinding) */
	OAUTH_REQUEST_LARGE,
	OAUTH_REQUEST_STRANGE, /* well formed, but no answer to our sign-in */
	OAUTH_REQUEST_REFUSED, /* an answer: the server's no */
};

/*
 * Judges the n octets that came so far.  `authority` is the host and port of the
 * redirect, whose path is "/".  ANSWER: *query and *query_len are what stands
 * behind the question mark, within the octets; there may be none.
 */
enum oauth_request oauth_request_read(const char *bytes, size_t n,
    const char *authority, const char **query, size_t *query_len);
/* The whole of the response; nothing of the request is in it. */
void oauth_request_respond(struct buf *, enum oauth_request);

#endif
