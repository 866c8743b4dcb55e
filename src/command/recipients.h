/*
 * recipients: whom a call and a configuration name, from options, operands and
 * files.
 */
#ifndef COMMAND_RECIPIENTS_H
#define COMMAND_RECIPIENTS_H

#include "command/command.h"
#include "message/message.h"

/*
 * Fills the params' recipients and where each stands; params.complete and
 * .resend are set.  Those of the command line count.  What stands in a
 * configuration is for composed messages, where nobody of its kind is named
 * now; but a standing Bcc goes with every message, and is a recipient of none
 * on its own.
 *
 * 0, or -1 with EX_USAGE, or with EX_NOINPUT and the others of a file.
 */
int recipients_fill(const struct settings *, const struct process *,
    struct arena *, struct message_params *, struct error *);

#endif
