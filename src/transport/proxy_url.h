/*
 * proxy_url: what the user named with --proxy, taken apart.
 *
 * Forms: SCHEME://[USER[:PASSWORD]@]HOST[:PORT], and without a scheme an HTTP
 * proxy, as everywhere.  User and password have escapes (RFC 3986 2.1).
 *
 * Errors are EX_USAGE, name the text without its password and say what is wrong
 * with it; after one there is no password to clear.  Controls are refused, also
 * as %0d or %00.
 */
#ifndef TRANSPORT_PROXY_URL_H
#define TRANSPORT_PROXY_URL_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/secret.h"

enum proxy_kind {
	PROXY_SOCKS4,  /* the server's name is looked up here, as IPv4 */
	PROXY_SOCKS4A, /* … by the proxy */
	PROXY_SOCKS5,  /* … here (RFC 1928) */
	PROXY_SOCKS5H, /* … by the proxy */
	PROXY_HTTP,    /* CONNECT (RFC 9110 9.3.6): by the proxy */
	PROXY_HTTPS,   /* the same over TLS */
};

struct proxy {
	enum proxy_kind kind;
	const char *host;	/* without brackets; U-labels mapped to A */
	unsigned port;		/* default filled in */
	const char *user;	/* NULL if none */
	struct secret password; /* the caller clears */
	const char *text;	/* "socks5h://host:port": for reports */
};

/* Strings live in the arena. */
int proxy_url_parse(
    struct arena *, const char *text, struct proxy *, struct error *);
/* Whether a proxy of this kind is told an address of the server, so that its
 * name is looked up here. */
bool proxy_wants_address(const struct proxy *);
/* Whether it can be given a password. */
bool proxy_takes_password(const struct proxy *);
/* Whether it can lead to this host, as struct server has it; EX_USAGE. */
int proxy_reaches(const struct proxy *, const char *host, struct error *);

#endif
