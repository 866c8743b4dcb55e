/*
 * sendmail_smtp: `sendmail -bs`, SMTP (RFC 5321) with a program on standard input
 * and output.
 *
 * The server is asked for each recipient as it is named, and what it refuses is
 * refused here; who is put off, and everybody where it cannot be reached, is
 * taken, and waits in the outbox.  A message is sent when it is complete, and
 * the answer to it says who has it; see submission.h.
 */
#ifndef COMMAND_SENDMAIL_SMTP_H
#define COMMAND_SENDMAIL_SMTP_H

#include "command/command.h"

/* The exit status: 0 after QUIT or at the end of the input.  If that, a signal or
 * the deadline comes in the middle of a message, which then is sent to nobody:
 * EX_NOINPUT, EX_SIGNAL plus n, EX_TEMPFAIL; EX_PARTIAL if another message of
 * the session was taken.  EX_IOERR: nobody reads what is said. */
int sendmail_smtp(const struct settings *, const struct process *);

#endif
