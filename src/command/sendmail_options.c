#include "command/sendmail_options.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"
#include "options/option.h"

/* A part of a text. */
struct span {
	const char *at, *end;
};

/* An option as a text has it: "--charset NAME", "-S HOST (--server)". */
struct mention {
	const struct option_row *row;
	struct span value; /* without quotes; at NULL: none */
	const char *end;   /* behind all of it */
};

struct line {
	struct buf *out;
	const char *file;
	bool named; /* the file was */
};

static bool
begins(struct span s, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(s.end - s.at) >= n && memcmp(s.at, with, n) == 0;
}

static void
put(struct buf *out, struct span s)
{
	buf_append(out, s.at, (size_t)(s.end - s.at));
}

/* --- what is mentioned ----------------------------------------------------*/

static bool
is_name(char c)
{
	return c == '-' || (c >= 'a' && c <= 'z') || ascii_is_digit(c);
}

static const struct option_row *
by_span(struct span name)
{
	enum { NAME_MAX_LEN = 40 };
	char text[NAME_MAX_LEN + 1];
	size_t n = (size_t)(name.end - name.at);

	if (n == 0 || n > NAME_MAX_LEN)
		return NULL;
	memcpy(text, name.at, n);
	text[n] = '\0';
	return option_by_name(text);
}

/* "--NAME" at the beginning: its row, and *end behind it. */
static const struct option_row *
long_name(struct span s, const char **end)
{
	struct span name = {s.at + 2, s.at + 2};

	if (!begins(s, "--"))
		return NULL;
	while (name.end < s.end && is_name(*name.end))
		name.end++;
	*end = name.end;
	return by_span(name);
}

/* Up to what ends a word in a sentence; in quotes, those are part of it. */
static struct span
word_of(struct span s)
{
	struct span word = {s.at, s.at};
	const char *close;

	if (s.at < s.end && *s.at == '\'') {
		close = memchr(s.at + 1, '\'', (size_t)(s.end - s.at - 1));
		if (close != NULL)
			return (struct span){s.at, close + 1};
	}
	while (word.end < s.end && strchr(" ;)'`\n", *word.end) == NULL)
		word.end++;
	while (word.end > word.at && strchr(",.:", word.end[-1]) != NULL)
		word.end--;
	return word;
}

/* A word that stands for a value, or is one, and no verb. */
static bool
is_value(struct span word)
{
	size_t capitals = 0;
	const char *c;

	if (word.at < word.end && *word.at == '\'')
		return true;
	for (c = word.at; c < word.end; c++) {
		if (ascii_is_digit(*c) || strchr("/.:@%=", *c) != NULL)
			return true;
		capitals += *c >= 'A' && *c <= 'Z';
	}
	return capitals >= 2;
}

static void
take_value(struct mention *m, struct span rest)
{
	struct span word;

	if (rest.at == rest.end || m->row->argument == NULL ||
	    (*rest.at != '=' && *rest.at != ' '))
		return;
	word = word_of((struct span){rest.at + 1, rest.end});
	if (word.at == word.end || (*rest.at == ' ' && !is_value(word)))
		return;
	m->end = word.end;
	if (*word.at == '\'' && word.end - word.at > 1)
		word = (struct span){word.at + 1, word.end - 1};
	m->value = word;
}

/* " (--NAME)", behind a letter. */
static const struct option_row *
in_parentheses(struct span s, const char **end)
{
	const struct option_row *row;

	if (!begins(s, " (--"))
		return NULL;
	row = long_name((struct span){s.at + 2, s.end}, end);
	if (row == NULL || *end == s.end || **end != ')')
		return NULL;
	++*end;
	return row;
}

/* "-S (--server)", "-S HOST (--server)"; without the name only the server's,
 * as others may be letters of sendmail(8). */
static bool
short_name(struct span s, struct mention *m)
{
	struct span rest = {s.at + 2, s.end}, word;
	const char *end;

	if (s.end - s.at < 3 || s.at[0] != '-' || !ascii_is_letter(s.at[1]) ||
	    s.at[2] != ' ')
		return false;
	word = word_of((struct span){rest.at + 1, rest.end});
	*m = (struct mention){.row = in_parentheses(rest, &end)};
	if (m->row == NULL)
		m->row = in_parentheses((struct span){word.end, s.end}, &end);
	if (m->row == NULL && s.at[1] == 'S') {
		m->row = option_by_name("server");
		m->end = rest.at;
		take_value(m, rest);
	} else if (m->row != NULL) {
		take_value(m, rest);
		m->end = end;
	}
	return m->row != NULL;
}

static bool
read_mention(struct span s, struct mention *m)
{
	const char *end;

	*m = (struct mention){.row = long_name(s, &end)};
	if (m->row == NULL)
		return short_name(s, m);
	m->end = end;
	take_value(m, (struct span){end, s.end});
	return true;
}

/* --- what is said in its place --------------------------------------------*/

static const struct {
	const char *name, *letter;
	bool bare; /* it has no value there */
} letters[] = {
    {"envelope-from", "-f", false},
    {"transcript", "-X", false},
    {"dsn-notify", "-N", false},
    {"dsn-return", "-R", false},
    {"envelope-id", "-V", false},
    {"aliases", "-O AliasFile=", false},
    {"queue", "-odq", true},
    {"check", "-bv", true},
    {"flush", "-q", true},
    {"verbose", "-v", true},
    {"json", "--json", true},
    {"to", "-t", true},
};

/* NULL: there is none. */
static const char *
letter_of(const struct mention *m)
{
	size_t i;

	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strcmp(letters[i].name, m->row->name) == 0)
			return letters[i].bare && m->value.at != NULL
			    ? NULL
			    : letters[i].letter;
	return NULL;
}

static void
put_letter(
    struct buf *out, const char *letter, struct span mention, struct span value)
{
	buf_puts(out, letter);
	if (value.at == NULL)
		return;
	if (letter[strlen(letter) - 1] != '=')
		buf_putc(out, ' ');
	/* With its quotes, if it has some. */
	if (value.at > mention.at && value.at[-1] == '\'') {
		value.at--;
		value.end++;
	}
	put(out, value);
}

static void
put_setting(struct line *l, const struct mention *m)
{
	if (m->value.at != NULL) {
		buf_printf(l->out, "'%s = ", m->row->name);
		put(l->out, m->value);
		buf_putc(l->out, '\'');
	} else {
		buf_printf(l->out, "'%s'", m->row->name);
	}
	if (!l->named)
		buf_printf(l->out, " in %s", l->file);
	l->named = true;
}

static void
put_mention(struct line *l, struct span s, const struct mention *m)
{
	const char *letter = letter_of(m);

	if (letter != NULL) {
		put_letter(l->out, letter, s, m->value);
	} else if ((m->row->scope & OPTION_FILE) != 0) {
		put_setting(l, m);
	} else {
		buf_puts(l->out, "smtpsend ");
		put(l->out, (struct span){s.at, m->end});
	}
}

static void
put_hint(struct line *l, struct span s)
{
	const char *start = s.at;
	struct mention m;
	bool ours = false; /* a call of smtpsend, which has them all */

	while (s.at < s.end) {
		if (s.at == start || strchr(" '`(\"", s.at[-1]) != NULL) {
			ours |= begins(s, "smtpsend ");
			if (!ours && read_mention(s, &m)) {
				put_mention(l, s, &m);
				s.at = m.end;
				continue;
			}
		}
		if (*s.at == ';' || *s.at == ',')
			ours = false;
		buf_putc(l->out, *s.at++);
	}
}

static void
put_line(struct line *l, struct span s)
{
	static const char hint[] = ": hint: ";
	struct span rest = s;
	struct mention m = {0};
	const char *letter;

	while (rest.at < rest.end && *rest.at != ':' && *rest.at != ' ')
		rest.at++;
	if (begins(rest, hint)) {
		rest.at += strlen(hint);
		put(l->out, (struct span){s.at, rest.at});
		put_hint(l, rest);
		return;
	}
	if (begins(rest, ": --"))
		m.row = long_name((struct span){rest.at + 2, rest.end}, &m.end);
	if (m.row != NULL) {
		letter = letter_of(&m);
		put(l->out, (struct span){s.at, rest.at + 2});
		buf_puts(l->out, letter != NULL ? letter : m.row->name);
		s.at = m.end;
	}
	put(l->out, s);
}

void
sendmail_options_put(
    struct buf *out, const char *text, size_t n, const char *file)
{
	const char *end = text + n;
	struct line line;
	size_t len;

	for (; text < end; text += len) {
		len = ascii_line(text, (size_t)(end - text));
		line = (struct line){.out = out, .file = file};
		put_line(&line, (struct span){text, text + len});
	}
}
