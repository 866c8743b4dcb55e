/*
 * check: a message that goes as far as RCPT, and what was said of each
 * recipient; send.c takes it there.
 */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include "command/command.h"
#include "report/report.h"

/* It is asked for, and nothing is to be sent. */
bool check_is_asked(const struct settings *);
/* Something is given that the message is made of; without it nobody knows how
 * large the message would be. */
bool check_has_content(const struct settings *);
/* Tells what was said.  That is what was asked for: a loss of it changes the
 * outcome's status. */
void
check_tell(const struct settings *, const struct process *, struct report *);

#endif
