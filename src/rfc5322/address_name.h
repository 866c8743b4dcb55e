/*
 * address_name: what stands before an address and around it, its display name
 * and comments, while a list is read.  What address.c and address_name.c share;
 * nobody else includes this.
 */
#ifndef RFC5322_ADDRESS_NAME_H
#define RFC5322_ADDRESS_NAME_H

#include "rfc5322/address.h"
#include "rfc5322/lexer.h"

struct address_parser {
	struct lexer lex;
	struct arena *arena;
	const struct address_params *params;
	struct address_list *list;
	const char *group;
	struct buf phrase;   /* display name of the entry being read */
	struct buf atoms;    /* the part of it that may be encoded words */
	struct buf comments; /* read since the entry before */
	size_t first;	     /* addresses that were in the list before */
	bool angle;	     /* the address read last stood in angle brackets */
};

/* A display name as the caller gets it: NULL if empty, always UTF-8. */
const char *address_name_display(struct arena *, const struct buf *name);
/* Appends the text, encoded words in it decoded if these are meant. */
void address_name_decode(
    struct address_parser *, struct buf *out, const struct buf *text);
/* The comments that were read, which then are none to come; NULL: none. */
const char *address_name_comments(struct address_parser *);
/* Comments that belong to no address have no place in the list. */
int address_name_pass_comments(struct address_parser *, const char *place);
/* A phrase (3.2.5) and, as the old syntax has it, dots; maybe nothing. */
int address_name_phrase(struct address_parser *, bool *empty);
/* A name of atoms alone that cannot be decoded without loss; else NULL. */
const char *address_name_encoded(const struct address_parser *);
/* In a header that somebody else wrote, what stands before an angle bracket is
 * a name, as MTAs read it, though it is no phrase: an address, say.  `before`:
 * of the comments, those that were read before it. */
void
address_name_loose(struct address_parser *, const char *start, size_t before);

#endif
