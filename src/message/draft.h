/*
 * draft: a message while it is made: what compose and complete fill in and
 * message serves from.  Nobody else includes this.
 */
#ifndef MESSAGE_DRAFT_H
#define MESSAGE_DRAFT_H

#include "lib/buf.h"

#include "message/envelope.h"
#include "message/message.h"
#include "mime/mime.h"

/* An input beside the first one. */
struct draft_input {
	struct input input;
	struct draft_input *next;
};

struct message {
	struct arena arena;
	struct message_facts facts;
	struct envelope envelope;
	struct buf header;  /* fields in CRLF lines, but for those of `root`;
			      complete: and the empty line, if there is one */
	struct input input; /* the body; complete: all of it */
	struct draft_input *inputs;
	struct mime_part root;
	const char *utf8_hint; /* where SMTPUTF8 is needed and not to be had; or
				  NULL */
	bool opened;	       /* once, and that is all a pipe allows */
};

/* Another input, which is ended with the message. */
struct input *draft_input(struct message *, const struct input_params *);

/* Whether all of the text is one word that may be a mailbox at our host: what
 * a forgotten quotation mark leaves behind is not, in most cases. */
bool draft_is_word(const char *text);
/* Parses the text of an option, in the params' charset; appends to *list.
 * words: it may be such a word. */
int draft_addresses(struct message *, const struct message_params *,
    const char *option, const char *text, bool words, struct address_list *list,
    struct error *);
/* EX_USAGE: to, cc and bcc have such words beside other addresses. */
int draft_check_words(const struct message_params *, struct error *);
/* The author: `from`, or the user at our host. */
int draft_author(struct message *, const struct message_params *,
    struct address_list *list, struct error *);
/* One of to, cc and bcc: appended to *list, and added to the envelope. */
struct draft_texts {
	const char *option;
	const char *const *items;
	const struct message_place *places; /* or NULL */
	size_t count;
};
int draft_recipients(struct message *, const struct message_params *,
    const struct draft_texts *, struct address_list *list, struct error *);
/* The facts' reverse-path from an option. */
int draft_reverse_path(struct message *, const struct message_params *,
    const char *option, const char *text, struct error *);
void draft_set_reverse_path(struct message *, const struct address *);

/* "Name: " and the addresses, with their groups, folded. */
int draft_put_addresses(struct buf *out, const char *name,
    const struct address_list *, struct error *);

/* Makes ident.random depend on all bytes of the input, which lasts or has a
 * spool. */
int draft_mix(struct input *, struct ident *, struct error *);
/* Scans a leaf whose input, range and scan.cr_ends are set: as far as it
 * lasts, or (a pipe without a spool) what is kept. */
int draft_scan(struct mime_part *, void (*also)(void *, const char *, size_t),
    void *arg, struct error *);

#endif
