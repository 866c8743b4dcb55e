/* host: strict checks; IDNA is lib/idna's. */
#include "transport/host.h"

#include "transport/endpoint.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/idna.h"
#include "lib/printable.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum {
	NAME_LENGTH = 253, /* RFC 1035 2.3.4, without the length bytes */
	LABEL_LENGTH = 63,
};

int
host_literal(struct arena *arena, const char *text, size_t n, bool url,
    const char **host, struct error *err)
{
	const char *zone = n > 0 ? memchr(text, '%', n) : NULL;
	size_t length = zone != NULL ? (size_t)(zone - text) : n, zone_length;
	char address[INET6_ADDRSTRLEN] = "";
	unsigned char bytes[16];

	if (length < sizeof(address))
		memcpy(address, text, length);
	if (inet_pton(AF_INET6, address, bytes) != 1)
		return error_set(err, EX_USAGE, "not an IPv6 address");
	*host = arena_strdup(arena, address);
	if (zone == NULL)
		return 0;
	zone++;
	zone_length = n - length - 1;
	if (url && zone_length > 2 && strncmp(zone, "25", 2) == 0) {
		zone += 2;
		zone_length -= 2;
	}
	if (zone_length == 0 ||
	    strspn(zone, LETTERS DIGITS "-._") < zone_length)
		return error_set(err, EX_USAGE, "bad zone behind '%%'");
	*host =
	    arena_printf(arena, "%s%%%.*s", address, (int)zone_length, zone);
	return 0;
}

/* A name whose last label is a number can only be an IPv4 address; the short,
 * octal and hexadecimal forms that getaddrinfo takes are traps (RFC 6943
 * 3.1.1). */
static int
check_numeric(const char *name, struct error *err)
{
	const char *last = strrchr(name, '.'), *digits = DIGITS;
	unsigned char bytes[4];
	size_t skip = 0;

	last = last != NULL ? last + 1 : name;
	if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X')) {
		digits = DIGITS "abcdefABCDEF";
		skip = 2;
	}
	if (last[strspn(last + skip, digits) + skip] != '\0' ||
	    last[0] == '\0' || inet_pton(AF_INET, name, bytes) == 1)
		return 0;
	error_set(err, EX_USAGE, "neither a host name nor an IPv4 address");
	if (last == name && skip == 0)
		error_hint(err, "a port goes behind the host: HOST:%s", name);
	return -1;
}

static int
check_labels(const char *name, struct error *err)
{
	size_t total = strlen(name), n;
	const char *label;

	if (total > 1 && name[total - 1] == '.')
		total--;
	if (total > NAME_LENGTH)
		return error_set(err, EX_USAGE,
		    "a host name has at most %d characters", NAME_LENGTH);
	for (label = name; label <= name + total; label += n + 1) {
		n = strcspn(label, ".");
		if (n == 0)
			return error_set(
			    err, EX_USAGE, "empty label in the host name");
		if (n > LABEL_LENGTH)
			return error_set(err, EX_USAGE,
			    "a label of the host "
			    "name has at most %d characters",
			    LABEL_LENGTH);
		if (label[0] == '-' || label[n - 1] == '-')
			return error_set(err, EX_USAGE,
			    "'-' at the %s of a "
			    "label of the host name",
			    label[0] == '-' ? "start" : "end");
		if (label + n == name + total)
			break;
	}
	return 0;
}

/* EX_USAGE, naming the character at s. */
static int
bad_character(const char *s, struct error *err)
{
	struct buf b = BUF_WITH_MAX(0);
	uint32_t rune;
	size_t n = printable_utf8(s, strlen(s), &rune);

	printable_append(&b, s, n > 0 ? n : 1);
	error_set(
	    err, EX_USAGE, "'%s' cannot be in a host name", buf_string(&b));
	buf_clear(&b);
	return -1;
}

int
host_name(
    struct arena *arena, const char *text, const char **host, struct error *err)
{
	size_t place, n;

	if (idna_to_ascii(arena, text, host, &place, err) == -1)
		return -1;
	n = strspn(*host, LETTERS DIGITS "-_.");
	if ((*host)[n] != '\0')
		return bad_character(*host + n, err);
	if (check_labels(*host, err) == -1)
		return -1;
	return check_numeric(*host, err);
}

bool
host_is_localhost(const char *host)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len == sizeof(suffix) - 2)
		return ascii_equal_n(host, len, suffix + 1);
	return len >= sizeof(suffix) &&
	    ascii_equal_bytes(
		host + len - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1);
}

bool
host_is_here(const char *host)
{
	struct endpoint numeric;

	return host_is_localhost(host) ||
	    (endpoint_parse(&numeric, host) == 0 &&
		endpoint_is_loopback(&numeric));
}
