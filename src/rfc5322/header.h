/*
 * header: fields of a message header (RFC 5322 sections 2.2 and 3.2.2): their
 * names, unfolding, folding, and a walk over a block of them.
 */
#ifndef RFC5322_HEADER_H
#define RFC5322_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

enum {
	HEADER_LINE = 78,	/* RFC 5322 2.1.1: lines should be no longer */
	HEADER_LINE_WORDS = 76, /* with encoded words, RFC 2047 2: must not */
	HEADER_LINE_MAX = 998,	/* and must be no longer */
	HEADER_NAME_MAX = 76,	/* so that a name and its colon fit on a line */
};

/* One field of a block whose lines end with LF or CRLF. */
struct header_field {
	const char *name;
	size_t name_len; /* without space before the colon */
	const char *value;
	size_t value_len; /* as it stands, folded, without the last line end */
	const char *next; /* the byte behind the field and its line end */
};

/* Whether it is made of ftext, and not too long for a line. */
bool header_name_valid(const char *name, size_t n);
/* Whether the line is what ends a header. */
bool header_line_is_empty(const char *line, size_t n);
/* Whether it holds a CR that is no part of its end.  For some programs that
 * ends a line, so a field could hide another one. */
bool header_line_is_cut(const char *line, size_t n);
/* Appends a line with CRLF for the end it has, with `mend` without its NULs. */
void header_put_line(struct buf *out, const char *line, size_t n, bool mend);
/* Parses the field at p.  False: the line there is no field (RFC 5322 2.2, or
 * with space before the colon: 4.5), or is empty. */
bool header_parse(const char *p, const char *end, struct header_field *);
/* The value without its line ends and without white space around it. */
int header_unfold(const struct header_field *, struct buf *out);

/* Where a value may best be broken into lines. */
enum header_break {
	HEADER_TEXT, /* before any white space */
	HEADER_LIST, /* before white space that follows a comma, if there is */
	HEADER_PARAMETERS, /* the same with a semicolon */
};

/*
 * Appends "Name: value" CRLF, folded before white space of the value so that
 * lines have at most 78 octets, 76 with encoded words, where that can be done.
 * EX_USAGE, with nothing appended, if a line would have more than 998 octets or
 * if the value holds CR or LF.
 */
int header_put(struct buf *out, const char *name, const char *value,
    enum header_break, struct error *);

#endif
