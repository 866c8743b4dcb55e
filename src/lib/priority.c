#include "lib/priority.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/gnutls.h"
#include "lib/printable.h"

enum { PLACE_MAX = 60 };

/* The string has this among what its colons part, or something that begins so. */
static bool
names(const char *text, const char *item, bool beginning)
{
	size_t n;

	for (;; text += n + 1) {
		text += strspn(text, " \t"); /* GnuTLS skips them, too */
		n = strcspn(text, ":");
		if (beginning ? ascii_begins(text, item)
			      : ascii_equal_n(text, n, item))
			return true;
		if (text[n] == '\0')
			return false;
	}
}

const char *
priority_text(const char *given, enum priority_least least, struct buf *out)
{
	static const char *const versions[] = {
	    "+VERS-SSL3.0", "+VERS-TLS1.0", "+VERS-TLS1.1", "+VERS-TLS1.2"};
	size_t i, below = least == PRIORITY_TLS_1_3 ? 4 : 3;

	if (given == NULL)
		return least == PRIORITY_TLS_1_3
		    ? "NORMAL:-VERS-ALL:+VERS-TLS1.3:%PROFILE_MEDIUM"
		    : "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"
		      "%PROFILE_MEDIUM";
	buf_puts(out, given);
	for (i = 0; i < below; i++)
		if (least != PRIORITY_USUAL ||
		    !names(given, versions[i], false))
			buf_printf(out, ":-%s", versions[i] + 1);
	if (!names(given, "%PROFILE_", true))
		buf_puts(out, ":%PROFILE_MEDIUM");
	return buf_string(out);
}

static int
stopped_at(const char *at, struct error *err)
{
	struct buf place = BUF_WITH_MAX(4 * PLACE_MAX);
	size_t n = strcspn(at, ":");

	if (*at == '\0')
		return error_set(err, EX_USAGE,
		    "is no priority string of GnuTLS: something is missing at "
		    "its end");
	printable_append(&place, at, n < PLACE_MAX ? n : PLACE_MAX);
	error_set(err, EX_USAGE,
	    "is no priority string of GnuTLS, which does not know '%s'",
	    buf_string(&place));
	buf_clear(&place);
	return -1;
}

/* NORMAL and the like have those of DTLS, too, which is for datagrams. */
static bool
has_version(const struct gnutls *g, gnutls_priority_t parsed)
{
	const unsigned *versions;
	int i, n = g->priority_protocol_list(parsed, &versions);

	for (i = 0; i < n; i++)
		if (versions[i] < GNUTLS_DTLS0_9)
			return true;
	return false;
}

int
priority_check(const char *text, struct error *err)
{
	gnutls_priority_t parsed;
	const char *at = text;
	struct gnutls g;
	int r;

	if (names(text, "+NULL", false))
		return error_set(
		    err, EX_USAGE, "has NULL, which is no encryption at all");
	if (gnutls_open(&g, err) < 0)
		return -1;
	r = g.priority_init(&parsed, text, &at);
	if (r == 0) {
		if (!has_version(&g, parsed))
			r = GNUTLS_E_NO_PRIORITIES_WERE_SET;
		g.priority_deinit(parsed);
	}
	if (r == GNUTLS_E_NO_PRIORITIES_WERE_SET)
		return error_set(
		    err, EX_USAGE, "leaves nothing that TLS could agree on");
	return r < 0 ? stopped_at(at, err) : 0;
}
