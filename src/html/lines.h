/*
 * html_lines: the lines of text that a document becomes.  Only the html files
 * include this.
 *
 * The text is made of characters that can be seen (put), which find out what
 * has to come before them: blanks, line ends, marks of quotes and lists.  A
 * line that becomes too long is broken where its last blanks stand, so no
 * word needs to be kept anywhere but in the output.
 */
#ifndef HTML_LINES_H
#define HTML_LINES_H

#include "lib/buf.h"

#include "html/token.h"

enum {
	HTML_WIDTH = 72,
	HTML_INDENT_MAX = 36, /* columns of quotes and lists */
};

/* Blanks in the last line, where it may be broken. */
struct html_gap {
	size_t at, n, column;
};

struct html_link {
	struct html_span href;
	bool begun, image;    /* something of it was shown */
	size_t start, column; /* where its text begins */
};

struct html_lines {
	struct buf *out;
	size_t base; /* where ours begins */
	bool full;

	size_t column; /* characters in the last line */
	struct html_gap gap, glue;
	struct html_link link;

	/* What comes before the next character. */
	unsigned breaks;
	size_t blanks;
	bool breakable;
	uint32_t joiner, last;

	/* What lines begin with: the next one, and those after it; `common` is
	 * what the last one has of it, too. */
	char first[HTML_INDENT_MAX], rest[HTML_INDENT_MAX];
	unsigned indent, common;

	size_t hidden; /* not 0: nothing is shown */
	unsigned pre;  /* not 0: inside of <pre> */
};

/* Appends a character that can be seen. */
void html_put(struct html_lines *, uint32_t r);
/* Appends what is seen of a text. */
void html_put_text(struct html_lines *, struct html_span text, bool attribute);
/* 1: a line ends here; 2: and a blank one follows. */
void html_break_line(struct html_lines *, unsigned breaks);
/* Marks of one length: of the next line, and of those after it. */
void html_indent(struct html_lines *, const char *first, const char *rest);

/* html_links.c: what tags with these attributes show. */
void html_link_begin(struct html_lines *, struct html_span body);
void html_link_end(struct html_lines *);
void html_image(struct html_lines *, struct html_span body);

#endif
