/*
 * compose: from settings to the message: where recipients and body come from,
 * and who we are.
 */
#ifndef COMMAND_COMPOSE_H
#define COMMAND_COMPOSE_H

#include "command/command.h"
#include "message/message.h"

/* *message is the caller's; it may still read from standard input or a file
 * that stays open with the process.  *arena holds what the params named. */
int compose_message(const struct settings *, const struct process *,
    struct arena *, struct message **message, struct error *);

#endif
