/*
 * parts: the files that make a message beside its body: from the options to
 * what the message is given.
 */
#ifndef COMMAND_PARTS_H
#define COMMAND_PARTS_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "message/message.h"
#include "options/settings.h"

struct parts {
	struct message_part *items; /* in the order of the message */
	size_t count;
	const char *in_reply_to;      /* <ID>; NULL: none */
	struct message_part answered; /* name NULL: none */
};

/* Opens nothing.  EX_USAGE, naming the option. */
int parts_read(struct parts *, const struct settings_message *, struct arena *,
    struct error *);
/* Whether standard input is what is meant: "-", or its names in the system. */
bool parts_name_stdin(const char *name);
/* How many of them stand on standard input. */
size_t parts_on_stdin(const struct parts *);
/* Opens all that have no text, for as long as they are not closed; a FIFO is not
 * waited for.  EX_NOINPUT, naming option and file. */
int parts_open(struct parts *, struct error *);
/* How many are open. */
size_t parts_files(const struct parts *);
/* Standard input stays open. */
void parts_close(struct parts *);

#endif
