/*
 * envelope: the first line of a file in the outbox, one JSON object:
 *
 *	{"smtpsend":1,"size":        4711,"end":"0123456789abcdef",
 *	 "id":"1k2m3n4p5q6r7s8t","part_of":"...","time":1795000000,"from":"a@b",
 *	 "to":["c@d"],"parameters":["NOTIFY=NEVER"],"options":{...}}
 *
 * The size of the message and a sum of its last octets are known last, so these,
 * and the ID, have room at a fixed place.  "part_of", "parameters" (of RCPT, one for each)
 * and "options" stand there if there are any; what a later version adds is
 * passed over.
 */
#ifndef OUTBOX_ENVELOPE_H
#define OUTBOX_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "outbox/outbox.h"

enum {
	ENVELOPE_SEAL = 90,		 /* octets that envelope_seal writes */
	ENVELOPE_MAX = 64 * 1024 * 1024, /* octets of a line */
	ENVELOPE_TAIL = 4096 /* of the message, at most, are summed */
};

/* The line with its newline; the seal is still blank. */
void envelope_write(struct buf *, const struct outbox_envelope *);
/* What the line begins with; the tail: the message's last ENVELOPE_TAIL octets,
 * or all. */
void envelope_seal(char seal[ENVELOPE_SEAL + 1], const char *id, uint64_t size,
    const void *tail, size_t tail_size);

/* What a line says, without its newline.  -1: it is none, or of a version that
 * we do not know. */
int envelope_read(const char *line, size_t n, struct arena *,
    struct outbox_envelope *, uint64_t *size);

#endif
