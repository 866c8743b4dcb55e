#include "report/transcript.h"

#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "report/report.h"

/* "   0.0123  +0.0004 C: " */
static void
prefix(struct transcript *t, char *out, size_t size, const char *who,
    int64_t elapsed_us)
{
	int64_t since = elapsed_us - t->told_us;

	if (elapsed_us < 0) {
		snprintf(out, size, "%s ", who);
		return;
	}
	t->told_us = elapsed_us;
	snprintf(out, size, "%9.4f %+8.4f %s ", (double)elapsed_us / 1e6,
	    (double)since / 1e6, who);
}

/* Of a number and the blanks around it; 0: there is none. */
static size_t
time_length(const char *bytes, size_t n)
{
	size_t at = 0, from;

	while (at < n && bytes[at] == ' ')
		at++;
	at += at < n && bytes[at] == '+';
	for (from = at; at < n && ascii_is_digit(bytes[at]);)
		at++;
	if (at == from || at == n || bytes[at] != '.')
		return 0;
	for (from = ++at; at < n && ascii_is_digit(bytes[at]);)
		at++;
	return at - from >= 3 && at < n && bytes[at] == ' ' ? at + 1 : 0;
}

bool
transcript_begins(const char *bytes, size_t n)
{
	static const char *const who[] = {"-- ", "C: ", "S: ", "C> ", "S> "};
	size_t i, at = time_length(bytes, n);

	at += time_length(bytes + at, n - at);
	at += at < n && bytes[at] == '~';
	for (i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		if (n - at >= 3 && memcmp(bytes + at, who[i], 3) == 0)
			return true;
	return false;
}

static void
put_lines(struct buf *out, const char *who, const char *text)
{
	size_t n;

	for (;; text += n + 1) {
		n = strcspn(text, "\n");
		buf_puts(out, who);
		printable_append(out, text, n);
		buf_putc(out, '\n');
		if (text[n] == '\0')
			return;
	}
}

enum {
	ROW = 16,	  /* octets */
	ROW_COLUMNS = 50, /* in hexadecimal, in two halves */
	STARS = 8,
};

/* NULL: stars, whatever they are. */
static void
put_row(struct buf *out, const char *who, uint64_t offset, const char *bytes,
    size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char hex[ROW_COLUMNS], plain[ROW];
	size_t i, at = 0;
	unsigned char c = '*';

	memset(hex, ' ', sizeof(hex));
	for (i = 0; i < n; i++) {
		if (bytes != NULL)
			c = (unsigned char)bytes[i];
		hex[at++] = bytes != NULL ? digits[c >> 4] : '*';
		hex[at++] = bytes != NULL ? digits[c & 15] : '*';
		at += i == ROW / 2 - 1 ? 2 : 1;
		plain[i] = '.';
		if (c >= ' ' && c < 0x7f)
			plain[i] = (char)c;
	}
	buf_printf(out, "%s%04llx  ", who, (unsigned long long)offset);
	buf_append(out, hex, sizeof(hex));
	buf_puts(out, "|");
	buf_append(out, plain, n);
	buf_puts(out, "|\n");
}

static void
put_octets(struct transcript *t, struct buf *out, const char *who,
    const struct smtp_event *e)
{
	size_t at, n;

	if (t->direction != e->type)
		t->offset = 0;
	t->direction = e->type;
	if (e->text == NULL && e->octets > 0) {
		buf_printf(out, "%s%04llx  (%zu more)\n", who,
		    (unsigned long long)t->offset, e->octets);
		t->offset += e->octets;
	} else if (e->text == NULL) {
		put_row(out, who, t->offset, NULL, STARS);
		t->offset += STARS;
	} else {
		for (at = 0; at < e->octets; at += n, t->offset += n) {
			n = e->octets - at < ROW ? e->octets - at : ROW;
			put_row(out, who, t->offset, e->text + at, n);
		}
	}
}

void
transcript_event(struct transcript *t, struct buf *out,
    const struct smtp_event *e, bool tls, int64_t elapsed_us)
{
	static const char *const names[][2] = {
	    [SMTP_SENT] = {"C:", "~C:"},
	    [SMTP_REPLY] = {"S:", "~S:"},
	    [SMTP_NOTE] = {"--", "--"},
	    [SMTP_CLOSED] = {"--", "--"},
	    [SMTP_OCTETS_SENT] = {"C>", "~C>"},
	    [SMTP_OCTETS_HEARD] = {"S>", "~S>"},
	};
	const char *name = NULL;
	char who[64];

	if ((size_t)e->type < sizeof(names) / sizeof(names[0]))
		name = names[e->type][tls];
	if (name == NULL || (e->type == SMTP_CLOSED && e->error == NULL))
		return;
	prefix(t, who, sizeof(who), name, elapsed_us);
	if (e->type == SMTP_REPLY) {
		report_reply(out, who, e->reply->code,
		    buf_string(&e->reply->text), e->reply->text.len);
	} else if (e->type == SMTP_SENT && e->text != NULL) {
		buf_puts(out, who);
		printable_append(out, e->text, strlen(e->text));
		buf_putc(out, '\n');
	} else if (e->type == SMTP_NOTE) {
		put_lines(out, who, e->text);
	} else if (e->type == SMTP_CLOSED) {
		put_lines(out, who, e->error->text);
	} else if (e->type >= SMTP_OCTETS_SENT) {
		put_octets(t, out, who, e);
	}
}
