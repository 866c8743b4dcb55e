/* argv_sendmail: see argv_sendmail.h. */
#include "options/argv_sendmail.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "options/option.h"
#include "options/value_envelope.h"

struct scan {
	struct argv_sendmail *out;
	struct arena *arena;
	char **next, **end; /* words still to be read */
	const char *mode;   /* the word that set it, or NULL */
	bool flush;	    /* there was a -q */
	struct error *err;
};

/* What an option does with its value; NULL: it has none. */
typedef int set_function(struct scan *, const char *value);

static int
refuse(struct scan *s, const char *option, const char *value, const char *why)
{
	char quoted[OPTION_QUOTED_SIZE];

	return error_set(s->err, EX_USAGE, "%s %s %s", option,
	    option_quote(value, quoted), why);
}

static int
unknown(struct scan *s, const char *option)
{
	char quoted[OPTION_QUOTED_SIZE];

	return error_set(s->err, EX_USAGE, "unknown option %s",
	    option_quote(option, quoted));
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int
set_nothing(struct scan *s, const char *value)
{
	(void)s;
	(void)value;
	return 0;
}

static int
set_instance(struct scan *s, const char *value)
{
	return strcmp(value, "c") == 0 || strcmp(value, "m") == 0
	    ? 0
	    : refuse(s, "-A", value, "is neither c nor m");
}

static int
set_body(struct scan *s, const char *value)
{
	s->out->eight_bit = ascii_equal(value, "8BITMIME");
	return 0;
}

static int
set_config(struct scan *s, const char *value)
{
	s->out->config_file = value;
	return 0;
}

static int
set_errors(struct scan *s, const char *value)
{
	s->out->quiet = value[0] == 'q';
	return 0;
}

static int
set_full_name(struct scan *s, const char *value)
{
	s->out->full_name = value;
	return 0;
}

/* What looks like an option stands behind a variable of a shell that is empty:
 * it would be taken for the author. */
static int
set_reverse_path(struct scan *s, const char *value)
{
	if (value[0] == '-')
		return refuse(s, "-f", value, "is not an address");
	s->out->reverse_path =
	    is_blank(value) || strcmp(value, "<>") == 0 ? "" : value;
	return 0;
}

static int
set_hops(struct scan *s, const char *value)
{
	uint64_t n;

	return value_number(value, &n, s->err) == 0
	    ? 0
	    : refuse(s, "-h", value, s->err->text);
}

static int
set_mode(struct scan *s, enum sendmail_mode mode, const char *word)
{
	s->out->mode = mode;
	s->mode = word;
	return 0;
}

static int
set_init(struct scan *s, const char *value)
{
	(void)value;
	return set_mode(s, SENDMAIL_ALIASES, "-I");
}

static int
set_log_tag(struct scan *s, const char *value)
{
	s->out->log_tag = value;
	return 0;
}

static int
set_notify(struct scan *s, const char *value)
{
	s->out->notify = value;
	return value_notify(value, s->err) == 0
	    ? 0
	    : refuse(s, "-N", value, s->err->text);
}

static int
set_no_aliases(struct scan *s, const char *value)
{
	(void)value;
	s->out->no_aliases = true;
	return 0;
}

static int
set_ret(struct scan *s, const char *value)
{
	if (!ascii_equal(value, "full") && !ascii_equal(value, "hdrs"))
		return refuse(s, "-R", value, "is neither full nor hdrs");
	s->out->ret = ascii_equal(value, "full") ? "full" : "hdrs";
	return 0;
}

static int
set_envelope_id(struct scan *s, const char *value)
{
	s->out->envelope_id = value;
	return value_envelope_id(value, s->err) == 0
	    ? 0
	    : refuse(s, "-V", value, s->err->text);
}

static int
set_from_header(struct scan *s, const char *value)
{
	(void)value;
	s->out->from_header = true;
	return 0;
}

static int
set_verbose(struct scan *s, const char *value)
{
	(void)value;
	s->out->verbose++;
	return 0;
}

static int
set_traffic_log(struct scan *s, const char *value)
{
	s->out->traffic_log = value;
	return 0;
}

static int
set_aliases_file(struct scan *s, const char *value)
{
	s->out->aliases_file = value;
	return 0;
}

/* -odqs is Exim's. */
static int
set_delivery(struct scan *s, const char *value)
{
	switch (ascii_lower(value[0])) {
	case 'i':
	case 'f':
		s->out->delivery = SENDMAIL_NOW;
		return 0;
	case 'b':
		s->out->delivery = SENDMAIL_BACKGROUND;
		return 0;
	case 'q':
	case 'd':
		s->out->delivery = SENDMAIL_LATER;
		return 0;
	default:
		return refuse(
		    s, "-od", value, "is none of i, f (now), b, q, d (later)");
	}
}

static int
set_ident(struct scan *s, const char *value)
{
	/* Exim's -oMr, -oMaa and the like have a value in the next word, which
	 * would be a recipient; Sendmail's macro has it glued. */
	return strlen(value) > 2 ? 0 : refuse(s, "-oM", value, "is not known");
}

/* -oX: the letters of Sendmail that callers have. */
static int
set_short(struct scan *s, const char *value)
{
	static const struct {
		char letter;
		bool needs_value;
		set_function *set;
	} rows[] = {
	    {'7', false, set_nothing},
	    {'8', false, set_nothing},
	    {'A', true, set_aliases_file},
	    {'C', true, set_nothing},
	    {'c', false, set_nothing},
	    {'d', true, set_delivery},
	    {'e', true, set_errors},
	    {'h', true, set_nothing},
	    {'i', false, set_nothing},
	    {'j', false, set_nothing},
	    {'L', true, set_nothing},
	    {'l', false, set_nothing},
	    {'M', true, set_ident},
	    {'m', false, set_nothing},
	    {'n', false, set_nothing},
	    {'o', false, set_nothing},
	    {'Q', true, set_nothing},
	    {'r', true, set_nothing},
	    {'s', false, set_nothing},
	    {'T', true, set_nothing},
	    {'v', false, set_verbose},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].letter == value[0] &&
		    (!rows[i].needs_value || value[1] != '\0'))
			return rows[i].set(s, value + 1);
	return refuse(s, "-o", value, "is not known");
}

/* -O NAME=VALUE */
static int
set_long(struct scan *s, const char *value)
{
	static const struct {
		const char *name;
		set_function *set;
	} rows[] = {
	    {"AliasFile", set_aliases_file},
	    {"DeliveryMode", set_delivery},
	    {"ErrorMode", set_errors},
	};
	size_t n = strcspn(value, "="), i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && value[n] != '\0'; i++)
		if (ascii_equal_n(value, n, rows[i].name))
			return rows[i].set(s, value + n + 1);
	return n > 0 ? 0 : refuse(s, "-O", value, "is not NAME=VALUE");
}

/* -q, -q30m, -qIid, -qRpart, -qSpart, -qf; groups of queues (-qGname) are one
 * here. */
static int
set_flush(struct scan *s, const char *value)
{
	s->flush = true;
	if (value == NULL || strcmp(value, "f") == 0 || value[0] == 'G')
		return 0;
	if (ascii_is_digit(value[0])) {
		s->out->interval = value;
		return 0;
	}
	if (strchr("IRS", value[0]) == NULL || value[1] == '\0')
		return refuse(s, "-q", value, "is not known");
	s->out->selects = value[0];
	s->out->selection = value + 1;
	return 0;
}

/* -bX */
static int
set_mode_letter(struct scan *s, const char *value)
{
	static const struct {
		const char *letter, *word;
		enum sendmail_mode mode;
	} rows[] = {
	    {"m", "-bm", SENDMAIL_SEND},
	    {"s", "-bs", SENDMAIL_SMTP},
	    {"v", "-bv", SENDMAIL_VERIFY},
	    {"p", "-bp", SENDMAIL_LIST},
	    {"i", "-bi", SENDMAIL_ALIASES},
	    {"V", "-bV", SENDMAIL_VERSION},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(value, rows[i].letter) == 0)
			return set_mode(s, rows[i].mode, rows[i].word);
	refuse(s, "-b", value, "is not known");
	if (value[0] != 'd' && value[0] != 'D')
		return -1;
	return error_hint(s->err,
	    "There is no daemon: what waits is sent by a timer, and by "
	    "'sendmail -q'.");
}

static int
refuse_subject(struct scan *s, const char *value)
{
	(void)value;
	unknown(s, "-s");
	return error_hint(s->err,
	    "The subject is a field of the message here; 'smtpsend -s SUBJECT "
	    "ADDRESS' makes a message.");
}

enum takes {
	TAKES_NOTHING,
	TAKES_GLUED, /* a value, or not */
	TAKES_VALUE,
};

static const struct row {
	char letter;
	enum takes takes;
	set_function *set;
} rows[] = {
    {'A', TAKES_VALUE, set_instance},
    {'B', TAKES_VALUE, set_body},
    {'b', TAKES_VALUE, set_mode_letter},
    {'C', TAKES_VALUE, set_config},
    {'c', TAKES_NOTHING, set_nothing},
    {'D', TAKES_VALUE, set_nothing},
    {'d', TAKES_GLUED, set_nothing},
    {'e', TAKES_VALUE, set_errors},
    {'F', TAKES_VALUE, set_full_name},
    {'f', TAKES_VALUE, set_reverse_path},
    {'G', TAKES_NOTHING, set_nothing},
    {'h', TAKES_VALUE, set_hops},
    {'I', TAKES_NOTHING, set_init},
    {'i', TAKES_NOTHING, set_nothing},
    {'L', TAKES_VALUE, set_log_tag},
    {'M', TAKES_VALUE, set_nothing},
    {'m', TAKES_NOTHING, set_nothing},
    {'N', TAKES_VALUE, set_notify},
    {'n', TAKES_NOTHING, set_no_aliases},
    {'O', TAKES_VALUE, set_long},
    {'o', TAKES_VALUE, set_short},
    {'p', TAKES_VALUE, set_nothing},
    {'q', TAKES_GLUED, set_flush},
    {'R', TAKES_VALUE, set_ret},
    {'r', TAKES_VALUE, set_reverse_path},
    {'s', TAKES_NOTHING, refuse_subject},
    {'T', TAKES_VALUE, set_nothing},
    {'t', TAKES_NOTHING, set_from_header},
    {'U', TAKES_NOTHING, set_nothing},
    {'V', TAKES_VALUE, set_envelope_id},
    {'v', TAKES_NOTHING, set_verbose},
    {'X', TAKES_VALUE, set_traffic_log},
    {'x', TAKES_NOTHING, set_nothing},
};

static const struct row *
row_of(char letter)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* The letters of a word, and the value of the last one. */
static int
read_letters(struct scan *s, const char *letters)
{
	const struct row *row;
	const char *value;
	char option[3] = "-";

	for (; *letters != '\0'; letters++) {
		option[1] = *letters;
		row = row_of(*letters);
		if (row == NULL)
			return unknown(s, option);
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
read_long_name(struct scan *s, const char *word)
{
	if (strcmp(word, "--help") == 0)
		return set_mode(s, SENDMAIL_HELP, word);
	if (strcmp(word, "--version") == 0)
		return set_mode(s, SENDMAIL_VERSION, word);
	if (strcmp(word, "--json") == 0) {
		s->out->json = true;
		return 0;
	}
	return unknown(s, word);
}

static int
read_words(struct scan *s)
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
			return unknown(s, word);
		} else if (!is_blank(word)) {
			/* Empty ones are variables of shells. */
			strings_add(&s->out->recipients, s->arena, word);
		}
	}
	return 0;
}

/* Whether what was asked for goes together. */
static int
check(struct scan *s)
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
	struct scan s = {.out = out, .arena = arena, .err = err};

	*out = (struct argv_sendmail){.mode = SENDMAIL_SEND};
	s.next = argc > 0 ? argv + 1 : argv;
	s.end = argv + argc;
	if (s.next < s.end && strcmp(*s.next, "--sendmail") == 0)
		s.next++;
	if (personality == PERSONALITY_MAILQ)
		set_mode(&s, SENDMAIL_LIST, "mailq");
	if (personality == PERSONALITY_NEWALIASES)
		set_mode(&s, SENDMAIL_ALIASES, "newaliases");
	if (read_words(&s) == -1)
		return -1;
	/* With mailq it selects what is listed. */
	if (s.flush && s.out->mode == SENDMAIL_SEND)
		set_mode(&s, SENDMAIL_FLUSH, "-q");
	return check(&s);
}
