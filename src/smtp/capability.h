/*
 * capability: what a server said it can do in its reply to EHLO or LHLO
 * (RFC 5321 4.1.1.1), as far as we have a use for it.
 *
 * Malformed parameters are ignored, doubled keywords do no harm, BINARYMIME is
 * none without CHUNKING (RFC 3030 3), and nothing grows with the length of the
 * list.
 */
#ifndef SMTP_CAPABILITY_H
#define SMTP_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/reply.h"

enum smtp_capability {
	SMTP_PIPELINING = 1 << 0,	   /* RFC 2920 */
	SMTP_CHUNKING = 1 << 1,		   /* RFC 3030 */
	SMTP_SIZE = 1 << 2,		   /* RFC 1870 */
	SMTP_8BITMIME = 1 << 3,		   /* RFC 6152 */
	SMTP_SMTPUTF8 = 1 << 4,		   /* RFC 6531 */
	SMTP_ENHANCEDSTATUSCODES = 1 << 5, /* RFC 2034 */
	SMTP_STARTTLS = 1 << 6,		   /* RFC 3207 */
	SMTP_AUTH = 1 << 7,		   /* RFC 4954 */
	SMTP_LIMITS = 1 << 8,		   /* RFC 9422 */
	SMTP_PRDR = 1 << 9,		   /* draft-hall-prdr-00 */
	SMTP_BINARYMIME = 1 << 10,	   /* RFC 3030, with CHUNKING */
	SMTP_DSN = 1 << 16,		   /* RFC 3461 */
	SMTP_DELIVERBY = 1 << 17,	   /* RFC 2852 */
	SMTP_FUTURERELEASE = 1 << 18,	   /* RFC 4865 */
	SMTP_MT_PRIORITY = 1 << 19,	   /* RFC 6710 */
	SMTP_RRVS = 1 << 20,		   /* RFC 7293 */
	SMTP_REQUIRETLS = 1 << 21,	   /* RFC 8689 */
};

enum { SMTP_TIME_SIZE = sizeof("2026-01-31T23:59:59Z") };

struct smtp_capabilities {
	unsigned set;	     /* of enum smtp_capability */
	uint64_t size_max;   /* SIZE: the limit in octets, 0 if none is given */
	unsigned mechanisms; /* AUTH: bit i is sasl_mechanisms[i] */
	unsigned rcpt_max;   /* LIMITS: recipients of a transaction, */
	unsigned mail_max;   /* transactions of a session, */
	unsigned rcpt_domain_max; /* domains of its recipients; 0: no limit */
	uint64_t by_min;   /* DELIVERBY: least seconds of mode R, 0: any */
	uint64_t hold_max; /* FUTURERELEASE: most seconds, 0: not given, */
	char hold_until_max[SMTP_TIME_SIZE]; /* the latest time; "": likewise */
	/* All that was said, for keywords that have no bit; NULL: nothing. */
	const char *text;
};

/* Fills *c from a reply to EHLO, but for `text`; keywords among `without` count
 * as absent. */
void smtp_capability_read(struct smtp_capabilities *c,
    const struct smtp_reply *, const char *const *without, size_t count);
/* Whether name is a keyword that smtp_capability_read knows. */
bool smtp_capability_known(const char *name);
/* The keyword of one of them. */
const char *smtp_capability_name(enum smtp_capability);
/* The one of this keyword; 0: there is none. */
unsigned smtp_capability_find(const char *keyword);
/* Whether this keyword, known or not, is among what the server said. */
bool
smtp_capability_said(const struct smtp_capabilities *, const char *keyword);
/* Whether text is a time as RFC 4865 has it: RFC 3339 in UTC, whole seconds. */
bool smtp_capability_is_time(const char *text, size_t n);

static inline bool
smtp_capable(const struct smtp_capabilities *c, unsigned all)
{
	return (c->set & all) == all;
}

#endif
