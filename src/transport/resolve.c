#include "transport/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/memory.h"
#include "transport/host.h"
#include "transport/transport.h"

/* Shared by the thread and its owner; the last of the two frees it. */
struct resolve {
	atomic_int users;
	atomic_bool done;
	int event; /* eventfd, -1 without a thread */
	int family;
	char *host, port[8];
	int code, error; /* of getaddrinfo; errno for EAI_SYSTEM */
	int count;
	struct endpoint at[ENDPOINTS_MAX];
};

/* Looks host up and appends what comes; remembers the last failure. */
static void
look_up(struct resolve *r, const char *host, int flags)
{
	struct addrinfo hints = {
	    .ai_flags = flags,
	    .ai_family = r->family,
	    .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list = NULL, *ai;

	r->code = getaddrinfo(host, r->port, &hints, &list);
	r->error = errno;
	if (r->code != 0)
		return;
	for (ai = list; ai != NULL && r->count < ENDPOINTS_MAX;
	     ai = ai->ai_next) {
		struct endpoint *a = &r->at[r->count];

		if (ai->ai_addrlen > sizeof(a->v6))
			continue;
		memcpy(&a->any, ai->ai_addr, ai->ai_addrlen);
		a->len = ai->ai_addrlen;
		r->count++;
	}
	freeaddrinfo(list);
}

/* What needs no network; true if that was all. */
static bool
look_up_here(struct resolve *r)
{
	if (host_is_localhost(r->host)) {
		look_up(r, "::1", AI_NUMERICHOST);
		look_up(r, "127.0.0.1", AI_NUMERICHOST);
		return true;
	}
	look_up(r, r->host, AI_NUMERICHOST);
	return r->code != EAI_NONAME;
}

void
resolve_free(struct resolve *r)
{
	if (r == NULL || atomic_fetch_sub(&r->users, 1) > 1)
		return;
	if (r->event >= 0)
		close(r->event);
	free(r->host);
	free(r);
}

static void *
run(void *arg)
{
	struct resolve *r = arg;
	const uint64_t one = 1;

	/* AI_ADDRCONFIG would hide every address of the one family that was
	 * asked for where loopback is the only interface. */
	look_up(r, r->host, r->family == AF_UNSPEC ? AI_ADDRCONFIG : 0);
	atomic_store(&r->done, true);
	while (write(r->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	resolve_free(r);
	return NULL;
}

static int
start_thread(struct resolve *r)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int error;

	r->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->event < 0)
		return errno;
	error = pthread_attr_init(&attr);
	if (error != 0)
		return error;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* Signals belong to the caller's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	atomic_store(&r->users, 2);
	error = pthread_create(&thread, &attr, run, r);
	if (error != 0)
		atomic_store(&r->users, 1);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

struct resolve *
resolve_endpoints(
    const char *host, unsigned port, int family, struct error *err)
{
	struct resolve *r = memory_alloc(sizeof(*r));
	int error;

	atomic_init(&r->users, 1);
	atomic_init(&r->done, false);
	r->event = -1;
	r->family = family;
	r->host = memory_strdup(host);
	snprintf(r->port, sizeof(r->port), "%u", port);
	if (look_up_here(r)) {
		atomic_store(&r->done, true);
		return r;
	}
	error = start_thread(r);
	if (error == 0)
		return r;
	error_set(err, EX_OSERR, "%s: cannot start a look-up: %s", host,
	    strerror(error));
	resolve_free(r);
	return NULL;
}

static int
failure(const struct resolve *r, struct error *err)
{
	switch (r->code) {
	case EAI_ADDRFAMILY:
	case EAI_NODATA:
		if (r->event < 0) /* it was numeric */
			return error_set(err, EX_USAGE, "%s: not an %s address",
			    r->host, r->family == AF_INET6 ? "IPv6" : "IPv4");
		if (r->family != AF_UNSPEC)
			return error_set(err, EX_NOHOST, "%s: no %s address",
			    r->host, r->family == AF_INET6 ? "IPv6" : "IPv4");
		return error_set(err, EX_NOHOST, "%s: no address", r->host);
	case EAI_NONAME:
		return error_set(err, EX_NOHOST, "%s: no such host", r->host);
	case EAI_MEMORY:
		return error_set(
		    err, EX_OSERR, "%s: %s", r->host, gai_strerror(r->code));
	case EAI_SYSTEM:
		return error_set(err, EX_TEMPFAIL,
		    "%s: cannot be looked up: %s", r->host, strerror(r->error));
	default:
		return error_set(err, EX_TEMPFAIL,
		    "%s: cannot be looked up: %s", r->host,
		    gai_strerror(r->code));
	}
}

int
resolve_found(struct resolve *r, const struct endpoint **at, struct error *err)
{
	if (!atomic_load(&r->done))
		return TRANSPORT_AGAIN;
	*at = r->at;
	return r->count > 0 ? r->count : failure(r, err);
}

int
resolve_fd(const struct resolve *r)
{
	return r->event;
}
