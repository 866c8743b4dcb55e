#include "smtp/capability.h"

#include <string.h>

#include "lib/ascii.h"

#include "sasl/sasl.h"

/* A run of characters without blanks, and what follows it. */
struct word {
	const char *s;
	size_t n;
};

static struct word
next_word(const char **at, const char *end)
{
	struct word w;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	w.s = *at;
	while (*at < end && **at != ' ' && **at != '\t')
		(*at)++;
	w.n = (size_t)(*at - w.s);
	return w;
}

static bool
is_word(struct word w, const char *text)
{
	return ascii_equal_n(w.s, w.n, text);
}

/* Digits only, no overflow; 0 otherwise. */
static uint64_t
number(struct word w)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < w.n; i++) {
		unsigned digit = (unsigned)(unsigned char)w.s[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return 0;
		v = v * 10 + digit;
	}
	return v;
}

static void
size_parameter(struct smtp_capabilities *c, struct word w)
{
	c->size_max = number(w);
}

static void
auth_parameter(struct smtp_capabilities *c, struct word w)
{
	size_t i;

	for (i = 0; i < sasl_mechanism_count; i++)
		if (is_word(w, sasl_mechanisms[i].name))
			c->mechanisms |= 1U << i;
}

/* NAME=value of this name, the value from 1 to 999,999 (RFC 9422 4); the lower
 * one if there are several. */
static void
limit(struct word w, const char *name, unsigned *max)
{
	enum { DIGITS_MAX = 6 };
	size_t n = strlen(name);
	struct word value;
	uint64_t v;

	if (w.n <= n + 1 || w.s[n] != '=' || !ascii_equal_n(w.s, n, name))
		return;
	value = (struct word){w.s + n + 1, w.n - n - 1};
	v = value.n <= DIGITS_MAX && *value.s != '0' ? number(value) : 0;
	if (v > 0 && (*max == 0 || v < *max))
		*max = (unsigned)v;
}

static void
limits_parameter(struct smtp_capabilities *c, struct word w)
{
	limit(w, "RCPTMAX", &c->rcpt_max);
	limit(w, "MAILMAX", &c->mail_max);
	limit(w, "RCPTDOMAINMAX", &c->rcpt_domain_max);
}

static void
deliver_by_parameter(struct smtp_capabilities *c, struct word w)
{
	if (c->by_min == 0)
		c->by_min = number(w);
}

bool
smtp_capability_is_time(const char *text, size_t n)
{
	static const char form[SMTP_TIME_SIZE] = "9999-99-99T99:99:99Z";
	size_t i;

	if (n != sizeof(form) - 1)
		return false;
	for (i = 0; i < n; i++)
		if (form[i] == '9' ? !ascii_is_digit(text[i])
				   : text[i] != form[i])
			return false;
	return true;
}

/* The longest interval, then the latest time. */
static void
future_release_parameter(struct smtp_capabilities *c, struct word w)
{
	if (smtp_capability_is_time(w.s, w.n)) {
		memcpy(c->hold_until_max, w.s, w.n);
		c->hold_until_max[w.n] = '\0';
	} else if (c->hold_max == 0) {
		c->hold_max = number(w);
	}
}

static const struct keyword {
	const char *name;
	enum smtp_capability bit;
	void (*parameter)(struct smtp_capabilities *, struct word);
} keywords[] = {
    {"PIPELINING", SMTP_PIPELINING, NULL},
    {"CHUNKING", SMTP_CHUNKING, NULL},
    {"SIZE", SMTP_SIZE, size_parameter},
    {"8BITMIME", SMTP_8BITMIME, NULL},
    {"SMTPUTF8", SMTP_SMTPUTF8, NULL},
    {"ENHANCEDSTATUSCODES", SMTP_ENHANCEDSTATUSCODES, NULL},
    {"STARTTLS", SMTP_STARTTLS, NULL},
    {"AUTH", SMTP_AUTH, auth_parameter},
    {"LIMITS", SMTP_LIMITS, limits_parameter},
    {"PRDR", SMTP_PRDR, NULL},
    {"DSN", SMTP_DSN, NULL},
    {"DELIVERBY", SMTP_DELIVERBY, deliver_by_parameter},
    {"FUTURERELEASE", SMTP_FUTURERELEASE, future_release_parameter},
    {"MT-PRIORITY", SMTP_MT_PRIORITY, NULL},
    {"RRVS", SMTP_RRVS, NULL},
    {"REQUIRETLS", SMTP_REQUIRETLS, NULL},
    {"BINARYMIME", SMTP_BINARYMIME, NULL},
};

static const struct keyword *
find(struct word w)
{
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (is_word(w, keywords[i].name))
			return &keywords[i];
	return NULL;
}

bool
smtp_capability_known(const char *name)
{
	return find((struct word){name, strlen(name)}) != NULL;
}

unsigned
smtp_capability_find(const char *name)
{
	const struct keyword *k = find((struct word){name, strlen(name)});

	return k != NULL ? k->bit : 0;
}

const char *
smtp_capability_name(enum smtp_capability bit)
{
	size_t i = 0;

	while (keywords[i].bit != bit)
		i++;
	return keywords[i].name;
}

static void
read_line(struct smtp_capabilities *c, const char *at, const char *end,
    const char *const *without, size_t count)
{
	struct word w = next_word(&at, end);
	const struct keyword *k;
	size_t i;

	/* "AUTH=PLAIN": the form before RFC 2554, still sent by some. */
	if (w.n > 5 && ascii_equal_n(w.s, 5, "AUTH=")) {
		at = w.s + 5;
		w.n = 4;
	}
	k = find(w);
	if (k == NULL)
		return;
	for (i = 0; i < count; i++)
		if (ascii_equal(k->name, without[i]))
			return;
	c->set |= k->bit;
	while (k->parameter != NULL && (w = next_word(&at, end)).n > 0)
		k->parameter(c, w);
}

bool
smtp_capability_said(const struct smtp_capabilities *c, const char *keyword)
{
	const char *lf = c->text != NULL ? strchr(c->text, '\n') : NULL;
	const char *at, *end;

	/* Behind the first line, as below. */
	for (; lf != NULL; lf = strchr(end, '\n')) {
		at = lf + 1;
		end = at + strcspn(at, "\n");
		if (is_word(next_word(&at, end), keyword))
			return true;
	}
	return false;
}

void
smtp_capability_read(struct smtp_capabilities *c,
    const struct smtp_reply *reply, const char *const *without, size_t count)
{
	const char *at = buf_string(&reply->text);
	const char *end = at + reply->text.len, *lf;

	*c = (struct smtp_capabilities){0};
	/* The first line is the server's name and greeting. */
	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at = lf + 1;
		lf = memchr(at, '\n', (size_t)(end - at));
		read_line(c, at, lf != NULL ? lf : end, without, count);
	}
	if (!smtp_capable(c, SMTP_CHUNKING))
		c->set &= ~(unsigned)SMTP_BINARYMIME;
}
