/*
 * script_talk: says the steps of a script, and hears the replies to them.
 */
#ifndef COMMAND_SCRIPT_TALK_H
#define COMMAND_SCRIPT_TALK_H

#include "command/command.h"
#include "command/peer.h"
#include "command/script_rule.h"
#include "command/target.h"
#include "command/trace.h"

struct script_talk {
	const struct settings *settings;
	const struct process *process;
	struct script script;
	bool prompted; /* by a person at a terminal */
	struct target target;
	struct trace trace;
	struct peer peer;

	struct script_step **steps; /* all, or those that were read */
	size_t count, at;

	/* What was said and is not answered: steps from `first` to before
	 * `said`, indices into steps. */
	size_t first, said;
	size_t made; /* steps before it have nothing more to be sent */
	bool flight; /* between !pipeline and !end */
	struct smtp_transaction message; /* of DATA or BDAT */
	struct smtp_texts texts;
	bool sending; /* it has begun, and is not over */

	struct script_rule rule; /* of replies, and what came of them */
	bool closed;		 /* all that there was was heard */
	bool lost;		 /* the connection was, or never there */
};

/* The next step of the script becomes the last of `steps`: 1, 0 at the end,
 * or -1. */
int script_talk_read(struct script_talk *, struct error *);
/* Whether what a step needs was given (EX_USAGE). */
int script_talk_check(
    const struct script_talk *, const struct script_step *, struct error *);
/* The whole conversation.  Replies are printed as they come; the rest stands in
 * the rule, `closed` and `lost` then. */
void script_talk(struct script_talk *);

#endif
