/*
 * dns: what a name server says of MX and SRV (RFC 1035, 2782).
 *
 * Asked by UDP, and by TCP where an answer was cut short.  An answer counts if
 * it comes from the server that was asked, and repeats number and question; a
 * CNAME in it is followed.  DNSSEC is not looked at.
 */
#ifndef LIB_DNS_H
#define LIB_DNS_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/wait.h"

struct dns_params {
	const char *server; /* ADDRESS[:PORT], [V6]:PORT, V6; NULL: those of
			       the system's resolv.conf */
	const struct wait_limits *wait; /* signals, the deadline of the run */
	int64_t timeout_ms; /* for all tries of one question; 0: 10 s */
};

struct dns_record {
	unsigned priority;     /* the smallest first; of MX: preference */
	unsigned weight, port; /* of SRV */
	const char *host;      /* in small letters, without the final dot; "":
				  the root, which means that there is none */
};

enum { DNS_RECORDS_MAX = 32 }; /* those beyond are dropped */

/*
 * All there are, by priority, those of one priority as they came; they live in
 * the arena.  The name is ASCII, and not looked for in any search list.
 * 0, also when there are none.  -1: EX_TEMPFAIL (no server answers, or it
 * cannot now), EX_PROTOCOL (that is no answer), EX_USAGE (`server`, or the name
 * is none), EX_SIGNAL plus n.
 */
int dns_mx(const struct dns_params *, const char *domain, struct arena *,
    const struct dns_record **, size_t *count, struct error *);
/* `name` with its service: "_submissions._tcp.example.org". */
int dns_srv(const struct dns_params *, const char *name, struct arena *,
    const struct dns_record **, size_t *count, struct error *);

/* Whether it can be named as dns_params.server; decided without asking. */
int dns_server_check(const char *server, struct error *);

#endif
