#include "transport/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "transport/transport.h"

/* Shared by the thread and its owner; the last of the two frees it. */
struct resolve {
	atomic_int users;
	atomic_bool done;
	int event; /* eventfd, -1 without a thread */
	int family;
	char *host, *service;
	int code, error; /* of getaddrinfo; errno for EAI_SYSTEM */
	int count;
	struct endpoint at[RESOLVE_MAX];
};

int
endpoint_parse(struct endpoint *a, const char *text)
{
	char plain[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "%");

	*a = (struct endpoint){0};
	if (n < sizeof(plain) && text[n] == '%') {
		/* RFC 4007 11: a link-local address with its zone. */
		memcpy(plain, text, n);
		plain[n] = '\0';
		a->v6.sin6_scope_id = if_nametoindex(text + n + 1);
		if (a->v6.sin6_scope_id == 0)
			return -1;
		text = plain;
	} else if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->len = sizeof(a->v4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->len = sizeof(a->v6);
	}
	return a->len > 0 ? 0 : -1;
}

void
endpoint_text(const struct endpoint *a, char *text)
{
	const void *raw = a->any.sa_family == AF_INET6
	    ? (const void *)&a->v6.sin6_addr
	    : (const void *)&a->v4.sin_addr;

	if (inet_ntop(a->any.sa_family, raw, text, 64) == NULL)
		text[0] = '\0';
}

unsigned
endpoint_port(const struct endpoint *a)
{
	return ntohs(
	    a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

bool
address_is_loopback(const struct endpoint *a)
{
	const struct in6_addr *v6 = &a->v6.sin6_addr;

	if (a->any.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	return a->any.sa_family == AF_INET6 &&
	    (IN6_IS_ADDR_LOOPBACK(v6) ||
		(IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127));
}

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

	r->code = getaddrinfo(host, r->service, &hints, &list);
	r->error = errno;
	if (r->code != 0)
		return;
	for (ai = list; ai != NULL && r->count < RESOLVE_MAX;
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

static bool
is_localhost(const char *host)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len == sizeof(suffix) - 2)
		return ascii_equal_n(host, len, suffix + 1);
	return len >= sizeof(suffix) &&
	    ascii_equal_bytes(
		host + len - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1);
}

/* What needs no network; true if that was all. */
static bool
look_up_here(struct resolve *r)
{
	if (is_localhost(r->host)) {
		look_up(r, "::1", AI_NUMERICHOST);
		if (r->code != EAI_SERVICE)
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
	free(r->service);
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

/* A port number is checked here: getaddrinfo takes 65561 for 25. */
static bool
service_is_sane(const char *service)
{
	size_t digits = strspn(service, "0123456789");

	if (service[digits] != '\0')
		return service[0] != ' ' && service[0] != '+' &&
		    service[0] != '-';
	return digits > 0 && digits <= 5 &&
	    strtoul(service, NULL, 10) - 1 < 65535;
}

struct resolve *
resolve_start(
    const char *host, const char *service, int family, struct error *err)
{
	struct resolve *r;
	int error;

	if (!service_is_sane(service)) {
		error_set(
		    err, EX_USAGE, "%s: no such port or service", service);
		return NULL;
	}
	r = memory_alloc(sizeof(*r));
	atomic_init(&r->users, 1);
	atomic_init(&r->done, false);
	r->event = -1;
	r->family = family;
	r->host = memory_strdup(host);
	r->service = memory_strdup(service);
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
	case EAI_SERVICE:
		return error_set(
		    err, EX_USAGE, "%s: no such port or service", r->service);
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
resolve_result(struct resolve *r, const struct endpoint **at, struct error *err)
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
