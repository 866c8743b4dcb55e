#include "dialogue.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OUTPUT_MAX ((size_t)64 * 1024)
#define LINE_MAX_OCTETS ((size_t)1024 * 1024)
#define SHOWN_MAX ((size_t)160)

/* Bytes that grow at the end and are taken from the front. */
struct bytes {
	char *at;
	size_t start;
	size_t n; /* from start */
	size_t size;
};

enum step_type {
	STEP_TEXT,
	STEP_REPEAT,
	STEP_LINE,
	STEP_EXACT,
	STEP_OPTIONAL,
	STEP_BDAT,
	STEP_DATA,
	STEP_OCTETS,
	STEP_SOME,
	STEP_CLIENT_END,
	STEP_WAIT,
	STEP_MESSAGE,
	STEP_CONTAINS,
	STEP_FLUSH,
	STEP_DRIP,
	STEP_TLS,
	STEP_HALFCLOSE,
	STEP_CLOSE,
	STEP_CUT,
	STEP_RESET,
	STEP_STALL,
	STEP_DEAF,
	STEP_NEXT_CONNECTION,
	STEP_END
};

struct step {
	enum step_type type;
	unsigned line;
	uint64_t number;
	char *text;
	size_t n;
};

struct value {
	char *key;
	char *text;
};

struct dialogue {
	char *path;
	struct value *values;
	size_t value_count;
	struct step *steps; /* the last one is STEP_END */
	size_t step_count;
	struct bytes body;
};

struct dialogue_player {
	const struct dialogue *dialogue;
	const struct step *step;
	struct bytes in;
	struct bytes out;
	struct bytes message;
	struct undot undot;
	uint64_t left; /* of what is counted */
	bool begun;    /* left is that of this step */
	bool proceed;
	bool closed;
	bool complete;
	bool fresh; /* next chunk: a new message */
	bool bdat_seen;
	bool bdat_last;
	uint64_t bdat_size;
	unsigned drip_ms;
	char *failure;
};

/* Where a directive without text is found. */
static const struct {
	const char *text;
	enum step_type type;
	bool number;
	bool last;
} directives[] = {
    {"C+ bdat", STEP_BDAT, false, false},
    {"C+ data", STEP_DATA, false, false},
    {"C+ octets", STEP_OCTETS, true, false},
    {"C+ some", STEP_SOME, false, false},
    {"C+ end", STEP_CLIENT_END, false, false},
    {"C! wait", STEP_WAIT, false, false},
    {"S! flush", STEP_FLUSH, false, false},
    {"S! drip", STEP_DRIP, true, false},
    {"S! tls", STEP_TLS, false, false},
    {"S! halfclose", STEP_HALFCLOSE, false, false},
    {"S! close", STEP_CLOSE, false, true},
    {"S! cut", STEP_CUT, false, true},
    {"S! reset", STEP_RESET, false, true},
    {"S! stall", STEP_STALL, false, true},
    {"S! deaf", STEP_DEAF, false, true},
    {"==", STEP_NEXT_CONNECTION, false, true},
};

/* Directives with text, by their first two characters. */
static const struct {
	const char *mark;
	enum step_type type;
} texts[] = {
    {"S:", STEP_TEXT},
    {"S\"", STEP_TEXT},
    {"S*", STEP_REPEAT},
    {"C:", STEP_LINE},
    {"C=", STEP_EXACT},
    {"C?", STEP_OPTIONAL},
    {"M:", STEP_MESSAGE},
    {"M~", STEP_CONTAINS},
};

static void *
must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void
bytes_room(struct bytes *b, size_t n)
{
	if (b->start > 0 && (b->n == 0 || b->start >= b->size / 2)) {
		if (b->n > 0)
			memmove(b->at, b->at + b->start, b->n);
		b->start = 0;
	}
	if (b->size - b->start - b->n >= n)
		return;
	b->size = (b->start + b->n + n) * 2;
	b->at = must(realloc(b->at, b->size));
}

static void
bytes_add(struct bytes *b, const void *from, size_t n)
{
	if (n == 0)
		return;
	bytes_room(b, n);
	memcpy(b->at + b->start + b->n, from, n);
	b->n += n;
}

static void
bytes_take(struct bytes *b, size_t n)
{
	b->start += n;
	b->n -= n;
}

static const char *
bytes_at(const struct bytes *b)
{
	return b->at == NULL ? "" : b->at + b->start;
}

static void
bytes_clear(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){0};
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (c == '\0')
		return -1;
	at = strchr(digits, tolower((unsigned char)c));
	return at == NULL ? -1 : (int)(at - digits);
}

/* Appends text with its escapes resolved; false when there is a bad one. */
static bool
unescape(const char *text, size_t n, struct bytes *out)
{
	static const char names[] = "rnt0\\\"", meanings[] = "\r\n\t\0\\\"";
	const char *end = text + n, *name;
	char byte;

	while (text < end) {
		byte = *text++;
		if (byte == '\\') {
			if (text == end)
				return false;
			if (*text == 'x') {
				if (end - text < 3 || hex_value(text[1]) < 0 ||
				    hex_value(text[2]) < 0)
					return false;
				byte = (char)(hex_value(text[1]) * 16 +
				    hex_value(text[2]));
				text += 3;
			} else {
				name = memchr(names, *text, sizeof(names) - 1);
				if (name == NULL)
					return false;
				byte = meanings[name - names];
				text++;
			}
		}
		bytes_add(out, &byte, 1);
	}
	return true;
}

/* Reads a number; the rest of the text, its blanks removed, goes to *rest. */
static bool
number_read(const char *text, uint64_t *number, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoumax(text, &end, 10);
	if (errno != 0 || (*end != '\0' && *end != ' '))
		return false;
	*rest = end + (*end == ' ');
	return true;
}

static struct step *
step_add(struct dialogue *d, enum step_type type, unsigned line)
{
	struct step *step;

	d->steps =
	    must(realloc(d->steps, (d->step_count + 1) * sizeof(*d->steps)));
	step = &d->steps[d->step_count++];
	*step = (struct step){.type = type, .line = line};
	return step;
}

static void
step_text(struct step *step, struct bytes *from)
{
	step->n = from->n;
	step->text = must(malloc(from->n + 1));
	memcpy(step->text, bytes_at(from), from->n);
	step->text[from->n] = '\0';
}

/* TEXT" or "TEXT": false when the quotes are not there. */
static bool
quotes_strip(const char **text, size_t *n, bool opening)
{
	if (opening) {
		if (*n == 0 || **text != '"')
			return false;
		(*text)++;
		(*n)--;
	}
	if (*n == 0 || (*text)[*n - 1] != '"')
		return false;
	(*n)--;
	return true;
}

/* NULL, or what is wrong. */
static const char *
text_parse(struct dialogue *d, enum step_type type, char mark, const char *text,
    unsigned line)
{
	struct bytes bytes = {0};
	uint64_t number = 0;
	struct step *step;
	size_t n;
	bool escapes = mark == '"' || mark == '*' || type == STEP_MESSAGE ||
	    type == STEP_CONTAINS;

	if (type == STEP_REPEAT && !number_read(text, &number, &text))
		return "S* needs a number";
	n = strlen(text);
	if (escapes && type != STEP_CONTAINS &&
	    !quotes_strip(&text, &n, mark != '"'))
		return "the text is not in quotes";
	if (!escapes)
		bytes_add(&bytes, text, n);
	else if (!unescape(text, n, &bytes)) {
		bytes_clear(&bytes);
		return "unknown escape";
	}
	if (type == STEP_REPEAT && bytes.n == 0)
		return "S* needs a text";
	if (type == STEP_TEXT && !escapes)
		bytes_add(&bytes, "\r\n", 2);
	step = step_add(d, type, line);
	step->number = number;
	step_text(step, &bytes);
	bytes_clear(&bytes);
	return NULL;
}

static const char *
directive_parse(struct dialogue *d, const char *text, unsigned line)
{
	const char *rest;
	uint64_t number;
	size_t i, n;

	if (d->step_count > 0) {
		switch (d->steps[d->step_count - 1].type) {
		case STEP_CLOSE:
		case STEP_CUT:
		case STEP_RESET:
		case STEP_STALL:
		case STEP_DEAF:
			if (strcmp(text, "==") != 0)
				return "nothing can follow the line above";
			break;
		default:
			break;
		}
	}
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strncmp(text, texts[i].mark, 2) == 0 &&
		    (text[2] == ' ' || text[2] == '\0'))
			return text_parse(d, texts[i].type, text[1],
			    text + 2 + (text[2] == ' '), line);
	}
	for (i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
		n = strlen(directives[i].text);
		if (strncmp(text, directives[i].text, n) != 0)
			continue;
		number = 0;
		if (directives[i].number) {
			if (text[n] != ' ' ||
			    !number_read(text + n + 1, &number, &rest) ||
			    *rest != '\0')
				return "a number is needed";
		} else if (text[n] != '\0')
			continue;
		if (directives[i].type == STEP_DRIP && number > UINT_MAX)
			return "a number is too large";
		step_add(d, directives[i].type, line)->number = number;
		return NULL;
	}
	return "unknown directive";
}

static bool
result_read(const char *text, struct dialogue_result *result)
{
	int end = -1;

	*result = (struct dialogue_result){0};
	if (sscanf(text, "%511s %31s%n", result->address, result->verdict,
		&end) != 2 ||
	    end < 0)
		return false;
	if (text[end] == '\0')
		return true;
	text += end;
	end = -1;
	return sscanf(text, " %d%n", &result->code, &end) == 1 && end >= 0 &&
	    text[end] == '\0';
}

static const char *
value_check(struct dialogue *d, const char *key, const char *text)
{
	struct dialogue_result result;
	const char *rest;
	uint64_t number;
	size_t start;

	if (strcmp(key, "body") == 0)
		return unescape(text, strlen(text), &d->body)
		    ? NULL
		    : "unknown escape";
	if (strcmp(key, "body-repeat") == 0) {
		struct bytes bytes = {0};

		if (!number_read(text, &number, &rest))
			return "body-repeat needs a number";
		if (!unescape(rest, strlen(rest), &bytes)) {
			bytes_clear(&bytes);
			return "unknown escape";
		}
		for (start = 0; start < number; start++)
			bytes_add(&d->body, bytes_at(&bytes), bytes.n);
		bytes_clear(&bytes);
		return NULL;
	}
	if (strcmp(key, "status") == 0 &&
	    (!number_read(text, &number, &rest) || *rest != '\0' ||
		number > 255))
		return "status needs a number up to 255";
	if (strcmp(key, "result") == 0 && !result_read(text, &result))
		return "result needs an address, a verdict and a code";
	return NULL;
}

static const char *
header_parse(struct dialogue *d, const char *line)
{
	struct value *value;
	size_t n;

	n = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (n == 0 || line[n] != ':')
		return "not a \"key: value\" line; a blank line ends these";
	d->values =
	    must(realloc(d->values, (d->value_count + 1) * sizeof(*d->values)));
	value = &d->values[d->value_count++];
	value->key = must(strndup(line, n));
	line += n + 1;
	line += strspn(line, " \t");
	value->text = must(strdup(line));
	return value_check(d, value->key, value->text);
}

static const char *
line_parse(
    struct dialogue *d, bool *in_header, const char *line, unsigned number)
{
	if (*line == '#')
		return NULL;
	if (*line == '\0') {
		if (d->value_count > 0)
			*in_header = false;
		return NULL;
	}
	if (*in_header)
		return header_parse(d, line);
	return directive_parse(d, line, number);
}

int
dialogue_parse(const char *path, const char *text, size_t n,
    struct dialogue **out, char *err, size_t err_size)
{
	struct dialogue *d = must(calloc(1, sizeof(*d)));
	const char *end = text + n, *eol, *wrong = NULL;
	bool in_header = true;
	unsigned number = 0;
	char *line;

	d->path = must(strdup(path));
	while (text < end && wrong == NULL) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		number++;
		if (memchr(text, '\0', (size_t)(eol - text)) != NULL)
			wrong = "a NUL";
		else {
			line = must(strndup(text, (size_t)(eol - text)));
			wrong = line_parse(d, &in_header, line, number);
			free(line);
		}
		text = eol + 1;
	}
	if (wrong != NULL)
		snprintf(err, err_size, "%s:%u: %s", path, number, wrong);
	else if (dialogue_value(d, "name", 0) == NULL) {
		wrong = "it has no name";
		snprintf(err, err_size, "%s: %s", path, wrong);
	}
	if (wrong != NULL) {
		dialogue_free(d);
		return -1;
	}
	step_add(d, STEP_END, number);
	*out = d;
	return 0;
}

int
dialogue_load(const char *path, struct dialogue **d, char *err, size_t err_size)
{
	struct bytes text = {0};
	char piece[4096];
	FILE *file;
	size_t n;
	int status = -1;

	file = fopen(path, "re");
	if (file == NULL) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		bytes_add(&text, piece, n);
	if (ferror(file))
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
	else
		status = dialogue_parse(
		    path, bytes_at(&text), text.n, d, err, err_size);
	fclose(file);
	bytes_clear(&text);
	return status;
}

void
dialogue_free(struct dialogue *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->value_count; i++) {
		free(d->values[i].key);
		free(d->values[i].text);
	}
	for (i = 0; i < d->step_count; i++)
		free(d->steps[i].text);
	free(d->values);
	free(d->steps);
	bytes_clear(&d->body);
	free(d->path);
	free(d);
}

const char *
dialogue_path(const struct dialogue *d)
{
	return d->path;
}

const char *
dialogue_value(const struct dialogue *d, const char *key, size_t i)
{
	size_t at;

	for (at = 0; at < d->value_count; at++) {
		if (strcmp(d->values[at].key, key) == 0 && i-- == 0)
			return d->values[at].text;
	}
	return NULL;
}

size_t
dialogue_value_count(const struct dialogue *d, const char *key)
{
	size_t at, count = 0;

	for (at = 0; at < d->value_count; at++)
		count += strcmp(d->values[at].key, key) == 0;
	return count;
}

const char *
dialogue_option(const struct dialogue *d, const char *name, size_t i)
{
	size_t at, n = strlen(name);
	const char *text;

	for (at = 0; at < d->value_count; at++) {
		text = d->values[at].text;
		if (strcmp(d->values[at].key, "option") == 0 &&
		    strncmp(text, name, n) == 0 &&
		    (text[n] == '\0' || text[n] == '=') && i-- == 0)
			return text + n + (text[n] == '=');
	}
	return NULL;
}

void
dialogue_body(const struct dialogue *d, const char **bytes, size_t *n)
{
	*bytes = bytes_at(&d->body);
	*n = d->body.n;
}

int
dialogue_status(const struct dialogue *d)
{
	const char *text = dialogue_value(d, "status", 0);

	return text == NULL ? -1 : atoi(text);
}

bool
dialogue_result(
    const struct dialogue *d, size_t i, struct dialogue_result *result)
{
	const char *text = dialogue_value(d, "result", i);

	return text != NULL && result_read(text, result);
}

size_t
dialogue_connections(const struct dialogue *d)
{
	size_t i, count = 1;

	for (i = 0; i < d->step_count; i++)
		count += d->steps[i].type == STEP_NEXT_CONNECTION;
	return count;
}

struct dialogue_player *
dialogue_player_new(const struct dialogue *d, size_t connection)
{
	struct dialogue_player *p = must(calloc(1, sizeof(*p)));

	p->dialogue = d;
	p->step = d->steps;
	while (connection > 0 && p->step->type != STEP_END)
		connection -= p->step++->type == STEP_NEXT_CONNECTION;
	p->fresh = true;
	return p;
}

void
dialogue_player_free(struct dialogue_player *p)
{
	if (p == NULL)
		return;
	bytes_clear(&p->in);
	bytes_clear(&p->out);
	bytes_clear(&p->message);
	free(p->failure);
	free(p);
}

/* Room for SHOWN_MAX bytes as escapes and the word that something was cut. */
struct shown {
	char text[SHOWN_MAX * 4 + 32];
};

static const char *
show(struct shown *shown, const char *bytes, size_t n)
{
	char *at = shown->text;
	size_t i;

	for (i = 0; i < n && i < SHOWN_MAX; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\r')
			at += sprintf(at, "\\r");
		else if (byte == '\n')
			at += sprintf(at, "\\n");
		else if (byte == '\\')
			at += sprintf(at, "\\\\");
		else if (byte < 0x20 || byte >= 0x7f)
			at += sprintf(at, "\\x%02x", byte);
		else
			*at++ = (char)byte;
	}
	*at = '\0';
	if (i < n)
		sprintf(at, "... (%zu octets)", n);
	return shown->text;
}

static enum dialogue_action fail(struct dialogue_player *p, const char *format,
    ...) __attribute__((format(printf, 2, 3)));

static enum dialogue_action
fail(struct dialogue_player *p, const char *format, ...)
{
	char text[4096];
	va_list args;
	int n;

	n = snprintf(
	    text, sizeof(text), "%s:%u: ", p->dialogue->path, p->step->line);
	if (n > 0 && (size_t)n < sizeof(text)) {
		va_start(args, format);
		vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
		va_end(args);
	}
	p->failure = must(strdup(text));
	p->out.n = 0;
	return DIALOGUE_FAILED;
}

/* Fails with what the step at hand expects and what came instead. */
static enum dialogue_action
fail_line(struct dialogue_player *p, const char *got, size_t n, const char *why)
{
	struct shown expected, shown;

	return fail(p, "expected \"%s\", got %s\"%s\"",
	    show(&expected, p->step->text, p->step->n), why,
	    show(&shown, got, n));
}

static enum dialogue_action
fail_closed(struct dialogue_player *p, const char *expected, size_t n)
{
	struct shown shown, rest;

	if (p->in.n == 0)
		return fail(p, "expected \"%s\", got the end of the connection",
		    show(&shown, expected, n));
	return fail(p,
	    "expected \"%s\", got \"%s\" and the end of the "
	    "connection",
	    show(&shown, expected, n), show(&rest, bytes_at(&p->in), p->in.n));
}

static void
step_done(struct dialogue_player *p)
{
	p->begun = false;
	p->proceed = false;
	p->step++;
}

/* * stands for any run of bytes. */
static bool
pattern_match(const char *pattern, size_t pattern_n, const char *text, size_t n)
{
	size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;

	while (i < n) {
		if (j < pattern_n && pattern[j] == '*') {
			star = j++;
			mark = i;
		} else if (j < pattern_n && pattern[j] == text[i]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			j = star + 1;
			i = ++mark;
		} else
			return false;
	}
	while (j < pattern_n && pattern[j] == '*')
		j++;
	return j == pattern_n;
}

/* A line of the client was taken: remember what the body's end depends on. */
static void
line_taken(struct dialogue_player *p, const char *line, size_t n)
{
	char copy[64], last[8] = "";

	snprintf(copy, sizeof(copy), "%.*s", (int)(n < 63 ? n : 63), line);
	if (strncasecmp(copy, "MAIL ", 5) == 0 || strcasecmp(copy, "RSET") == 0)
		p->fresh = true;
	if (sscanf(copy, "%*[Bb]%*[Dd]%*[Aa]%*[Tt] %" SCNu64 " %7s",
		&p->bdat_size, last) >= 1) {
		p->bdat_seen = true;
		p->bdat_last = strcasecmp(last, "LAST") == 0;
	}
}

static enum dialogue_action
play_line(struct dialogue_player *p)
{
	const struct step *step = p->step;
	const char *line = bytes_at(&p->in), *lf;
	bool match;
	size_t n;

	lf = p->in.n == 0 ? NULL : memchr(line, '\n', p->in.n);
	if (lf == NULL) {
		if (p->in.n > LINE_MAX_OCTETS)
			return fail_line(p, line, p->in.n, "no end in ");
		if (!p->closed)
			return DIALOGUE_WANT_INPUT;
		if (step->type != STEP_OPTIONAL)
			return fail_closed(p, step->text, step->n);
		step_done(p);
		return DIALOGUE_END;
	}
	n = (size_t)(lf - line);
	if (n == 0 || line[n - 1] != '\r')
		return fail_line(p, line, n + 1, "a bare LF in ");
	n--;
	match = step->type == STEP_EXACT
	    ? step->n == n && memcmp(step->text, line, n) == 0
	    : pattern_match(step->text, step->n, line, n);
	if (!match && step->type == STEP_OPTIONAL) {
		step_done(p);
		return DIALOGUE_END;
	}
	if (!match)
		return fail_line(p, line, n, "");
	if (memchr(line, '\r', n) != NULL || memchr(line, '\0', n) != NULL)
		return fail_line(p, line, n, "a bare CR or a NUL in ");
	line_taken(p, line, n);
	bytes_take(&p->in, n + 2);
	step_done(p);
	return DIALOGUE_END;
}

static void
message_begin(struct dialogue_player *p)
{
	bytes_clear(&p->message);
	p->complete = false;
	p->fresh = false;
}

static enum dialogue_action
play_bdat(struct dialogue_player *p)
{
	size_t n;

	if (!p->begun) {
		if (!p->bdat_seen)
			return fail(p,
			    "expected a chunk, but no BDAT line "
			    "with a size came before");
		if (p->fresh)
			message_begin(p);
		p->begun = true;
		p->left = p->bdat_size;
	}
	n = p->in.n < p->left ? p->in.n : (size_t)p->left;
	bytes_add(&p->message, bytes_at(&p->in), n);
	bytes_take(&p->in, n);
	p->left -= n;
	if (p->left > 0 && p->closed)
		return fail(p,
		    "expected %" PRIu64 " more octets of the chunk, "
		    "got the end of the connection",
		    p->left);
	if (p->left > 0)
		return DIALOGUE_WANT_INPUT;
	if (p->bdat_last)
		p->fresh = p->complete = true;
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_data(struct dialogue_player *p)
{
	bool done = false;
	size_t taken, n;

	if (!p->begun) {
		message_begin(p);
		p->undot = (struct undot){0};
		p->begun = true;
	}
	bytes_room(&p->message, p->in.n + 1);
	taken = undot(&p->undot, bytes_at(&p->in), p->in.n,
	    p->message.at + p->message.start + p->message.n, &n, &done);
	p->message.n += n;
	bytes_take(&p->in, taken);
	if (!done && p->closed)
		return fail(p,
		    "expected the message and a lone dot, got %zu "
		    "octets and the end of the connection",
		    p->message.n);
	if (!done)
		return DIALOGUE_WANT_INPUT;
	p->fresh = p->complete = true;
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_octets(struct dialogue_player *p)
{
	size_t n;

	if (!p->begun) {
		p->left = p->step->number;
		p->begun = true;
	}
	n = p->in.n < p->left ? p->in.n : (size_t)p->left;
	bytes_take(&p->in, n);
	p->left -= n;
	if (p->left > 0 && p->closed)
		return fail(p,
		    "expected %" PRIu64 " more octets, got the end "
		    "of the connection",
		    p->left);
	if (p->left > 0)
		return DIALOGUE_WANT_INPUT;
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_some(struct dialogue_player *p)
{
	if (p->in.n == 0 && p->closed)
		return fail_closed(p, "something", 9);
	if (p->in.n == 0)
		return DIALOGUE_WANT_INPUT;
	bytes_take(&p->in, p->in.n);
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_client_end(struct dialogue_player *p)
{
	struct shown shown;

	if (p->in.n > 0)
		return fail(p, "expected the end of the connection, got \"%s\"",
		    show(&shown, bytes_at(&p->in), p->in.n));
	if (!p->closed)
		return DIALOGUE_WANT_INPUT;
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_wait(struct dialogue_player *p)
{
	struct shown shown;

	if (p->in.n > 0)
		return fail(p, "expected the client to wait, got \"%s\"",
		    show(&shown, bytes_at(&p->in), p->in.n));
	if (!p->proceed && !p->closed)
		return DIALOGUE_PAUSE;
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_message(struct dialogue_player *p)
{
	const char *got = bytes_at(&p->message), *text = p->step->text;
	size_t n = p->step->n, at = 0;
	struct shown expected, shown;

	if (p->message.n == n && memcmp(got, text, n) == 0) {
		step_done(p);
		return DIALOGUE_END;
	}
	while (at < n && at < p->message.n && text[at] == got[at])
		at++;
	return fail(p,
	    "expected a message of %zu octets, got %zu; from octet "
	    "%zu expected \"%s\", got \"%s\"",
	    n, p->message.n, at, show(&expected, text + at, n - at),
	    show(&shown, got + at, p->message.n - at));
}

static enum dialogue_action
play_contains(struct dialogue_player *p)
{
	const char *got = bytes_at(&p->message), *text = p->step->text;
	size_t n = p->step->n, at;
	struct shown expected, shown;

	for (at = 0; at + n <= p->message.n; at++) {
		if (memcmp(got + at, text, n) == 0) {
			step_done(p);
			return DIALOGUE_END;
		}
	}
	return fail(p, "expected a message that contains \"%s\", got \"%s\"",
	    show(&expected, text, n), show(&shown, got, p->message.n));
}

static enum dialogue_action
play_repeat(struct dialogue_player *p)
{
	const struct step *step = p->step;

	if (!p->begun) {
		p->left = step->number;
		p->begun = true;
	}
	while (p->left > 0 && p->out.n < OUTPUT_MAX) {
		bytes_add(&p->out, step->text, step->n);
		p->left--;
	}
	if (p->left > 0)
		return DIALOGUE_HAVE_OUTPUT;
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_tls(struct dialogue_player *p)
{
	struct shown shown;

	if (p->in.n > 0)
		return fail(p, "expected a TLS handshake, got \"%s\" before it",
		    show(&shown, bytes_at(&p->in), p->in.n));
	if (!p->proceed && !p->closed)
		return DIALOGUE_TLS;
	step_done(p);
	return DIALOGUE_END;
}

static enum dialogue_action
play_asking(struct dialogue_player *p, enum dialogue_action action)
{
	if (!p->proceed)
		return action;
	step_done(p);
	return DIALOGUE_END;
}

/* END stands for: the step is done, go on with the next one. */
static enum dialogue_action
step_play(struct dialogue_player *p)
{
	const struct step *step = p->step;

	switch (step->type) {
	case STEP_TEXT:
		if (p->out.n >= OUTPUT_MAX)
			return DIALOGUE_HAVE_OUTPUT;
		bytes_add(&p->out, step->text, step->n);
		step_done(p);
		return DIALOGUE_END;
	case STEP_REPEAT:
		return play_repeat(p);
	case STEP_LINE:
	case STEP_EXACT:
	case STEP_OPTIONAL:
		return play_line(p);
	case STEP_BDAT:
		return play_bdat(p);
	case STEP_DATA:
		return play_data(p);
	case STEP_OCTETS:
		return play_octets(p);
	case STEP_SOME:
		return play_some(p);
	case STEP_MESSAGE:
		return play_message(p);
	case STEP_CONTAINS:
		return play_contains(p);
	default:
		break;
	}
	/* What follows takes place when everything before it has gone out. */
	if (p->out.n > 0)
		return DIALOGUE_HAVE_OUTPUT;
	switch (step->type) {
	case STEP_CLIENT_END:
		return play_client_end(p);
	case STEP_WAIT:
		return play_wait(p);
	case STEP_FLUSH:
		return play_asking(p, DIALOGUE_PAUSE);
	case STEP_HALFCLOSE:
		return play_asking(p, DIALOGUE_HALFCLOSE);
	case STEP_TLS:
		return play_tls(p);
	case STEP_DRIP:
		p->drip_ms = (unsigned)step->number;
		step_done(p);
		return DIALOGUE_END;
	case STEP_CLOSE:
		return DIALOGUE_CLOSE;
	case STEP_CUT:
		return DIALOGUE_CUT;
	case STEP_RESET:
		return DIALOGUE_RESET;
	case STEP_STALL:
		return DIALOGUE_STALL;
	case STEP_DEAF:
		return DIALOGUE_DEAF;
	default:
		return DIALOGUE_END;
	}
}

static bool
at_end(const struct dialogue_player *p)
{
	enum step_type type = p->step->type;

	return type == STEP_END || type == STEP_NEXT_CONNECTION;
}

enum dialogue_action
dialogue_player_action(struct dialogue_player *p)
{
	enum dialogue_action action;

	if (p->failure != NULL)
		return DIALOGUE_FAILED;
	while (!at_end(p)) {
		action = step_play(p);
		if (action == DIALOGUE_WANT_INPUT && p->out.n > 0)
			return DIALOGUE_HAVE_OUTPUT;
		if ((action == DIALOGUE_STALL || action == DIALOGUE_DEAF) &&
		    p->closed)
			return DIALOGUE_END;
		if (action != DIALOGUE_END)
			return action;
	}
	return p->out.n > 0 ? DIALOGUE_HAVE_OUTPUT : DIALOGUE_END;
}

/* True when nothing that still comes will be looked at. */
static bool
heedless(const struct dialogue_player *p)
{
	switch (p->step->type) {
	case STEP_CLOSE:
	case STEP_CUT:
	case STEP_RESET:
	case STEP_STALL:
	case STEP_DEAF:
	case STEP_NEXT_CONNECTION:
	case STEP_END:
		return true;
	default:
		return p->failure != NULL;
	}
}

void
dialogue_player_receive(struct dialogue_player *p, const void *bytes, size_t n)
{
	if (!heedless(p))
		bytes_add(&p->in, bytes, n);
}

void
dialogue_player_output(
    const struct dialogue_player *p, const char **bytes, size_t *n)
{
	*bytes = bytes_at(&p->out);
	*n = p->out.n < OUTPUT_MAX ? p->out.n : OUTPUT_MAX;
}

void
dialogue_player_sent(struct dialogue_player *p, size_t n)
{
	bytes_take(&p->out, n < p->out.n ? n : p->out.n);
}

void
dialogue_player_proceed(struct dialogue_player *p)
{
	p->proceed = true;
}

void
dialogue_player_secured(struct dialogue_player *p)
{
	p->proceed = true;
}

void
dialogue_player_peer_closed(struct dialogue_player *p)
{
	p->closed = true;
}

unsigned
dialogue_player_drip_ms(const struct dialogue_player *p)
{
	return p->drip_ms;
}

const char *
dialogue_player_failure(const struct dialogue_player *p)
{
	return p->failure;
}

unsigned
dialogue_player_line(const struct dialogue_player *p)
{
	return p->step->line;
}

void
dialogue_player_message(
    const struct dialogue_player *p, const char **bytes, size_t *n)
{
	*bytes = bytes_at(&p->message);
	*n = p->message.n;
}

bool
dialogue_player_message_complete(const struct dialogue_player *p)
{
	return p->complete;
}

size_t
undot(struct undot *u, const char *in, size_t n, char *out, size_t *out_n,
    bool *done)
{
	const char *at = in, *end = in + n, *cr;
	char *to = out;

	while (at < end && !*done) {
		if (u->state == UNDOT_TEXT) {
			cr = memchr(at, '\r', (size_t)(end - at));
			if (cr == NULL)
				cr = end;
			memcpy(to, at, (size_t)(cr - at));
			to += cr - at;
			at = cr;
			if (at == end)
				break;
		}
		if (u->state == UNDOT_DOT_CR) {
			if (*at == '\n') {
				*done = true;
				at++;
				break;
			}
			*to++ = '\r';
			u->state = UNDOT_CR;
		}
		if (u->state == UNDOT_BOL && *at == '.')
			u->state = UNDOT_DOT;
		else if (u->state == UNDOT_DOT && *at == '\r')
			u->state = UNDOT_DOT_CR;
		else {
			*to++ = *at;
			if (*at == '\r')
				u->state = UNDOT_CR;
			else if (*at == '\n' && u->state == UNDOT_CR)
				u->state = UNDOT_BOL;
			else
				u->state = UNDOT_TEXT;
		}
		at++;
	}
	*out_n = (size_t)(to - out);
	return (size_t)(at - in);
}
