/*
 * authorize: one authorisation request of a code (RFC 6749 4.1) with PKCE (RFC
 * 7636, S256), and what the browser brings back.  No I/O but for the token.
 *
 * Who else knows our redirect may send anything there: an answer without the
 * state of this request is none at all, and one that comes from another server
 * (RFC 9207) ends the sign-in.
 */
#ifndef OAUTH_AUTHORIZE_H
#define OAUTH_AUTHORIZE_H

#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "oauth/sign_in.h"

enum {
	OAUTH_REDIRECT_SIZE = 64,
	OAUTH_STATE_OCTETS = 16,
	OAUTH_VERIFIER_OCTETS = 32,
	OAUTH_RANDOM_OCTETS = OAUTH_STATE_OCTETS + OAUTH_VERIFIER_OCTETS,
	/* The longest code that is taken, and what goes into a form with it. */
	OAUTH_CODE_MAX = 8 * 1024,
	OAUTH_FORM_MAX = 64 * 1024,
};

struct oauth_authorization {
	const struct oauth_server *server;
	char redirect[OAUTH_REDIRECT_SIZE]; /* as the server is told it */
	char state[24], verifier[44];	    /* both of base64url */
	struct buf url;			    /* for the browser */
};

/* The redirect of a host and a port, as servers compare it: with the path "/",
 * but for localhost, which Microsoft knows without one. */
void oauth_redirect_make(
    enum oauth_redirect, const char *authority, char out[OAUTH_REDIRECT_SIZE]);

/* Whether a browser can be given it: http or https, and nothing but the
 * characters of RFC 3986 2. */
bool oauth_is_url(const char *text);

/* The first line of what a server said, made printable, as much of it as there is
 * room for. */
void oauth_keep_line(char *out, size_t size, const struct buf *said);

/* `random` is unpredictable.  -1 with EX_CONFIG: the server has no authorization
 * endpoint, or there is no client; EX_PROTOCOL: that endpoint is no URL;
 * EX_OSERR.  oauth_authorization_clear in
 * either case. */
int oauth_authorization_init(struct oauth_authorization *,
    const struct oauth_sign_in *, const char *redirect,
    const unsigned char random[OAUTH_RANDOM_OCTETS], struct error *);
/* The same with octets of the kernel's. */
int oauth_authorization_begin(struct oauth_authorization *,
    const struct oauth_sign_in *, const char *redirect, struct error *);
void oauth_authorization_clear(struct oauth_authorization *);

/*
 * Judges the query of the address that the browser was sent to.  0: `code`,
 * empty before and with a maximum, holds one.  1: it is no answer to this
 * request, and err's text says why; the right one may still come.  -1: it is,
 * and no code: EX_NOPERM, EX_TEMPFAIL or EX_PROTOCOL, with a refusal where the
 * server said an error.
 */
int
oauth_authorization_judge(const struct oauth_authorization *, const char *query,
    size_t n, struct buf *code, struct oauth_refusal *, struct error *);
/*
 * The query of an address that somebody has pasted: blanks, line breaks, quotes
 * and angle brackets are dropped, and it may be the query alone.  False: there
 * is none.  `query` is empty before and has a maximum.
 */
bool oauth_authorization_pasted(const char *text, size_t n, struct buf *query);

/* The token that the code stands for, as oauth_token_ask. */
int oauth_authorization_redeem(const struct oauth_authorization *,
    const struct oauth_sign_in *, const struct buf *code, struct oauth_token *,
    struct oauth_refusal *, struct error *);

#endif
