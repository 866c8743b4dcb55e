/* value_envelope: see value_envelope.h. */
#include "options/value_envelope.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/xtext.h"

/* RFC 3461 4.1; each once. */
static bool
is_notify(const char *text)
{
	static const char *const words[] = {"success", "failure", "delay"};
	bool seen[3] = {false};
	size_t n, i;

	if (ascii_equal(text, "never"))
		return true;
	for (;; text += n + 1) {
		n = strcspn(text, ",");
		for (i = 0; i < 3 && !ascii_equal_n(text, n, words[i]); i++)
			;
		if (i == 3 || seen[i])
			return false;
		seen[i] = true;
		if (text[n] == '\0')
			return true;
	}
}

int
value_notify(const char *text, struct error *err)
{
	if (value_line(text, err) == -1)
		return -1;
	if (is_notify(text))
		return 0;
	return error_set(err, EX_USAGE,
	    "is neither never nor some of success,failure,delay");
}

int
value_envelope_id(const char *text, struct error *err)
{
	struct buf encoded = BUF_WITH_MAX(VALUE_ENVID_MAX);
	const char *c;
	int r;

	if (value_line(text, err) == -1)
		return -1;
	for (c = text; *c >= ' ' && *c <= '~'; c++)
		;
	if (*c != '\0')
		return error_set(
		    err, EX_USAGE, "has characters other than printable ASCII");
	r = xtext_encode(&encoded, text);
	buf_clear(&encoded);
	if (r == 0)
		return 0;
	return error_set(err, EX_USAGE,
	    "is longer than %d octets, of which a blank, + and = take three",
	    VALUE_ENVID_MAX);
}

/* The words behind the time; false: something else. */
static bool
read_by_words(const char *at, struct value_deliver_by *out)
{
	bool mode = false;
	size_t n;

	for (; *at == ','; at += n) {
		n = strcspn(++at, ",");
		if (ascii_equal_n(at, n, "trace") && !out->trace) {
			out->trace = true;
			continue;
		}
		out->is_return = ascii_equal_n(at, n, "return");
		if (mode ||
		    (!out->is_return && !ascii_equal_n(at, n, "notify")))
			return false;
		mode = true;
	}
	return true;
}

int
value_deliver_by(
    const char *text, struct value_deliver_by *out, struct error *err)
{
	struct value_deliver_by by = {0};
	size_t n = strcspn(text, ",");
	char time[32] = "";
	int64_t ms = 0;

	if (value_line(text, err) == -1)
		return -1;
	if (n < sizeof(time))
		memcpy(time, text, n);
	if (value_duration(time, &ms, err) == -1 ||
	    !read_by_words(text + n, &by))
		return error_set(err, EX_USAGE,
		    "is not a time, with notify or return, and trace, behind "
		    "it (2h or 90s,return or 1h,notify,trace)");
	if (ms < 1000 || ms % 1000 != 0 || ms / 1000 > VALUE_SECONDS_MAX)
		return error_set(err, EX_USAGE,
		    "is not in whole seconds, from 1 to %d", VALUE_SECONDS_MAX);
	by.seconds = ms / 1000;
	*out = by;
	return 0;
}

int
value_by(const char *text, struct error *err)
{
	struct value_deliver_by by;

	return value_deliver_by(text, &by, err);
}

int
value_priority(const char *text, struct error *err)
{
	const char *digit = text + (*text == '-');

	if (*digit >= (digit > text ? '1' : '0') && *digit <= '9' &&
	    digit[1] == '\0')
		return 0;
	return error_set(err, EX_USAGE, "is not a priority from -9 to 9");
}

int
value_esmtp(const char *text, struct error *err)
{
	const char *c;

	if (value_line(text, err) == -1)
		return -1;
	for (c = text; *c > ' ' && *c <= '~' && *c != '='; c++)
		;
	if (*c != '\0')
		return error_set(err, EX_USAGE,
		    "has a character other than visible ASCII without '='");
	if (c - text > VALUE_PARAMETER_MAX)
		return error_set(err, EX_USAGE, "is longer than %d octets",
		    VALUE_PARAMETER_MAX);
	return 0;
}

/* The length of an esmtp-keyword (RFC 5321 4.1.2), 0 if there is none. */
static size_t
keyword(const char *text)
{
	size_t n = 0;

	while (ascii_is_letter_or_digit(text[n]) || (n > 0 && text[n] == '-'))
		n++;
	return n <= VALUE_PARAMETER_MAX ? n : 0;
}

int
value_parameter(
    const char *text, struct value_parameter *out, struct error *err)
{
	struct value_parameter p = {0};
	const char *at = text;

	if (value_line(text, err) == -1)
		return -1;
	p.optional = *at == '?';
	at += p.optional;
	p.extension = at;
	p.extension_len = keyword(at);
	p.named = at[p.extension_len] == ':';
	if (p.named)
		at += p.extension_len + 1;
	p.keyword = at;
	p.keyword_len = keyword(at);
	at += p.keyword_len;
	if (p.keyword_len == 0 || (*at != '\0' && *at != '='))
		return error_set(err, EX_USAGE,
		    "is not KEYWORD or KEYWORD=VALUE, maybe with EXTENSION: or "
		    "a question mark before it");
	if (*at == '=') {
		p.value = at + 1;
		if (value_esmtp(p.value, err) == -1)
			return error_set(err, EX_USAGE,
			    "has a value that is empty, longer than %d octets, "
			    "or not visible ASCII without '='",
			    VALUE_PARAMETER_MAX);
	}
	*out = p;
	return 0;
}

int
value_parameters(const char *text, struct error *err)
{
	struct value_parameter p;

	return value_parameter(text, &p, err);
}
