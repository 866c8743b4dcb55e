#include "transport/bypass.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "transport/endpoint.h"

enum { ENTRY_MAX = 256 };

static const char separators[] = ", \t";

/* The octets of an address, their number in *n. */
static const unsigned char *
octets(const struct endpoint *a, size_t *n)
{
	if (a->any.sa_family == AF_INET6) {
		*n = sizeof(a->v6.sin6_addr);
		return (const unsigned char *)&a->v6.sin6_addr;
	}
	*n = sizeof(a->v4.sin_addr);
	return (const unsigned char *)&a->v4.sin_addr;
}

static bool
same_network(const struct endpoint *a, const struct endpoint *b, size_t bits)
{
	size_t n, m;
	const unsigned char *x = octets(a, &n), *y = octets(b, &m);
	unsigned rest = (unsigned)bits % 8;

	if (n != m || bits > 8 * n || memcmp(x, y, bits / 8) != 0)
		return false;
	return rest == 0 || (x[bits / 8] ^ y[bits / 8]) >> (8 - rest) == 0;
}

/* ADDRESS, [ADDRESS] or ADDRESS/BITS. */
static bool
lists_address(char *entry, const struct endpoint *host)
{
	struct endpoint network;
	char *slash = strchr(entry, '/'), *end;
	unsigned long bits = host->any.sa_family == AF_INET6 ? 128 : 32;
	size_t n;

	if (slash != NULL) {
		*slash++ = '\0';
		if (!ascii_is_digit(*slash))
			return false;
		bits = strtoul(slash, &end, 10);
		if (*end != '\0')
			return false;
	}
	n = strlen(entry);
	if (n > 2 && entry[0] == '[' && entry[n - 1] == ']') {
		entry[n - 1] = '\0';
		entry++;
	}
	return endpoint_parse(&network, entry) == 0 &&
	    same_network(&network, host, bits);
}

/* A final dot is not told. */
static size_t
name_length(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '.' ? n - 1 : n;
}

static bool
lists_name(const char *entry, const char *host)
{
	size_t n, m = name_length(host);

	entry += *entry == '.';
	n = name_length(entry);
	return n > 0 && n <= m && ascii_equal_bytes(entry, host + m - n, n) &&
	    (n == m || host[m - n - 1] == '.');
}

bool
bypass_lists(const char *list, const char *host)
{
	struct endpoint address;
	bool numeric = endpoint_parse(&address, host) == 0;
	char entry[ENTRY_MAX];
	size_t n;

	for (; *list != '\0'; list += n) {
		list += strspn(list, separators);
		n = strcspn(list, separators);
		if (n == 0 || n >= sizeof(entry))
			continue;
		memcpy(entry, list, n);
		entry[n] = '\0';
		if (strcmp(entry, "*") == 0 ||
		    (numeric ? lists_address(entry, &address)
			     : lists_name(entry, host)))
			return true;
	}
	return false;
}
