/*
 * info: what a server says of itself and shows, and what that means to whoever
 * wants to hand a message in.
 */
#ifndef REPORT_INFO_H
#define REPORT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct report;

/* One of a host's. */
struct report_address {
	const char *address;
	unsigned port;
	bool connected;
	const char *error; /* why not, or why it did not do; NULL: it was not
			      tried, or is in use */
};

struct report_certificate {
	const char *subject, *issuer; /* "": none */
	const char *const *names;
	size_t name_count;
	int64_t begins, expires; /* seconds since 1970, -1: unknown */
	int64_t days; /* whole ones from now until then; -1: it expired less
			 than a day ago */
};

/* Texts have their lines joined by '\n'; "": it was not said.  Lists of words
 * have blanks between them. */
struct report_info {
	const struct report_address *addresses;
	size_t address_count;
	const char *greeting;
	const char *clear,
	    *secured;		/* the reply to EHLO, without and with TLS */
	const char *used;	/* extensions: by themselves, */
	const char *on_request; /* and when an option asks for them */
	const char *mechanisms; /* that are offered */
	const char *mechanism;	/* the one that would be chosen; NULL: none */
	bool signed_in;

	const char *key_exchange, *pin; /* "": not known */
	const struct report_certificate *chain;
	size_t chain_count;
	const char *unverified; /* why TLS proves nothing; NULL: it does */

	uint64_t size_max; /* octets; 0: no limit was said, as below */
	unsigned rcpt_max, mail_max, rcpt_domain_max;
	unsigned ready_trips;	/* waits for the server until mail could go, */
	unsigned message_trips; /* and for one message; 0: not known */
};

/* Lines of a name and what is known. */
void report_info(struct buf *out, const struct report *);
/* "2026-11-29T08:00:00Z"; "": unknown. */
enum { REPORT_TIME_SIZE = 40 };
void report_time(int64_t seconds, char out[REPORT_TIME_SIZE]);
/* Whole ones, below 0 when it is over. */
int64_t report_days(int64_t then, int64_t now);

#endif
