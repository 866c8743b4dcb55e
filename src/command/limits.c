#include "command/limits.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"

static size_t
limit(unsigned max, bool asked_for)
{
	return asked_for && max > 0 ? max : SIZE_MAX;
}

void
limits_begin(
    struct limits *l, const struct smtp_capabilities *c, bool asked_for)
{
	*l = (struct limits){
	    .mails = limit(c->mail_max, asked_for),
	    .domain_max = limit(c->rcpt_domain_max, asked_for),
	};
}

/* "": it has none. */
static const char *
domain_of(const struct smtp_recipient *r)
{
	const char *at = strrchr(r->address, '@');

	return at != NULL ? at + 1 : "";
}

/* Another domain is used, if it may be. */
static bool
admit_domain(struct limits *l, const char *domain)
{
	if (l->domain != NULL && ascii_equal(domain, l->domain))
		return true;
	if (l->domains == l->domain_max)
		return false;
	l->domains++;
	l->domain = domain;
	return true;
}

size_t
limits_admit(struct limits *l, const struct smtp_recipient *next, size_t n)
{
	size_t i = 0;

	if (l->mails == 0)
		return 0;
	if (l->domain_max == SIZE_MAX)
		i = n;
	while (i < n && admit_domain(l, domain_of(&next[i])))
		i++;
	if (i > 0 && l->mails != SIZE_MAX)
		l->mails--;
	return i;
}

static int
compare(const void *left, const void *right, void *arg)
{
	const size_t *a = left, *b = right;
	const struct smtp_recipient *all = arg;
	const char *x = domain_of(&all[*a]), *y = domain_of(&all[*b]);

	while (*x != '\0' && ascii_lower(*x) == ascii_lower(*y))
		x++, y++;
	if (ascii_lower(*x) != ascii_lower(*y))
		return ascii_lower(*x) < ascii_lower(*y) ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

void
limits_sort(size_t *numbers, size_t n, const struct smtp_recipient *all)
{
	if (n > 1)
		qsort_r(numbers, n, sizeof(*numbers), compare, (void *)all);
}
