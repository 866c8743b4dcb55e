/* access: an access token that is good now, from what is kept on disk. */
#ifndef OAUTH_ACCESS_H
#define OAUTH_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/http.h"
#include "lib/secret.h"
#include "oauth/store.h"
#include "oauth/token.h"

struct oauth_access {
	const char *directory, *account; /* see oauth_store_open */
	const char *oauth, *client_id;	 /* as the account says now; client_id
					    NULL: the one that is kept */
	const struct secret *client_secret; /* NULL: the one that is kept */
	const char *const *hosts; /* the servers that it is for, all of which
				     must be what it was made for */
	size_t host_count;
	int64_t now_s;			/* wall clock */
	const struct secret *refused;	/* a token that the server did not take:
					 another one is wanted; NULL: none */
	const struct http_params *http; /* for a refresh */
};

/* What was got. */
struct oauth_got {
	struct secret token;
	bool fresh; /* it came from the authorisation server just now */
	struct oauth_refusal refusal; /* after an error */
	struct error warning; /* beside a token: what will be wrong later;
				 status 0: nothing */
};

/*
 * A token is good until 60 s or a tenth of its life, whichever is less, before
 * its end, unless it was obtained in the future.
 *
 * oauth_access_kept: 1: there is a good one on disk; 0: one must be asked for.
 * oauth_access_get: asks for one where that is so.  Who had to wait for the lock
 * takes what another process has got.  Until its real end a token does when
 * there is no other one.
 *
 * -1: EX_NOPERM (not signed in, or no more, or for another server, `oauth` or
 * client: a hint says how on; the entry is marked after invalid_grant that is
 * not another process's doing), EX_TEMPFAIL (the server cannot now, nor within
 * the deadline: what is kept stays), and as oauth_store_open, http_fetch.
 * oauth_got_clear in either case.
 */
int oauth_access_kept(
    const struct oauth_access *, struct oauth_got *, struct error *);
int oauth_access_get(
    const struct oauth_access *, struct oauth_got *, struct error *);
void oauth_got_clear(struct oauth_got *);

/* Of an entry, without a connection. */
enum oauth_state {
	OAUTH_SIGNED_IN, /* a token, or one can be asked for */
	OAUTH_EXPIRED,	 /* there is none, and none to ask for one with */
	OAUTH_SIGNED_OUT,
	OAUTH_NOT_SIGNED_IN, /* a client only */
};

enum oauth_state oauth_entry_state(const struct oauth_entry *, int64_t now_s);

#endif
