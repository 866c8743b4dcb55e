/*
 * sendmail: what sendmail(8), mailq(1) and newaliases(1) are asked for, done by
 * the commands of smtpsend.
 *
 * Who calls them mostly looks at no status, and drops the message whatever it
 * is.  So all that stands in the way of a message that could be sent by itself,
 * a broken configuration too, brings it into the outbox, and is told.
 */
#ifndef COMMAND_SENDMAIL_H
#define COMMAND_SENDMAIL_H

#include "command/command.h"
#include "options/personality.h"

/* Reads the command line of process->origin in their way, does what it asks for
 * and ends the output: the exit status.  The process gets the origin, the
 * settings and the limits that this makes for as long as it runs. */
int sendmail_run(enum personality, struct process *);

#endif
