/*
 * server: what the user named with -S, taken apart.
 *
 * Forms: host, host:port, [v6]:port, v6 (bare, if it has two colons or more),
 * a port by service name, and URLs: smtp:// (25), submission:// (587, STARTTLS
 * demanded), smtps:// submissions:// (465), lmtp:// (24), unix:/path,
 * lmtp+unix:/path, exec:COMMAND, lmtp+exec:COMMAND, fd:N.
 * Plain forms and URLs of our own schemes that need no decoding are split
 * here, strictly; everything else goes to libcurl's CURLU, opened on need.
 *
 * user@ and user:password@ can stand before a host, in a URL or without one.
 *
 * Errors are EX_USAGE, name the text (without its password) and say what is
 * wrong with it; EX_OSERR when a library that is needed cannot be opened.
 * Controls are refused, also as %0d or %00 (but not in a command, which is
 * never decoded).  After an error there is no password to clear.
 */
#ifndef TRANSPORT_SERVER_H
#define TRANSPORT_SERVER_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/secret.h"

enum server_kind { SERVER_TCP, SERVER_UNIX, SERVER_EXEC, SERVER_FD };
enum server_security {
	SERVER_SECURITY_OPEN,	  /* the scheme says nothing */
	SERVER_SECURITY_STARTTLS, /* demanded */
	SERVER_SECURITY_IMPLICIT, /* TLS from the first byte */
};

struct server {
	enum server_kind kind;
	enum server_security security;
	bool lmtp;
	const char *host;    /* TCP: without brackets; U-labels mapped to A;
				a final dot stays (no search list in DNS) */
	unsigned port;	     /* TCP, default filled in */
	const char *path;    /* Unix socket */
	const char *command; /* program */
	int fd;
	const char *user;	/* from the URL, decoded; NULL if none */
	struct secret password; /* from the URL, decoded; the caller clears */
	const char *text;	/* "host:port" or what was given: for reports */
};

/* Strings live in the arena.  default_service is for a host without port and
 * without scheme ("25" or what --tls=implicit asks for, "465"). */
int server_parse(struct arena *, const char *text, const char *default_service,
    struct server *, struct error *);

#endif
