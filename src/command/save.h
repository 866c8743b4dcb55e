/*
 * save: a copy of the message that was sent, where the user keeps such copies.
 *
 * What PATH is decides: a Maildir if it is one or ends with "/" (created when
 * it is missing); the message alone, as it went out, in a new file if the name
 * ends with ".eml"; else a mailbox file in mboxrd form, to which it is
 * appended.  "-", /dev/stdout and /dev/fd/N are descriptors, to which the
 * message alone is written.  A "~/" at the beginning is the home.  Nobody ever
 * sees a part of a copy: files get their name when they are complete, and a
 * mailbox is cut back if it could not be written to.
 *
 * Everything that can be found out about PATH is found out by save_prepare,
 * before anything is sent; nothing is left behind of it if nothing is kept.
 */
#ifndef COMMAND_SAVE_H
#define COMMAND_SAVE_H

#include "command/command.h"
#include "lib/file.h"
#include "message/message.h"

enum save_kind {
	SAVE_NOTHING,
	SAVE_MAILDIR,
	SAVE_FILE,
	SAVE_MBOX,
	SAVE_STREAM
};

struct save {
	const struct process *process;
	struct arena *arena;
	enum save_kind kind;
	const char *path; /* as it was given, without "~" */
	struct file file; /* the new one, or without names the mailbox or the
			     stream, if it is open */
	struct outlet own, *stream; /* NULL: it is a file */
};

/* To be called when all input is open.  Without --save there is nothing to do
 * here and for the others.  EX_CANTCREAT.  save_clear in either case. */
int save_prepare(struct save *, const struct settings *, struct arena *,
    const struct process *, struct error *);
/* Keeps a copy.  What opens the message again must be possible; signals are
 * not heeded any more.  *kept is where it is. */
int save_message(struct save *, struct message *, const struct mime_form *,
    const char **kept, struct error *);
void save_clear(struct save *);

#endif
