/* access: an access token that is good now, from what is kept on disk. */
#ifndef OAUTH_ACCESS_H
#define OAUTH_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/http.h"
#include "lib/secret.h"
#include "oauth/token.h"

struct oauth_access {
	const char *directory, *account; /* see oauth_store_open */
	const char *oauth, *client_id;	 /* as the account says now; client_id
					    NULL: the one that is kept */
	const struct secret *client_secret; /* NULL: none */
	const char *host; /* the server that it is for, which must be one that
			      it was made for */
	int64_t now_s;	  /* wall clock */
	const struct secret *refused;	/* a token that the server did not take:
					 another one is wanted; NULL: none */
	const struct http_params *http; /* for a refresh */
};

/*
 * The token is replaced, and *fresh says whether it came from the server just
 * now.  A token is good until 60 s or a tenth of its life, whichever is less,
 * before its end, unless it was obtained in the future.  Who had to wait for the
 * lock takes what another process has got.
 * -1: EX_NOPERM (not signed in, or no more: a hint says how; the entry is marked
 * after invalid_grant that is not another process's doing), EX_TEMPFAIL (the
 * server cannot now: what is kept stays), and as oauth_store_open, http_fetch.
 */
int oauth_access_get(const struct oauth_access *, struct secret *token,
    bool *fresh, struct oauth_refusal *, struct error *);

#endif
