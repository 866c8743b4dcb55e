/* ident: base32 rather than base64, because some software compares
 * Message-IDs without regard to case. */
#include "rfc5322/ident.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"

#include "rfc5322/date.h"

enum {
	DATED = 16, /* "<20251113090000." */
	RANDOM = sizeof(((struct ident *)0)->random),
};

/* dot-atom-text, or [...] without what no-fold-literal forbids */
static bool
host_is_valid(const char *host)
{
	size_t i, n = strlen(host);

	if (n == 0 || n > 255)
		return false;
	if (host[0] == '[')
		return strspn(host + 1, "0123456789abcdefABCDEFIPv:.") ==
		    n - 2 &&
		    host[n - 1] == ']';
	for (i = 0; i < n; i++) {
		if (host[i] == '.') {
			if (i == 0 || i + 1 == n || host[i - 1] == '.')
				return false;
		} else if (!ascii_is_letter_or_digit(host[i]) &&
		    strchr("-_", host[i]) == NULL)
			return false;
	}
	return true;
}

static bool
is_full(const char *host)
{
	return host[0] == '[' || strchr(host, '.') != NULL;
}

const char *
ident_host(const struct ident *ident)
{
	const char *host = ident->host, *domain = ident->author_domain;

	if (host == NULL || !host_is_valid(host))
		host = "localhost";
	if (!is_full(host) && domain != NULL && host_is_valid(domain))
		return domain;
	return host;
}

const char *
ident_message_id(struct arena *a, const struct ident *ident)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	const struct date d = date_from_epoch(ident->now);
	const int parts[] = {d.month, d.day, d.hour, d.minute, d.second};
	const char *host = ident_host(ident);
	size_t n = strlen(host);
	char *id = arena_alloc(a, DATED + RANDOM + n + 3), *p = id;
	size_t i;

	*p++ = '<';
	p = ascii_put_decimal(p, (unsigned)d.year, 4);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		p = ascii_put_decimal(p, (unsigned)parts[i], 2);
	*p++ = '.';
	/* 256 is a multiple of 32: every letter is as likely as another. */
	for (i = 0; i < RANDOM; i++)
		*p++ = alphabet[ident->random[i] % 32];
	*p++ = '@';
	memcpy(p, host, n);
	p[n] = '>';
	return id;
}

/* The finalizer of MurmurHash3: each bit of x changes half of the result. */
static uint64_t
stir(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

void
ident_mix(struct ident *ident, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t state[2];
	size_t i;

	memcpy(state, ident->random, sizeof(state));
	for (i = 0; i < n; i++) { /* FNV-1a, twice */
		state[0] = (state[0] ^ p[i]) * UINT64_C(0x100000001b3);
		state[1] = (state[1] ^ p[i]) * UINT64_C(0x9e3779b97f4a7c15);
	}
	state[0] = stir(state[0] ^ n);
	state[1] = stir(state[1] ^ state[0]);
	memcpy(ident->random, state, sizeof(state));
}

void
ident_mix_text(struct ident *ident, const char *text)
{
	ident_mix(ident, text, text != NULL ? strlen(text) + 1 : 0);
}

bool
ident_is_message_id(const char *s)
{
	size_t i, n = strlen(s);
	const char *at = strrchr(s, '@');

	if (n < 5 || s[0] != '<' || s[n - 1] != '>' || at == NULL ||
	    at == s + 1 || at == s + n - 2)
		return false;
	for (i = 1; i < n - 1; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '<' || s[i] == '>')
			return false;
	return true;
}

int
ident_option(struct arena *a, const char *option, const char *text,
    const char **out, struct error *err)
{
	struct buf shown = {0};

	*out = *text == '<' ? arena_strdup(a, text)
			    : arena_printf(a, "<%s>", text);
	if (ident_is_message_id(*out) && strlen(*out) <= IDENT_MAX)
		return 0;
	printable_append(&shown, text, strlen(text));
	error_set(err, EX_USAGE, "%s: '%.200s' is no message identifier",
	    option, buf_string(&shown));
	buf_clear(&shown);
	return error_hint(
	    err, "it is written <LEFT@RIGHT>, in ASCII without spaces");
}
