/*
 * mailbox: the messages of a mailbox file (RFC 4155), one after another.
 *
 * An entry begins with a separator (mbox_is_separator) at the beginning of the
 * file or behind an empty line.  That empty line is the mailbox's and no part
 * of the message before it; the last message may lack it, and may lack the end
 * of its last line.  (So of a header that nothing follows the empty line goes,
 * too, as our own --save writes one more.)  Lines end in LF or CRLF and stay
 * as they are; so does every octet, NUL included, apart from what is said of
 * the forms:
 *
 * MBOXRD   one ">" goes from each line of ">", any number of them, and "From ".
 *	    What content/mbox.h writes is read as what it was.
 * MBOXO    one ">" goes from each line that begins with ">From ".  Those who
 *	    write this form quote "From " anywhere, and nothing else, so that
 *	    all messages come back but those that had ">From " themselves.
 * MBOXCL   as MBOXRD, and the Content-Length of a message's header, which
 *	    counts the octets of its body as they stand in the file, says where
 *	    it ends.
 * MBOXCL2  the same, and nothing was quoted.
 *
 * A Content-Length is believed only if there is one, and what stands at that
 * place is the end of the file or a separator, or an empty line and then one of
 * these; else the message ends as in the other forms.  Content-Length fields
 * are the mailbox's in these two forms, and all of them go: they are no fields
 * of mail, and the number is wrong as soon as quoting is undone.  All other
 * fields stay, Status: and X-Status: too, and in the first two forms
 * Content-Length:.
 *
 * Memory does not grow with the mailbox nor with a message: 256 KiB, beside
 * what the caller holds of messages (content/spill.h).
 */
#ifndef CONTENT_MAILBOX_H
#define CONTENT_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "content/input.h"
#include "content/spill.h"
#include "lib/error.h"

enum mailbox_form { MAILBOX_RD, MAILBOX_O, MAILBOX_CL, MAILBOX_CL2 };

struct mailbox_params {
	struct input *input; /* the caller's, who reads nothing of it
				meanwhile, if it is a pipe */
	enum mailbox_form form;
	const char *temp_dir; /* for messages beyond SPILL_KEPT; NULL: /tmp */
};

/* Where a message is: where its separator begins. */
struct mailbox_place {
	uint64_t offset;
	uint64_t line;	 /* counted from 1 */
	uint64_t number; /* of the message, counted from 1 */
};

/* `struct mailbox_message m = MAILBOX_MESSAGE`; several may be held at a
 * time. */
struct mailbox_message {
	struct mailbox_place place;
	struct spill bytes;
	char sender[256]; /* what the separator says, or its beginning: any
			     octets but NUL; for information only */
};
#define MAILBOX_MESSAGE ((struct mailbox_message){.bytes = SPILL_NONE})
void mailbox_message_clear(struct mailbox_message *);

struct mailbox {
	struct mailbox_params params;
	struct mailbox_place next; /* of what stands at the window's start */
	char *window;
	size_t start, len; /* of the window: what is not taken yet */
	bool ended;	   /* nothing is behind the window */
	bool ready;	   /* a pipe has been read, if that is needed */
};

/* Reads nothing yet. */
void mailbox_begin(struct mailbox *, const struct mailbox_params *);
void mailbox_end(struct mailbox *);

/*
 * The next message, in place of the one that was held there: 1; 0: there is
 * none; -1: EX_DATAERR, where no separator stands where one has to, with the
 * line, or where a file has become shorter meanwhile; or that the input cannot
 * be read, or a temporary file not be written.  After -1 there is nothing to be
 * read before a mailbox_seek.
 *
 * For MAILBOX_CL and MAILBOX_CL2 a pipe is first read to its end and into a
 * temporary file (input_spool), since the place a length leads to is looked at
 * before the message is read.
 */
int mailbox_next(struct mailbox *, struct mailbox_message *, struct error *);
/* The message at a place that mailbox_next told is the next one, if the input
 * can be read again (input_is_lasting); else -1 with EX_NOINPUT.  That the file
 * has changed is seen, if no separator stands there. */
int
mailbox_seek(struct mailbox *, const struct mailbox_place *, struct error *);

#endif
