/* host: strict checks, and IDNA by GnuTLS. */
#include "transport/host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/buf.h"
#include "lib/printable.h"
#include "transport/gnutls.h"

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

/* The characters of name with every label as a U-label, 0 if it has none. */
static size_t
characters(const struct gnutls *g, const char *name)
{
	gnutls_datum_t out = {0};
	size_t count = 0;
	unsigned i;

	if (g->idna_reverse_map(name, (unsigned)strlen(name), &out, 0) < 0)
		return 0;
	for (i = 0; i < out.size; i++)
		count += (out.data[i] & 0xc0) != 0x80;
	(*g->free)(out.data);
	return count;
}

/* U-labels to A-labels (RFC 5890 2.3.2.1).  Case and width are mapped, but
 * GnuTLS also drops what cannot stand in a name ("a b", a wide slash), and
 * that would be another host: nothing may get lost. */
static int
map_labels(struct arena *arena, const char *name, const char **ascii,
    struct error *err)
{
	struct gnutls g;
	gnutls_datum_t out = {0};

	if (gnutls_open(&g, err) == -1) {
		error_context(err, "an international host name");
		return error_hint(err,
		    "install GnuTLS, or write the name's ASCII form "
		    "(xn--...)");
	}
	if (g.idna_map(name, (unsigned)strlen(name), &out, 0) < 0)
		return error_set(
		    err, EX_USAGE, "not a valid international host name");
	*ascii = arena_memdup(arena, out.data, out.size);
	(*g.free)(out.data);
	if (characters(&g, *ascii) != characters(&g, name))
		return error_set(
		    err, EX_USAGE, "characters that cannot be in a host name");
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
	const char *s, *end = text + strlen(text);
	bool ascii = true;
	uint32_t rune;
	size_t n;

	for (s = text; s < end; s += n) {
		n = printable_utf8(s, (size_t)(end - s), &rune);
		if (n == 0)
			return bad_character(s, err);
		ascii = ascii && n == 1;
	}
	*host = arena_strdup(arena, text);
	if (!ascii && map_labels(arena, text, host, err) == -1)
		return -1;
	n = strspn(*host, LETTERS DIGITS "-_.");
	if ((*host)[n] != '\0')
		return bad_character(*host + n, err);
	if (check_labels(*host, err) == -1)
		return -1;
	return check_numeric(*host, err);
}
