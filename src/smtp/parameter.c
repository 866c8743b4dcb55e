#include "smtp/parameter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"

/* What is said of a value that is beyond the server's bounds; true: it is. */
typedef bool exceeds(const char *value, const struct smtp_capabilities *,
    char bound[SMTP_TIME_SIZE + 16]);

/* RFC 2852 3: the bound is that of mode R. */
static bool
by_exceeds(const char *value, const struct smtp_capabilities *c,
    char bound[SMTP_TIME_SIZE + 16])
{
	const char *mode = strchr(value, ';');

	if (mode == NULL || ascii_lower(mode[1]) != 'r' || value[0] == '-' ||
	    strtoull(value, NULL, 10) >= c->by_min)
		return false;
	snprintf(bound, SMTP_TIME_SIZE + 16, "under %llu s",
	    (unsigned long long)c->by_min);
	return true;
}

static bool
hold_for_exceeds(const char *value, const struct smtp_capabilities *c,
    char bound[SMTP_TIME_SIZE + 16])
{
	if (c->hold_max == 0 || strtoull(value, NULL, 10) <= c->hold_max)
		return false;
	snprintf(bound, SMTP_TIME_SIZE + 16, "over %llu s",
	    (unsigned long long)c->hold_max);
	return true;
}

/* Two times in one form are in the order of their texts. */
static bool
hold_until_exceeds(const char *value, const struct smtp_capabilities *c,
    char bound[SMTP_TIME_SIZE + 16])
{
	if (c->hold_until_max[0] == '\0' ||
	    !smtp_capability_is_time(value, strlen(value)) ||
	    strcmp(value, c->hold_until_max) <= 0)
		return false;
	snprintf(bound, SMTP_TIME_SIZE + 16, "after %s", c->hold_until_max);
	return true;
}

static const struct rule {
	const char *keyword;
	unsigned of; /* enum smtp_parameter_of */
	unsigned extension;
	const char *offer; /* where it has no bit */
	exceeds *exceeds;
} rules[] = {
    {"SIZE", SMTP_OF_MAIL, SMTP_SIZE, NULL, NULL},
    {"BODY", SMTP_OF_MAIL, SMTP_8BITMIME, NULL, NULL},
    {"SMTPUTF8", SMTP_OF_MAIL, SMTP_SMTPUTF8, NULL, NULL},
    {"PRDR", SMTP_OF_MAIL, SMTP_PRDR, NULL, NULL},
    {"AUTH", SMTP_OF_MAIL, SMTP_AUTH, NULL, NULL},
    {"RET", SMTP_OF_MAIL, SMTP_DSN, NULL, NULL},
    {"ENVID", SMTP_OF_MAIL, SMTP_DSN, NULL, NULL},
    {"NOTIFY", SMTP_OF_RCPT, SMTP_DSN, NULL, NULL},
    {"ORCPT", SMTP_OF_RCPT, SMTP_DSN, NULL, NULL},
    {"BY", SMTP_OF_MAIL, SMTP_DELIVERBY, NULL, by_exceeds},
    {"HOLDFOR", SMTP_OF_MAIL, SMTP_FUTURERELEASE, NULL, hold_for_exceeds},
    {"HOLDUNTIL", SMTP_OF_MAIL, SMTP_FUTURERELEASE, NULL, hold_until_exceeds},
    {"MT-PRIORITY", SMTP_OF_MAIL, SMTP_MT_PRIORITY, NULL, NULL},
    {"REQUIRETLS", SMTP_OF_MAIL, SMTP_REQUIRETLS, NULL, NULL},
    {"RRVS", SMTP_OF_RCPT, SMTP_RRVS, NULL, NULL},
    {"SUBMITTER", SMTP_OF_MAIL, 0, "SUBMITTER", NULL},
    {"SOLICIT", SMTP_OF_MAIL, 0, "NO-SOLICITING", NULL},
    {"MTRK", SMTP_OF_MAIL, 0, "MTRK", NULL},
    {"TRANSID", SMTP_OF_MAIL, 0, "CHECKPOINT", NULL},
    {"CONPERM", SMTP_OF_RCPT, 0, "CONPERM", NULL},
    {"CONNEG", SMTP_OF_RCPT, 0, "CONNEG", NULL},
};

static const struct rule *
find(const char *keyword)
{
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (ascii_equal(rules[i].keyword, keyword))
			return &rules[i];
	return NULL;
}

unsigned
smtp_parameter_of(const char *keyword)
{
	const struct rule *rule = find(keyword);

	return rule != NULL ? rule->of : 0;
}

void
smtp_parameter_judge(struct smtp_parameter *p)
{
	const struct rule *rule = find(p->keyword);

	p->extension = rule != NULL ? rule->extension : 0;
	p->offer = rule != NULL ? rule->offer : p->keyword;
}

static bool
is_offered(const struct smtp_parameter *p, const struct smtp_capabilities *c)
{
	return p->offer != NULL ? smtp_capability_said(c, p->offer)
				: smtp_capable(c, p->extension);
}

size_t
smtp_parameters_put(const struct smtp_parameters *list,
    const struct smtp_capabilities *c, struct buf *out)
{
	const struct smtp_parameter *p = list->items;
	size_t octets = 0, i;

	for (i = 0; i < list->count; i++, p++) {
		if (!is_offered(p, c))
			continue;
		octets += 1 + strlen(p->keyword);
		if (p->value != NULL)
			octets += 1 + strlen(p->value);
		if (out == NULL)
			continue;
		buf_putc(out, ' ');
		buf_puts(out, p->keyword);
		if (p->value == NULL)
			continue;
		buf_putc(out, '=');
		buf_puts(out, p->value);
	}
	return octets;
}

static int
not_offered(const struct smtp_parameter *p, struct error *err)
{
	const char *offer =
	    p->offer != NULL ? p->offer : smtp_capability_name(p->extension);
	int status = EX_UNAVAILABLE;

	if (p->extension == SMTP_8BITMIME || p->extension == SMTP_SMTPUTF8)
		status = EX_DATAERR;
	if (p->extension == SMTP_REQUIRETLS)
		status = EX_NOPERM;
	if (ascii_equal(p->keyword, offer))
		return error_set(
		    err, status, "the server does not offer %s", offer);
	return error_set(err, status,
	    "%s needs %s, which the server does not offer", p->keyword, offer);
}

static int
check(const struct smtp_parameter *p, const struct smtp_capabilities *c,
    struct error *err)
{
	const struct rule *rule;
	char bound[SMTP_TIME_SIZE + 16];

	if (!is_offered(p, c))
		return p->demanded ? not_offered(p, err) : 0;
	rule = p->value != NULL ? find(p->keyword) : NULL;
	if (rule == NULL || rule->exceeds == NULL ||
	    p->extension != rule->extension ||
	    !rule->exceeds(p->value, c, bound))
		return 0;
	return error_set(err, EX_UNAVAILABLE,
	    "%s=%s: nothing %s is taken by the server's %s", p->keyword,
	    p->value, bound, smtp_capability_name(p->extension));
}

int
smtp_parameters_check(const struct smtp_parameters *list,
    const struct smtp_capabilities *c, struct error *err)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (check(&list->items[i], c, err) == -1)
			return -1;
	return 0;
}
