/* What MAIL and RCPT say: a path and parameters (RFC 5321 4.1.1.2, 4.1.1.3,
 * 4.1.1.11). */
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"
#include "smtp/responder_internal.h"

enum { ENVID_MAX = 100, ORCPT_MAX = 500, DIGITS_MAX = 19 };

static bool
refuse(struct responder *r, const char *enhanced, const char *text)
{
	responder_reply(r, 501, enhanced, text);
	return false;
}

/* --- parameters -----------------------------------------------------------*/

static bool
read_size(const char *value, uint64_t *size)
{
	size_t i, n = value != NULL ? strlen(value) : 0;

	if (n == 0 || n > DIGITS_MAX)
		return false;
	for (*size = 0, i = 0; i < n; i++) {
		if (!ascii_is_digit(value[i]))
			return false;
		*size = *size * 10 + (uint64_t)(value[i] - '0');
	}
	return true;
}

/* RFC 3461 4; what it stands for is printable ASCII (4.2, 4.4) and has no NUL
 * that would cut it. */
static bool
is_xtext(const char *s)
{
	int c;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s != '+')
			continue;
		c = ascii_hex(s + 1, strlen(s + 1));
		if (c < ' ' || c > '~')
			return false;
	}
	return true;
}

static bool
is_notify(const char *value)
{
	static const char *const conditions[] = {"SUCCESS", "FAILURE", "DELAY"};
	unsigned seen = 0;
	size_t i, n;

	if (value == NULL)
		return false;
	if (ascii_equal(value, "NEVER"))
		return true;
	for (;; value += n + 1) {
		n = strcspn(value, ",");
		for (i = 0; i < 3; i++)
			if (ascii_equal_n(value, n, conditions[i]))
				break;
		if (i == 3 || (seen & 1U << i) != 0)
			return false;
		seen |= 1U << i;
		if (value[n] == '\0')
			return true;
	}
}

static bool
is_orcpt(const char *value)
{
	size_t n;

	if (value == NULL || strlen(value) > ORCPT_MAX)
		return false;
	n = strcspn(value, ";");
	return n > 0 && value[n] == ';' && is_xtext(value + n + 1);
}

static bool
is_keyword(const char *s)
{
	if (!ascii_is_letter_or_digit(*s))
		return false;
	while (ascii_is_letter_or_digit(*s) || *s == '-')
		s++;
	return *s == '\0';
}

enum { FAULT, TAKEN, UNKNOWN };

static int
take_text(const char **place, const char *value, bool good)
{
	if (*place != NULL || !good)
		return FAULT;
	*place = value;
	return TAKEN;
}

static int
take_mail(struct responder *r, struct responder_event *e, const char *keyword,
    const char *value)
{
	if (ascii_equal(keyword, "SIZE"))
		return e->size == 0 && read_size(value, &e->size) ? TAKEN
								  : FAULT;
	if (ascii_equal(keyword, "BODY"))
		return value != NULL &&
			(ascii_equal(value, "7BIT") ||
			    ascii_equal(value, "8BITMIME"))
		    ? TAKEN
		    : FAULT;
	if (ascii_equal(keyword, "SMTPUTF8")) {
		r->utf8 = value == NULL;
		return r->utf8 ? TAKEN : FAULT;
	}
	if (ascii_equal(keyword, "RET"))
		return take_text(&e->ret, value,
		    value != NULL &&
			(ascii_equal(value, "FULL") ||
			    ascii_equal(value, "HDRS")));
	if (ascii_equal(keyword, "ENVID"))
		return take_text(&e->envid, value,
		    value != NULL && strlen(value) <= ENVID_MAX &&
			is_xtext(value));
	return UNKNOWN;
}

static int
take_rcpt(struct responder_event *e, const char *keyword, const char *value)
{
	if (ascii_equal(keyword, "NOTIFY"))
		return take_text(&e->notify, value, is_notify(value));
	if (ascii_equal(keyword, "ORCPT"))
		return take_text(&e->orcpt, value, is_orcpt(value));
	return UNKNOWN;
}

static bool
take_parameter(struct responder *r, struct responder_event *e, char *text)
{
	char *value = strchr(text, '=');
	int taken;

	if (value != NULL)
		*value++ = '\0';
	if (!is_keyword(text) ||
	    (value != NULL && (*value == '\0' || strchr(value, '=') != NULL)))
		return refuse(r, "5.5.4", "syntax error in a parameter");
	taken = e->type == RESPONDER_MAIL ? take_mail(r, e, text, value)
					  : take_rcpt(e, text, value);
	if (taken == UNKNOWN) {
		responder_reply(r, 555, "5.5.4",
		    "a parameter is not recognized or not implemented");
		return false;
	}
	return taken == TAKEN ||
	    refuse(r, "5.5.4", "the value of a parameter is not one of it");
}

static bool
take_parameters(struct responder *r, struct responder_event *e, char *text)
{
	char *word, *next = text;

	while ((word = strsep(&next, " \t")) != NULL)
		if (*word != '\0' && !take_parameter(r, e, word))
			return false;
	return true;
}

/* --- the path -------------------------------------------------------------*/

/* Where it ends: at `end` outside of quotes; '\0': at a blank or the end. */
static char *
end_of_path(char *s, char end)
{
	bool quoted = false;

	for (; *s != '\0'; s++) {
		if (*s == '\\' && quoted && s[1] != '\0')
			s++;
		else if (*s == '"')
			quoted = !quoted;
		else if (!quoted &&
		    (*s == end || (end == '\0' && ascii_is_blank(*s))))
			return s;
		else if (!quoted && (ascii_is_blank(*s) || *s == '<'))
			return NULL;
	}
	return end == '\0' && !quoted ? s : NULL;
}

/* A source route is read over (RFC 5321 appendix C). */
static char *
without_route(char *path)
{
	char *colon = *path == '@' ? strchr(path, ':') : NULL;

	return colon != NULL ? colon + 1 : path;
}

bool
responder_read_path(struct responder *r, char *text, struct responder_event *e)
{
	const bool bracket = *(text += strspn(text, " \t")) == '<';
	char *path = text + bracket, *end, *rest;

	if (*text == '\0')
		return refuse(r, "5.5.2", "a path in angle brackets is needed");
	end = end_of_path(path, bracket ? '>' : '\0');
	rest = end != NULL && *end != '\0' ? end + 1 : end;
	if (end == NULL || (bracket && *rest != '\0' && !ascii_is_blank(*rest)))
		return refuse(r, "5.5.2", "syntax error in the path");
	*end = '\0';
	if (strlen(path) > RESPONDER_PATH_MAX - 2)
		return refuse(r, e->type == RESPONDER_MAIL ? "5.1.7" : "5.1.3",
		    "the path is too long");
	e->path = without_route(path);
	if (e->type == RESPONDER_RCPT && e->path[0] == '\0')
		return refuse(r, "5.1.3", "no recipient is named");
	if (e->type == RESPONDER_MAIL)
		r->utf8 = false;
	if (!take_parameters(r, e, rest))
		return false;
	if (r->utf8 || !ascii_has_eight_bit(path, strlen(path)))
		return true;
	responder_reply(r, 553, "5.6.7",
	    "an address that is not ASCII needs SMTPUTF8 with MAIL");
	return false;
}
