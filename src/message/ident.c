/* ident: base32 rather than base64, because some software compares
 * Message-IDs without regard to case. */
#include "message/ident.h"

#include <string.h>

#include "message/date.h"

static bool
letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

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
		} else if (!letter_or_digit(host[i]) &&
		    strchr("-_", host[i]) == NULL)
			return false;
	}
	return true;
}

const char *
ident_message_id(struct arena *a, const struct message_ident *ident)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	const char *host = ident->host;
	struct date d = date_from_epoch(ident->now);
	char text[17];
	size_t i;

	/* 256 is a multiple of 32: every letter is as likely as another. */
	for (i = 0; i < 16; i++)
		text[i] = alphabet[ident->random[i] % 32];
	text[i] = '\0';
	if (host == NULL || !host_is_valid(host))
		host = "localhost";
	return arena_printf(a, "<%04d%02d%02d%02d%02d%02d.%s@%s>", d.year,
	    d.month, d.day, d.hour, d.minute, d.second, text, host);
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
