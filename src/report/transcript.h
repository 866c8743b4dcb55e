/*
 * transcript: what was said, line by line, as it happens: "C: " from us,
 * "S: " from the server, with a '~' in front where TLS was on; "-- " is no
 * line of SMTP.  "C> " and "S> " are rows of octets: offset since the direction
 * changed, sixteen in hexadecimal, the same as ASCII.  Credentials never come
 * this far: the session replaces them.
 */
#ifndef REPORT_TRANSCRIPT_H
#define REPORT_TRANSCRIPT_H

#include <stdint.h>

#include "lib/buf.h"

#include "smtp/session.h"

enum { TRANSCRIPT_BEGIN = 64 };
/* Whether a file that begins with these bytes, TRANSCRIPT_BEGIN of them or all
 * that it has, is a transcript. */
bool transcript_begins(const char *bytes, size_t n);

/* All zero: nothing was said. */
struct transcript {
	enum smtp_event_type direction; /* of the octets that came last, */
	uint64_t offset;		/* behind them */
	int64_t told_us;		/* of the event that was told last */
};

/* Appends the lines for an event, if there are any.  In front of each stands
 * elapsed_us in seconds, and since the event before, unless it is negative. */
void transcript_event(struct transcript *, struct buf *out,
    const struct smtp_event *, bool tls, int64_t elapsed_us);
/* A longer event is to be given in pieces of so many octets, so that what is
 * appended stays small. */
enum { TRANSCRIPT_OCTETS = 4096 };

#endif
