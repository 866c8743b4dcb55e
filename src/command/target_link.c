#include "command/target_link.h"

#include <sys/socket.h>

#include "options/option.h"

static int
wanted_family(const struct settings *s)
{
	return s->server.ipv4 ? AF_INET : s->server.ipv6 ? AF_INET6 : AF_UNSPEC;
}

static int
find_interface(struct target *t, const struct settings *s, struct error *err)
{
	const bool named = s->server.interface != NULL;
	const char *text =
	    named ? s->server.interface : s->server.source_address;
	const struct option_row *row =
	    option_by_name(named ? "interface" : "source-address");
	int family = wanted_family(s), own;
	char quoted[OPTION_QUOTED_SIZE];

	if (text == NULL)
		return 0;
	option_quote(text, quoted);
	if (interface_find(&t->interface, text, err) == -1)
		return err->status == EX_USAGE
		    ? option_error(err, row, option_origin(s, row), "%s %s",
			  quoted, err->text)
		    : -1;
	own = interface_family(&t->interface);
	if (family == AF_UNSPEC || own == AF_UNSPEC || own == family)
		return 0;
	return option_error(err, row, option_origin(s, row),
	    "%s has no %s address", quoted,
	    family == AF_INET6 ? "IPv6" : "IPv4");
}

static int
find_header(struct target *t, const struct settings *s, struct error *err)
{
	const struct option_row *row = option_by_name("proxy-protocol");
	const char *text = s->server.proxy_protocol;
	char quoted[OPTION_QUOTED_SIZE];

	if (text == NULL || haproxy_parse(&t->haproxy, text, err) == 0)
		return 0;
	return option_error(err, row, option_origin(s, row), "%s %s",
	    option_quote(text, quoted), err->text);
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
	const char *option = s->server.ipv4 && option_on_argv(s, "ipv4")
	    ? "ipv4"
	    : s->server.ipv6 && option_on_argv(s, "ipv6") ? "ipv6"
	    : option_on_argv(s, "source-address")	  ? "source-address"
	    : option_on_argv(s, "interface")		  ? "interface"
							  : NULL;

	if (option == NULL || is_host(t))
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
	const struct option_row *row = option_by_name("proxy-protocol");
	const struct haproxy *h = &t->haproxy;
	bool half = (h->source.len > 0) != (h->destination.len > 0);
	size_t i;

	for (i = 0; half && i < t->count; i++)
		if (t->servers[i].kind != SERVER_TCP)
			return option_error(err, row, option_origin(s, row),
			    "%s has no addresses: name both, source and "
			    "destination",
			    t->servers[i].text);
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
