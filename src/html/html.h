/*
 * html: what a composer of mail needs of an HTML text: what its reader sees as
 * plain text, its references to files turned into references to parts of the
 * message (RFC 2392), and the charset that it names itself.
 *
 * Any bytes are HTML: nothing is refused, and what is malformed means what it
 * means to a browser (the tokenizer of the WHATWG HTML standard, 13.2.5, but
 * for the escaped states of scripts).  Time is linear; memory, beside the
 * output, is bounded; nothing recurses.
 */
#ifndef HTML_HTML_H
#define HTML_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"

/*
 * Appends to *out what a reader sees of n bytes of HTML in UTF-8: well-formed
 * UTF-8 without controls but LF (and without bidirectional ones), in lines of
 * at most 72 characters, without trailing blanks, with no more than one blank
 * line in a row and none at either end; a text that is not empty ends with LF.
 * Longer lines come only from <pre> and from words and URLs, which are never
 * broken.  0, or -1 when *out has no room, which leaves it as it was.
 *
 * Blocks begin lines; paragraphs, headings, quotes, lists and <pre> have a
 * blank line around them.  "* " and "1. " mark list items, "> " quotes (up to
 * 36 columns of both), dashes an <hr>; the cells of a row stand two blanks
 * apart, or on lines of their own if they hold blocks.  A link is its text and
 * " <URL>", or the URL alone where the text says no more than that; mailto:,
 * tel: and sms: show the address; fragments, scripts, data:, cid: and about:
 * show nothing.  An image is "[its alt text]".  What has the attribute hidden
 * or display:none in its style is skipped (a style sheet is not looked at).
 * No-break spaces become blanks that do not break as long as the line can be
 * broken elsewhere; soft hyphens and zero-width characters go, but for joiners
 * between characters of scripts (and emoji) that need them.  Past 256 elements
 * inside one another, further ones keep only their line ends: what they would
 * hide is shown.
 */
int html_to_text(const char *html, size_t n, struct buf *out);

struct html_reference {
	const char *name; /* the file's name, as the user gave it */
	const char *cid;  /* its part's Content-ID, without angle brackets */
	size_t count;	  /* out: how often it was replaced */
};

/*
 * Appends the HTML to *out, byte by byte as it is, but each URL that names one
 * of the references is replaced by "cid:CID" (RFC 2392, percent-encoded).
 * 0, or -1 when *out has no room, which leaves it as it was.
 *
 * *unanswered gets the first URL that names none although it can mean nothing
 * but a part of the message: a cid:, a file: or, unless a <base> says where to
 * begin, one without scheme and host; else it stays as it was.
 *
 * URLs are the values of src, background and poster; href of <link> and
 * <image>; xlink:href; data of <object>; those in srcset and imagesrcset; and
 * url(...) in style attributes and <style> elements, CSS escapes and comments
 * apart; and any href that begins with cid:, whose letters may be capitals.
 * Text, comments (conditional ones too), scripts and other links stay.
 *
 * A URL names a reference if, after its character references are decoded and
 * white space around it is dropped, either as it stands or with its
 * percent-encoding decoded, it equals the name, both without leading "./"; or
 * else, if it holds no "/", it equals what follows the last "/" of the name (but
 * for a name that begins with "cid:").
 * Letters count as they are; of several references that fit, one whose whole
 * name is equal comes first, then the first.  A URL of more than 4096 octets
 * names nothing.
 */
int html_refer(const char *html, size_t n, struct html_reference *refs,
    size_t count, struct buf *out, struct buf *unanswered);

/*
 * The charset that the document names itself, in the arena: that of a byte
 * order mark (UTF-8, UTF-16LE, UTF-16BE), or as the first <meta charset=X> or
 * <meta http-equiv=content-type content="...charset=X"> within its first 1024
 * bytes writes it, UTF-8 if that is a kind of UTF-16 (it would not have been
 * legible).  NULL: none.
 */
const char *html_charset(struct arena *, const char *html, size_t n);

#define HTML_RUNE_MAX 0x10ffffU /* the last character */
#define HTML_RUNE_BAD 0xfffdU	/* stands for what is none */

/*
 * The length of the character reference at s ("&amp;", "&#38;"), *rune gets
 * its value; 0: none is there.  All names of HTML 4 and common ones of HTML 5;
 * the semicolon may be missing where browsers accept that, which depends on
 * whether it is in the value of an attribute.
 */
size_t html_character(const char *s, size_t n, bool attribute, uint32_t *rune);

#endif
