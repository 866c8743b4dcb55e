#include "lib/url.h"

#include <string.h>

#include "lib/ascii.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define DIGITS "0123456789"

enum { LONGEST_HOST = 320 };

static const char *const names[] = {
    "smtp", "smtps", "ssmtp", "submission", "submissions", "lmtp"};
static const char *const proxies[] = {
    "socks", "socks4", "socks4a", "socks5", "socks5h", "http", "https"};

/* Behind the prefix, or NULL. */
static const char *
behind(const char *text, const char *prefix)
{
	return ascii_begins(text, prefix) ? text + strlen(prefix) : NULL;
}

/* Behind "NAME://", NULL: it does not begin so. */
static const char *
behind_scheme(const char *text, const char *name)
{
	const char *rest = behind(text, name);

	return rest != NULL && strncmp(rest, "://", 3) == 0 ? rest + 3 : NULL;
}

/* Behind "NAME://" of TCP or of a proxy; the text itself without one that is
 * known. */
static const char *
authority(const char *text)
{
	const char *rest = NULL;
	size_t i;

	for (i = 0; rest == NULL && i < LENGTH(names); i++)
		rest = behind_scheme(text, names[i]);
	for (i = 0; rest == NULL && i < LENGTH(proxies); i++)
		rest = behind_scheme(text, proxies[i]);
	return rest != NULL ? rest : text;
}

/* The first colon or the last '@', plain or escaped; *next is behind it. */
static const char *
find(const char *text, char plain, const char *escaped, const char **next)
{
	const char *found = NULL;

	for (; *text != '\0'; text++) {
		if (*text != plain &&
		    (*text != '%' || behind(text, escaped) == NULL))
			continue;
		found = text;
		*next = text + (*text == plain ? 1 : 3);
		if (plain == ':')
			break;
	}
	return found;
}

static bool
is_port(const char *text)
{
	size_t n = strcspn(text, "/?#"), i;

	if (n > 0 && n <= 5 && strspn(text, DIGITS) >= n)
		return true;
	for (i = 0; i < LENGTH(names); i++)
		if (ascii_equal_n(text, n, names[i]))
			return true;
	return *text == '\0';
}

/* Without brackets: digits and colons, at least two of these. */
static bool
is_ipv6(const char *text)
{
	size_t n = strspn(text, DIGITS "abcdefABCDEF:.");
	const char *colon = memchr(text, ':', n);

	return colon != NULL &&
	    memchr(colon + 1, ':', n - (size_t)(colon + 1 - text)) != NULL &&
	    strcspn(text + n, "%/?#") == 0;
}

/* HOST or HOST:PORT, and nothing else behind a colon. */
static bool
is_host(const char *text)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL, *next;

	if (is_ipv6(*text == '[' && close == NULL ? text + 1 : text))
		return true;
	if (close != NULL &&
	    strspn(text + 1, DIGITS "abcdefABCDEFIPv:.") ==
		strcspn(text + 1, "]%"))
		text = close;
	return find(text, ':', "%3a", &next) == NULL || is_port(next);
}

/* Several of them, with commas between, as they are written by mistake; what
 * follows the first comma would else be a password's. */
static bool
is_hosts(const char *text)
{
	size_t n = strcspn(text, ",");
	char one[LONGEST_HOST];

	if (text[n] == '\0')
		return is_host(text);
	for (;; n = strcspn(text, ",")) {
		if (n >= sizeof(one))
			return false;
		memcpy(one, text, n);
		one[n] = '\0';
		if (!is_host(authority(one)) || strpbrk(one, ".:") == NULL)
			return false;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

static const char *
password_of_host(const char *start, size_t *len)
{
	const char *colon, *password, *at, *host;

	at = find(start, '@', "%40", &host);
	if (at == NULL && is_hosts(start))
		return NULL;
	colon = find(start, ':', "%3a", &password);
	if (colon == NULL)
		return NULL;
	if (at != NULL && at < password) {
		if (is_hosts(host))
			return NULL;
		find(host, ':', "%3a", &password);
	}
	*len = strlen(password);
	if (at != NULL && at >= password && is_host(host))
		*len = (size_t)(at - password);
	return password;
}

const char *
url_command(const char *text)
{
	const char *command = behind(text, "exec:");

	return command != NULL ? command : behind(text, "lmtp+exec:");
}

const char *
url_password(const char *text, size_t *len)
{
	const char *rest = behind(text, "lmtp+"), *slash;

	if (rest == NULL || behind(rest, "//") != NULL)
		rest = text;
	if (behind(rest, "fd:") != NULL) {
		rest += 3;
		*len = strlen(rest);
		return strspn(rest, DIGITS "-") == *len ? NULL : rest;
	}
	if (behind(rest, "unix:") == NULL && behind(rest, "exec:") == NULL)
		return password_of_host(authority(text), len);
	/* A path or a command, unless it looks like a host's URL. */
	slash = behind(rest + 5, "//");
	if (slash != NULL ? *slash == '/'
			  : rest[5] == '/' || behind(rest, "exec:") != NULL)
		return NULL;
	rest = slash != NULL ? slash : rest + 5;
	if (url_command(text) != NULL && strchr(rest, '@') == NULL)
		return NULL;
	return password_of_host(rest, len);
}

bool
url_begins(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon != NULL && colon > text && strncmp(colon, "://", 3) == 0 &&
	    strspn(text,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS
		"+-.") == (size_t)(colon - text);
}

void
url_forget_password(char *text)
{
	const char *password;
	size_t len;

	password = url_password(text, &len);
	if (password != NULL)
		memset(text + (password - text), '*', len);
}
