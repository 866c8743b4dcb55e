/*
 * completing: a complete message while its header is read.  What complete.c,
 * complete_*.c and resent.c share; nobody else includes this.
 */
#ifndef MESSAGE_COMPLETING_H
#define MESSAGE_COMPLETING_H

#include "message/draft.h"
#include "rfc5322/header.h"

struct completing {
	struct message *m;
	const struct message_params *p;
	/* Where the header begins in the input, behind an mbox line, and where
	 * the body does, behind the empty line. */
	struct input_range header_range, body;
	struct buf header; /* the fields, in CRLF lines */
	bool header_ended; /* by an empty line */
	bool says_binary;  /* and has the line ends that mail has then */
	struct scan scan;  /* of the header as it stands */
	/* What the options say; the author only if there is need of one. */
	struct address_list author, to, cc, bcc;
};

/* A Resent- block (RFC 5322 3.6.6): its first field and what comes behind its
 * last one; NULL: there is none. */
struct completing_block {
	const char *first, *end;
};

/* The name of the input, for errors. */
const char *completing_name(const struct completing *);
/* Reads the header; what it holds that no header may is refused, or with
 * `repair` mended. */
int completing_read_header(struct completing *, struct error *);
/* With `repair`: what was put into it since is mended, too. */
int completing_repair_fields(struct completing *, struct error *);
/* Reads the body and makes the root of it; the header goes before it, as it has
 * become by then.  EX_DATAERR: what cannot go out, unless it is repaired. */
int completing_read_body(struct completing *, struct error *);
/* With `strict`: both scans are of line ends of one kind.  The input lasts. */
int completing_check_line_ends(
    const struct completing *, const struct scan *body, struct error *);
/* The walk over the header: the field at *at (NULL: the first one), which
 * moves on. */
bool completing_next_field(
    const struct completing *, const char **at, struct header_field *);

/* Whether the field has this name. */
bool completing_is(const struct header_field *, const char *name);
/* Whether the message is for those whom the field names. */
bool completing_names_recipients(
    const struct completing *, const struct header_field *);
/* The line of the input on which the field begins. */
unsigned long long
completing_line(const struct completing *, const struct header_field *);
/* A field's addresses, appended to *list.  domain: that of a word without one;
 * NULL: it is an error. */
int completing_addresses(struct completing *, const struct header_field *,
    const char *domain, struct address_list *list, struct error *);
/* The envelope's, and c->to, cc and bcc.  EX_USAGE: none. */
int completing_read_recipients(
    struct completing *, const struct completing_block *, struct error *);

/* A new Resent- block (RFC 5322 3.6.6) at the beginning of the message's
 * header. */
int resent_put(struct completing *, struct error *);

#endif
