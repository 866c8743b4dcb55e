/*
 * rehearsal: all that comes before a message is sent, and nothing of the rest:
 * nobody is connected to, no name is resolved, no password is asked for.  What
 * is wrong with the settings is an error all the same.
 */
#ifndef COMMAND_REHEARSAL_H
#define COMMAND_REHEARSAL_H

#include "command/command.h"
#include "command/target.h"
#include "message/message.h"

struct rehearsal {
	const struct settings *settings;
	const struct process *process;
	struct arena arena;
	struct target target;
	struct message *message;
};

/* rehearsal_clear in either case. */
int rehearsal_prepare(struct rehearsal *, const struct settings *,
    const struct process *, struct error *);
void rehearsal_clear(struct rehearsal *);
/* All of a source to an outlet; *size is how much that was.  Heeds the
 * deadline and signals on both sides. */
int rehearsal_write(const struct rehearsal *, struct source *, struct outlet *,
    const char *name, uint64_t *size, struct error *);

#endif
