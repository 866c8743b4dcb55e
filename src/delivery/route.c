#include "delivery/route.h"

#include "transport/pipe.h"
#include "transport/tcp.h"

enum { PORT_SMTPS = 465, PORT_SUBMISSION = 587 };

int
route_hop(const struct server *server, enum connection_tls tls, struct hop *hop,
    struct error *err)
{
	*hop = (struct hop){.server = server, .tls = tls};
	hop->tls_name = server->kind == SERVER_TCP ? server->host : "localhost";
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
route_transport(const struct hop *hop, const struct hop_params *p)
{
	const struct server *server = hop->server;
	struct tls_policy policy = *p->policy;
	struct transport *t = NULL;

	switch (server->kind) {
	case SERVER_TCP:
		t = tcp_new(&(struct tcp_params){
		    .host = server->host,
		    .service = server->service,
		    .family = p->family,
		    .source = p->source,
		    .skip = p->skip,
		    .skip_count = p->skip_count,
		});
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
	policy.name = hop->tls_name;
	if (hop->tls == CONNECTION_TLS_IMPLICIT)
		t = tls_new(t, &policy);
	return t;
}

bool
route_has_more(const struct hop *hop, const struct transport *bottom)
{
	return hop->server->kind == SERVER_TCP && tcp_untried(bottom) > 0;
}
