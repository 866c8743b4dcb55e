/* rich: HTML and calendars. */
#include "message/rich.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/printable.h"

#include "content/flowed.h"
#include "message/text.h"
#include "rfc5322/ident.h"

/* Octets of HTML that are searched for references if nothing else needs all of
 * it. */
enum { LOOKED_AT = 1 << 20 };
enum { SHOWN_URL = 200 }; /* octets of one in a warning */
enum { WORD_MAX = 80 };	  /* of a calendar's that we know */

const char *
rich_cid(const struct leaf_context *c, const struct message_part *part,
    const struct input *in)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	struct arena *a = &c->message->arena;
	struct ident ident = {0};
	const char *slash = strrchr(part->name, '/');
	char *name = arena_strdup(a, slash != NULL ? slash + 1 : part->name);
	char text[17] = "";
	uint64_t size = 0;
	size_t i;

	(void)input_size(in, &size);
	ident_mix_text(&ident, part->name);
	ident_mix(&ident, &size, sizeof(size));
	ident_mix(&ident, buf_string(&in->kept), in->kept.len);
	for (i = 0; i < 16; i++)
		text[i] = letters[ident.random[i] % 64];
	/* Letters of a dot-atom that also mean nothing in a URL. */
	for (i = 0; name[i] != '\0'; i++)
		if (strchr(letters, name[i]) == NULL)
			name[i] = '_';
	if (i > 40)
		name[40] = '\0';
	return arena_printf(a, "%s.%s@%s", text, name, ident_host(c->ident));
}

/* The text of HTML that has been checked: it is in its charset. */
static int
derive_text(const struct leaf_context *c, const struct input *in,
    const char *charset, struct mime_part **out, struct error *err)
{
	struct buf utf8 = {0}, text = {0}, flowed = {0};
	struct leaf_fields fields = {.type = "text/plain"};
	struct text t = {.charset = "UTF-8", .boundary = c->boundary};
	struct charset converted;

	if (charset_begin(&converted, charset, &utf8, err) == -1)
		return -1;
	charset_update(&converted, buf_string(&in->kept), in->kept.len);
	charset_end(&converted);
	html_to_text(buf_string(&utf8), utf8.len, &text);
	buf_clear(&utf8);
	if (c->params->flowed) {
		fields.type = "text/plain; format=flowed";
		flowed_encode(buf_string(&text), text.len, &flowed);
		buf_clear(&text);
		text = flowed;
	}
	*out = leaf_from_memory(c->message, &text, in->params.name);
	if (text_scan(&c->message->arena, *out, &t, err) == -1)
		return -1;
	fields.charset = t.label;
	return leaf_put_fields(c->message, *out, &fields, err);
}

/* What is kept of the HTML with its references replaced. */
static void
refer(const struct leaf_context *c, const struct input *in,
    struct html_reference *refs, size_t count, struct buf *out)
{
	struct buf url = {0}, shown = {0};

	html_refer(buf_string(&in->kept), in->kept.len, refs, count, out, &url);
	if (url.len > 0) {
		printable_append(&shown, url.data,
		    url.len < SHOWN_URL ? url.len : SHOWN_URL);
		c->message->facts.unanswered =
		    arena_strdup(&c->message->arena, buf_string(&shown));
	}
	buf_clear(&url);
	buf_clear(&shown);
}

int
rich_html(const struct leaf_context *c, struct input *in,
    struct html_reference *refs, size_t count, struct mime_part **html,
    struct mime_part **text, struct error *err)
{
	struct arena *a = &c->message->arena;
	struct leaf_fields fields = {.type = "text/html"};
	struct text t = {.boundary = c->boundary};
	struct buf referred = {0};

	if (input_skip_mark(in, err) == -1)
		return -1;
	if ((count > 0 || text != NULL) &&
	    leaf_read_all(in, RICH_MAX, err) == -1)
		return error_context(err, "--html");
	if (input_keep(in, LOOKED_AT, err) == -1)
		return -1;
	/* The mark counts more than what the HTML says of itself. */
	t.charset = in->skipped > 0
	    ? "UTF-8"
	    : html_charset(a, buf_string(&in->kept), in->kept.len);
	t.by_option = t.charset == NULL;
	if (t.by_option)
		t.charset = c->params->charset;
	if (t.charset == NULL || charset_is_ascii(t.charset))
		t.charset = "UTF-8";
	*html = leaf_new(c->message, in);
	if (text_scan(a, *html, &t, err) == -1 ||
	    text_check(*html, &t, err) == -1 ||
	    (text != NULL && derive_text(c, in, t.charset, text, err) == -1))
		return -1;
	fields.charset = t.label;
	refer(c, in, refs, count, &referred);
	if (count > 0) {
		*html =
		    leaf_from_memory(c->message, &referred, in->params.name);
		if (text_scan(a, *html, &t, err) == -1)
			return -1;
	}
	buf_clear(&referred);
	return leaf_put_fields(c->message, *html, &fields, err);
}

/* The first word of a value, whose line may go on behind a line end and a blank
 * (RFC 5545 3.1). */
static const char *
first_word(struct arena *a, const char *value)
{
	struct buf word = BUF_WITH_MAX(WORD_MAX);
	const char *out, *p = value;
	size_t n;

	while (*p != '\0' && *p != ' ' && *p != '\t' && word.len < WORD_MAX) {
		n = strspn(p, "\r\n");
		if (n == 0)
			buf_putc(&word, *p++);
		else if (p[n] == ' ' || p[n] == '\t')
			p += n + 1;
		else
			break;
	}
	out = arena_strdup(a, buf_string(&word));
	buf_clear(&word);
	return out;
}

/* The value of the first content line of this name (RFC 5545 3.1). */
static const char *
property(struct arena *a, const struct input *in, const char *name)
{
	const char *p = buf_string(&in->kept), *end = p + in->kept.len, *value;
	size_t n = strlen(name), len;

	for (; p < end; p += len) {
		len = ascii_line(p, (size_t)(end - p));
		if (len <= n || !ascii_equal_n(p, n, name))
			continue;
		value = p + n;
		if (*value == ';') /* parameters */
			value = memchr(value, ':', len - n);
		if (value != NULL && *value == ':')
			return first_word(a, value + 1);
	}
	return NULL;
}

static bool
is_token(const char *s)
{
	return *s != '\0' && strlen(s) <= 40 &&
	    s[strspn(s,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-")] == '\0';
}

/* Some readers know the methods as RFC 5546 writes them only. */
static const char *
in_capitals(struct arena *a, const char *method)
{
	char *out = arena_strdup(a, method), *p;

	for (p = out; *p != '\0'; p++)
		if (ascii_is_letter(*p))
			*p = (char)(*p & ~('a' - 'A'));
	return out;
}

int
rich_calendar(const struct leaf_context *c, struct input *in,
    struct mime_part **out, struct error *err)
{
	struct arena *a = &c->message->arena;
	struct text t = {.charset = "UTF-8", .boundary = c->boundary};
	struct leaf_fields fields = {.type = "text/calendar"};
	const char *begin, *method;

	/* RFC 5545 3.1.4 */
	if (input_skip_mark(in, err) == -1)
		return -1;
	if (leaf_read_all(in, RICH_MAX, err) == -1)
		return error_context(err, "--calendar");
	begin = property(a, in, "BEGIN");
	if (begin == NULL ||
	    !ascii_equal_n(begin, strlen(begin), "VCALENDAR")) {
		error_set(err, EX_DATAERR, "%s: no iCalendar object",
		    in->params.name);
		return error_hint(
		    err, "it begins with a line BEGIN:VCALENDAR (RFC 5545)");
	}
	*out = leaf_new(c->message, in);
	if (text_scan(a, *out, &t, err) == -1 ||
	    text_check(*out, &t, err) == -1)
		return -1;
	method = property(a, in, "METHOD");
	if (method != NULL && is_token(method))
		fields.type = arena_printf(
		    a, "text/calendar; method=%s", in_capitals(a, method));
	else
		c->message->facts.no_method = in->params.name;
	/* Its charset is UTF-8 unless it says otherwise; readers want it said
	 * (RFC 6047 2.4). */
	fields.charset = "utf-8";
	return leaf_put_fields(c->message, *out, &fields, err);
}
