#include "command/target_link.h"

#include <sys/socket.h>

#include "options/option.h"

static int
wanted_family(const struct settings *s)
{
	return s->server.ipv4 ? AF_INET : s->server.ipv6 ? AF_INET6 : AF_UNSPEC;
}

/* The error of an option, found when there is one. */
static int
refuse(const struct settings *s, const char *option, struct error *err,
    const char *text, const char *why)
{
	const struct option_row *row = option_by_name(option);
	char quoted[OPTION_QUOTED_SIZE];

	return option_error(err, row, option_origin(s, row), "%s %s",
	    option_quote(text, quoted), why);
}

static int
find_interface(struct target *t, const struct settings *s, struct error *err)
{
	const char *option =
	    s->server.interface != NULL ? "interface" : "source-address";
	const char *text =
	    s->server.interface != NULL ? s->server.interface : s->server.source_address;
	int family = wanted_family(s), own;
	struct error why;

	if (text == NULL)
		return 0;
	if (interface_find(&t->interface, text, &why) == -1) {
		if (why.status == EX_USAGE)
			return refuse(s, option, err, text, why.text);
		*err = why;
		return -1;
	}
	own = interface_family(&t->interface);
	if (family == AF_UNSPEC || own == AF_UNSPEC || own == family)
		return 0;
	return refuse(s, option, err, text,
	    family == AF_INET6 ? "has no IPv6 address" : "has no IPv4 address");
}

static int
find_header(struct target *t, const struct settings *s, struct error *err)
{
	const char *text = s->server.proxy_protocol;
	struct error why;

	if (text == NULL || haproxy_parse(&t->haproxy, text, &why) == 0)
		return 0;
	return refuse(s, "proxy-protocol", err, text, why.text);
}

static bool
is_host(const struct target *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->servers[i].kind == SERVER_TCP)
			return true;
	return false;
}

/* What is given now for a kind of connection that none of these is. */
static int
check_use(const struct target *t, const struct settings *s, struct error *err)
{
	const char *option = s->server.ipv4    ? "ipv4"
	    : s->server.ipv6		       ? "ipv6"
	    : s->server.source_address != NULL ? "source-address"
	    : s->server.interface != NULL      ? "interface"
					       : NULL;

	if (option == NULL || is_host(t) || !option_on_argv(s, option))
		return 0;
	return error_set(err, EX_USAGE,
	    "--%s: of no use for %s, which is no host", option,
	    t->servers[0].text);
}

/* One address of two says nothing where the connection has none. */
static int
check_header(
    const struct target *t, const struct settings *s, struct error *err)
{
	const struct option_row *row;
	const struct haproxy *h = &t->haproxy;
	bool half = (h->source.len > 0) != (h->destination.len > 0);
	size_t i;

	for (i = 0; half && i < t->count; i++) {
		if (t->servers[i].kind == SERVER_TCP)
			continue;
		row = option_by_name("proxy-protocol");
		return option_error(err, row, option_origin(s, row),
		    "%s has no addresses: name both, source and destination",
		    t->servers[i].text);
	}
	return 0;
}

int
target_link_init(struct target *t, const struct settings *s, struct error *err)
{
	if (check_use(t, s, err) == -1 || find_interface(t, s, err) == -1 ||
	    find_header(t, s, err) == -1)
		return -1;
	return check_header(t, s, err);
}

void
target_link(const struct target *t, const struct settings *s, struct hop *hop)
{
	hop->family = wanted_family(s);
	if (s->server.interface != NULL || s->server.source_address != NULL)
		hop->from = &t->interface;
	hop->haproxy = s->server.proxy_protocol != NULL ? &t->haproxy : NULL;
}
