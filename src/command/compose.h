/*
 * compose: from settings to the message: where recipients and body come from,
 * and who we are.
 */
#ifndef COMMAND_COMPOSE_H
#define COMMAND_COMPOSE_H

#include "command/command.h"
#include "command/parts.h"
#include "message/message.h"

/* What one of many messages has of its own. */
struct compose_own {
	struct ident ident;
	const struct message_local *local; /* or NULL */
	const char *charset;		   /* of the call; as --charset */
	const char *html; /* what --html names; NULL: read that */
	/* The body, or a complete message: a text or a descriptor that stays the
	 * caller's, and what it is called. */
	bool complete;
	const char *text; /* NULL: fd */
	int fd;
	uint64_t size; /* of a file, only so many octets; 0: all */
	const char *name;
};

struct composed {
	struct message *message;
	struct parts parts;
};

/* The same for it.  Nothing is asked, and nothing noted.  composed_clear in
 * either case. */
int compose_one(const struct settings *, const struct process *,
    const struct compose_own *, struct arena *, struct composed *,
    struct error *);
void composed_clear(struct composed *);

/* *message is the caller's; it may still read from standard input or a file
 * that stays open with the process.  *arena holds what the params named. */
int compose_message(const struct settings *, const struct process *,
    struct arena *, struct message **message, struct error *);

#endif
