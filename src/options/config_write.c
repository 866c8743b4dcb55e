/* config_write: see config_write.h. */
#include "options/config_write.h"

#include <stdlib.h>
#include <string.h>

#include "lib/charset.h"
#include "lib/memory.h"
#include "lib/secret.h"
#include "options/config_line.h"
#include "options/value.h"

/* A text on its way, line by line. */
struct rewriting {
	struct buf *out;
	const char *account, *line_end;
	const struct config_setting *settings;
	size_t count;
	bool *placed; /* of each setting */
	bool found;
};

/* What a line is. */
struct line {
	const char *begin;
	size_t len;  /* with its end */
	char *copy;  /* without, to be taken apart; wiped */
	char *words; /* trimmed, in the copy */
};

static struct line
line_at(const char *text, const char *end)
{
	const char *newline = memchr(text, '\n', (size_t)(end - text));
	struct line l = {.begin = text};

	l.len = (size_t)((newline != NULL ? newline + 1 : end) - text);
	l.copy = memory_strndup(text, l.len - (newline != NULL));
	l.words = config_trim(l.copy);
	return l;
}

static void
line_clear(struct line *l)
{
	secret_wipe(l->copy, strlen(l->copy));
	free(l->copy);
}

/* Whether a line begins this account's section, or (NULL) any. */
static bool
begins(const struct line *l, const char *account)
{
	char *copy;
	const char *name;
	bool is = *l->words == '[';

	if (!is || account == NULL)
		return is;
	copy = memory_strdup(l->words);
	name = config_account(copy);
	is = name != NULL && strcmp(name, account) == 0;
	free(copy);
	return is;
}

bool
config_has_account(const char *text, size_t n, const char *account)
{
	const char *end = text + n;
	struct line l;
	bool has = false;

	for (text += charset_mark(text, n); text < end && !has; text += l.len) {
		l = line_at(text, end);
		has = begins(&l, account);
		line_clear(&l);
	}
	return has;
}

static void
put_setting(struct rewriting *w, const struct config_setting *s)
{
	buf_printf(w->out, "%s = ", s->name);
	config_quote(w->out, s->value);
	buf_puts(w->out, w->line_end);
}

/* The setting that the line is, by its place in the list; count: none of it. */
static size_t
setting_of(const struct rewriting *w, const struct line *l)
{
	size_t n = strcspn(l->words, "="), i;

	while (n > 0 && strchr(config_blanks, l->words[n - 1]) != NULL)
		n--;
	for (i = 0; i < w->count; i++)
		if (strlen(w->settings[i].name) == n &&
		    strncmp(w->settings[i].name, l->words, n) == 0)
			break;
	return i;
}

static bool
is_setting(const struct line *l)
{
	return *l->words != '\0' && *l->words != '#' && *l->words != '[';
}

/* Of a list there may be several lines, in the text and of ours. */
static void
replace(struct rewriting *w, size_t first)
{
	const char *name = w->settings[first].name;
	size_t i;

	for (i = first; i < w->count; i++) {
		if (w->placed[i] || strcmp(w->settings[i].name, name) != 0)
			continue;
		w->placed[i] = true;
		if (w->settings[i].value != NULL)
			put_setting(w, &w->settings[i]);
	}
}

static void
put_rest(struct rewriting *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (!w->placed[i])
			replace(w, i);
}

/* The end of the last setting of the section that begins here, or of its first
 * line: what is new goes there, before comments that speak of the next one. */
static const char *
last_setting(const char *text, const char *end)
{
	struct line l = line_at(text, end);
	const char *last = text + l.len;
	bool over = false;

	line_clear(&l);
	for (text = last; text < end && !over; text += l.len) {
		l = line_at(text, end);
		over = begins(&l, NULL);
		if (!over && is_setting(&l))
			last = text + l.len;
		line_clear(&l);
	}
	return last;
}

/* A last line without an end is given one, if something follows it. */
static void
end_line(struct rewriting *w)
{
	if (w->out->len > 0 && w->out->data[w->out->len - 1] != '\n')
		buf_puts(w->out, w->line_end);
}

static void
rewrite_section(struct rewriting *w, const char *text, const char *end)
{
	const char *last = last_setting(text, end);
	size_t i;
	struct line l;

	for (; text < last; text += l.len) {
		l = line_at(text, end);
		i = is_setting(&l) ? setting_of(w, &l) : w->count;
		if (i < w->count)
			replace(w, i);
		else
			buf_append(w->out, l.begin, l.len);
		line_clear(&l);
	}
	for (i = 0; i < w->count && w->placed[i]; i++)
		;
	if (i == w->count)
		return;
	end_line(w);
	put_rest(w);
}

/* Up to the section and of it what is ours; where the rest begins. */
static const char *
rewrite(struct rewriting *w, const char *text, const char *end)
{
	struct line l;

	for (; text < end; text += l.len) {
		l = line_at(text, end);
		w->found = begins(&l, w->account);
		line_clear(&l);
		if (w->found) {
			rewrite_section(w, text, end);
			return last_setting(text, end);
		}
		buf_append(w->out, l.begin, l.len);
	}
	return end;
}

static int
check(const char *account, const struct config_setting *settings, size_t count,
    struct error *err)
{
	char *copy;
	const char *name;
	struct buf line = BUF_WITH_MAX(0);
	struct error why;
	bool same;
	size_t i;

	buf_printf(&line, "[account %s]", account);
	copy = memory_strdup(buf_string(&line));
	buf_clear(&line);
	name = config_account(copy);
	same = name != NULL && strcmp(name, account) == 0;
	free(copy);
	if (!same)
		return error_set(err, EX_CONFIG,
		    "no account can have the name '%s'", account);
	for (i = 0; i < count; i++)
		if (settings[i].value != NULL &&
		    value_line_or_empty(settings[i].value, &why) == -1)
			return error_set(err, EX_CONFIG, "%s: the value %s",
			    settings[i].name, why.text);
	return 0;
}

int
config_write(struct buf *out, const char *text, size_t n, const char *account,
    const struct config_setting *settings, size_t count, struct error *err)
{
	const char *end = text + n, *newline = memchr(text, '\n', n), *rest;
	struct rewriting w = {.out = out,
	    .account = account,
	    .settings = settings,
	    .count = count};
	size_t mark = charset_mark(text, n);

	if (check(account, settings, count, err) == -1)
		return -1;
	w.line_end = newline != NULL && newline > text && newline[-1] == '\r'
	    ? "\r\n"
	    : "\n";
	w.placed = memory_alloc(count + 1);
	buf_append(out, text, mark);
	rest = rewrite(&w, text + mark, end);
	if (w.found) {
		buf_append(out, rest, (size_t)(end - rest));
	} else {
		if (n > mark) {
			end_line(&w);
			buf_puts(out, w.line_end);
		}
		buf_printf(out, "[account %s]%s", account, w.line_end);
		put_rest(&w);
	}
	free(w.placed);
	return 0;
}
