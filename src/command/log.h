/*
 * log: one line a mail to a file or to syslog (--log), beside all that is told.
 *
 * A line is written whole, by one system call, and is waited for by nobody.
 * That it cannot be written is a warning, once, and changes nothing else.
 */
#ifndef COMMAND_LOG_H
#define COMMAND_LOG_H

#include "command/command.h"
#include "command/mail.h"
#include "command/peer.h"
#include "report/log.h"

/* Where syslog is listening. */
#define LOG_SOCKET "/dev/log"

/* For the settings and the process, which outlive it, zeros else. */
struct log {
	const struct settings *settings;
	const struct process *process;
	bool opened;
	bool failed; /* and it was said */
	int fd;	     /* once it is opened; -1: there is none */

	/* Who is at the other end of what is written next; NULL: nobody is. */
	const struct route *route;
	struct peer peer;
};

/* Whether a log is wanted at all. */
bool log_is_wanted(const struct settings *);
/* The log of a user in root's call: what his settings say of it, else syslog if
 * root wants one, whose file would not be the user's to write. */
const char *
log_of_user(const struct settings *users, const struct settings *roots);
void log_write(struct log *, const struct log_entry *);
/* The same, with what the mail says of itself filled in; of one that is all
 * zeros, and was not composed, that is nothing. */
void log_write_mail(struct log *, const struct mail *, struct log_entry *);
/* The delivery, whose route is there until the next one or log_close, is who is
 * at the other end of what is written next. */
void log_see(struct log *, struct delivery *);
void log_close(struct log *);

/* Descriptors that do not block, for what must not be anything else: a regular
 * file, made where there is none; a datagram socket.  -1 with *err: it says what
 * it is. */
int log_open_file(const char *path, struct error *);
int log_open_socket(const char *path, struct error *);

#endif
