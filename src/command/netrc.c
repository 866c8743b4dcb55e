#include "command/netrc.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "transport/service.h"

/* What is still to be read. */
struct reader {
	char *at, *end;
	unsigned line;
};

/* What is said of one machine, or of all others. */
struct said {
	const char *machine; /* NULL: `default` */
	const char *login, *password, *port;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct reader *r)
{
	for (; r->at < r->end && is_blank(*r->at); r->at++)
		r->line += *r->at == '\n';
}

static void
skip_line(struct reader *r)
{
	while (r->at < r->end && *r->at != '\n')
		r->at++;
}

/* Up to an empty line. */
static void
skip_macro(struct reader *r)
{
	skip_line(r);
	while (r->at < r->end) {
		r->at++;
		r->line++;
		if (r->at == r->end || *r->at == '\n' ||
		    (*r->at == '\r' && r->at[1] == '\n'))
			return;
		skip_line(r);
	}
}

static int
not_closed(const struct reader *r, struct error *err)
{
	return error_set(err, EX_CONFIG,
	    "line %u: a value that begins with a quotation mark must end with "
	    "one",
	    r->line);
}

/* The next word, in its place, without what quotes it; NULL at the end. */
static int
next_word(struct reader *r, const char **word, struct error *err)
{
	char *out;
	bool quoted;

	skip_blanks(r);
	*word = NULL;
	if (r->at == r->end)
		return 0;
	quoted = *r->at == '"';
	r->at += quoted;
	*word = out = r->at;
	for (; r->at < r->end && *r->at != '\n'; r->at++) {
		if (quoted ? *r->at == '"' : is_blank(*r->at))
			break;
		if (*r->at == '\\' && r->at + 1 < r->end && r->at[1] != '\n')
			r->at++;
		*out++ = *r->at;
	}
	if (quoted && (r->at == r->end || *r->at != '"'))
		return not_closed(r, err);
	/* A line's end is counted, though the word's own may take its place. */
	if (r->at < r->end) {
		r->line += *r->at == '\n';
		r->at++;
	}
	*out = '\0';
	return 0;
}

static bool
is_machine(const char *entry, const char *machine)
{
	size_t n = strlen(entry);

	if (n > 2 && entry[0] == '[' && entry[n - 1] == ']' &&
	    memchr(entry, ':', n) != NULL)
		return ascii_equal_n(entry + 1, n - 2, machine);
	return ascii_equal(entry, machine);
}

/* But for its port. */
static bool
may_be_meant(const struct said *s, const struct netrc_query *q)
{
	if (s->machine != NULL && !is_machine(s->machine, q->machine))
		return false;
	if (s->password == NULL && q->password)
		return false;
	if (q->user == NULL)
		return s->login != NULL;
	if (s->login == NULL)
		return s->machine != NULL || !q->wary;
	return strcmp(s->login, q->user) == 0;
}

static bool
is_meant(const struct said *s, const struct netrc_query *q)
{
	if (!may_be_meant(s, q))
		return false;
	if (s->port == NULL || service_port(s->port) == q->port)
		return true;
	if (q->other_port != NULL && s->machine != NULL)
		*q->other_port = service_port(s->port);
	return false;
}

/* The field that the word fills; NULL: it is none of these. */
static const char **
field(struct said *s, const char *word, const char **ignored)
{
	if (strcmp(word, "login") == 0 || strcmp(word, "user") == 0)
		return &s->login;
	if (strcmp(word, "password") == 0 || strcmp(word, "passwd") == 0)
		return &s->password;
	if (strcmp(word, "port") == 0)
		return &s->port;
	return strcmp(word, "account") == 0 ? ignored : NULL;
}

/* What follows the word that begins an entry: *word is the next one that
 * does. */
static int
read_entry(
    struct reader *r, struct said *s, const char **word, struct error *err)
{
	const char **value, *ignored;

	for (;;) {
		skip_blanks(r);
		if (r->at < r->end && *r->at == '#') {
			skip_line(r);
			continue;
		}
		if (next_word(r, word, err) == -1)
			return -1;
		if (*word == NULL || strcmp(*word, "machine") == 0 ||
		    strcmp(*word, "default") == 0)
			return 0;
		value = field(s, *word, &ignored);
		if (value != NULL && next_word(r, value, err) == -1)
			return -1;
		if (strcmp(*word, "macdef") == 0)
			skip_macro(r);
	}
}

int
netrc_find(char *text, size_t n, const struct netrc_query *query,
    struct netrc_entry *out, struct error *err)
{
	struct reader r = {text + charset_mark(text, n), text + n, 1};
	const char *word = NULL;
	struct said said = {0};

	if (charset_refuse_nul(text, n, EX_CONFIG, err) == -1)
		return -1;
	/* What stands before the first entry is nobody's. */
	if (read_entry(&r, &said, &word, err) == -1)
		return -1;
	while (word != NULL) {
		said = (struct said){0};
		if (strcmp(word, "machine") == 0 &&
		    (next_word(&r, &said.machine, err) == -1 ||
			said.machine == NULL))
			return said.machine == NULL ? 0 : -1;
		if (read_entry(&r, &said, &word, err) == -1)
			return -1;
		if (!is_meant(&said, query))
			continue;
		*out = (struct netrc_entry){said.login, said.password};
		return 1;
	}
	return 0;
}
