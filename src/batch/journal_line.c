/* How a line is written: by hand, since two are written for each message. */
#include "batch/journal_line.h"

#include "lib/ascii.h"

#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "lib/printable.h"

/* The last second of year 9999: four digits. */
#define LATEST INT64_C(253402300799)
#define ONES UINT64_C(0x0101010101010101)

/* As buf_append, but that the end is not marked. */
static inline void
put(struct buf *out, const char *bytes, size_t n)
{
	if (out->cap - out->len <= n)
		buf_reserve(out, n);
	memcpy(out->data + out->len, bytes, n);
	out->len += n;
}

/* A text that the compiler measures. */
#define PUT(out, text) put(out, text, sizeof(text) - 1)

void
journal_line_clean(struct buf *out, const char *s, size_t n)
{
	size_t i, len;
	uint32_t rune;

	for (i = 0; i < n; i += len) {
		len = printable_utf8(s + i, n - i, &rune);
		if (len > 0) {
			buf_append(out, s + i, len);
		} else {
			len = 1;
			printable_append(out, s + i, 1);
		}
	}
}

/* Whether some octet of the word is less than `limit`, which is at most 128, if
 * none of them is above 127. */
static uint64_t
has_less(uint64_t word, unsigned limit)
{
	return (word - ONES * limit) & ~word & ONES << 7;
}

/* Whether eight octets are ASCII without controls, quotes and backslashes. */
static bool
is_plain_word(uint64_t word)
{
	return ((word & ONES << 7) | has_less(word, ' ') |
		   has_less(word ^ ONES * '"', 1) |
		   has_less(word ^ ONES * '\\', 1) |
		   has_less(word ^ ONES * 0x7f, 1)) == 0;
}

/* Whether all of it stands in quotes as it is. */
static bool
is_plain(const char *s, size_t n)
{
	const char *end = s + n;
	uint64_t word = ONES * ' ';

	if (n < 8) {
		memcpy(&word, s, n);
		return is_plain_word(word);
	}
	for (; end - s > 8; s += 8) {
		memcpy(&word, s, 8);
		if (!is_plain_word(word))
			return false;
	}
	/* The last eight, of which some were seen. */
	memcpy(&word, end - 8, 8);
	return is_plain_word(word);
}

/* What no terminal should get stands as an escape, so that it can be read back;
 * all of that is within four digits. */
static void
put_odd(struct buf *out, const char *s, size_t n)
{
	struct buf text = {0}, shown = {0};
	size_t i, len;
	uint32_t rune;

	journal_line_clean(&text, s, n);
	buf_putc(out, '"');
	for (i = 0; i < text.len; i += len) {
		len = printable_utf8(text.data + i, text.len - i, &rune);
		buf_reset(&shown);
		printable_append(&shown, text.data + i, len);
		if (rune == '"' || rune == '\\')
			buf_putc(out, '\\');
		if (shown.len == len)
			buf_append(out, text.data + i, len);
		else
			buf_printf(out, "\\u%04x", (unsigned)rune);
	}
	buf_putc(out, '"');
	buf_clear(&text);
	buf_clear(&shown);
}

static void
put_text(struct buf *out, const char *s, size_t n)
{
	if (!is_plain(s, n)) {
		put_odd(out, s, n);
		return;
	}
	PUT(out, "\"");
	put(out, s, n);
	PUT(out, "\"");
}

static void
put_number(struct buf *out, uint64_t n)
{
	char digits[20];

	put(out, digits, (size_t)(ascii_put_number(digits, n) - digits));
}

static void
put_stamp(struct buf *out, struct journal_stamp *stamp, int64_t at)
{
	struct tm tm;
	time_t t;

	at = at < 0 ? 0 : at > LATEST ? LATEST : at;
	if (stamp->text[0] == '\0' || stamp->at != at) {
		t = (time_t)at;
		gmtime_r(&t, &tm);
		strftime(stamp->text, sizeof(stamp->text), "%Y-%m-%dT%H:%M:%SZ",
		    &tm);
		stamp->at = at;
	}
	put(out, stamp->text, JOURNAL_STAMP);
}

static void
put_hex(struct buf *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		buf_putc(out, digits[bytes[i] >> 4]);
		buf_putc(out, digits[bytes[i] & 15]);
	}
}

/* As in a Date field. */
static void
put_zone(struct buf *out, int minutes)
{
	unsigned distance = (unsigned)(minutes < 0 ? -minutes : minutes);

	buf_printf(out, "%c%02u%02u", minutes < 0 ? '-' : '+', distance / 60,
	    distance % 60);
}

void
journal_line_head(struct buf *out, struct journal_stamp *stamp,
    const struct journal_head *head, int64_t at)
{
	PUT(out, "{\"journal\":");
	put_number(out, head->version);
	PUT(out, ",\"batch\":\"");
	put_hex(out, head->batch, sizeof(head->batch));
	PUT(out, "\",\"list\":\"");
	put_hex(out, head->list, sizeof(head->list));
	PUT(out, "\",\"template\":\"");
	put_hex(out, head->templ, sizeof(head->templ));
	PUT(out, "\"");
	if (head->keys.s != NULL) {
		PUT(out, ",\"keys\":");
		put_text(out, head->keys.s, head->keys.n);
	}
	if (head->has_zone) {
		PUT(out, ",\"zone\":\"");
		put_zone(out, head->zone_minutes);
		PUT(out, "\"");
	}
	PUT(out, ",\"at\":\"");
	put_stamp(out, stamp, at);
	buf_puts(out, "\"}\n");
}

static void
put_key(struct buf *out, struct journal_stamp *stamp,
    const struct journal_key *key, int64_t at)
{
	PUT(out, "{\"at\":\"");
	put_stamp(out, stamp, at);
	PUT(out, "\",\"record\":");
	put_number(out, key->record);
	PUT(out, ",\"key\":");
	put_text(out, key->text, key->len);
}

void
journal_line_try(struct buf *out, struct journal_stamp *stamp,
    const struct journal_key *key, unsigned number,
    const char *const *recipients, size_t count, int64_t at)
{
	size_t i;

	put_key(out, stamp, key, at);
	PUT(out, ",\"try\":");
	put_number(out, number);
	PUT(out, ",\"recipients\":[");
	for (i = 0; i < count; i++) {
		if (i > 0)
			PUT(out, ",");
		put_text(out, recipients[i], strlen(recipients[i]));
	}
	buf_puts(out, "]}\n");
}

/* Nobody reads it back, and people do. */
static void
put_shown(struct buf *out, const char *s)
{
	size_t n = strlen(s);
	struct buf shown = {0};

	if (is_plain(s, n)) {
		put_text(out, s, n);
		return;
	}
	printable_append(&shown, s, n);
	json_quote(out, buf_string(&shown), shown.len);
	buf_clear(&shown);
}

void
journal_line_verdict(struct buf *out, struct journal_stamp *stamp,
    const struct journal_key *key, const struct journal_verdict *v, int64_t at)
{
	const char *verdict;

	put_key(out, stamp, key, at);
	PUT(out, ",\"recipient\":");
	put_text(out, v->recipient, strlen(v->recipient));
	PUT(out, ",\"verdict\":\"");
	verdict = smtp_verdict_name(v->verdict);
	put(out, verdict, strlen(verdict));
	PUT(out, "\"");
	if (v->code > 0) {
		PUT(out, ",\"code\":");
		put_number(out, (unsigned)v->code);
	}
	if (v->enhanced != NULL && v->enhanced[0] != '\0') {
		PUT(out, ",\"enhanced\":");
		put_shown(out, v->enhanced);
	}
	if (v->text != NULL && v->text[0] != '\0') {
		PUT(out, ",\"text\":");
		put_shown(out, v->text);
	}
	if (v->over)
		PUT(out, ",\"over\":true");
	buf_puts(out, "}\n");
}

bool
journal_line_is_try(const char *line, size_t n)
{
	static const char member[] = ",\"try\":";

	/* In a text there is no quote without a backslash before it. */
	return memmem(line, n, member, sizeof(member) - 1) != NULL;
}
