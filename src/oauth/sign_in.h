/*
 * sign_in: the ways in which a person lets us sign in for him.
 *
 *	authorize.c	code with PKCE: the address, and what comes back
 *	listener.c	hears the browser on loopback (RFC 8252 7.3)
 *	request.c	what it hears, judged
 *	browser.c	both, with a browser here
 *	copy.c		the same, the address being carried by the person
 *	device.c	a code that is typed elsewhere (RFC 8628)
 *
 * The person is talked to by the caller, in the functions of oauth_person.
 */
#ifndef OAUTH_SIGN_IN_H
#define OAUTH_SIGN_IN_H

#include "lib/error.h"
#include "lib/http.h"
#include "oauth/server.h"
#include "oauth/token.h"

struct oauth_person {
	void *arg;
	/* To be opened in a browser; with `open`, here.  Never fails. */
	void (*show)(void *arg, const char *url, bool open);
	/* The same for a device: where the code is to be typed.  `complete`, the
	 * address with the code in it, may be NULL. */
	void (*show_code)(void *arg, const char *url, const char *code,
	    const char *complete, int64_t lifetime_s);
	/* The address that the browser was sent to, as it was pasted, with a
	 * maximum.  -1 ends the sign-in. */
	int (*paste)(void *arg, struct buf *, struct error *);
	/* What did not count, while the wait goes on: a sentence. */
	void (*note)(void *arg, const char *text);
};

struct oauth_sign_in {
	const struct http_params *http; /* its deadline ends the wait, too */
	const struct oauth_server *server;
	const struct oauth_client *client;
	const struct oauth_person *person;
	const char *login_hint; /* who is to sign in; NULL: not said */
};

/* Each: 0, and a token; -1: EX_NOPERM (the person or the server said no, or
 * nobody came), EX_TEMPFAIL, EX_PROTOCOL, EX_CONFIG (the server has no such
 * endpoint), EX_SIGNAL plus n, with a refusal as oauth_token_ask. */
int oauth_by_browser(const struct oauth_sign_in *, struct oauth_token *,
    struct oauth_refusal *, struct error *);
int oauth_by_copy(const struct oauth_sign_in *, struct oauth_token *,
    struct oauth_refusal *, struct error *);
int oauth_by_device(const struct oauth_sign_in *, struct oauth_token *,
    struct oauth_refusal *, struct error *);

#endif
