#include "transport/proxy.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "transport/dial.h"
#include "transport/resolve.h"

enum stage { BEGIN, LOOK_UP, CONNECT, DIAL, OPEN };

struct proxied {
	struct transport base;
	struct proxy_params params;
	enum stage stage;
	/* Addresses of the server, where the proxy wants one: tried in turn. */
	struct resolve *look_up;
	const struct endpoint *addresses;
	int address_count, next;
	char address[64]; /* the one that is tried, or "" */
	struct endpoint endpoints[ENDPOINTS_MAX]; /* of the proxy, this time */
	struct transport *below;
	struct curl_library curl;
	struct dial *dial; /* NULL when it is not needed (any more) */
	bool digest;
	bool congested; /* the last send through the dial would have blocked */
};

static int
named(const struct proxied *p, struct error *err)
{
	return error_context(err, "proxy %s", p->params.proxy->text);
}

static int
begin(struct proxied *p, struct error *err)
{
	struct endpoint numeric;
	int family = p->params.family;

	if (curl_open(&p->curl, err) == -1)
		return error_context(err, "a proxy needs libcurl");
	if (!proxy_wants_address(p->params.proxy)) {
		if (endpoint_parse(&numeric, p->params.host) == 0)
			endpoint_text(&numeric, p->address);
		p->stage = CONNECT;
		return 0;
	}
	if (p->params.proxy->kind == PROXY_SOCKS4)
		family = AF_INET;
	p->look_up =
	    resolve_endpoints(p->params.host, p->params.port, family, err);
	if (p->look_up == NULL)
		return -1;
	p->stage = LOOK_UP;
	return 0;
}

static int
look_up(struct proxied *p, struct error *err)
{
	int n = resolve_found(p->look_up, &p->addresses, err);

	if (n == TRANSPORT_AGAIN)
		return n;
	if (n < 0)
		return err->status == EX_USAGE
		    ? -1
		    : error_hint(err, "%s has the proxy look the name up",
			  p->params.proxy->kind == PROXY_SOCKS4 ? "socks4a://"
								: "socks5h://");
	p->address_count = n;
	endpoint_text(&p->addresses[0], p->address);
	p->stage = CONNECT;
	return 0;
}

static void
hang_up(struct proxied *p)
{
	dial_free(p->dial);
	transport_free(p->below);
	p->dial = NULL;
	p->below = NULL;
}

static int
connect_to_proxy(struct proxied *p, struct error *err)
{
	struct tcp_params tcp = p->params.tcp;
	struct dial_params dial = {
	    .curl = &p->curl,
	    .proxy = p->params.proxy,
	    .ca_file = p->params.ca_file,
	    .host = proxy_wants_address(p->params.proxy) ? p->address
							 : p->params.host,
	    .port = p->params.port,
	    .digest = p->digest,
	};
	int r;

	if (p->below == NULL) {
		memcpy(p->endpoints, tcp.endpoints,
		    tcp.count * sizeof(*tcp.endpoints));
		tcp.endpoints = p->endpoints;
		p->below = tcp_new(&tcp);
	}
	r = p->below->ops->open(p->below, err);
	if (r != 0)
		return r == TRANSPORT_AGAIN ? r : named(p, err);
	p->below->ops->wants(p->below, &dial.fd);
	dial.address = p->below->peer.address;
	p->dial = dial_new(&dial, err);
	if (p->dial == NULL) {
		hang_up(p);
		return named(p, err);
	}
	p->stage = DIAL;
	return 0;
}

/* After a failure: whether another way is left to be tried. */
static bool
is_worth_another(struct proxied *p, const struct error *err)
{
	if (!p->digest && p->params.proxy->user != NULL &&
	    dial_wants_digest(p->dial)) {
		p->digest = true;
		return true;
	}
	if (err->status != EX_TEMPFAIL || p->next + 1 >= p->address_count)
		return false;
	endpoint_text(&p->addresses[++p->next], p->address);
	return true;
}

static void
fill_peer(struct proxied *p)
{
	struct transport_peer *peer = &p->base.peer;

	memcpy(peer->address, p->address, sizeof(peer->address));
	memcpy(peer->local_address, p->below->peer.local_address,
	    sizeof(peer->local_address));
	peer->local_port = p->below->peer.local_port;
	peer->port = (uint16_t)p->params.port;
}

static int
dial(struct proxied *p, struct error *err)
{
	int r = dial_step(p->dial, err);

	if (r == TRANSPORT_AGAIN)
		return r;
	if (r < 0) {
		bool another = is_worth_another(p, err);

		hang_up(p);
		p->stage = CONNECT;
		return another ? 0 : named(p, err);
	}
	fill_peer(p);
	p->stage = OPEN;
	if (p->params.proxy->kind == PROXY_HTTPS)
		return 0;
	dial_free(p->dial);
	p->dial = NULL;
	return 0;
}

static int
proxy_open(struct transport *base, struct error *err)
{
	struct proxied *p = (struct proxied *)base;
	int r = 0;

	while (r == 0 && p->stage != OPEN) {
		switch (p->stage) {
		case BEGIN:
			r = begin(p, err);
			break;
		case LOOK_UP:
			r = look_up(p, err);
			break;
		case CONNECT:
			r = connect_to_proxy(p, err);
			break;
		case DIAL:
			r = dial(p, err);
			break;
		case OPEN:
			break;
		}
	}
	return r;
}

static ssize_t
proxy_send(
    struct transport *base, const struct iovec *iov, int n, struct error *err)
{
	struct proxied *p = (struct proxied *)base;
	ssize_t r;

	if (p->dial == NULL)
		return p->below->ops->send(p->below, iov, n, err);
	while (n > 1 && iov->iov_len == 0) {
		iov++;
		n--;
	}
	r = dial_send(p->dial, iov->iov_base, iov->iov_len, err);
	p->congested = r == TRANSPORT_AGAIN;
	return r;
}

static ssize_t
proxy_recv(struct transport *base, void *buf, size_t n, struct error *err)
{
	struct proxied *p = (struct proxied *)base;

	if (p->dial == NULL)
		return p->below->ops->recv(p->below, buf, n, err);
	return dial_recv(p->dial, buf, n, err);
}

static short
proxy_wants(const struct transport *base, int *fd)
{
	const struct proxied *p = (const struct proxied *)base;
	short events = POLLIN;

	*fd = -1;
	if (p->stage == LOOK_UP)
		*fd = resolve_fd(p->look_up);
	else if (p->stage == DIAL)
		*fd = dial_fd(p->dial);
	else if (p->below != NULL)
		events = p->below->ops->wants(p->below, fd);
	return p->congested ? events | POLLOUT : events;
}

static void
proxy_free(struct transport *base)
{
	struct proxied *p = (struct proxied *)base;

	hang_up(p);
	resolve_free(p->look_up);
	free(p);
}

struct transport *
proxy_new(const struct proxy_params *params)
{
	static const struct transport_ops ops = {
	    .name = "proxy",
	    .open = proxy_open,
	    .send = proxy_send,
	    .recv = proxy_recv,
	    .wants = proxy_wants,
	    .free = proxy_free,
	};
	struct proxied *p = memory_alloc(sizeof(*p));

	p->base.ops = &ops;
	p->base.peer.proxy = params->proxy->text;
	p->params = *params;
	return &p->base;
}
