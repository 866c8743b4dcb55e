/* domain: the checks; the mapping is lib/idna's. */
#include "rfc5322/domain.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/idna.h"

enum {
	LONGEST_DOMAIN = 255, /* RFC 5321 4.5.3.1.2 */
	LONGEST_LABEL = 63,
};

static int
label_check(const char *label, size_t n, struct error *err)
{
	if (n == 0)
		return error_set(err, EX_USAGE, "empty label in the domain");
	if (n > LONGEST_LABEL)
		return error_set(err, EX_USAGE, "label of more than 63 octets");
	if (label[0] == '-' || label[n - 1] == '-')
		return error_set(
		    err, EX_USAGE, "label that begins or ends with '-'");
	return 0;
}

/* RFC 1123 2.1, and the underscores that the real world has. */
static int
host_check(const char *domain, size_t *place, struct error *err)
{
	const char *label = domain;
	size_t n;

	for (;; label += n + 1) {
		for (n = 0; ascii_is_letter_or_digit(label[n]) ||
		     label[n] == '-' || label[n] == '_';
		     n++)
			;
		*place = (size_t)(label - domain);
		if (label[n] != '.' && label[n] != '\0') {
			*place += n;
			return error_set(err, EX_USAGE,
			    "unexpected '%c' in the domain", label[n]);
		}
		if (label_check(label, n, err) == -1)
			return -1;
		if (label[n] == '\0')
			break;
	}
	*place = 0;
	if ((size_t)(label + n - domain) > LONGEST_DOMAIN)
		return error_set(
		    err, EX_USAGE, "domain of more than 255 octets");
	return 0;
}

bool
domain_is_host(const char *domain)
{
	struct error ignored;
	size_t place;

	return host_check(domain, &place, &ignored) == 0;
}

int
domain_to_ascii(struct arena *a, const char *domain, const char **out,
    size_t *place, struct error *err)
{
	const char *ascii;
	size_t ignored;
	bool mapped = !idna_is_ascii(domain);

	if (idna_to_ascii(a, domain, &ascii, place, err) == -1 ||
	    host_check(ascii, mapped ? &ignored : place, err) == -1)
		return -1;
	*out = ascii;
	return 0;
}
