/* list_header: strict, since a mistake here is seen by nobody but those who
 * cannot leave the list. */
#include "rfc5322/list_header.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"

#include "rfc5322/address.h"
#include "rfc5322/lexer.h"
#include "rfc5322/words.h"

static const char unsubscribe_option[] = "--list-unsubscribe";

static struct lexer
lexer_for(const char *option, const char *text, struct error *err)
{
	return (struct lexer){
	    .text = text,
	    .at = text,
	    .end = text + strlen(text),
	    .what = option,
	    .status = EX_USAGE,
	    .err = err,
	};
}

static bool
is_unreserved(char c)
{
	return ascii_is_letter_or_digit(c) ||
	    (c != '\0' && strchr("-._~", c) != NULL);
}

/* RFC 3986 2: the characters of any URI, but for the comma.  Brackets stand
 * around an address in the host, and nowhere else; '#' comes once. */
static int
check_characters(struct lexer *l, const char *host, const char *host_end)
{
	bool fragment = false, bracket;

	for (; l->at < l->end; l->at++) {
		if (*l->at == '%') {
			if (ascii_hex(l->at + 1, 2) != -1)
				continue;
			lexer_fail(l, l->at, "'%%' without two hex digits");
			return error_hint(
			    l->err, "'%%' itself is written %%25");
		}
		if (*l->at == ',') {
			lexer_unexpected(l);
			return error_hint(l->err,
			    "write it as %%2C; for a second URI give the "
			    "option again");
		}
		bracket = *l->at == '[' || *l->at == ']';
		if (is_unreserved(*l->at) ||
		    strchr(":/?@!$&'()*+;=", *l->at) != NULL ||
		    (bracket && l->at >= host && l->at < host_end) ||
		    (*l->at == '#' && !fragment)) {
			fragment = fragment || *l->at == '#';
			continue;
		}
		lexer_unexpected(l);
		return error_hint(l->err,
		    "give the URI without <>; in it, percent-encode what "
		    "is no URI character, such as %%20 for a space");
	}
	return 0;
}

static int
check_http(struct lexer *l, const char *host)
{
	const char *end;

	if (strncmp(host, "//", 2) != 0)
		return lexer_fail(l, host, "no '//' behind the scheme");
	host += 2;
	end = host + strcspn(host, "/?#");
	if (check_characters(l, host, end) == -1)
		return -1;
	if (end == host || *host == ':')
		return lexer_fail(l, host, "no host");
	return 0;
}

/* RFC 6068 2: mailto:address?fields */
static int
check_mailto(struct lexer *l, const char *address)
{
	size_t n = strcspn(address, "?#");
	const char *at;

	if (check_characters(l, NULL, NULL) == -1)
		return -1;
	at = memchr(address, '@', n);
	if (at == NULL || at == address || at + 1 == address + n)
		return lexer_fail(l, address, "no address");
	return 0;
}

/* An address as a URI (RFC 6068 2). */
static int
put_address(
    struct arena *a, const char *text, struct buf *out, struct error *err)
{
	const struct address_params params = {
	    .what = unsubscribe_option, .single = true};
	struct address_list list = {0};
	const char *p;

	if (address_parse(a, text, &params, &list, err) == -1) {
		if (err->status == EX_USAGE)
			error_hint(err,
			    "give an http, https or mailto URI, or an "
			    "e-mail address");
		return -1;
	}
	if (list.addresses[0].display != NULL ||
	    list.addresses[0].comments != NULL ||
	    list.addresses[0].comments_behind != NULL)
		return error_set(err, EX_USAGE,
		    "%s: '%s': give the address without a name or comment",
		    unsubscribe_option, list.addresses[0].mailbox);
	buf_puts(out, "mailto:");
	for (p = list.addresses[0].mailbox; *p != '\0'; p++)
		if (is_unreserved(*p) || strchr("!$'*+@", *p) != NULL)
			buf_putc(out, *p);
		else
			buf_printf(out, "%%%02X", (unsigned char)*p);
	return 0;
}

/* The length of the scheme and its colon (RFC 3986 3.1), 0 if there is none. */
static size_t
scheme_length(const char *text)
{
	static const char also[] = "+-.0123456789";
	size_t n = 0;

	while (ascii_is_letter(text[n]) ||
	    (n > 0 && text[n] != '\0' && strchr(also, text[n]) != NULL))
		n++;
	return n > 0 && text[n] == ':' ? n + 1 : 0;
}

struct uri_counts {
	size_t http, https;
};

static int
put_uri(struct arena *a, const char *text, struct buf *out,
    struct uri_counts *counts, struct error *err)
{
	struct lexer l = lexer_for(unsubscribe_option, text, err);
	size_t n = scheme_length(text);
	int r;

	if (n == 0 && strchr(text, '@') != NULL && strpbrk(text, "<>/") == NULL)
		return put_address(a, text, out, err);
	if (strlen(text) > LIST_URI_MAX)
		return error_set(err, EX_USAGE,
		    "%s: a URI of over %d characters fits on no line",
		    unsubscribe_option, LIST_URI_MAX);
	if (ascii_equal_n(text, n, "mailto:")) {
		r = check_mailto(&l, text + n);
	} else if (ascii_equal_n(text, n, "https:")) {
		counts->https++;
		r = check_http(&l, text + n);
	} else if (ascii_equal_n(text, n, "http:")) {
		counts->http++;
		r = check_http(&l, text + n);
	} else {
		if (check_characters(&l, NULL, NULL) == -1)
			return -1;
		lexer_fail(
		    &l, text, "no http, https or mailto URI, no address");
		return error_hint(err,
		    "give, for example, https://example.org/leave?id=1 or "
		    "leave@example.org");
	}
	return r == -1 ? -1 : buf_puts(out, text);
}

int
list_unsubscribe(struct arena *a, const char *const *uris, size_t count,
    const char **value, bool *one_click, struct error *err)
{
	struct uri_counts counts = {0};
	struct buf out = {0};
	size_t i;
	int r = 0;

	if (count == 0)
		return error_set(
		    err, EX_USAGE, "%s: no URI", unsubscribe_option);
	for (i = 0; i < count && r == 0; i++) {
		buf_puts(&out, i == 0 ? "<" : ", <");
		r = put_uri(a, uris[i], &out, &counts, err);
		buf_putc(&out, '>');
	}
	if (r == 0) {
		*value = arena_strdup(a, out.data);
		*one_click = counts.https == 1 && counts.http == 0;
	}
	buf_clear(&out);
	return r;
}

/* RFC 2919 2: a dot-atom-text with at least one dot, from l->at to `end`. */
static int
check_id(struct lexer *l, const char *end)
{
	const char *start = l->at;
	size_t atom, dots = 0;

	for (;; l->at++) {
		for (atom = 0; l->at < end && lexer_is_atext(*l->at); atom++)
			l->at++;
		if (l->at < end && *l->at != '.')
			return lexer_unexpected(l);
		if (atom == 0)
			return lexer_fail(l, l->at,
			    start == end ? "no identifier"
					 : "nothing beside a '.'");
		if (l->at == end)
			break;
		dots++;
	}
	if (dots == 0)
		return lexer_fail(l, start, "no '.' in the identifier");
	if (end - start > LIST_ID_MAX)
		return lexer_fail(l, start,
		    "an identifier of over %d characters", LIST_ID_MAX);
	return 0;
}

/* What stands before the '<', as a phrase in ASCII. */
static int
put_phrase(struct lexer *l, const char *end, struct buf *out)
{
	struct buf text = {0};
	int r = 0;

	while (end > l->at && strchr(" \t", end[-1]) != NULL)
		end--;
	l->at += strspn(l->at, " \t");
	if (l->at < end && *l->at == '"') {
		r = lexer_quoted(l, &text);
		if (r == 0 && l->at != end)
			r = lexer_unexpected(l);
	} else if (l->at < end) {
		buf_append(&text, l->at, (size_t)(end - l->at));
	}
	if (r == 0 && text.len > 0) {
		words_encode(out, text.data, text.len, true);
		buf_putc(out, ' ');
	}
	buf_clear(&text);
	return r;
}

static int
read_id(struct lexer *l, struct buf *out)
{
	const char *open = strrchr(l->text, '<'), *end = l->end;

	if (lexer_check(l, false) == -1)
		return -1;
	if (open != NULL) {
		while (end > open && strchr(" \t", end[-1]) != NULL)
			end--;
		if (end[-1] != '>')
			return lexer_fail(l, end, "no '>' at the end");
		end--;
		if (put_phrase(l, open, out) == -1)
			return -1;
		l->at = open + 1;
	}
	buf_putc(out, '<');
	buf_append(out, l->at, (size_t)(end - l->at));
	buf_putc(out, '>');
	return check_id(l, end);
}

int
list_id(
    struct arena *a, const char *text, const char **value, struct error *err)
{
	struct lexer l = lexer_for("--list-id", text, err);
	struct buf out = {0};
	int r = read_id(&l, &out);

	if (r == 0)
		*value = arena_strdup(a, out.data);
	else
		error_hint(err,
		    "write it like list.example.org or "
		    "'Name of the list <list.example.org>'");
	buf_clear(&out);
	return r;
}
