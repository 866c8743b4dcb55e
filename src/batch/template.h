/*
 * template: a text in which {{name}} stands for what a record holds.
 *
 * It is the core of Mustache (https://github.com/mustache/spec):
 *
 *   {{name}} {{a.b.c}} {{.}}      a value, in HTML with & < > " ' escaped
 *   {{{name}}} {{& name}}         the same as it is
 *   {{#name}} ... {{/name}}       once for each item of a list, else if true
 *   {{^name}} ... {{/name}}       if false
 *   {{! comment }}
 *   {{=<% %>=}}                   other signs for {{ and }} from here on
 *
 * There are no partials and no lambdas.  A name may hold blanks, as a column's
 * may, but no line end and no empty part between dots.
 */
#ifndef BATCH_TEMPLATE_H
#define BATCH_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#include "batch/value.h"

enum template_escape {
	TEMPLATE_TEXT,
	TEMPLATE_HTML,
	/* An address list: a value that is, with other words, all that stands
	 * before a "<" is of a phrase (RFC 5322 3.2.5), and put into quotes
	 * where it needs them; in quotes, comments and domain literals of the
	 * template it cannot end them; and one that does not close what it
	 * opens is EX_DATAERR. */
	TEMPLATE_ADDRESS,
	/* "x" for each value that would be escaped in HTML: what the template
	 * itself says, whatever a record holds. */
	TEMPLATE_SHAPE,
};

enum {
	TEMPLATE_DEPTH_MAX = 64,      /* sections within sections */
	TEMPLATE_STEPS_MAX = 1 << 22, /* tags and texts in one rendering */
};

/* A name that is looked up in the record: {{name}}, a section, and of a.b.c the
 * first part. */
struct template_name {
	const char *name; /* no NUL behind it */
	size_t len;
	bool dotted;
	bool in_section; /* where the name may be found in its value first */
	uint64_t line, column; /* of its tag, from 1, in characters */
};

struct template;

/*
 * `text`, of which nothing is copied, and `name`, for errors, live longer than
 * the template.  A tag or section that is not closed, a section that is closed
 * by another name, a tag without a name, a partial: EX_DATAERR with the name,
 * line and column.
 */
int template_new(const char *text, size_t n, const char *name,
    struct template **, struct error *);
void template_free(struct template *);

/* Whether there is no tag at all: it renders as what it is. */
bool template_is_plain(const struct template *);

/* In the order in which they stand there; those that are there again, too. */
const struct template_name *
template_names(const struct template *, size_t *count);

/*
 * Appends what becomes of the template with this record.  What is not there
 * renders as nothing; a list or object as a value, more than `out` may hold and
 * more than TEMPLATE_STEPS_MAX are EX_DATAERR, and `out` holds a part then.  The
 * template keeps in mind where names were found: not in two threads at once.
 */
int template_render(struct template *, const struct value *record,
    enum template_escape, struct buf *out, struct error *);

#endif
