/* dns_packet: questions and answers as they travel (RFC 1035 4). */
#ifndef LIB_DNS_PACKET_H
#define LIB_DNS_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/dns.h"
#include "lib/error.h"

enum dns_type { DNS_MX = 15, DNS_SRV = 33 };
enum { DNS_QUERY_MAX = 12 + 255 + 4, DNS_NAME_MAX = 253 };

struct dns_question {
	uint16_t id;
	enum dns_type type;
	char name[DNS_NAME_MAX + 1]; /* without the final dot */
};

/* -1 with EX_USAGE: no name of labels made of letters, digits, '-' and '_'. */
int dns_question_set(
    struct dns_question *, const char *name, enum dns_type, struct error *);
/* The length of the packet that asks. */
size_t dns_query_write(
    const struct dns_question *, unsigned char packet[DNS_QUERY_MAX]);

enum dns_reading {
	DNS_FAILED =
	    -1, /* *err: EX_TEMPFAIL (the server cannot), EX_PROTOCOL */
	DNS_READ,
	DNS_FOREIGN, /* it answers something else, and counts for nothing */
	DNS_CUT,     /* to be asked again by TCP */
};

/* The answer's records of the question's type, sorted by priority; those whose
 * host could not be one are left out. */
enum dns_reading dns_answer_read(const struct dns_question *,
    const unsigned char *packet, size_t n, struct arena *,
    const struct dns_record **, size_t *count, struct error *);

#endif
