/*
 * listener: hears on loopback what the browser brings (RFC 8252 7.3).
 *
 * It listens on the addresses that its redirect names and on no other, on a port
 * of the kernel's.  Whoever comes, however many, slow or silent, does not keep
 * out the one who counts.
 */
#ifndef OAUTH_LISTENER_H
#define OAUTH_LISTENER_H

#include "lib/error.h"
#include "lib/wait.h"
#include "oauth/authorize.h"
#include "oauth/request.h"
#include "oauth/server.h"

enum { OAUTH_LISTENER_FDS = 2, OAUTH_LISTENER_MINUTES = 5 };

struct oauth_listener {
	int fds[OAUTH_LISTENER_FDS]; /* -1: none */
	char redirect[OAUTH_REDIRECT_SIZE];
	char authority[OAUTH_REDIRECT_SIZE]; /* its host and port */
};

/* -1 with EX_OSERR: there is no loopback, or no port is to be had. */
int oauth_listener_open(
    struct oauth_listener *, enum oauth_redirect, struct error *);
void oauth_listener_close(struct oauth_listener *);

/* Who judges the query of a request for our path: ANSWER or REFUSED, which end
 * the wait, or STRANGE. */
typedef enum oauth_request
oauth_listener_judge(void *arg, const char *query, size_t n);

/* Waits for one that is judged to be an answer, five minutes at most: 0, or -1
 * with EX_NOPERM (nobody came), EX_TEMPFAIL (the deadline of the run), EX_SIGNAL
 * plus n, or EX_OSERR. */
int oauth_listener_hear(struct oauth_listener *, const struct wait_limits *,
    oauth_listener_judge *, void *arg, struct error *);

#endif
