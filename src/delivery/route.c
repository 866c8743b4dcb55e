#include "delivery/route.h"

#include <stdio.h>
#include <string.h>

#include "transport/pipe.h"
#include "transport/proxy.h"

enum { PORT_SMTPS = 465, PORT_SUBMISSION = 587 };

int
route_hop(const struct server *server, enum connection_tls tls, struct hop *hop,
    struct error *err)
{
	*hop = (struct hop){.server = server, .tls = tls};
	hop->policy.name =
	    server->kind == SERVER_TCP ? server->host : "localhost";
	hop->policy.port = server->port;
	hop->tls_demanded = server->port == PORT_SUBMISSION;
	switch (server->security) {
	case SERVER_SECURITY_STARTTLS:
		if (tls == CONNECTION_TLS_IMPLICIT || tls == CONNECTION_TLS_OFF)
			return error_set(err, EX_USAGE,
			    "%s: the URL demands STARTTLS, --tls forbids it",
			    server->text);
		hop->tls = CONNECTION_TLS_STARTTLS;
		break;
	case SERVER_SECURITY_IMPLICIT:
		if (tls == CONNECTION_TLS_STARTTLS || tls == CONNECTION_TLS_OFF)
			return error_set(err, EX_USAGE,
			    "%s: the URL demands TLS from the first byte, "
			    "--tls forbids it",
			    server->text);
		hop->tls = CONNECTION_TLS_IMPLICIT;
		break;
	case SERVER_SECURITY_OPEN:
		/* RFC 8314 7.3: on this port TLS comes first. */
		if (tls == CONNECTION_TLS_AUTO && server->port == PORT_SMTPS)
			hop->tls = CONNECTION_TLS_IMPLICIT;
		break;
	}
	return 0;
}

static bool
is_opportunistic(const struct hop *hop)
{
	return hop->tls == CONNECTION_TLS_AUTO && !hop->tls_demanded &&
	    hop->credentials == NULL;
}

static struct hop *
add_instead(struct route *r, const struct hop *of)
{
	struct hop *instead = &r->hops[r->count++];

	*instead = *of;
	instead->shows_keys = false;
	instead->instead_of_tls = true;
	return instead;
}

void
route_add(struct route *r, const struct hop *hop)
{
	struct hop *added = &r->hops[r->count++];

	*added = *hop;
	if (!is_opportunistic(hop))
		return;
	added->policy.optional = true;
	/* Only a host is far enough away for TLS, and can be called again. */
	if (hop->server->kind != SERVER_TCP)
		return;
	if (hop->shows_keys)
		add_instead(r, added);
	add_instead(r, hop)->tls = CONNECTION_TLS_OFF;
}

bool
hop_is_named(const struct hop *hop, const char *text)
{
	const struct server *server = hop->server;
	const char *name = server->host != NULL ? server->host : server->path;
	size_t n = name != NULL ? strlen(name) : 0;

	return n > 0 && strncmp(text, name, n) == 0 &&
	    strchr(": (", text[n]) != NULL;
}

bool
route_next(struct route *r, const struct error *why, bool handshake,
    const char *address)
{
	struct hop *hop = &r->hops[r->at];
	size_t next = r->at + 1;
	bool instead = next < r->count && r->hops[next].instead_of_tls;

	if (!handshake || !instead) {
		while (next < r->count && r->hops[next].instead_of_tls)
			next++;
		if (why->status != EX_NOHOST && why->status != EX_TEMPFAIL)
			return false;
	}
	if (r->settled || next >= r->count)
		return false;
	hop->failure = *why;
	if (!hop_is_named(hop, why->text))
		error_context(&hop->failure, "%s", hop->server->text);
	snprintf(hop->address, sizeof(hop->address), "%s", address);
	r->at = next;
	return true;
}

void
route_params(const struct hop *hop, struct connection_params *p)
{
	const struct connection_params *own = hop->params;

	if (own == NULL)
		return;
	p->smtp.ehlo_name = own->smtp.ehlo_name;
	p->smtp.mechanism = own->smtp.mechanism;
	p->smtp.without = own->smtp.without;
	p->smtp.without_count = own->smtp.without_count;
	p->auth_in_clear = own->auth_in_clear;
}

int
route_prepare(const struct route *r, struct error *err)
{
	const struct hop *hop = &r->hops[r->at];

	return hop->params != NULL && r->prepare != NULL
	    ? r->prepare(r->prepare_arg, hop, err)
	    : 0;
}

bool
route_fell_back(const struct route *r, size_t i)
{
	return i < r->at && r->hops[i + 1].instead_of_tls &&
	    (r->at == i + 1 || r->hops[i + 1].failure.status != 0);
}

int
route_status(const struct route *r, int last)
{
	size_t i;

	for (i = 0; last == EX_NOHOST && i < r->at; i++)
		if (r->hops[i].failure.status == EX_TEMPFAIL)
			return EX_TEMPFAIL;
	return last;
}

static struct transport *
tcp_transport(const struct hop *hop, const struct tcp_params *tcp)
{
	if (hop->proxy == NULL)
		return tcp_new(tcp);
	return proxy_new(&(struct proxy_params){
	    .proxy = hop->proxy,
	    .ca_file = hop->proxy_ca,
	    .tcp = *tcp,
	    .host = hop->server->host,
	    .port = hop->server->port,
	    .family = hop->family,
	});
}

struct transport *
route_transport(const struct hop *hop, const struct tcp_params *tcp)
{
	const struct server *server = hop->server;
	struct transport *t = NULL;

	switch (server->kind) {
	case SERVER_TCP:
		t = tcp_transport(hop, tcp);
		break;
	case SERVER_UNIX:
		t = unix_new(server->path);
		break;
	case SERVER_EXEC:
		t = pipe_new(server->command);
		break;
	case SERVER_FD:
		t = descriptor_new(server->fd);
		break;
	}
	if (hop->haproxy != NULL)
		t = haproxy_new(hop->haproxy, t);
	if (hop->tls == CONNECTION_TLS_IMPLICIT)
		t = tls_new(t, &hop->policy);
	return t;
}
