#include "delivery/route.h"

#include "transport/pipe.h"

enum { PORT_SMTPS = 465, PORT_SUBMISSION = 587 };

int
route_hop(const struct server *server, enum connection_tls tls, struct hop *hop,
    struct error *err)
{
	*hop = (struct hop){.server = server, .tls = tls};
	hop->policy.name =
	    server->kind == SERVER_TCP ? server->host : "localhost";
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

struct transport *
route_transport(const struct hop *hop, const struct tcp_params *tcp)
{
	const struct server *server = hop->server;
	struct transport *t = NULL;

	switch (server->kind) {
	case SERVER_TCP:
		t = tcp_new(tcp);
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
	if (hop->tls == CONNECTION_TLS_IMPLICIT)
		t = tls_new(t, &hop->policy);
	return t;
}
