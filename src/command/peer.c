#include "command/peer.h"

void
peer_add(struct peer *c, struct delivery *d)
{
	const struct connection_figures *f = delivery_figures(d);
	size_t i;

	/* A later attempt that met nobody does not make the first undone. */
	if (delivery_peer(d)->address[0] != '\0' ||
	    c->peer.address[0] == '\0') {
		c->peer = *delivery_peer(d);
		c->secure = delivery_tls(d) != NULL;
		if (c->secure)
			c->tls = *delivery_tls(d);
	}
	for (i = 0; i < REPORT_PHASES; i++)
		c->figures.phase_us[i] += f->phase_us[i];
	c->figures.round_trips += f->round_trips;
}

void
peer_report(const struct peer *c, const struct target *t,
    const struct process *process, struct report *r)
{
	r->program = process->name;
	r->server = t->server.text;
	r->host = t->server.host != NULL ? t->server.host : "";
	r->has_user = t->credentials.user != NULL;
	r->address = c->peer.address;
	r->port = c->peer.port;
	r->tls_version = c->secure ? c->tls.version : NULL;
	r->tls_cipher = c->secure ? c->tls.cipher : NULL;
	r->round_trips = c->figures.round_trips;
	r->phase_us = c->figures.phase_us;
}
