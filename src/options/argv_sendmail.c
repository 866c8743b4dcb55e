/* argv_sendmail: see argv_sendmail.h. */
#include <string.h>

#include "options/argv_sendmail_internal.h"
#include "options/option.h"

/* The letters of a word, and the value of the last one. */
static int
read_letters(struct sendmail_scan *s, const char *letters)
{
	const struct sendmail_letter *row;
	const char *value;
	char option[3] = "-";

	for (; *letters != '\0'; letters++) {
		option[1] = *letters;
		row = sendmail_letter(*letters);
		if (row == NULL)
			return sendmail_unknown(s, option);
		if (row->takes == TAKES_NOTHING) {
			if (row->set(s, NULL) == -1)
				return -1;
			continue;
		}
		value = letters[1] != '\0' ? letters + 1 : NULL;
		if (value == NULL && row->takes == TAKES_VALUE) {
			if (s->next == s->end)
				return error_set(s->err, EX_USAGE,
				    "%s needs a value", option);
			value = *s->next++;
		}
		return row->set(s, value);
	}
	return 0;
}

static int
read_long_name(struct sendmail_scan *s, const char *word)
{
	if (strcmp(word, "--help") == 0)
		return sendmail_set_mode(s, SENDMAIL_HELP, word);
	if (strcmp(word, "--version") == 0)
		return sendmail_set_mode(s, SENDMAIL_VERSION, word);
	if (strcmp(word, "--json") == 0) {
		s->out->json = true;
		return 0;
	}
	return sendmail_unknown(s, word);
}

static int
read_words(struct sendmail_scan *s)
{
	bool options = true;
	const char *word;

	while (s->next < s->end) {
		word = *s->next++;
		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && word[0] == '-' && word[1] != '\0') {
			if ((word[1] == '-' ? read_long_name(s, word)
					    : read_letters(s, word + 1)) == -1)
				return -1;
		} else if (options && word[0] == '-') {
			return sendmail_unknown(s, word);
		} else if (!sendmail_is_blank(word)) {
			/* Empty ones are variables of shells. */
			strings_add(&s->out->recipients, s->arena, word);
		}
	}
	return 0;
}

/* Whether what was asked for goes together. */
static int
check(struct sendmail_scan *s)
{
	const struct argv_sendmail *o = s->out;
	bool named = o->recipients.count > 0;
	char quoted[OPTION_QUOTED_SIZE];

	if (o->mode == SENDMAIL_HELP || o->mode == SENDMAIL_VERSION)
		return 0;
	if (o->mode == SENDMAIL_SEND)
		return named || o->from_header
		    ? 0
		    : error_set(s->err, EX_USAGE,
			  "no recipients: they are named behind the options, "
			  "or with -t in the header");
	if (o->from_header)
		return error_set(s->err, EX_USAGE,
		    "-t and %s cannot be combined",
		    s->mode != NULL ? s->mode : "this");
	if (o->mode == SENDMAIL_VERIFY && !named)
		return error_set(
		    s->err, EX_USAGE, "-bv: no recipients to verify");
	if (o->mode != SENDMAIL_VERIFY && named)
		return error_set(s->err, EX_USAGE,
		    "%s: there is nothing to be done with %s",
		    s->mode != NULL ? s->mode : "operands",
		    option_quote(o->recipients.items[0], quoted));
	return 0;
}

int
argv_sendmail_read(enum personality personality, int argc, char **argv,
    struct arena *arena, struct argv_sendmail *out, struct error *err)
{
	struct sendmail_scan s = {.out = out, .arena = arena, .err = err};

	*out = (struct argv_sendmail){.mode = SENDMAIL_SEND};
	s.next = argc > 0 ? argv + 1 : argv;
	s.end = argv + argc;
	if (s.next < s.end && strcmp(*s.next, "--sendmail") == 0)
		s.next++;
	if (personality == PERSONALITY_MAILQ)
		sendmail_set_mode(&s, SENDMAIL_LIST, "mailq");
	if (personality == PERSONALITY_NEWALIASES)
		sendmail_set_mode(&s, SENDMAIL_ALIASES, "newaliases");
	if (read_words(&s) == -1)
		return -1;
	/* With mailq it selects what is listed. */
	if (s.flush && s.out->mode == SENDMAIL_SEND)
		sendmail_set_mode(&s, SENDMAIL_FLUSH, "-q");
	return check(&s);
}
