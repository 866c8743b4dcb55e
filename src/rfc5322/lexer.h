/*
 * lexer: the lexical tokens of RFC 5322 section 3.2 in a text, and errors
 * that show the place.
 *
 * The functions read at `at` and leave it behind what they read.  Bytes of
 * 0x80 and more count as atext (RFC 6532 3.2).
 */
#ifndef RFC5322_LEXER_H
#define RFC5322_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/error.h"

struct lexer {
	const char *text; /* the whole of it, for errors */
	const char *at;
	const char *end;
	const char *what; /* what the text is, for errors; NULL: nothing */
	int status;	  /* of its errors */
	bool lenient; /* somebody else wrote it: see address_params.folded */
	struct buf comment; /* see lexer_cfws; to be cleared by the owner */
	/* Gets all comments that are read over, as written but unfolded, with
	 * spaces between; NULL: nobody asks for them. */
	struct buf *comments;
	size_t first, first_end; /* where in it lexer_cfws's first one is */
	size_t unclosed; /* quotes and comments that lexer_find_angle passed */
	struct error *err;
	const char *failed; /* the place that an error speaks of */
};

/* ASCII atext, by RFC 5322 3.2.3 and without regard to the locale. */
static inline bool
lexer_is_atext(char c)
{
	return ascii_is_letter_or_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* The next byte, NUL at the end. */
char lexer_peek(const struct lexer *);
/* "WHAT: 'TEXT': REASON at character N", N counted from 1; a long text is
 * shown in part.  Returns -1, as do all functions that report through it. */
int lexer_fail(struct lexer *, const char *place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, the reason being what stands at `at`. */
int lexer_unexpected(struct lexer *);

/* Whether the text holds what no header may: controls, line separators, CR
 * and LF (but for folding, if `folded`), ill-formed UTF-8 (but if `folded`:
 * old messages have names in whatever charset). */
int lexer_check(struct lexer *, bool folded);
/* Comments and folding white space (3.2.2), maybe none; `comment` gets the
 * content of the first comment, without outer white space. */
int lexer_cfws(struct lexer *);
/* The comment that begins here, nested ones and all; its content is appended,
 * unfolded. */
int lexer_comment(struct lexer *, struct buf *content);
/* The quoted-string (3.2.4) that begins here; its value is appended. */
int lexer_quoted(struct lexer *, struct buf *value);
/* The other way: appends the value as one. */
void lexer_put_quoted(struct buf *, const char *value, size_t n);
/* The length of the atom (3.2.3) here, 0 if there is none.  With `words`, an
 * encoded word that holds specials, as some programs write it, is one atom. */
size_t lexer_atom(struct lexer *, bool words);
/* The next '<' behind `from` and outside of quotes, comments and encoded words,
 * if nothing before it separates it from `from`: no semicolon in a group; else
 * no semicolon and no comma but behind what can be no member of a list, since it
 * is several words and has no '@', nor a semicolon but of an entity of HTML or a
 * smiley.  A quote or parenthesis that is not closed is a character like others,
 * unless it leaves in doubt who is meant.  NULL: none.  Nothing is read over. */
const char *lexer_find_angle(struct lexer *, const char *from, bool in_group);

#endif
