/*
 * mask: one pass over the text makes a view of it (what counts, folded, with
 * where it stood) and the hashes of all its beginnings, from which that of any
 * window follows with one multiplication.
 */
#include "lib/mask.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/enhanced.h"
#include "lib/letter.h"
#include "lib/memory.h"
#include "lib/secret.h"
#include "lib/unescape.h"

enum {
	PLAIN_PART_MIN = 9,   /* of the secret itself, */
	ENCODED_PART_MIN = 8, /* of another form: no words are like it */
	WORD_MAX = 3,
	STARS_MAX = 3,
};

static const uint64_t base = 0x9E3779B97F4A7C15;

static bool
is_visible(unsigned char c)
{
	return c > ' ' && c != 0x7f;
}

/* Without capitals; base64url (RFC 4648 5) is like base64. */
static unsigned char
fold(unsigned char c)
{
	c = (unsigned char)ascii_lower((char)c);
	return c == '-' ? '+' : c == '_' ? '/' : c;
}

static bool
is_word(unsigned char c)
{
	c = fold(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

static uint64_t
hash_on(uint64_t hash, unsigned char c)
{
	return hash * base + fold(c) + 1;
}

static uint64_t
hash_of(const char *bytes, size_t n)
{
	uint64_t hash = 0;
	size_t i;

	for (i = 0; i < n; i++)
		hash = hash_on(hash, (unsigned char)bytes[i]);
	return hash;
}

/* Letters beyond ASCII, which have several bytes. */
static void
fold_letters(char *bytes, size_t n)
{
	char folded[LETTER_MAX];
	size_t i, len;

	for (i = 0; i<n; i += len> 0 ? len : 1) {
		len = letter_fold(bytes + i, n - i, folded);
		memcpy(bytes + i, folded, len);
	}
	secret_wipe(folded, sizeof(folded));
}

/* Folds away what does not count; `bytes` is wiped by the caller. */
static void
set_form(struct mask_form *f, char *bytes, size_t n, bool plain)
{
	size_t i, len = 0;

	for (i = 0; i < n; i++)
		if (is_visible((unsigned char)bytes[i]))
			bytes[len++] = bytes[i];
	fold_letters(bytes, len);
	*f = (struct mask_form){.len = len, .least = len, .plain = plain};
	if (!plain && len > ENCODED_PART_MIN)
		f->least = ENCODED_PART_MIN;
	else if (plain && len > PLAIN_PART_MIN)
		f->least = len - len / 4 > PLAIN_PART_MIN ? len - len / 4
							  : PLAIN_PART_MIN;
	f->word = len <= WORD_MAX;
	f->whole = hash_of(bytes, len);
	f->head = hash_of(bytes, f->least);
	f->tail = hash_of(bytes + len - f->least, f->least);
}

static void
set_hexadecimal(struct mask_form *f, const char *secret, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	struct buf hex = BUF_WITH_MAX(0);
	size_t i;

	buf_reserve(&hex, 2 * n);
	for (i = 0; i < n; i++) {
		buf_putc(&hex, digits[(unsigned char)secret[i] >> 4]);
		buf_putc(&hex, digits[(unsigned char)secret[i] & 15]);
	}
	set_form(f, hex.data, hex.len, false);
	secret_wipe(hex.data, hex.cap);
	buf_clear(&hex);
}

/* The base64 of the secret behind `before` bytes: all of it or, of a longer
 * text, what depends on nothing else. */
static void
set_base64(
    struct mask_form *f, const char *secret, size_t n, size_t before, bool all)
{
	struct buf bytes = BUF_WITH_MAX(0), text = BUF_WITH_MAX(0);
	size_t from = (8 * before + 5) / 6, to = 8 * (before + n) / 6;

	buf_reserve(&bytes, before + n);
	buf_append(&bytes, "\0\0", before);
	buf_append(&bytes, secret, n);
	base64_encode(&text, bytes.data, bytes.len);
	if (all)
		to = (8 * n + 5) / 6;
	if (all || to - from > WORD_MAX)
		set_form(f, text.data + from, to - from, false);
	secret_wipe(bytes.data, bytes.cap);
	secret_wipe(text.data, text.cap);
	buf_clear(&bytes);
	buf_clear(&text);
}

void
mask_secret(struct mask *m, const char *secret, size_t n)
{
	struct buf bytes = BUF_WITH_MAX(0);
	struct mask_form *forms;
	size_t before;

	if (n == 0)
		return;
	m->any = true;
	forms = &m->forms[MASK_SECRET * (m->secrets++ % MASK_SECRETS)];
	buf_append(&bytes, secret, n);
	set_form(&forms[0], bytes.data, bytes.len, true);
	secret_wipe(bytes.data, bytes.cap);
	buf_clear(&bytes);
	set_hexadecimal(&forms[1], secret, n);
	set_base64(&forms[2], secret, n, 0, true);
	for (before = 0; before < 3; before++)
		set_base64(&forms[3 + before], secret, n, before, false);
}

void
mask_response(struct mask *m, const char *base64, size_t n)
{
	struct buf bytes = BUF_WITH_MAX(0);

	while (n > 0 && base64[n - 1] == '=')
		n--;
	if (n == 0)
		return;
	m->any = true;
	buf_append(&bytes, base64, n);
	set_form(&m->forms[MASK_FORMS - MASK_SENT + m->sent++ % MASK_SENT],
	    bytes.data, bytes.len, false);
	secret_wipe(bytes.data, bytes.cap);
	buf_clear(&bytes);
}

/* The characters of a text that count, and what is to be hidden of it. */
struct view {
	const char *text;
	size_t text_len;
	uint64_t *hash;	     /* of the first i characters */
	uint32_t *from, *to; /* where they stand in the text */
	size_t n;
	bool *hide; /* for each byte of the text */
	bool found;
};

static void
view_init(struct view *v, const struct buf *text)
{
	size_t n = text->len;

	*v = (struct view){.text = text->data, .text_len = n};
	v->hash = memory_alloc((n + 1) * sizeof(*v->hash));
	v->from = memory_alloc(n * sizeof(*v->from));
	v->to = memory_alloc(n * sizeof(*v->to));
	v->hide = memory_alloc(n * sizeof(*v->hide));
}

static void
view_clear(struct view *v)
{
	/* Each hash follows from the one before and a character. */
	if (v->found)
		secret_wipe(v->hash, (v->text_len + 1) * sizeof(*v->hash));
	free(v->hash);
	free(v->from);
	free(v->to);
	free(v->hide);
}

/* The enhanced code that begins a line is repeated, and cuts what it holds. */
static size_t
code_at(const struct view *v, size_t at)
{
	const char *line = v->text + at, *end;
	size_t n = v->text_len - at;

	if (at == 0 || line[-1] != '\n')
		return 0;
	end = memchr(line, '\n', n);
	return enhanced_length(
	    line, end != NULL ? (size_t)(end - line) : n, *line);
}

/* The last bytes that were read, the latest one at the end. */
struct tail {
	char bytes[LETTER_MAX];
};

/* A letter of several bytes is known when the last one has come. */
static void
fold_last(struct view *v, struct tail *t, unsigned char c)
{
	char folded[LETTER_MAX];
	size_t len, i;

	memmove(t->bytes, t->bytes + 1, LETTER_MAX - 1);
	t->bytes[LETTER_MAX - 1] = (char)c;
	if (c < 0x80 || c > 0xbf)
		return;
	for (len = 2; len <= LETTER_MAX; len++)
		if (letter_fold(t->bytes + LETTER_MAX - len, len, folded) ==
		    len)
			break;
	for (i = 0; len <= LETTER_MAX && i < len; i++)
		v->hash[v->n - len + i + 1] =
		    hash_on(v->hash[v->n - len + i], (unsigned char)folded[i]);
	secret_wipe(folded, sizeof(folded));
}

static void
view_read(struct view *v, bool decoded)
{
	struct tail tail = {{0}};
	size_t at, len;
	unsigned char c;

	v->n = 0;
	for (at = 0; at < v->text_len; at += len) {
		len = code_at(v, at);
		if (len > 0)
			continue;
		c = (unsigned char)v->text[at];
		if (decoded)
			len = unescape(v->text + at, v->text_len - at, &c);
		if (len == 0)
			len = 1;
		if (!is_visible(c))
			continue;
		v->from[v->n] = (uint32_t)at;
		v->to[v->n] = (uint32_t)(at + len);
		v->hash[v->n + 1] = hash_on(v->hash[v->n], c);
		v->n++;
		fold_last(v, &tail, c);
	}
	secret_wipe(&tail, sizeof(tail));
}

/* Characters i to i + n - 1 of the view; with the rest of the word where it is
 * not known what else belongs to them. */
static void
hide(struct view *v, const struct mask_form *f, size_t i, size_t n)
{
	size_t from = v->from[i], to = v->to[i + n - 1];

	if (v->hide[from] && v->hide[to - 1])
		return;
	if (f->word &&
	    ((from > 0 && is_word((unsigned char)v->text[from - 1])) ||
		(to < v->text_len && is_word((unsigned char)v->text[to]))))
		return;
	if (!f->plain || n < f->len) {
		while (from > 0 && is_visible((unsigned char)v->text[from - 1]))
			from--;
		while (
		    to < v->text_len && is_visible((unsigned char)v->text[to]))
			to++;
	}
	memset(v->hide + from, true, to - from);
	v->found = true;
}

static uint64_t
power_of(size_t n)
{
	uint64_t power = 1, square = base;

	for (; n > 0; n >>= 1, square *= square)
		if ((n & 1) != 0)
			power *= square;
	return power;
}

/* A window of f->least characters at i has this hash, and a form begins or ends
 * so. */
static void
look_closer(struct view *v, const struct mask_form *f, size_t i, uint64_t hash)
{
	if (hash == f->head && i + f->len <= v->n &&
	    v->hash[i + f->len] - v->hash[i] * power_of(f->len) == f->whole)
		hide(v, f, i, f->len);
	else
		hide(v, f, i, f->least);
}

/* Those of m's forms whose windows have this length, at once. */
static void
search_windows(struct view *v, const struct mask *m, size_t least)
{
	uint64_t likely = 0, power = power_of(least), hash;
	const struct mask_form *forms[MASK_FORMS];
	size_t i, k, n = 0;

	for (i = 0; i < MASK_FORMS; i++) {
		if (m->forms[i].len == 0 || m->forms[i].least != least)
			continue;
		forms[n++] = &m->forms[i];
		likely |= UINT64_C(1) << (m->forms[i].head >> 58) |
		    UINT64_C(1) << (m->forms[i].tail >> 58);
	}
	for (i = 0; i + least <= v->n; i++) {
		hash = v->hash[i + least] - v->hash[i] * power;
		if ((likely >> (hash >> 58) & 1) == 0)
			continue;
		for (k = 0; k < n; k++)
			if (hash == forms[k]->head || hash == forms[k]->tail)
				look_closer(v, forms[k], i, hash);
	}
}

static void
search(struct view *v, const struct mask *m)
{
	size_t i, k;

	for (i = 0; i < MASK_FORMS; i++) {
		for (k = 0; k < i; k++)
			if (m->forms[k].least == m->forms[i].least)
				break;
		if (m->forms[i].len > 0 && k == i)
			search_windows(v, m, m->forms[i].least);
	}
}

/* The codes that stand in the middle of what is hidden. */
static void
keep_codes(struct view *v)
{
	size_t at, len;

	for (at = 0; at < v->text_len; at++) {
		len = code_at(v, at);
		if (len > 0 && at + len < v->text_len)
			len++; /* the blank or line break behind it */
		memset(v->hide + at, false, len);
	}
}

/* The text becomes no longer, and what is left behind its end is wiped. */
static void
put_stars(struct buf *text, const bool *hidden)
{
	size_t i, len = 0, stars = 0;

	for (i = 0; i < text->len; i++) {
		if (!hidden[i] || text->data[i] == '\n') {
			stars = 0;
			text->data[len++] = text->data[i];
		} else if (stars++ < STARS_MAX) {
			text->data[len++] = '*';
		}
	}
	secret_wipe(text->data + len, text->len - len);
	text->len = len;
	text->data[len] = '\0';
}

bool
mask_hide(const struct mask *m, struct buf *text)
{
	struct view v;

	if (text->len == 0 || !m->any)
		return false;
	view_init(&v, text);
	view_read(&v, false);
	search(&v, m);
	if (strpbrk(text->data, unescape_signs) != NULL) {
		view_read(&v, true);
		search(&v, m);
	}
	if (v.found) {
		keep_codes(&v);
		put_stars(text, v.hide);
	}
	view_clear(&v);
	return v.found;
}
