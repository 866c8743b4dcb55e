/* template_internal: what template_compile.c makes and template.c renders. */
#ifndef BATCH_TEMPLATE_INTERNAL_H
#define BATCH_TEMPLATE_INTERNAL_H

#include "batch/template.h"

#include "lib/arena.h"

/* Of a name with dots. */
struct part {
	const char *text;
	size_t len;
	size_t member; /* where it was found the last time: it will be there
			  in the next record, too */
};

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_SECTION, NODE_INVERTED, NODE_END };

struct node {
	enum node_kind kind;
	bool raw;	  /* a value that is never escaped */
	const char *text; /* as it is, or a name */
	size_t len;
	struct part *parts; /* of the name; none: {{.}} */
	size_t part_count;
	size_t end; /* of a section: the node of its end */
	uint64_t line, column;
};

struct template
{
	const char *name;
	bool plain;
	struct arena arena;
	struct node *nodes;
	size_t count, capacity;
	struct template_name *names;
	size_t name_count, name_capacity;
};

/* Fills the rest of a template that has a name. */
int
template_compile(struct template *, const char *text, size_t n, struct error *);

#endif
