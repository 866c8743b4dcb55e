#include "smtp/texts.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/memory.h"

/* FNV-1a */
static size_t
hash(const char *text, size_t n)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

/* Where the text stands, or is to be put. */
static const char **
slot(const struct smtp_texts *t, const char *text)
{
	size_t at = hash(text, strlen(text));
	const char **s;

	for (;; at++) {
		s = &t->table[at & (t->cap - 1)];
		if (*s == NULL || strcmp(*s, text) == 0)
			return s;
	}
}

static void
grow(struct smtp_texts *t)
{
	struct smtp_texts old = *t;
	size_t i;

	t->cap = old.cap > 0 ? old.cap * 2 : 16;
	t->table = memory_alloc(t->cap * sizeof(*t->table));
	for (i = 0; i < old.cap; i++)
		if (old.table[i] != NULL)
			*slot(t, old.table[i]) = old.table[i];
	free(old.table);
}

static bool
is_kept(const struct smtp_texts *t, const char *text)
{
	return t->cap > 0 && *slot(t, text) != NULL;
}

static const char *
keep(struct smtp_texts *t, const char *text)
{
	const char **at;

	if (t->count >= t->cap / 2)
		grow(t);
	at = slot(t, text);
	if (*at == NULL) {
		*at = arena_strdup(t->arena, text);
		t->count++;
	}
	return *at;
}

/* At most max octets of it, no character of UTF-8 cut, and how many went. */
static const char *
abridge(struct buf *out, const char *text, size_t max)
{
	size_t size = strlen(text), n = max, back;

	if (size <= max)
		return text;
	for (back = 0; back < 4; back++)
		if (((unsigned char)text[max - back] & 0xc0) != 0x80) {
			n = max - back;
			break;
		}
	buf_append(out, text, n);
	buf_printf(out, "\n[%zu octets left out]", size - n);
	return buf_string(out);
}

const char *
smtp_texts_keep(struct smtp_texts *t, const char *text)
{
	struct buf out = {0};
	const char *kept = abridge(&out, text, SMTP_TEXT_MAX);
	size_t n = strlen(kept);

	if (n > SMTP_TEXT_SHORT &&
	    (is_kept(t, kept) || t->long_octets + n > SMTP_TEXTS_MAX)) {
		buf_reset(&out);
		kept = abridge(&out, text, SMTP_TEXT_SHORT);
	} else if (n > SMTP_TEXT_SHORT) {
		t->long_octets += n;
	}
	kept = keep(t, kept);
	buf_clear(&out);
	return kept;
}

void
smtp_texts_clear(struct smtp_texts *t)
{
	free(t->table);
	*t = (struct smtp_texts){.arena = t->arena};
}
