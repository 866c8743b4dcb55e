/*
 * waiting: what a person at a terminal is told while a server has not answered:
 * after two seconds for what we wait, and after a signal that the message has
 * gone out and how the wait can be ended.
 */
#ifndef COMMAND_WAITING_H
#define COMMAND_WAITING_H

#include "command/command.h"
#include "command/target.h"
#include "delivery/loop.h"

struct waiting {
	const struct settings *settings;
	const struct process *process;
	const struct target *target;
	const struct loop *loop;
	struct delivery *delivery;
	int64_t (*also)(void *arg); /* another one to look after; may be NULL */
	void *also_arg;

	bool asked, shown; /* whether there is somebody, once that is known */
	bool drawn;	   /* a line stands there that is to be wiped */
	bool told;	   /* of the signal */
	bool hinted;	   /* at what may be wrong */
};

/* Goes round with the loop from here on. */
void waiting_begin(struct waiting *, struct loop *);
/* Wipes its line: before anything else is said. */
void waiting_over(struct waiting *);

#endif
