/*
 * each_plan: what a call says of all its messages, and what becomes of it with
 * one record: templates, whose variables are the record's (SPEC 10).
 *
 * A record fills in texts and does not change what they are (each_shape.h): a
 * cell adds no header field, no address, no attribute of a part and, with
 * --each-dir, leads to no file outside of it.  {{{name}}} is taken as it is.  A
 * value that becomes empty is none.
 */
#ifndef COMMAND_EACH_PLAN_H
#define COMMAND_EACH_PLAN_H

#include "batch/template.h"
#include "command/compose.h"
#include "command/each_shape.h"
#include "command/records.h"

/* A value of an option, or an operand, that has tags. */
struct plan_text {
	const struct option_row *row; /* NULL: an operand */
	size_t index;		      /* in its list */
	const char *name;	      /* for errors */
	struct template *template;
	enum each_shape shape;
	bool file;	/* the name of one, perhaps with something behind it */
	bool words;	/* printable text is all that it takes: an address of a
		       recipient, the subject */
	bool addresses; /* it is a list of these, or a field that is */
};

/* The text of a file that is a template itself. */
struct plan_content {
	struct plan_content *next;
	char *name;
	struct buf text;
	struct template *template;
};

struct plan {
	const struct settings *settings;
	const struct process *process;
	const struct records *records;
	struct arena arena;
	struct plan_text *texts;
	size_t count;
	struct buf body_text;  /* of --body, or standard input */
	struct template *body; /* NULL: there is none */
	bool body_varies;      /* each record names a file for it */
	struct plan_content *contents;
	bool names_recipients; /* the call does, for all records */
	const char *directory; /* real name of --each-dir; NULL: none */
	uint64_t hash;	       /* of all of it */
	struct buf text, plain;
};

/* Everything that can be wrong with all records alike is: a template that is
 * none, a column that is missing (EX_DATAERR).  Standard input is read if it is
 * the body.  plan_clear in either case. */
int plan_make(struct plan *, const struct settings *, const struct process *,
    const struct records *, struct error *);
void plan_clear(struct plan *);
/* The template that a file is, read now or before. */
int plan_content_open(
    struct plan *, const char *file, struct template **, struct error *);

/*
 * With this record: *out is the plan's settings with the values filled in, and
 * own's text and HTML.  All lives in the arena, or in that of *out, which is to be
 * cleared in either case.  An error, EX_DATAERR or that of
 * a file, names the option, and not the record.
 */
int plan_fill(struct plan *, const struct record *, struct arena *,
    struct settings *out, struct compose_own *own, struct error *);

/* Into p->text. */
int plan_render(struct plan *, struct template *, const struct record *,
    enum template_escape, struct error *);

/* What a record fills in, if that is all plain. */
struct plan_words {
	const char *to; /* of the recipient; NULL: there are several */
	struct address address;
	const char *subject; /* NULL: the same in all messages, or none */
	const char *body;    /* NULL: there is none */
	size_t body_len;
};

/* Whether the record fills in nothing but words of ASCII and single addresses
 * that are none but valid: if a message could be made of one such record, then
 * it can of all of them.  What it takes is the arena's. */
bool plan_words(
    struct plan *, const struct record *, struct arena *, struct plan_words *);

#endif
