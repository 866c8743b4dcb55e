#include "lib/idna.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/gnutls.h"
#include "lib/printable.h"

enum { LONGEST_INPUT = 1020 }; /* 255 characters in UTF-8 */

bool
idna_is_ascii(const char *text)
{
	while (*text != '\0')
		if ((unsigned char)*text++ >= 0x80)
			return false;
	return true;
}

static int
map(const struct gnutls *g, const char *domain, struct buf *out)
{
	gnutls_datum_t ascii = {0};

	if (g->idna_map(domain, (unsigned)strlen(domain), &ascii,
		GNUTLS_IDNA_FORCE_2008) < 0)
		return -1;
	buf_append(out, ascii.data, ascii.size);
	(*g->free)(ascii.data);
	return 0;
}

/* The mapping leaves out characters without a word (UTS 46: "ignored", and
 * those not allowed by STD 3), so that mail would go to another domain. */
static bool
is_dropped(const struct gnutls *g, const char *character, size_t n)
{
	struct buf mapped = {0};
	char probe[8] = "a";
	bool dropped;

	memcpy(probe + 1, character, n);
	dropped = map(g, probe, &mapped) == 0 &&
	    strcmp(buf_string(&mapped), "a") == 0;
	buf_clear(&mapped);
	return dropped;
}

static bool
is_ldh(char c)
{
	return ascii_is_letter_or_digit(c) || c == '-' || c == '.';
}

static int
check_characters(const struct gnutls *g, const char *domain, size_t *place,
    struct error *err)
{
	const size_t n = strlen(domain);
	struct buf shown = {0};
	size_t i, len;
	uint32_t rune;

	for (i = 0; i < n; i += len) {
		len = printable_utf8(domain + i, n - i, &rune);
		if (len == 1 ? is_ldh(domain[i])
			     : len > 0 && !is_dropped(g, domain + i, len))
			continue;
		*place = i;
		printable_append(&shown, domain + i, len > 0 ? len : 1);
		error_set(err, EX_USAGE, "'%s' cannot be in a host name",
		    buf_string(&shown));
		buf_clear(&shown);
		return -1;
	}
	return 0;
}

static int
map_checked(const struct gnutls *g, const char *domain, struct buf *out,
    size_t *place, struct error *err)
{
	if (strlen(domain) > LONGEST_INPUT)
		return error_set(
		    err, EX_USAGE, "domain of more than 255 octets");
	if (check_characters(g, domain, place, err) == -1)
		return -1;
	if (map(g, domain, out) == -1)
		return error_set(err, EX_USAGE,
		    "characters that cannot be in a host name (IDNA 2008)");
	return 0;
}

int
idna_to_ascii(struct arena *a, const char *domain, const char **out,
    size_t *place, struct error *err)
{
	struct buf mapped = {0};
	struct gnutls g;
	int r;

	*place = 0;
	if (idna_is_ascii(domain)) {
		*out = arena_strdup(a, domain);
		return 0;
	}
	if (gnutls_open(&g, err) == -1) {
		error_context(err, "an internationalised domain");
		return error_hint(err,
		    "install GnuTLS, or write the domain in its "
		    "ASCII form (xn--...)");
	}
	r = map_checked(&g, domain, &mapped, place, err);
	if (r == 0)
		*out = arena_strdup(a, buf_string(&mapped));
	buf_clear(&mapped);
	return r;
}
