/* The letters of sendmail(8) and what each does with its value. */
#include "options/argv_sendmail_internal.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "options/option.h"
#include "options/value_envelope.h"

static int
refuse(struct sendmail_scan *s, const char *option, const char *value,
    const char *why)
{
	char quoted[OPTION_QUOTED_SIZE];

	return error_set(s->err, EX_USAGE, "%s %s %s", option,
	    option_quote(value, quoted), why);
}

int
sendmail_unknown(struct sendmail_scan *s, const char *option)
{
	char quoted[OPTION_QUOTED_SIZE];

	return error_set(s->err, EX_USAGE, "unknown option %s",
	    option_quote(option, quoted));
}

static int
set_nothing(struct sendmail_scan *s, const char *value)
{
	(void)s;
	(void)value;
	return 0;
}

static int
set_instance(struct sendmail_scan *s, const char *value)
{
	return strcmp(value, "c") == 0 || strcmp(value, "m") == 0
	    ? 0
	    : refuse(s, "-A", value, "is neither c nor m");
}

static int
set_config(struct sendmail_scan *s, const char *value)
{
	s->out->config_file = value;
	return 0;
}

static int
set_errors(struct sendmail_scan *s, const char *value)
{
	s->out->quiet = value[0] == 'q';
	return 0;
}

static int
set_full_name(struct sendmail_scan *s, const char *value)
{
	s->out->full_name = value;
	return 0;
}

/* What looks like an option stands behind a variable of a shell that is empty:
 * it would be taken for the author. */
static int
set_reverse_path(struct sendmail_scan *s, const char *value)
{
	if (value[0] == '-')
		return refuse(s, "-f", value, "is not an address");
	s->out->reverse_path =
	    sendmail_is_blank(value) || strcmp(value, "<>") == 0 ? "" : value;
	return 0;
}

static int
set_hops(struct sendmail_scan *s, const char *value)
{
	uint64_t n;

	return value_number(value, &n, s->err) == 0
	    ? 0
	    : refuse(s, "-h", value, s->err->text);
}

int
sendmail_set_mode(
    struct sendmail_scan *s, enum sendmail_mode mode, const char *word)
{
	s->out->mode = mode;
	s->mode = word;
	return 0;
}

static int
set_init(struct sendmail_scan *s, const char *value)
{
	(void)value;
	return sendmail_set_mode(s, SENDMAIL_ALIASES, "-I");
}

static int
set_log_tag(struct sendmail_scan *s, const char *value)
{
	s->out->log_tag = value;
	return 0;
}

static int
set_notify(struct sendmail_scan *s, const char *value)
{
	s->out->notify = value;
	return value_notify(value, s->err) == 0
	    ? 0
	    : refuse(s, "-N", value, s->err->text);
}

static int
set_no_aliases(struct sendmail_scan *s, const char *value)
{
	(void)value;
	s->out->no_aliases = true;
	return 0;
}

static int
set_ret(struct sendmail_scan *s, const char *value)
{
	if (!ascii_equal(value, "full") && !ascii_equal(value, "hdrs"))
		return refuse(s, "-R", value, "is neither full nor hdrs");
	s->out->ret = ascii_equal(value, "full") ? "full" : "hdrs";
	return 0;
}

static int
set_envelope_id(struct sendmail_scan *s, const char *value)
{
	s->out->envelope_id = value;
	return value_envelope_id(value, s->err) == 0
	    ? 0
	    : refuse(s, "-V", value, s->err->text);
}

static int
set_from_header(struct sendmail_scan *s, const char *value)
{
	(void)value;
	s->out->from_header = true;
	return 0;
}

static int
set_verbose(struct sendmail_scan *s, const char *value)
{
	(void)value;
	s->out->verbose++;
	return 0;
}

static int
set_traffic_log(struct sendmail_scan *s, const char *value)
{
	s->out->traffic_log = value;
	return 0;
}

static int
set_aliases_file(struct sendmail_scan *s, const char *value)
{
	s->out->aliases_file = value;
	return 0;
}

/* -odqs is Exim's. */
static int
set_delivery(struct sendmail_scan *s, const char *value)
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
set_ident(struct sendmail_scan *s, const char *value)
{
	/* Exim's -oMr, -oMaa and the like have a value in the next word, which
	 * would be a recipient; Sendmail's macro has it glued. */
	return strlen(value) > 2 ? 0 : refuse(s, "-oM", value, "is not known");
}

/* -oX: the letters of Sendmail that callers have. */
static int
set_short(struct sendmail_scan *s, const char *value)
{
	static const struct {
		char letter;
		bool needs_value;
		sendmail_set *set;
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
set_long(struct sendmail_scan *s, const char *value)
{
	static const struct {
		const char *name;
		sendmail_set *set;
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
set_flush(struct sendmail_scan *s, const char *value)
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
set_mode_letter(struct sendmail_scan *s, const char *value)
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
			return sendmail_set_mode(s, rows[i].mode, rows[i].word);
	refuse(s, "-b", value, "is not known");
	if (value[0] != 'd' && value[0] != 'D')
		return -1;
	return error_hint(s->err,
	    "There is no daemon: what waits is sent by a timer, and by "
	    "'sendmail -q'.");
}

static int
refuse_subject(struct sendmail_scan *s, const char *value)
{
	(void)value;
	sendmail_unknown(s, "-s");
	return error_hint(s->err,
	    "The subject is a field of the message here; 'smtpsend -s SUBJECT "
	    "ADDRESS' makes a message.");
}

static const struct sendmail_letter letters[] = {
    {'A', TAKES_VALUE, set_instance},
    {'B', TAKES_VALUE, set_nothing}, /* the message itself shows it */
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

const struct sendmail_letter *
sendmail_letter(char letter)
{
	size_t i;

	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].letter == letter)
			return &letters[i];
	return NULL;
}
