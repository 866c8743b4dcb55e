/* value: see value.h. */
#include "options/value.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/idna.h"
#include "lib/pin.h"
#include "lib/printable.h"
#include "lib/priority.h"

/* A command line has 512 octets (RFC 5321 4.5.3.1.4) with verb and CRLF. */
enum { QUERY_MAX = 320 }; /* 64@253, in brackets */
/* Some 30 years: no sum of two overflows, in microseconds neither. */
static const uint64_t duration_max_ms = 1000000000000;

/* Plain is what printable leaves as it is. */
static bool
is_plain(const char *text)
{
	struct buf b = BUF_WITH_MAX(0);
	bool same;

	printable_append(&b, text, strlen(text));
	same = strcmp(buf_string(&b), text) == 0;
	buf_clear(&b);
	return same;
}

static bool
is_token_char(char c)
{
	return ascii_is_letter_or_digit(c) || strchr("-_.:+", c) != NULL;
}

static bool
is_token(const char *text)
{
	for (; *text != '\0'; text++)
		if (!is_token_char(*text))
			return false;
	return true;
}

static bool
is_token_list(const char *text)
{
	bool within = false;

	for (; *text != '\0'; text++) {
		if (*text != ',' && !is_token_char(*text))
			return false;
		if (*text == ',' && !within)
			return false;
		within = *text != ',';
	}
	return within;
}

static bool
is_ip_address(const char *text, size_t len, int family)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char address[16];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(family, copy, address) == 1;
}

/* RFC 1123 2.1: labels of letters, digits and hyphens within; the last one is no
 * number, or it would be an address. */
static bool
is_host_name(const char *text)
{
	size_t len = strlen(text), i, start = 0;

	if (len == 0 || len > 255)
		return false;
	for (i = 0; i <= len; i++) {
		if (i < len &&
		    (ascii_is_letter_or_digit(text[i]) || text[i] == '-'))
			continue;
		if (i < len && text[i] != '.')
			return false;
		if (i == start || i - start > 63 || text[start] == '-' ||
		    text[i - 1] == '-')
			return false;
		if (i == len)
			break;
		start = i + 1;
	}
	return text[start + strspn(text + start, "0123456789")] != '\0';
}

/* RFC 5321 4.1.3: [192.0.2.1] or [IPv6:2001:db8::1]. */
static bool
is_address_literal(const char *text)
{
	static const char tag[] = "IPv6:";
	size_t len = strlen(text);

	if (len < 2 || text[0] != '[' || text[len - 1] != ']')
		return false;
	text++;
	len -= 2;
	if (len < sizeof(tag) || !ascii_begins(text, tag))
		return is_ip_address(text, len, AF_INET);
	return is_ip_address(
	    text + sizeof(tag) - 1, len - sizeof(tag) + 1, AF_INET6);
}

/* A link-local address may have its zone: fe80::1%eth0. */
static bool
is_source_address(const char *text)
{
	const char *zone = strchr(text, '%');

	if (is_ip_address(text, strlen(text), AF_INET))
		return true;
	return is_ip_address(text, strcspn(text, "%"), AF_INET6) &&
	    (zone == NULL || zone[1] != '\0');
}

int
value_any(const char *text, struct error *err)
{
	(void)text;
	(void)err;
	return 0;
}

int
value_line_or_empty(const char *text, struct error *err)
{
	if (strpbrk(text, "\r\n") == NULL)
		return 0;
	return error_set(err, EX_USAGE,
	    "has a line break, which could reach a header or a command");
}

int
value_line(const char *text, struct error *err)
{
	if (text[0] == '\0')
		return error_set(err, EX_USAGE, "is empty");
	return value_line_or_empty(text, err);
}

int
value_plain_or_empty(const char *text, struct error *err)
{
	if (value_line_or_empty(text, err) == -1)
		return -1;
	if (is_plain(text))
		return 0;
	return error_set(
	    err, EX_USAGE, "has control characters or is not UTF-8");
}

int
value_plain(const char *text, struct error *err)
{
	if (value_line(text, err) == -1)
		return -1;
	return value_plain_or_empty(text, err);
}

/* RFC 5321 4.1.2, String: it may hold quoted strings.  An address may stand in
 * angle brackets as a whole. */
static bool
is_one_word(const char *text)
{
	const bool bracketed = *text == '<';
	const char *p = text + bracketed;
	bool quoted = false;

	for (; *p != '\0' && (quoted || strchr(" <>", *p) == NULL); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p[1] != '\0')
			p++;
	}
	return !quoted && strcmp(p, bracketed ? ">" : "") == 0;
}

int
value_query(const char *text, struct error *err)
{
	if (value_plain(text, err) == -1)
		return -1;
	if (strlen(text) > QUERY_MAX)
		return error_set(err, EX_USAGE, "is longer than any address");
	if (is_one_word(text))
		return 0;
	error_set(err, EX_USAGE, "is not one word");
	return error_hint(err,
	    "quotes of its own hold a name together: '\"%.*s\"';\n"
	    "--script says a line as it is written",
	    (int)strcspn(text, "\"\\"), text);
}

int
value_token(const char *text, struct error *err)
{
	if (value_line(text, err) == -1)
		return -1;
	if (is_token(text))
		return 0;
	return error_set(err, EX_USAGE,
	    "has characters other than letters, digits and -_.:+");
}

int
value_tokens(const char *text, struct error *err)
{
	if (value_line_or_empty(text, err) == -1)
		return -1;
	if (text[0] == '\0' || is_token_list(text))
		return 0;
	return error_set(
	    err, EX_USAGE, "is not a list of keywords with commas between");
}

/* 1: it is none. */
static int
host_name_form(
    struct arena *a, const char *text, const char **out, struct error *err)
{
	const char *name;
	size_t place, n;

	if (idna_to_ascii(a, text, &name, &place, err) == -1)
		return error_context(err, "is no host name");
	n = strlen(name);
	*out = arena_strndup(a, name, n > 1 && name[n - 1] == '.' ? n - 1 : n);
	return !is_host_name(*out);
}

int
value_ehlo_form(
    struct arena *a, const char *text, const char **out, struct error *err)
{
	int r;

	if (value_line(text, err) == -1)
		return -1;
	*out = text;
	if (is_address_literal(text))
		return 0;
	r = host_name_form(a, text, out, err);
	if (r != 1)
		return r;
	return error_set(err, EX_USAGE,
	    "is neither a host name nor an address literal ([192.0.2.1], "
	    "[IPv6:2001:db8::1])");
}

int
value_ehlo_name(const char *text, struct error *err)
{
	struct arena a = {0};
	const char *form;
	int r = value_ehlo_form(&a, text, &form, err);

	arena_clear(&a);
	return r;
}

int
value_host_form(
    struct arena *a, const char *text, const char **out, struct error *err)
{
	size_t len = strlen(text);
	int r;

	if (value_line(text, err) == -1)
		return -1;
	*out = text;
	if (is_ip_address(text, len, AF_INET) ||
	    is_ip_address(text, len, AF_INET6))
		return 0;
	r = host_name_form(a, text, out, err);
	if (r != 1)
		return r;
	return error_set(
	    err, EX_USAGE, "is neither a host name nor a numeric address");
}

int
value_host(const char *text, struct error *err)
{
	struct arena a = {0};
	const char *form;
	int r = value_host_form(&a, text, &form, err);

	arena_clear(&a);
	return r;
}

int
value_ip_address(const char *text, struct error *err)
{
	if (value_line(text, err) == -1)
		return -1;
	if (is_source_address(text))
		return 0;
	return error_set(
	    err, EX_USAGE, "is not a numeric IPv4 or IPv6 address");
}

int
value_pin(const char *text, struct error *err)
{
	struct pin pin;

	if (value_line(text, err) == -1)
		return -1;
	if (pin_parse(&pin, text) == 0)
		return 0;
	return error_set(err, EX_USAGE,
	    "is not a SHA-256 pin (44 base64 characters or 64 hex digits)");
}

int
value_tls_priority(const char *text, struct error *err)
{
	return value_plain(text, err) == -1 ? -1 : priority_check(text, err);
}

int
value_flag(const char *text, bool *out, struct error *err)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (ascii_equal(text, yes[i]) || ascii_equal(text, no[i])) {
			*out = ascii_equal(text, yes[i]);
			return 0;
		}
	}
	return error_set(err, EX_USAGE,
	    "is neither yes (true, on, 1) nor no (false, off, 0)");
}

/* The digits at the beginning; NULL if there are none or too many. */
static const char *
digits(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (n > (UINT64_MAX - 9) / 10)
			return NULL;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*out = n;
	return text;
}

int
value_number(const char *text, uint64_t *out, struct error *err)
{
	uint64_t n;
	const char *end = digits(text, &n);

	if (end == NULL || *end != '\0')
		return error_set(err, EX_USAGE, "is not a number");
	*out = n;
	return 0;
}

int
value_duration(const char *text, int64_t *out, struct error *err)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000},
	    {"h", 3600000}, {"d", 86400000}};
	const size_t count = sizeof(units) / sizeof(units[0]);
	uint64_t n;
	const char *end = digits(text, &n);
	size_t i = 0;

	while (end != NULL && i < count && !ascii_equal(end, units[i].name))
		i++;
	if (end == NULL || i == count || n > duration_max_ms / units[i].ms)
		return error_set(err, EX_USAGE,
		    "is not a duration (500ms, 3s, 5m, 1h, 2d; a bare number is "
		    "seconds)");
	*out = (int64_t)(n * units[i].ms);
	return 0;
}

int
value_descriptor(const char *text, struct error *err)
{
	uint64_t n;

	/* What is told goes to the other two. */
	if (strspn(text, "0123456789") == strlen(text) &&
	    value_number(text, &n, err) == 0 &&
	    (n == 0 || (n > 2 && n <= INT_MAX)))
		return 0;
	return error_set(err, EX_USAGE,
	    "is no descriptor for input: 0, or a number from 3 on");
}

int
value_credential(const char *text, struct error *err)
{
	if (value_plain(text, err) == -1)
		return -1;
	if (strchr(text, '/') == NULL && strlen(text) <= NAME_MAX &&
	    strcmp(text, ".") != 0 && strcmp(text, "..") != 0)
		return 0;
	return error_set(err, EX_USAGE,
	    "is no name of a credential, which is that of a file");
}
