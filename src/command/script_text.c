#include "command/script_text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/memory.h"
#include "sasl/sasl.h"

#include "command/script_directive.h"
#include "options/missing.h"

enum {
	LINE_MAX_OCTETS = 64 * 1024,
	COMMAND_MAX_OCTETS = 12000, /* RFC 4954 4 allows 12,288 */
	LIVE_BODY_MAX = 16 << 20,   /* kept in memory */
	PIECE = 16 * 1024,
};

int
script_wrong(const struct script *s, struct error *err)
{
	return error_context(
	    err, "%s:%llu", s->name, (unsigned long long)s->line);
}

int
script_is_wrong(const struct script *s, struct error *err, const char *what)
{
	error_set(err, EX_DATAERR, "%s", what);
	return script_wrong(s, err);
}

/* --- lines ----------------------------------------------------------------*/

/* More bytes behind those in the window: their number, 0 at the end, -1. */
static ssize_t
read_more(struct script *s, struct error *err)
{
	struct buf *w = &s->window;
	bool first = s->at + w->len == 0;
	ssize_t n;

	if (s->used > 0)
		buf_consume(w, s->used);
	s->used = 0;
	buf_reserve(w, PIECE);
	n = input_read(&s->input, s->at + w->len, w->data + w->len, PIECE, err);
	s->failed = n == -1;
	if (n <= 0)
		return n;
	w->len += (size_t)n;
	if (first)
		s->at = s->used = charset_mark(w->data, w->len);
	return n;
}

/* A line, good until the next one is taken: `length` octets, and those of its
 * end. */
struct line {
	const char *text;
	size_t length, whole;
};

/* The next line: 1, 0 when there is none, or -1. */
static int
take_line(struct script *s, struct line *line, struct error *err)
{
	const char *begin, *end = NULL;
	size_t n, whole;
	ssize_t r = 1;

	for (;;) {
		n = s->window.len - s->used;
		begin = n > 0 ? s->window.data + s->used : "";
		end = memchr(begin, '\n', n);
		if (end != NULL || r == 0)
			break;
		if (n > LINE_MAX_OCTETS) {
			s->line++;
			return script_is_wrong(
			    s, err, "a line of more than 64 KiB");
		}
		r = read_more(s, err);
		if (r == -1)
			return -1;
	}
	if (n == 0)
		return 0;
	whole = end != NULL ? (size_t)(end - begin) + 1 : n;
	n = end != NULL ? whole - 1 : n;
	if (n > 0 && begin[n - 1] == '\r')
		n--;
	s->line++;
	s->used += whole;
	s->at += whole;
	*line = (struct line){begin, n, whole};
	return 1;
}

/* --- bodies ---------------------------------------------------------------*/

static struct script_body *
body_add(struct script *s)
{
	s->bodies =
	    memory_realloc(s->bodies, s->body_count + 1, sizeof(*s->bodies));
	return s->bodies[s->body_count++] = script_body_new();
}

/* One line of a message that stands in the script; 1: that was its end. */
static int
inline_line(struct script *s, struct script_body *b, struct buf *text,
    struct error *err)
{
	struct line line;
	int r = take_line(s, &line, err);

	if (r == -1)
		return -1;
	if (r == 0)
		return script_is_wrong(s, err,
		    "the message has no end, which is a line with one dot");
	if (line.length == 1 && *line.text == '.')
		return 1;
	if (line.length > 1 && line.text[0] == '.' && line.text[1] != '.') {
		script_is_wrong(
		    s, err, "a line of a message begins with one dot");
		return error_hint(err,
		    "write two: lines of DATA are as they go out "
		    "(RFC 5321 4.5.2)");
	}
	scan_update(&b->scan, line.text, line.whole);
	if (text != NULL && buf_append(text, line.text, line.whole) == -1)
		return script_is_wrong(s, err,
		    "a message of more than 16 MiB is to come from a file: "
		    "DATA <FILE");
	b->range.end = s->at;
	return 0;
}

static int
read_inline(struct script *s, struct script_step *step, struct error *err)
{
	struct script_body *b = step->body = body_add(s);
	struct buf text = BUF_WITH_MAX(LIVE_BODY_MAX);
	struct error ignored;
	struct line line;
	bool whole;
	int r;

	b->stuffed = true;
	b->range = (struct input_range){s->at, s->at, s->line + 1};
	scan_begin(&b->scan, s->line + 1);
	do
		r = inline_line(s, b, s->live ? &text : NULL, err);
	while (r == 0);
	scan_end(&b->scan);
	b->scanned = true;
	whole = r == 1;
	if (whole)
		r = script_body_check(b, s->name, err);
	/* What is left of it are no commands. */
	while (r == -1 && !whole && s->live &&
	    take_line(s, &line, &ignored) == 1 &&
	    !(line.length == 1 && *line.text == '.'))
		;
	if (r == 0 && s->live) {
		b->range = (struct input_range){0, text.len, b->range.line};
		input_begin(&b->own,
		    &(struct input_params){
			.text = buf_string(&text), .name = s->name});
		b->input = &b->own;
	} else if (r == 0) {
		b->input = &s->input;
	}
	buf_clear(&text);
	return r;
}

/* DATA, DATA <FILE, BDAT <FILE; `rest` is what stands behind the verb. */
static int
read_body(struct script *s, struct script_step *step, const char *rest,
    struct error *err)
{
	bool bdat = step->kind == SCRIPT_BDAT;

	while (ascii_is_blank(*rest))
		rest++;
	if (*rest == '\0' && !bdat)
		return read_inline(s, step, err);
	if (*rest != '<') {
		script_is_wrong(s, err,
		    bdat ? "BDAT is written BDAT <FILE"
			 : "DATA is written DATA or DATA <FILE");
		return error_hint(
		    err, "!send %s\\r\\n sends the command alone", step->text);
	}
	for (rest++; ascii_is_blank(*rest);)
		rest++;
	if (*rest == '\0')
		return script_is_wrong(s, err, "no file behind <");
	if (strncmp(rest, "~/", 2) == 0 && s->home != NULL)
		rest = arena_printf(&s->arena, "%s%s", s->home, rest + 1);
	step->body = body_add(s);
	if (strcmp(rest, "-") == 0 && s->fd == -1)
		return script_is_wrong(
		    s, err, "standard input is the script already");
	if (script_body_file(step->body, arena_strdup(&s->arena, rest), !bdat,
		&s->input.params.wait, err) == -1)
		return script_wrong(s, err);
	return 0;
}

bool
script_is_verb(const struct script_step *step, const char *verb)
{
	return ascii_equal_n(step->text, strcspn(step->text, " \t"), verb);
}

const char *
script_shown(const struct script_step *step)
{
	return step->shown != NULL ? step->shown : step->text;
}

/* --- commands -------------------------------------------------------------*/

/* The line without what may be a password: AUTH MECHANISM RESPONSE; NULL: it
 * has none. */
const char *
script_without_response(struct arena *a, const char *line)
{
	size_t first = strspn(line, " \t"), mechanism, blanks;
	size_t verb = strcspn(line + first, " \t");

	mechanism = first + verb;
	mechanism += strspn(line + mechanism, " \t");
	mechanism += strcspn(line + mechanism, " \t");
	blanks = strspn(line + mechanism, " \t");
	if (!ascii_equal_n(line + first, verb, "AUTH") ||
	    line[mechanism + blanks] == '\0')
		return NULL;
	return arena_printf(a, "%.*s ********", (int)mechanism, line);
}

static void
read_auth(struct arena *a, struct script_step *step, const char *rest)
{
	const char *name;

	rest += strspn(rest, " \t");
	name = arena_strndup(a, rest, strcspn(rest, " \t"));
	rest += strlen(name);
	/* One that we do not know, or more than one: as it is written. */
	if ((*name != '\0' && sasl_mechanism_find(name) == NULL) ||
	    rest[strspn(rest, " \t")] != '\0')
		return;
	step->kind = SCRIPT_AUTH;
	step->mechanism = *name != '\0' ? name : NULL;
}

static int
read_command(struct script *s, struct script_step *step, struct error *err)
{
	const char *line = step->text, *p;
	size_t n = strcspn(line, " \t<");

	for (p = line; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f) {
			error_set(err, EX_DATAERR,
			    "a command with the octet 0x%02x in it",
			    (unsigned char)*p);
			script_wrong(s, err);
			return error_hint(
			    err, "!send sends any bytes as they are");
		}
	if ((size_t)(p - line) > COMMAND_MAX_OCTETS) {
		script_is_wrong(s, err, "a command of more than 12000 octets");
		return error_hint(err, "!send sends any bytes as they are");
	}
	step->shown = script_without_response(&s->arena, line);
	if (ascii_equal_n(line, n, "STARTTLS") &&
	    line[n + strspn(line + n, " \t")] == '\0')
		step->kind = SCRIPT_STARTTLS;
	else if (ascii_equal_n(line, n, "DATA"))
		step->kind = SCRIPT_DATA;
	else if (ascii_equal_n(line, n, "BDAT"))
		step->kind = SCRIPT_BDAT;
	else if (ascii_equal_n(line, n, "AUTH") && line[n] != '<')
		read_auth(&s->arena, step, line + n);
	if (step->kind == SCRIPT_DATA || step->kind == SCRIPT_BDAT)
		return read_body(s, step, line + n, err);
	return 0;
}

/* What may stand between !pipeline and !end. */
static int
check_flight(struct script *s, struct script_step *step, struct error *err)
{
	bool after_bytes;

	if (s->flight == 0)
		return 0;
	step->flight = true;
	if (s->flight_ends)
		return script_is_wrong(s, err,
		    "nothing can follow a message before its reply: !end");
	after_bytes = s->flight_sent;
	s->flight_sent = step->kind == SCRIPT_SEND;
	switch (step->kind) {
	case SCRIPT_COMMAND:
	case SCRIPT_SEND:
		return 0;
	case SCRIPT_DATA:
	case SCRIPT_BDAT:
		s->flight_ends = true;
		return 0;
	case SCRIPT_STARTTLS:
	case SCRIPT_AUTH:
		script_is_wrong(
		    s, err, "STARTTLS and AUTH are no part of a pipeline");
		return error_hint(
		    err, "!send %s\\r\\n sends the command alone", step->text);
	case SCRIPT_EXPECT:
		if (after_bytes)
			return 0;
		script_is_wrong(s, err,
		    "!expect in a pipeline is for the reply to an !send "
		    "right before it");
		return error_hint(err,
		    "behind !end the replies to the commands can be expected");
	default:
		return script_is_wrong(
		    s, err, "not between !pipeline and !end, but behind it");
	}
}

static int
read_step(struct script *s, const char *line, size_t n,
    struct script_step *step, struct error *err)
{
	*step = (struct script_step){.line = s->line};
	if (charset_refuse_nul(line, n, EX_DATAERR, err) == -1)
		return script_wrong(s, err);
	step->text = arena_strndup(&s->arena, line, n);
	if (*line == '!') {
		int r = script_directive(s, step, err);

		if (r != 1 || step->kind == SCRIPT_END)
			return r;
	} else if (read_command(s, step, err) == -1) {
		return -1;
	}
	return check_flight(s, step, err) == 0 ? 1 : -1;
}

int
script_next(struct script *s, struct script_step *step, struct error *err)
{
	struct line line;
	int r;

	do {
		r = take_line(s, &line, err);
		if (r == 0 && s->flight != 0) {
			s->line = s->flight;
			s->flight = 0;
			return script_is_wrong(
			    s, err, "!pipeline without an !end behind it");
		}
		if (r != 1)
			return r;
		r = line.length == 0 || *line.text == '#'
		    ? 0
		    : read_step(s, line.text, line.length, step, err);
	} while (r == 0);
	return r;
}

int
script_open(struct script *s, const struct script_params *p, struct error *err)
{
	bool named = strcmp(p->path, "-") != 0;
	struct stat st;

	*s = (struct script){.name = named ? p->path : "standard input",
	    .fd = -1,
	    .home = p->home};
	s->input.spool = -1;
	if (named && (s->fd = missing_open(p->path, err)) == -1)
		return -1;
	if (fstat(named ? s->fd : STDIN_FILENO, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		return error_set(
		    err, EX_NOINPUT, "%s: is a directory", s->name);
	input_begin(&s->input,
	    &(struct input_params){.fd = named ? s->fd : STDIN_FILENO,
		.name = s->name,
		.wait = p->wait,
		.temp_dir = p->temp_dir});
	s->live = p->live && !input_is_lasting(&s->input);
	if (s->live)
		return 0;
	return input_keep(&s->input, INPUT_KEPT, err) == -1
	    ? -1
	    : input_spool(&s->input, err);
}

void
script_close(struct script *s)
{
	size_t i;

	for (i = 0; i < s->body_count; i++)
		script_body_free(s->bodies[i]);
	free(s->bodies);
	input_end(&s->input);
	if (s->fd != -1)
		close(s->fd);
	buf_clear(&s->window);
	arena_clear(&s->arena);
}
