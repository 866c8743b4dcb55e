#include "transport/interface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

/* Global addresses go before link-local ones, those before others. */
static void
take_address(struct interface *i, const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	bool linklocal =
	    i->v6.len > 0 && IN6_IS_ADDR_LINKLOCAL(&i->v6.v6.sin6_addr);

	if (address->sa_family == AF_INET && i->v4.len == 0) {
		i->v4.len = sizeof(i->v4.v4);
		memcpy(&i->v4.v4, address, sizeof(i->v4.v4));
	} else if (address->sa_family == AF_INET6 &&
	    (i->v6.len == 0 ||
		(linklocal && !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)))) {
		i->v6.len = sizeof(i->v6.v6);
		memcpy(&i->v6.v6, address, sizeof(i->v6.v6));
	}
}

static int
find_name(struct interface *i, const char *name, struct error *err)
{
	struct ifaddrs *list, *a;
	bool exists = false, up = false;

	if (getifaddrs(&list) == -1)
		return error_set(err, EX_OSERR,
		    "the interfaces cannot be listed: %s", strerror(errno));
	for (a = list; a != NULL; a = a->ifa_next) {
		if (strcmp(a->ifa_name, name) != 0)
			continue;
		exists = true;
		up |= (a->ifa_flags & IFF_UP) != 0;
		if (a->ifa_addr != NULL)
			take_address(i, a->ifa_addr);
	}
	freeifaddrs(list);
	if (!exists)
		return error_set(err, EX_USAGE,
		    "is neither a numeric address nor an interface of this "
		    "host");
	if (!up || (i->v4.len == 0 && i->v6.len == 0))
		return error_set(err, EX_USAGE, "is an interface that %s",
		    up ? "has no address" : "is down");
	strcpy(i->name, name);
	return 0;
}

int
interface_find(struct interface *i, const char *text, struct error *err)
{
	struct endpoint address;

	*i = (struct interface){0};
	if (endpoint_parse(&address, text) == 0) {
		*(address.any.sa_family == AF_INET ? &i->v4 : &i->v6) = address;
		return 0;
	}
	if (strlen(text) < sizeof(i->name))
		return find_name(i, text, err);
	return error_set(err, EX_USAGE,
	    "is neither a numeric address nor an interface of this host");
}

const char *
interface_text(const struct interface *i, char *out)
{
	if (i->name[0] != '\0')
		return i->name;
	endpoint_text(i->v4.len > 0 ? &i->v4 : &i->v6, out);
	return out;
}

int
interface_family(const struct interface *i)
{
	if (i->v4.len > 0 && i->v6.len > 0)
		return AF_UNSPEC;
	return i->v4.len > 0 ? AF_INET : AF_INET6;
}

static int
bind_address(
    const struct endpoint *from, const char *name, int fd, struct error *err)
{
	const int one = 1;
	char text[64];

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(fd, &from->any, from->len) == 0)
		return 0;
	endpoint_text(from, text);
	return error_set(err, EX_OSERR,
	    "cannot send from the address %s%s%s: %s", text,
	    *name != '\0' ? " of " : "", name, strerror(errno));
}

int
interface_bind(const struct interface *i, int fd, int family, struct error *err)
{
	const struct endpoint *from = family == AF_INET ? &i->v4 : &i->v6;

	if (from->len == 0)
		return EAFNOSUPPORT;
	if (i->name[0] == '\0')
		return bind_address(from, i->name, fd, err);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, i->name,
		(socklen_t)strlen(i->name)) == 0)
		return 0;
	if (errno == EPERM)
		return bind_address(from, i->name, fd, err);
	return error_set(err, EX_OSERR, "cannot send from the interface %s: %s",
	    i->name, strerror(errno));
}
