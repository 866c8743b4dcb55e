/*
 * xml: a document (XML 1.0), read tag by tag.
 *
 * What comes from strangers is kept simple: UTF-8, no document type, no entities
 * but the five that every document has, elements at most 32 deep.  What is not
 * well-formed is an error as soon as it is read.
 */
#ifndef PROVIDER_XML_H
#define PROVIDER_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

enum { XML_DEPTH_MAX = 32 };

enum xml_event {
	XML_BAD = -1, /* EX_PROTOCOL; it stays so */
	XML_DONE,     /* the document is complete */
	XML_OPEN,     /* an element begins */
	XML_CLOSE,    /* one ends */
	XML_TEXT,     /* some of the text in one */
};

struct xml_name {
	const char *start;
	size_t n;
};

struct xml {
	const char *start, *p, *end;
	struct xml_name open[XML_DEPTH_MAX]; /* elements, the root first */
	size_t depth; /* after XML_CLOSE still that of the element */
	struct xml_name attributes; /* of the tag, as they stand there */
	struct buf text;	    /* of XML_TEXT */
	bool empty, closed, rooted;
};

/* The text stays the caller's.  xml_clear in either case; -1 with EX_PROTOCOL: it
 * cannot be XML. */
int xml_begin(struct xml *, const char *text, size_t n, struct error *);
enum xml_event xml_next(struct xml *, struct error *);
void xml_clear(struct xml *);

/* Whether the element at this depth (1: the root) has that name. */
bool xml_is(const struct xml *, size_t depth, const char *name);
/* After XML_OPEN: whether it has that attribute with that value. */
bool xml_attribute_is(const struct xml *, const char *name, const char *value);

#endif
