/*
 * charset: text of options and bodies in the charset of the user.
 *
 * NULL, "", UTF-8 and US-ASCII (which is what the C locale says, and what
 * nobody means) are taken as UTF-8.  Who names US-ASCII in a header field
 * means it: charset_is_ascii.
 */
#ifndef LIB_CHARSET_H
#define LIB_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"

enum { CHARSET_LABEL_MAX = 50 };

/* What a label stands for: names that iconv knows. */
struct charset_meaning {
	const char *charset;
	const char *more; /* what it lacks is read as in this one; or NULL */
};
/* The label is taken in capitals or not, and without blanks around it, as
 * browsers take it: "gb2312" is GBK, "iso-8859-1" is windows-1252.  NULL: it
 * is none of the table; iconv may know it all the same. */
const struct charset_meaning *charset_meaning(const char *label, size_t n);

/* The length of the byte order mark of UTF-8 at the beginning of a text, 0 if
 * there is none.  Some editors write one; it is no part of the text. */
size_t charset_mark(const char *text, size_t n);
/* By its mark, or as text of ASCII is in it: every other byte is NUL. */
bool charset_is_utf16(const char *text, size_t n);
/* A NUL is in no text here; UTF-16, as some editors write it, has many, and is
 * told as such with the way out: -1 with the status. */
int
charset_refuse_nul(const char *text, size_t n, int status, struct error *err);
bool charset_is_utf8(const char *charset);
bool charset_is_ascii(const char *charset);
/* The name for a Content-Type field (RFC 2978): where iconv's differs from
 * the registered one, that one. */
const char *charset_label(struct arena *, const char *charset);

/* A text that goes by in pieces, being converted to UTF-8. */
struct charset {
	iconv_t cd;
	iconv_t more;	 /* for what cd does not know; (iconv_t)-1: none */
	struct buf *out; /* gets the UTF-8, unless NULL */
	char carry[32];	 /* the beginning of a character */
	size_t carried;
	uint64_t done; /* bytes converted */
	bool wrong;    /* at offset `done` something else stands */
	bool differs;  /* the UTF-8 is not the same bytes */
};

enum charset_result {
	CHARSET_WHOLE,
	CHARSET_WRONG,	 /* a byte is none of the charset's */
	CHARSET_UNKNOWN, /* there is no such charset */
};
/* Text of others, all of it, appended to *out as UTF-8: U+FFFD for a byte that
 * is wrong, nothing for an unknown charset. */
enum charset_result charset_decode(const char *label, size_t label_len,
    const char *bytes, size_t n, struct buf *out);

/* EX_USAGE: no such charset, or none that text in mail can have. */
int charset_begin(
    struct charset *, const char *charset, struct buf *out, struct error *);
void charset_update(struct charset *, const char *bytes, size_t n);
/* Frees; `wrong` and `done` say how it went. */
void charset_end(struct charset *);

/*
 * The value of an option as UTF-8, in the arena (or the text itself).
 * EX_USAGE, naming the option: a byte that is wrong in this charset; CR, LF.
 */
int charset_option(struct arena *, const char *charset, const char *option,
    const char *text, const char **out, struct error *);

#endif
