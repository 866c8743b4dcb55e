/*
 * server: an authorisation server (RFC 6749), what it offers, and who we are to
 * it.
 *
 * Strings live in the arena of whoever filled it.
 */
#ifndef OAUTH_SERVER_H
#define OAUTH_SERVER_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/http.h"
#include "lib/secret.h"

/* What a loopback redirect (RFC 8252 7.3) is called; some servers compare it. */
enum oauth_redirect {
	OAUTH_REDIRECT_IP, /* http://127.0.0.1:PORT/, else http://[::1]:PORT/ */
	OAUTH_REDIRECT_NAME, /* http://localhost:PORT */
};

struct oauth_server {
	const char *issuer; /* RFC 9207; NULL: it is not known */
	/* NULL: it has none.  All are of http_url_is_safe. */
	const char *authorization_endpoint, *token_endpoint;
	const char *device_endpoint, *registration_endpoint;
	const char *revocation_endpoint;
	const char *scope; /* what is asked for; NULL: nothing is named */
	enum oauth_redirect redirect;
	bool says_issuer; /* authorization_response_iss_parameter_supported */
};

/* The app that the server knows (RFC 6749 2.2). */
struct oauth_client {
	const char *id;	      /* NULL: there is none yet */
	struct secret secret; /* bytes NULL: a public client.  The owner clears
				 it. */
};

/*
 * Fills in what the metadata of the issuer says (RFC 8414 3, then OpenID
 * Connect Discovery 4): its `issuer` must be the one asked for, endpoints
 * that are not safe are an error, fields that are set already stay.  A server
 * that says that it knows no S256 is refused.  -1: as http_fetch, or EX_CONFIG
 * (there is no metadata, or not what it must be).
 */
int oauth_discover(const struct http_params *, const char *issuer,
    struct arena *, struct oauth_server *, struct error *);
/* Registers us there as a public native client (RFC 7591) for all our ways to
 * sign in: client->id. */
int oauth_register(const struct http_params *, const struct oauth_server *,
    struct arena *, struct oauth_client *, struct error *);

#endif
