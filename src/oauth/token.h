/*
 * token: what a token endpoint gives (RFC 6749 5), and what it says when it does
 * not.
 */
#ifndef OAUTH_TOKEN_H
#define OAUTH_TOKEN_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/secret.h"
#include "oauth/server.h"

struct oauth_token {
	struct secret access;
	struct secret refresh; /* bytes NULL: none came */
	int64_t obtained_s;    /* by the wall clock, before it was asked for */
	int64_t lifetime_s;    /* expires_in; 0: it did not say */
	char scope[1024];      /* "": the one asked for */
};

/* An error of RFC 6749 5.2, RFC 8628 3.5 or 6749 4.1.2.1, made printable. */
struct oauth_refusal {
	char error[64];	       /* "invalid_grant"; "": the server said none */
	char description[512]; /* first line of it, or "" */
	int64_t retry_after_s; /* -1: not said */
};

/* "invalid_grant (The token was revoked)", appended to err's text as all errors
 * of OAuth are shown. */
int oauth_refused(
    const struct oauth_refusal *, int status, const char *who, struct error *);

/*
 * Asks the token endpoint.  `form` holds the grant (form.h) and what belongs to
 * it; client_id and, if there is one, client_secret are added.  No redirect is
 * followed.  0: `token` is filled, wiped by oauth_token_clear; a token that is no
 * Bearer token, or has signs that none has, is none.
 * -1: the refusal is filled or empty, and the error as http_fetch, or EX_NOPERM
 * (the server said no), EX_TEMPFAIL (5xx, 429, temporarily_unavailable,
 * server_error), EX_PROTOCOL (no such answer).
 */
int oauth_token_ask(const struct http_params *, const struct oauth_server *,
    const struct oauth_client *, struct buf *form, struct oauth_token *,
    struct oauth_refusal *, struct error *);
void oauth_token_clear(struct oauth_token *);

/* Tells the server that the token is not used any more (RFC 7009); refresh token
 * if there is one, else the access token. */
int oauth_revoke(const struct http_params *, const struct oauth_server *,
    const struct oauth_client *, const struct oauth_token *, struct error *);

#endif
