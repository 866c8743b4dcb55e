#include "transport/haproxy.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"

static const char form[] = "v1 or v2, then ',local' or "
			   "',source=ADDRESS:PORT' and "
			   "',destination=ADDRESS:PORT'";

/* "192.0.2.1", "192.0.2.1:25", "2001:db8::1", "[2001:db8::1]:25". */
static int
parse_address(
    const char *name, const char *text, struct endpoint *to, struct error *err)
{
	char address[INET6_ADDRSTRLEN], *end;
	const char *close = strchr(text, ']'), *port = NULL;
	bool bracket = *text == '[' && close != NULL;
	unsigned long n = 0;
	size_t len;

	if (bracket) {
		text++;
		port = close + 1;
	} else {
		port = strchr(text, ':');
		/* A bare IPv6 address has two colons or more. */
		if (port != NULL && strchr(port + 1, ':') != NULL)
			port = NULL;
		close = port != NULL ? port : text + strlen(text);
	}
	len = (size_t)(close - text);
	if (port != NULL && *port == ':' && ascii_is_digit(port[1]))
		n = strtoul(port + 1, &end, 10);
	else
		end = (char *)(uintptr_t)(port != NULL ? port : "");
	if (*end != '\0' || n > UINT16_MAX || len >= sizeof(address))
		return error_set(err, EX_USAGE,
		    "has a %s that is no numeric address with a port", name);
	memcpy(address, text, len);
	address[len] = '\0';
	if (strchr(address, '%') != NULL || endpoint_parse(to, address) == -1 ||
	    (bracket && to->any.sa_family != AF_INET6))
		return error_set(err, EX_USAGE,
		    "has a %s that is no numeric address with a port", name);
	if (to->any.sa_family == AF_INET)
		to->v4.sin_port = htons((in_port_t)n);
	else
		to->v6.sin6_port = htons((in_port_t)n);
	return 0;
}

static int
parse_word(struct haproxy *h, const char *word, struct error *err)
{
	static const char source[] = "source=", destination[] = "destination=";

	if (strcmp(word, "local") == 0 && !h->local) {
		h->local = true;
		return 0;
	}
	if (strncmp(word, source, sizeof(source) - 1) == 0 &&
	    h->source.len == 0)
		return parse_address(
		    "source", word + sizeof(source) - 1, &h->source, err);
	if (strncmp(word, destination, sizeof(destination) - 1) == 0 &&
	    h->destination.len == 0)
		return parse_address("destination",
		    word + sizeof(destination) - 1, &h->destination, err);
	return error_set(err, EX_USAGE, "is not %s", form);
}

int
haproxy_parse(struct haproxy *h, const char *text, struct error *err)
{
	char word[128];
	size_t n = strcspn(text, ",");

	*h = (struct haproxy){0};
	if (n == 2 && text[0] == 'v' && (text[1] == '1' || text[1] == '2'))
		h->version = text[1] - '0';
	else
		return error_set(err, EX_USAGE, "is not %s", form);
	for (text += n; *text == ','; text += n) {
		n = strcspn(++text, ",");
		if (n >= sizeof(word))
			return error_set(err, EX_USAGE, "is not %s", form);
		memcpy(word, text, n);
		word[n] = '\0';
		if (parse_word(h, word, err) == -1)
			return -1;
	}
	if (h->local && (h->source.len > 0 || h->destination.len > 0))
		return error_set(err, EX_USAGE,
		    "has addresses, of which local says nothing");
	return 0;
}

/* What is said of a connection. */
struct header {
	int family; /* AF_UNSPEC: nothing */
	struct in6_addr source, destination;
	in_port_t source_port, destination_port; /* in network order */
};

/* The one that is given, else the connection's own. */
static struct endpoint
known(const struct endpoint *given, const char *address, uint16_t port)
{
	struct endpoint e;

	if (given->len > 0)
		return *given;
	if (address[0] == '\0' || endpoint_parse(&e, address) == -1)
		return (struct endpoint){0};
	if (e.any.sa_family == AF_INET)
		e.v4.sin_port = htons(port);
	else
		e.v6.sin6_port = htons(port);
	return e;
}

/* As the other side's family has it: IPv4 in the last four bytes. */
static void
take(const struct endpoint *e, struct in6_addr *address, in_port_t *port)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (e->any.sa_family == AF_INET6) {
		*address = e->v6.sin6_addr;
		*port = e->v6.sin6_port;
		return;
	}
	memcpy(address->s6_addr, mapped, sizeof(mapped));
	memcpy(address->s6_addr + 12, &e->v4.sin_addr, 4);
	*port = e->v4.sin_port;
}

static struct header
describe(const struct haproxy *h, const struct transport_peer *peer)
{
	struct endpoint source =
	    known(&h->source, peer->local_address, peer->local_port);
	struct endpoint destination =
	    known(&h->destination, peer->address, peer->port);
	struct header header = {.family = AF_UNSPEC};

	if (h->local || source.len == 0 || destination.len == 0)
		return header;
	header.family = source.any.sa_family == AF_INET &&
		destination.any.sa_family == AF_INET
	    ? AF_INET
	    : AF_INET6;
	take(&source, &header.source, &header.source_port);
	take(&destination, &header.destination, &header.destination_port);
	return header;
}

static void
put_text(const struct header *h, struct buf *out)
{
	const char *s[2];
	char text[2][64];
	struct endpoint e;
	int i;

	if (h->family == AF_UNSPEC) {
		buf_puts(out, "PROXY UNKNOWN");
		return;
	}
	for (i = 0; i < 2; i++) {
		const struct in6_addr *a =
		    i == 0 ? &h->source : &h->destination;

		e = (struct endpoint){.len = 1};
		e.any.sa_family = (sa_family_t)h->family;
		if (h->family == AF_INET)
			memcpy(&e.v4.sin_addr, a->s6_addr + 12, 4);
		else
			e.v6.sin6_addr = *a;
		endpoint_text(&e, text[i]);
		s[i] = text[i];
	}
	buf_printf(out, "PROXY TCP%d %s %s %u %u", h->family == AF_INET ? 4 : 6,
	    s[0], s[1], ntohs(h->source_port), ntohs(h->destination_port));
}

/* Version 2: signature, version and command, family and protocol, length, and
 * the addresses. */
static void
put_bytes(const struct header *h, bool local, struct buf *out)
{
	static const char signature[12] = {
	    '\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
	const size_t address = h->family == AF_UNSPEC ? 0
	    : h->family == AF_INET		      ? 4
						      : 16;

	buf_append(out, signature, sizeof(signature));
	buf_putc(out, local ? 0x20 : 0x21);
	buf_putc(out, address == 0 ? 0x00 : address == 4 ? 0x11 : 0x21);
	buf_putc(out, 0);
	buf_putc(out, (char)(address > 0 ? 2 * address + 4 : 0));
	if (address == 0)
		return;
	buf_append(
	    out, (const char *)h->source.s6_addr + 16 - address, address);
	buf_append(
	    out, (const char *)h->destination.s6_addr + 16 - address, address);
	buf_append(out, (const char *)&h->source_port, 2);
	buf_append(out, (const char *)&h->destination_port, 2);
}

void
haproxy_header(
    const struct haproxy *h, const struct transport_peer *peer, struct buf *out)
{
	const struct header header = describe(h, peer);

	if (h->version == 2) {
		put_bytes(&header, h->local, out);
		return;
	}
	put_text(&header, out);
	buf_puts(out, "\r\n");
}

void
haproxy_text(
    const struct haproxy *h, const struct transport_peer *peer, struct buf *out)
{
	const struct header header = describe(h, peer);

	if (h->version == 2 && h->local)
		buf_puts(out, "PROXY LOCAL");
	else
		put_text(&header, out);
	buf_printf(out, " (version %d)", h->version);
}

struct fronted {
	struct transport base;
	struct transport *below;
	const struct haproxy *haproxy;
	struct buf header; /* empty until below is open */
	size_t sent;	   /* of it */
};

static int
fronted_open(struct transport *base, struct error *err)
{
	struct fronted *f = (struct fronted *)base;
	struct iovec rest;
	ssize_t n;
	int r;

	if (f->header.len == 0) {
		r = f->below->ops->open(f->below, err);
		if (r != 0)
			return r;
		base->peer = f->below->peer;
		haproxy_header(f->haproxy, &base->peer, &f->header);
	}
	while (f->sent < f->header.len) {
		rest = (struct iovec){
		    f->header.data + f->sent, f->header.len - f->sent};
		n = f->below->ops->send(f->below, &rest, 1, err);
		if (n < 0)
			return (int)n;
		f->sent += (size_t)n;
	}
	return 0;
}

static ssize_t
fronted_send(
    struct transport *base, const struct iovec *iov, int n, struct error *err)
{
	struct fronted *f = (struct fronted *)base;

	return f->below->ops->send(f->below, iov, n, err);
}

static ssize_t
fronted_recv(struct transport *base, void *buf, size_t n, struct error *err)
{
	struct fronted *f = (struct fronted *)base;

	return f->below->ops->recv(f->below, buf, n, err);
}

static short
fronted_wants(const struct transport *base, int *fd)
{
	const struct fronted *f = (const struct fronted *)base;

	return f->below->ops->wants(f->below, fd);
}

static void
fronted_free(struct transport *base)
{
	struct fronted *f = (struct fronted *)base;

	transport_free(f->below);
	buf_clear(&f->header);
	free(f);
}

struct transport *
haproxy_new(const struct haproxy *h, struct transport *below)
{
	static const struct transport_ops ops = {
	    .name = "haproxy",
	    .open = fronted_open,
	    .send = fronted_send,
	    .recv = fronted_recv,
	    .wants = fronted_wants,
	    .free = fronted_free,
	};
	struct fronted *f = memory_alloc(sizeof(*f));

	f->base.ops = &ops;
	f->base.peer = below->peer;
	f->below = below;
	f->haproxy = h;
	return &f->base;
}
