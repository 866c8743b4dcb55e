#include "transport/endpoint.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

int
endpoint_parse(struct endpoint *a, const char *text)
{
	char plain[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "%");

	*a = (struct endpoint){0};
	if (n < sizeof(plain) && text[n] == '%') {
		/* RFC 4007 11: a link-local address with its zone. */
		memcpy(plain, text, n);
		plain[n] = '\0';
		a->v6.sin6_scope_id = if_nametoindex(text + n + 1);
		if (a->v6.sin6_scope_id == 0)
			return -1;
		text = plain;
	} else if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->len = sizeof(a->v4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->len = sizeof(a->v6);
	}
	return a->len > 0 ? 0 : -1;
}

void
endpoint_text(const struct endpoint *a, char *text)
{
	const void *raw = a->any.sa_family == AF_INET6
	    ? (const void *)&a->v6.sin6_addr
	    : (const void *)&a->v4.sin_addr;

	if (inet_ntop(a->any.sa_family, raw, text, 64) == NULL)
		text[0] = '\0';
}

unsigned
endpoint_port(const struct endpoint *a)
{
	return ntohs(
	    a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

bool
endpoint_is_loopback(const struct endpoint *a)
{
	const struct in6_addr *v6 = &a->v6.sin6_addr;

	if (a->any.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	return a->any.sa_family == AF_INET6 &&
	    (IN6_IS_ADDR_LOOPBACK(v6) ||
		(IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127));
}
