/*
 * proxy: a connection to a server by way of a proxy (SOCKS4, 4a, 5, 5h, HTTP
 * and HTTPS CONNECT), which libcurl asks for it over a TCP connection of ours.
 *
 * From then on the bytes are the server's; with HTTPS they go through libcurl
 * as long as the connection lives.  The peer is the server: its address is known
 * if it was numeric or looked up here, and it is never `local` nor `untapped`,
 * wherever the proxy is, since what goes in clear leaves the proxy in clear.
 *
 * Errors of open() name the proxy.  EX_TEMPFAIL: it cannot be reached, it closes,
 * it cannot reach the server; EX_NOPERM (77): it wants credentials or refuses
 * them, or its certificate is not good; EX_UNAVAILABLE (69): it refuses to lead
 * there; EX_PROTOCOL (76): what it says is no answer; EX_NOHOST: the server's
 * name, looked up here; EX_OSERR: libcurl is missing.
 */
#ifndef TRANSPORT_PROXY_H
#define TRANSPORT_PROXY_H

#include "transport/proxy_url.h"
#include "transport/tcp.h"

/* All that it points to outlives the transport. */
struct proxy_params {
	const struct proxy *proxy;
	const char *ca_file; /* for its certificate, NULL: the system's */
	struct tcp_params
	    tcp;	  /* to the proxy; its endpoints stay as they are */
	const char *host; /* the server, without brackets */
	unsigned port;
	int family; /* of the server's addresses, if they are looked up here */
};

/* Never fails: errors come from open(). */
struct transport *proxy_new(const struct proxy_params *);

#endif
