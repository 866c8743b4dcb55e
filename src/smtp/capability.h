/*
 * capability: what a server said it can do in its reply to EHLO or LHLO
 * (RFC 5321 4.1.1.1), as far as we have a use for it.
 *
 * Malformed parameters are ignored, doubled keywords do no harm, and nothing
 * grows with the length of the list.
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
};

struct smtp_capabilities {
	unsigned set;	     /* of enum smtp_capability */
	uint64_t size_max;   /* SIZE: the limit in octets, 0 if none is given */
	unsigned mechanisms; /* AUTH: bit i is sasl_mechanisms[i] */
	unsigned rcpt_max;   /* LIMITS: recipients of a transaction, */
	unsigned mail_max;   /* transactions of a session, */
	unsigned rcpt_domain_max; /* domains of its recipients; 0: no limit */
};

/* Fills *c from a reply to EHLO; keywords among `without` count as absent. */
void smtp_capability_read(struct smtp_capabilities *c,
    const struct smtp_reply *, const char *const *without, size_t count);
/* Whether name is a keyword that smtp_capability_read knows. */
bool smtp_capability_known(const char *name);
/* The keyword of one of them. */
const char *smtp_capability_name(enum smtp_capability);

static inline bool
smtp_capable(const struct smtp_capabilities *c, unsigned all)
{
	return (c->set & all) == all;
}

#endif
