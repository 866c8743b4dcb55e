/*
 * log: one mail as one line of a log, the same words whatever became of it, for
 * those who look for it with grep:
 *
 *	uid=0 from=<a@x> to=<b@y>,<c@y> nrcpt=2 size=812 message-id=<1@x>
 *	server=mx.y[192.0.2.1]:587 tls=TLS1.3 user=a status=sent exit=0
 *	dsn=2.0.0 reply="250 2.0.0 Ok: queued as 4F2"
 *
 * What is not known is left out.  Nothing that comes from outside can look like
 * a word of ours, or be more than its share of the line.
 */
#ifndef REPORT_LOG_H
#define REPORT_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "lib/buf.h"
#include "smtp/session.h"

/* With the head, and with the newline of a file. */
enum { LOG_FILE_MAX = 4096, LOG_SYSLOG_MAX = 2048 };

struct log_entry {
	const char *from; /* the reverse-path; NULL: that is not known */
	const struct smtp_recipient *recipients;
	size_t count; /* 0: nor is it for whom it was */
	uint64_t size;
	bool sized;
	const char *message_id;
	const char *host; /* or what there is in place of one */
	const char *address;
	unsigned port;	    /* 0: none */
	const char *tls;    /* its version */
	const char *user;   /* that signed in, or would have */
	const char *queued; /* the ID in the outbox of what is to come */
	const char *id;	    /* likewise, of this one, that came from there */
	bool expired;	    /* it is not tried again since it is too old */
	int status;	    /* the exit status that it stands for */
	const char *why;    /* in our words, where no recipient has any */
};

/* What a mail's line is for syslog, RFC 3164 4.1.1: facility mail. */
int log_priority(const struct log_entry *);

/* Appends the line, which is at most `max` octets long with what was there
 * before, and has no newline.  Its status is "sent", "queued", "deferred",
 * "refused", "partial", "unknown", "expired", or "failed" for what went wrong
 * otherwise. */
void log_put(struct buf *, const struct log_entry *, uid_t, size_t max);
/* What stands before it: "2026-05-04T09:08:07+0200 smtpsend[123]: ", and as
 * syslog(3) sends it: "<22>May  4 09:08:07 smtpsend[123]: ". */
void log_put_head(struct buf *, const struct tm *, const char *program, pid_t);
void log_put_syslog_head(
    struct buf *, int priority, const struct tm *, const char *program, pid_t);

#endif
