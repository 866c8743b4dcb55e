/*
 * script_rule: what the replies to a script mean (smtpsend-script(7)).
 *
 * 221 and 421 end the run, and so do 4yz and 5yz unless it is to go on; any
 * other reply lets the next line follow.  An !expect speaks of a reply in place
 * of this rule.
 */
#ifndef COMMAND_SCRIPT_RULE_H
#define COMMAND_SCRIPT_RULE_H

#include "smtp/event.h"

#include "command/script_raw.h"
#include "command/script_text.h"

struct script_heard {
	const struct script_step *step;
	int code;
	char enhanced[12];
	enum smtp_phase phase;
	char *text;
	bool expected; /* an !expect has spoken of it */
};

struct script_rule {
	const char *name; /* of the script, for errors */
	bool keep_going;  /* after refusals; the first decides on the status */
	bool open;	  /* the same, and the last reply decides */

	/* Replies to what was said last */
	struct script_heard *heard;
	size_t heard_count;
	size_t judged; /* of them, by the rule */

	struct script_raw raw; /* a message that is no exchange */

	bool challenged;    /* 334 was the last reply, by no exchange */
	bool over;	    /* nothing more is said */
	bool broken_off;    /* not even QUIT */
	bool accepted;	    /* a message of the run was, by an exchange */
	int status;	    /* so far */
	struct error error; /* why it ended; status 0: it did not fail */
};

/* Of several replies to one AUTH or message, the last one counts, and in LMTP
 * each that speaks of a recipient. */
void script_hear(struct script_rule *, const struct script_step *,
    const struct smtp_event *);
/* Those that were heard, and of which no !expect has spoken. */
void script_judge(struct script_rule *);
/* The oldest of which no !expect has spoken; NULL: there is none. */
struct script_heard *script_unexpected(const struct script_rule *);
/* Any code that the step expects is as good as 2yz. */
void script_expect(
    struct script_rule *, const struct script_step *, struct script_heard *);
/* Something else is going to be said. */
void script_forget(struct script_rule *);
/* The run is over, with this status. */
void script_end(struct script_rule *, int status);

#endif
