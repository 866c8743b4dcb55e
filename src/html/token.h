/*
 * html_token: HTML in its pieces: characters, tags, attributes (HTML standard
 * 13.2.5).  Pieces point into the document, which is never changed.  Only the
 * html files include this.
 */
#ifndef HTML_TOKEN_H
#define HTML_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTML_NONE UINT32_MAX /* where a character would be: there is none */

struct html_span {
	const char *s;
	size_t n;
};

bool html_is_space(char c);
uint32_t html_lower(uint32_t c);
/* The word in small letters against the beginning of s, against all of a. */
bool html_begins(const char *s, const char *end, const char *word);
bool html_span_is(struct html_span a, const char *word);
struct html_span html_trim(struct html_span a);
size_t html_utf8_encode(uint32_t r, char out[4]);
/* The octet that "%41" at s stands for, or -1. */
int html_percent(const char *s, const char *end);

/* Reads characters: references decoded, bad UTF-8 and line ends repaired. */
struct html_reader {
	const char *at, *end;
	bool attribute;
};

uint32_t html_reader_next(struct html_reader *in); /* HTML_NONE: the end */

/* What is seen of a character. */
enum html_look { HTML_SEEN, HTML_BLANK, HTML_GLUE, HTML_JOINER, HTML_UNSEEN };

enum html_look html_look(uint32_t r);

enum html_token_type {
	HTML_TEXT,
	HTML_RAW_TEXT, /* holds no tags, as that of <script> */
	HTML_OPEN,
	HTML_CLOSE,
	HTML_OTHER,
};

struct html_token {
	enum html_token_type type;
	struct html_span name; /* of the tag; RAW_TEXT: of what it is in */
	struct html_span body; /* the text; the attributes */
};

/* {html, html + n} is a whole document. */
struct html_tokens {
	const char *at, *end;
	struct html_span raw; /* the element whose text comes next as it is */
};

/* Whether the text of that element holds no tags. */
bool html_is_raw(struct html_span name);
bool html_token_next(struct html_tokens *, struct html_token *);

struct html_attribute {
	struct html_span name, value;
};

/* The next one at *at, which ends at the '>' or at the end. */
bool
html_attribute_next(const char **at, const char *end, struct html_attribute *);
bool html_attribute_find(
    struct html_span body, const char *name, struct html_span *value);

#endif
