#include "html/html.h"

#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"

#include "html/token.h"

enum { URL_MAX = 4096 }; /* octets of one that may name a file */

struct refer {
	struct html_reference *refs;
	size_t count;
	struct buf *out, *unanswered;
	const char *copied; /* the input up to here has gone out */
	bool full;
	bool based; /* a <base> says where relative URLs begin */
};

/* The octets of a URL without character references; false: too long. */
static bool
url_decode(struct html_span url, bool attribute, char out[URL_MAX], size_t *len)
{
	const char *s = url.s, *end = s + url.n;

	*len = 0;
	while (s < end) {
		char utf8[4] = {*s};
		size_t n = 1, used = 0;
		uint32_t r;

		if (attribute)
			used = html_character(s, (size_t)(end - s), true, &r);
		if (used > 0)
			n = html_utf8_encode(r, utf8);
		if (*len + n > URL_MAX)
			return false;
		memcpy(out + *len, utf8, n);
		*len += n;
		s += used > 0 ? used : 1;
	}
	return true;
}

static struct html_span
without_dot(struct html_span path)
{
	while (path.n > 2 && path.s[0] == '.' && path.s[1] == '/') {
		path.s += 2;
		path.n -= 2;
	}
	return path;
}

static bool
span_equal(struct html_span a, struct html_span b)
{
	return a.n == b.n && a.n > 0 && memcmp(a.s, b.s, a.n) == 0;
}

static struct html_reference *
named(const struct refer *r, struct html_span path)
{
	struct html_reference *base = NULL;
	size_t i;

	path = without_dot(path);
	for (i = 0; i < r->count; i++) {
		const char *name = r->refs[i].name;
		const char *slash = strrchr(name, '/');

		if (span_equal(path,
			without_dot((struct html_span){name, strlen(name)})))
			return &r->refs[i];
		/* A slash in an identifier is none between directories. */
		if (base == NULL && slash != NULL &&
		    strncmp(name, "cid:", 4) != 0 &&
		    span_equal(
			path, (struct html_span){slash + 1, strlen(slash + 1)}))
			base = &r->refs[i];
	}
	return base;
}

static void
refer_add(struct refer *r, const char *s, size_t n)
{
	if (buf_append(r->out, s, n) == -1)
		r->full = true;
}

/* A Content-ID as it stands in a URL (RFC 2392), in CSS and in HTML. */
static void
put_cid(struct refer *r, const char *cid)
{
	char octet[4];

	refer_add(r, "cid:", 4);
	for (; *cid != '\0'; cid++) {
		if (ascii_is_letter_or_digit(*cid) ||
		    strchr("@.-_~$!*+", *cid) != NULL) {
			refer_add(r, cid, 1);
			continue;
		}
		snprintf(octet, sizeof(octet), "%%%02X", (unsigned char)*cid);
		refer_add(r, octet, 3);
	}
}

static bool
has_scheme(struct html_span url, const char *scheme)
{
	return html_begins(url.s, url.s + url.n, scheme);
}

/* Whether it is a file's name rather than a place on the net (RFC 3986 4.2);
 * one letter before a colon is a drive. */
static bool
is_local(const struct refer *r, struct html_span url)
{
	size_t n = 0;

	if (has_scheme(url, "cid:") || has_scheme(url, "file:"))
		return true;
	while (n < url.n &&
	    (ascii_is_letter(url.s[n]) ||
		(n > 0 &&
		    (ascii_is_digit(url.s[n]) ||
			memchr("+-.", url.s[n], 3) != NULL))))
		n++;
	if (n > 1 && n < url.n && url.s[n] == ':')
		return false;
	return !r->based && url.n > 0 && url.s[0] != '#' &&
	    !has_scheme(url, "//");
}

/* Notes the first one that nothing answers. */
static void
leave_url(struct refer *r, struct html_span url)
{
	if (r->unanswered->len == 0 && is_local(r, url))
		buf_append(r->unanswered, url.s, url.n);
}

/* Replaces the URL, a piece of the input, if it is to be. */
static void
refer_url(struct refer *r, struct html_span url, bool attribute)
{
	char decoded[URL_MAX];
	struct html_span path = {decoded, 0};
	struct html_reference *ref;
	size_t i, n = 0;

	url = html_trim(url);
	if (!url_decode(url, attribute, decoded, &path.n))
		return;
	path = html_trim(path);
	if (has_scheme(path, "cid:"))
		memcpy(decoded + (path.s - decoded), "cid:", 4);
	ref = named(r, path);
	if (ref == NULL) {
		memmove(decoded, path.s, path.n);
		for (i = 0; i < path.n; n++) {
			int c = html_percent(decoded + i, decoded + path.n);

			if (c < 0)
				decoded[n] = decoded[i];
			else
				decoded[n] = (char)c;
			i += c >= 0 ? 3 : 1;
		}
		path = (struct html_span){decoded, n};
		ref = named(r, path);
	}
	if (ref == NULL) {
		leave_url(r, path);
		return;
	}
	refer_add(r, r->copied, (size_t)(url.s - r->copied));
	put_cid(r, ref->cid);
	r->copied = url.s + url.n;
	ref->count++;
}

/* "a.png 1x, b.png 2x" (HTML standard 4.8.4.2.1) */
static void
refer_set(struct refer *r, struct html_span set)
{
	const char *s = set.s, *end = s + set.n;

	while (s < end) {
		struct html_span url;

		while (s < end && (html_is_space(*s) || *s == ','))
			s++;
		url.s = s;
		while (s < end && !html_is_space(*s))
			s++;
		url.n = (size_t)(s - url.s);
		if (url.n > 0 && s[-1] == ',') {
			while (url.n > 0 && url.s[url.n - 1] == ',')
				url.n--;
		} else {
			while (s < end && *s != ',')
				s++;
		}
		refer_url(r, url, true);
	}
}

/* The length of the quotation mark at s, perhaps a character reference. */
static size_t
quote(const char *s, const char *end, bool attribute, uint32_t *mark)
{
	size_t n = 0;

	if (s < end && (*s == '"' || *s == '\'')) {
		*mark = (unsigned char)*s;
		return 1;
	}
	if (attribute)
		n = html_character(s, (size_t)(end - s), true, mark);
	return n > 0 && (*mark == '"' || *mark == '\'') ? n : 0;
}

/* The inside of a string that begins with `mark`; behind it in *s. */
static struct html_span
css_string(const char **s, const char *end, bool attribute, uint32_t mark)
{
	struct html_span inside = {*s, 0};
	uint32_t other = 0;
	size_t n;

	while (*s < end) {
		n = quote(*s, end, attribute, &other);
		if (n > 0 && other == mark) {
			inside.n = (size_t)(*s - inside.s);
			*s += n;
			return inside;
		}
		*s += n > 0 ? n : **s == '\\' && end - *s > 1 ? 2 : 1;
	}
	return inside;
}

/* Behind "url(": what is no URL (CSS Syntax 3, 4.3.6) is left alone. */
static const char *
refer_css_url(struct refer *r, const char *s, const char *end, bool attribute)
{
	struct html_span url;
	uint32_t mark;
	size_t n;

	while (s < end && html_is_space(*s))
		s++;
	n = quote(s, end, attribute, &mark);
	if (n > 0) {
		s += n;
		url = css_string(&s, end, attribute, mark);
		refer_url(r, url, attribute);
		return s;
	}
	url.s = s;
	while (s < end && *s != ')' && *s != '(' && *s != '"' && *s != '\'')
		s++;
	url.n = (size_t)(s - url.s);
	if (s < end && *s == ')')
		refer_url(r, url, attribute);
	return s;
}

static void
refer_css(struct refer *r, struct html_span css, bool attribute)
{
	const char *s = css.s, *end = s + css.n;
	bool in_word = false;
	uint32_t mark;
	size_t n;

	while (s < end) {
		if (html_begins(s, end, "/*")) {
			for (s += 2; s < end && !html_begins(s, end, "*/"); s++)
				continue;
			in_word = false;
		} else if ((n = quote(s, end, attribute, &mark)) > 0) {
			s += n;
			css_string(&s, end, attribute, mark);
			in_word = false;
		} else if (!in_word && html_begins(s, end, "url(")) {
			s = refer_css_url(r, s + 4, end, attribute);
		} else {
			in_word = ascii_is_letter_or_digit(*s) || *s == '-' ||
			    *s == '_' || *s == '\\' || (*s & 0x80) != 0;
			s++;
		}
	}
}

static void
refer_tag(struct refer *r, const struct html_token *tag)
{
	static const struct {
		const char *attribute, *element; /* NULL: of any */
	} urls[] = {{"src", NULL}, {"background", NULL}, {"poster", NULL},
	    {"xlink:href", NULL}, {"href", "link"}, {"href", "image"},
	    {"data", "object"}};
	const char *at = tag->body.s, *end = at + tag->body.n;
	struct html_attribute a;
	size_t i;

	while (html_attribute_next(&at, end, &a)) {
		if (html_span_is(a.name, "href")) {
			if (html_span_is(tag->name, "base"))
				r->based = true;
			else if (!html_span_is(tag->name, "link") &&
			    !html_span_is(tag->name, "image") &&
			    has_scheme(html_trim(a.value), "cid:"))
				refer_url(r, a.value, true);
		}
		for (i = 0; i < sizeof(urls) / sizeof(*urls); i++)
			if (html_span_is(a.name, urls[i].attribute) &&
			    (urls[i].element == NULL ||
				html_span_is(tag->name, urls[i].element)))
				refer_url(r, a.value, true);
		if (html_span_is(a.name, "srcset") ||
		    html_span_is(a.name, "imagesrcset"))
			refer_set(r, a.value);
		else if (html_span_is(a.name, "style"))
			refer_css(r, a.value, true);
	}
}

int
html_refer(const char *html, size_t n, struct html_reference *refs,
    size_t count, struct buf *out, struct buf *unanswered)
{
	struct html_tokens tokens = {html, html + n, {NULL, 0}};
	struct refer r = {refs, count, out, unanswered, html, false, false};
	size_t base = out->len, i;
	struct html_token token;

	for (i = 0; i < count; i++)
		refs[i].count = 0;
	while (!r.full && html_token_next(&tokens, &token)) {
		if (token.type == HTML_OPEN)
			refer_tag(&r, &token);
		else if (token.type == HTML_RAW_TEXT &&
		    html_span_is(token.name, "style"))
			refer_css(&r, token.body, false);
	}
	refer_add(&r, r.copied, (size_t)(tokens.end - r.copied));
	if (!r.full)
		return 0;
	out->len = base;
	if (out->data != NULL)
		out->data[base] = '\0';
	return -1;
}
