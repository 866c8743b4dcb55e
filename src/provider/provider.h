/*
 * provider: what is known of a mail provider (the rows of providers.tsv).
 *
 * A row gives the servers, how one signs in, and where.  Rows of the user's own
 * table go before ours.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

/* One row; a column that is "-" there is NULL.  Lists have commas between. */
struct provider {
	const char *id;	     /* "gmail" */
	const char *name;    /* "Gmail, Google Workspace" */
	const char *domains; /* of addresses */
	const char *mx;	     /* patterns of its domains' MX: "*.google.com" */
	const char *server, *port;
	const char *tls;  /* "implicit", "starttls" */
	const char *user; /* "%address", "%local" */
	const char *auth; /* mechanisms, the best first */
	const char
	    *secret; /* "password", "app-password" …; NULL: tokens only */
	/* "%tenant" stands for the tenant; issuer "discover": the server's own
	 * metadata say the rest. */
	const char *issuer, *auth_url, *token_url, *device_url, *revoke_url;
	const char *scope;
	const char *redirect; /* "127.0.0.1", "localhost" */
	const char *flow;     /* "browser", "device", "copy": the best first */
	const char *hint, *source, *checked;
};

struct providers {
	const struct provider *rows;
	size_t count;
};

/* Ours, behind those of `path` (NULL, or no such file: there are none).  -1
 * with EX_CONFIG, naming file, line and column. */
int providers_open(
    struct providers *, const char *path, struct arena *, struct error *);
/* NULL: there is none. */
const struct provider *provider_by_id(const struct providers *, const char *id);
const struct provider *
provider_by_domain(const struct providers *, const char *domain);
const struct provider *provider_by_mx(const struct providers *, const char *mx);

/* The next step after an error of OAuth (token.h) at this provider, one or two
 * lines, or NULL; provider NULL: at any. */
const char *provider_oauth_hint(const struct provider *, const char *error);

#endif
