#include "command/script_raw.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"

static bool
verb_is(const char *line, const char *verb)
{
	size_t n = strlen(verb);

	return ascii_begins(line, verb) &&
	    (line[n] == '\0' || ascii_is_blank(line[n]));
}

static void
end_message(struct script_raw *r)
{
	r->at = RAW_COMMAND;
	r->ended = true;
	r->answered = false;
	r->answers = r->lmtp && r->taken > 0 ? r->taken : 1;
}

/* BDAT octets [LAST] */
static void
begin_chunk(struct script_raw *r)
{
	const char *number = r->line + strcspn(r->line, " \t");
	char *rest;

	r->octets = strtoull(number, &rest, 10);
	rest += strspn(rest, " \t");
	r->last = verb_is(rest, "LAST");
	r->at = RAW_CHUNK;
	r->go_ahead = true;
	if (r->octets == 0 && r->last)
		end_message(r);
	else if (r->octets == 0)
		r->at = RAW_COMMAND;
}

/* bytes: its reply comes without its name. */
static void
take_line(struct script_raw *r, bool bytes)
{
	size_t n =
	    r->length < sizeof(r->line) ? r->length : sizeof(r->line) - 1;

	if (n > 0 && r->line[n - 1] == '\r')
		n--;
	r->line[n] = '\0';
	r->length = 0;
	if (r->at == RAW_MESSAGE && strcmp(r->line, ".") == 0) {
		end_message(r);
	} else if (r->at == RAW_COMMAND && verb_is(r->line, "DATA")) {
		r->at = RAW_MESSAGE;
		r->go_ahead = false;
		r->before = r->pending;
	} else if (r->at == RAW_COMMAND && verb_is(r->line, "BDAT")) {
		r->before = r->pending;
		begin_chunk(r);
		r->pending += !r->last;
	} else if (r->at == RAW_COMMAND && bytes) {
		r->pending++;
	}
}

void
script_raw_sent(struct script_raw *r, const char *bytes, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		if (r->at == RAW_CHUNK) {
			k = r->octets < n - i ? (size_t)r->octets : n - i;
			r->octets -= k;
			i += k - 1;
			if (r->octets > 0)
				continue;
			r->at = RAW_COMMAND;
			if (r->last)
				end_message(r);
		} else if (bytes[i] == '\n') {
			take_line(r, true);
		} else {
			if (r->length < sizeof(r->line) - 1)
				r->line[r->length] = bytes[i];
			r->length++;
		}
	}
}

void
script_raw_said(struct script_raw *r, const char *command)
{
	size_t n = strlen(command);

	if (r->at == RAW_CHUNK) {
		script_raw_sent(r, command, n);
		script_raw_sent(r, "\r\n", 2);
		return;
	}
	r->length = n;
	memcpy(r->line, command, n < sizeof(r->line) ? n : sizeof(r->line) - 1);
	take_line(r, false);
}

static void
note_command(struct script_raw *r, const char *command)
{
	static const char *const starts[] = {
	    "MAIL", "RSET", "HELO", "EHLO", "LHLO"};
	size_t i;

	r->taken += verb_is(command, "RCPT");
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (verb_is(command, starts[i]))
			r->taken = 0;
	r->lmtp |= verb_is(command, "LHLO");
}

static void
note_verdict(struct script_raw *r, int code)
{
	if (code == 353) {
		/* draft-hall-prdr-00: the last one is on the message. */
		r->answers = r->taken > 0 ? r->taken + 1 : 0;
		return;
	}
	/* No verdict, and another one that may come is none. */
	if (code / 100 == 3 || code / 10 == 22) {
		r->answers++;
		return;
	}
	r->answered = true;
	if (r->lmtp)
		r->accepted |= code / 100 == 2;
	else
		r->accepted = code / 100 == 2;
	if (r->answers > 0)
		r->ended = --r->answers > 0;
}

void
script_raw_heard(struct script_raw *r, const char *command, int code)
{
	bool message = r->at == RAW_MESSAGE || r->ended;

	if (command != NULL && code / 100 == 2)
		note_command(r, command);
	if (command == NULL && message && r->before > 0) {
		r->before--;
		r->pending--;
	} else if (message && !r->go_ahead && code == 354) {
		r->go_ahead = true;
	} else if (message && !r->go_ahead && command == NULL) {
		/* DATA was refused: what follows it are commands. */
		r->at = RAW_COMMAND;
		r->ended = false;
	} else if (r->ended && r->go_ahead) {
		note_verdict(r, code);
	} else if (command == NULL && r->pending > 0) {
		r->pending--;
	}
}

bool
script_raw_unknown(const struct script_raw *r, bool lost)
{
	/* How many verdicts there are to be nobody may know. */
	return r->ended && (lost || r->answers > 0 || !r->answered);
}
