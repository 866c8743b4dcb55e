#include "delivery/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "transport/resolve.h"

enum { OTHERS_MAX = 16 }; /* connected to after the first address, at most */

static int
begin_look_up(struct addresses *a, const struct hop *hop, struct error *err)
{
	const struct server *server = hop->server;
	const struct proxy *proxy = hop->proxy;
	int family = hop->family;

	if (family == AF_UNSPEC && hop->from != NULL)
		family = interface_family(hop->from);
	a->look_up =
	    resolve_endpoints(proxy != NULL ? proxy->host : server->host,
		proxy != NULL ? proxy->port : server->port, family, err);
	return a->look_up != NULL ? 0 : -1;
}

/* Nobody asked for this family by its name. */
static void
hint_at_interface(const struct hop *hop, struct error *err)
{
	int family = hop->from != NULL && hop->family == AF_UNSPEC
	    ? interface_family(hop->from)
	    : AF_UNSPEC;
	char text[64];

	if (family != AF_UNSPEC)
		error_hint(err, "%s, from where it is called, has only %s",
		    interface_text(hop->from, text),
		    family == AF_INET6 ? "IPv6" : "IPv4");
}

int
addresses_find(struct addresses *a, const struct hop *hop, struct error *err)
{
	const struct endpoint *found;
	int n;

	if (a->look_up == NULL && begin_look_up(a, hop, err) == -1)
		return -1;
	n = resolve_found(a->look_up, &found, err);
	if (n == TRANSPORT_ERROR)
		hint_at_interface(hop, err);
	if (n < 0)
		return n;
	a->endpoints = memory_alloc((size_t)n * sizeof(*found));
	memcpy(a->endpoints, found, (size_t)n * sizeof(*found));
	a->count = (unsigned)n;
	resolve_free(a->look_up);
	a->look_up = NULL;
	return 0;
}

int
addresses_fd(const struct addresses *a)
{
	return resolve_fd(a->look_up);
}

bool
addresses_go_on(const struct addresses *a)
{
	unsigned i, connected = 0, untried = 0;

	for (i = 0; i < a->count; i++) {
		connected += a->endpoints[i].connected;
		untried +=
		    !a->endpoints[i].connected && a->endpoints[i].error == 0;
	}
	return untried > 0 && connected <= OTHERS_MAX;
}

/* The one of this numeric address; count: it is none of them. */
static unsigned
find_endpoint(const struct addresses *a, const char *address)
{
	char text[64];
	unsigned i;

	for (i = 0; i < a->count; i++) {
		endpoint_text(&a->endpoints[i], text);
		if (strcmp(text, address) == 0)
			break;
	}
	return i;
}

void
addresses_retry(struct addresses *a, const char *address)
{
	unsigned i = find_endpoint(a, address);

	if (i < a->count)
		a->endpoints[i].connected = false;
	else
		for (i = 0; i < a->count; i++)
			a->endpoints[i].connected = false;
}

void
addresses_leave(
    struct addresses *a, const char *address, const struct error *why)
{
	unsigned i = find_endpoint(a, address);

	if (i < a->count)
		a->endpoints[i].left = arena_strdup(&a->arena, why->text);
}

void
addresses_forget(struct addresses *a)
{
	resolve_free(a->look_up);
	free(a->endpoints);
	a->look_up = NULL;
	a->endpoints = NULL;
	a->count = 0;
}

void
addresses_clear(struct addresses *a)
{
	addresses_forget(a);
	arena_clear(&a->arena);
}
