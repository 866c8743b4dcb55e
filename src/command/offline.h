/*
 * offline: all that comes before a message is sent, and nothing of the rest:
 * nobody is connected to, no name is resolved, no password is asked for.  What
 * is wrong with the settings is an error all the same.
 */
#ifndef COMMAND_OFFLINE_H
#define COMMAND_OFFLINE_H

#include "command/command.h"
#include "command/parameters.h"
#include "command/target.h"
#include "message/message.h"

struct each;
struct each_message;

struct offline {
	const struct settings *settings;
	const struct process *process;
	struct arena arena;
	struct target target;
	struct message *message;
	struct parameters parameters;
	/* Of many, it is this one's; NULL: there is one. */
	struct each *each;
	struct each_message *one;
};

/* offline_clear in either case. */
int offline_prepare(struct offline *, const struct settings *,
    const struct process *, struct error *);
void offline_clear(struct offline *);
/* Appends whom it is from and to, a line each, with parameters. */
void offline_envelope(struct offline *, struct buf *);
/* All of a source to an outlet; *size is how much that was.  Heeds the
 * deadline and signals on both sides. */
int offline_write(const struct offline *, struct source *, struct outlet *,
    const char *name, uint64_t *size, struct error *);

#endif
