/*
 * words: RFC 2047 encoded words.
 *
 * All return 0, or -1 when *out has no room.  Bytes that are no well-formed
 * UTF-8 become U+FFFD.
 */
#ifndef RFC5322_WORDS_H
#define RFC5322_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/*
 * UTF-8 text for an unstructured field or a phrase, as ASCII.
 *
 * Unstructured: text that needs no encoding is appended as it is; otherwise
 * the part from the first to the last of its words that need it (not ASCII,
 * controls, "=?", or so long that no folding brings it into a legal line)
 * becomes encoded words, separated by single spaces; all of it, if there are
 * too many blanks in a row for a line.
 * A phrase: atoms as they are, else a quoted-string, else encoded words.
 *
 * No encoded word is longer than 75 characters, none splits a character, and
 * the first is at most 60 so that it stands behind a field's name on one line.
 * The caller folds at spaces.
 */
int words_encode(struct buf *out, const char *utf8, size_t n, bool phrase);
/*
 * A header field's value to UTF-8, unfolded.  Encoded words are recognised
 * anywhere; what is none, or has an unknown charset, stays as it is.  Controls
 * never come out of it but tabs: line breaks become spaces, others U+FFFD.
 */
int words_decode(struct buf *out, const char *text, size_t n);
/* The same for what is sent again: all of it is understood and nothing is lost,
 * or false, with *out as it was: a charset that is unknown, bytes that are none
 * of it, controls, "=?" that begins no encoded word.  Such a text is to go out
 * as it stands. */
bool words_decode_whole(struct buf *out, const char *text, size_t n);

/* Bytes as well-formed UTF-8. */
int words_append_utf8(struct buf *out, const char *bytes, size_t n);
/* The same without controls, as words_decode has it. */
int words_append_clean(struct buf *out, const char *bytes, size_t n);

#endif
