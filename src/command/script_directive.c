#include "command/script_directive.h"

#include <string.h>

#include "lib/ascii.h"
#include "options/nearest.h"
#include "options/value.h"

static int
unescape(struct script *s, const char *text, struct script_step *step,
    struct error *err)
{
	static const char letters[] = "rn0t\\", bytes[] = "\r\n\0\t\\";
	char *out = arena_alloc(&s->arena, strlen(text) + 1);
	const char *letter, *shown;
	size_t n = 0;
	int octet;

	for (; *text != '\0'; text++) {
		if (*text != '\\') {
			out[n++] = *text;
			continue;
		}
		text++;
		letter = *text != '\0' ? strchr(letters, *text) : NULL;
		octet =
		    *text == 'x' ? ascii_hex(text + 1, strlen(text + 1)) : -1;
		if (letter == NULL && octet == -1) {
			script_is_wrong(
			    s, err, "no such escape behind a backslash");
			return error_hint(
			    err, "there are \\r \\n \\0 \\t \\\\ and \\xHH");
		}
		out[n++] =
		    (char)(letter != NULL ? bytes[letter - letters] : octet);
		text += octet != -1 ? 2 : 0;
	}
	shown = script_without_response(&s->arena, out);
	if (shown != NULL)
		step->shown = arena_printf(&s->arena, "!send %s", shown);
	step->bytes = out;
	step->length = n;
	return n > 0 ? 0 : script_is_wrong(s, err, "!send: nothing to send");
}

/* The next of a list with commas; its length, 0 at the end. */
static size_t
next_code(const char **at)
{
	*at += strspn(*at, ", \t");
	return strcspn(*at, ", \t");
}

static bool
is_code(const char *code, size_t n)
{
	size_t i;

	if (n == 0 || n > 3 || code[0] < '2' || code[0] > '5')
		return false;
	for (i = 1; i < n; i++)
		if (!ascii_is_digit(code[i]) &&
		    strchr("xyz", ascii_lower(code[i])) == NULL)
			return false;
	return true;
}

bool
script_expects(const struct script_step *step, int code)
{
	const char *at = step->codes;
	const char digits[] = {(char)('0' + code / 100 % 10),
	    (char)('0' + code / 10 % 10), (char)('0' + code % 10)};
	size_t n, i;

	for (; (n = next_code(&at)) > 0; at += n) {
		for (i = 0; i < n; i++)
			if (ascii_is_digit(at[i]) && at[i] != digits[i])
				break;
		if (i == n)
			return true;
	}
	return false;
}

static int
read_codes(struct script *s, const char *text, struct script_step *step,
    struct error *err)
{
	const char *at = text;
	size_t n, count = 0;

	for (; (n = next_code(&at)) > 0; at += n, count++)
		if (!is_code(at, n)) {
			error_set(err, EX_DATAERR,
			    "!expect: '%.*s' is no reply code", (int)n, at);
			return script_wrong(s, err);
		}
	step->codes = text;
	if (count > 0)
		return 0;
	script_is_wrong(s, err, "!expect: no reply code");
	return error_hint(err, "such as: !expect 250  or  !expect 4yz,550");
}

static int
unknown(struct script *s, const char *name, size_t n, struct error *err)
{
	static const char *const names[] = {
	    "send", "expect", "pipeline", "end", "sleep", "drop"};
	char *word = arena_strndup(&s->arena, name, n);
	struct nearest nearest = {.word = word};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		nearest_offer(&nearest, names[i]);
	error_set(err, EX_DATAERR, "unknown directive '!%s'", word);
	script_wrong(s, err);
	if (nearest.best != NULL)
		return nearest_suggest(err, "!", nearest.best);
	return error_hint(
	    err, "there are !send !expect !pipeline !end !sleep !drop");
}

static int
begin_flight(struct script *s, struct error *err)
{
	if (s->flight != 0)
		return script_is_wrong(s, err, "!pipeline inside another one");
	s->flight = s->line;
	s->flight_ends = s->flight_sent = false;
	return 0;
}

static int
end_flight(struct script *s, struct script_step *step, struct error *err)
{
	if (s->flight == 0)
		return script_is_wrong(
		    s, err, "!end without a !pipeline before it");
	s->flight = 0;
	step->kind = SCRIPT_END;
	return 1;
}

static int
read_pause(struct script *s, const char *text, struct script_step *step,
    struct error *err)
{
	struct error why;

	step->kind = SCRIPT_SLEEP;
	if (value_duration(text, &step->pause_ms, &why) == 0)
		return 1;
	error_set(err, EX_DATAERR, "!sleep: '%s' %s", text, why.text);
	return script_wrong(s, err);
}

/* 1: it is a step; 0: it is none by itself. */
int
script_directive(struct script *s, struct script_step *step, struct error *err)
{
	const char *name = step->text + 1, *rest;
	size_t n = strcspn(name, " \t");

	rest = name + n;
	if (ascii_equal_n(name, n, "send")) {
		step->kind = SCRIPT_SEND;
		/* All behind one blank is part of it. */
		return unescape(s, rest + (*rest != '\0'), step, err) == 0 ? 1
									   : -1;
	}
	rest += strspn(rest, " \t");
	if (ascii_equal_n(name, n, "expect")) {
		step->kind = SCRIPT_EXPECT;
		return read_codes(s, rest, step, err) == 0 ? 1 : -1;
	}
	if (ascii_equal_n(name, n, "sleep"))
		return read_pause(s, rest, step, err);
	if (*rest != '\0' &&
	    (ascii_equal_n(name, n, "pipeline") ||
		ascii_equal_n(name, n, "end") ||
		ascii_equal_n(name, n, "drop")))
		return script_is_wrong(
		    s, err, "nothing may stand behind this directive");
	if (ascii_equal_n(name, n, "pipeline"))
		return begin_flight(s, err);
	if (ascii_equal_n(name, n, "end"))
		return end_flight(s, step, err);
	step->kind = SCRIPT_DROP;
	return ascii_equal_n(name, n, "drop") ? 1 : unknown(s, name, n, err);
}
