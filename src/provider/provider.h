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

/* One row; a column that is "-" there, or not there, is NULL.  Lists have commas
 * between. */
struct provider {
	const char *id;	     /* "gmail"; always there */
	const char *name;    /* "Gmail, Google Workspace"; always there */
	const char *domains; /* of addresses, ASCII */
	const char *mx;	     /* patterns of its domains' MX: "*.google.com" */
	const char *server;  /* NULL: the domain's own */
	const char *port, *tls; /* "implicit", "starttls"; always there */
	const char *user;	/* "%address", "%local"; always there */
	const char *auth;	/* mechanisms, the best first */
	const char
	    *secret; /* "password", "app-password" …; NULL: tokens only */
	const char *secret_url; /* where it is made */
	/* "%tenant" stands for the tenant; issuer "discover": the server's own
	 * metadata say the rest. */
	const char *issuer, *auth_url, *token_url, *device_url, *revoke_url;
	const char *scope;
	const char *redirect; /* "127.0.0.1", "localhost" */
	const char *flow;     /* "browser", "device", "copy": the best first */
	/* How one makes an app (client) of one's own there, and where. */
	const char *client, *client_url;
	const char *hint; /* what else is to be prepared, "; " between steps */
	const char *source, *checked;
};

struct providers {
	const struct provider *rows;
	size_t count;
};

/*
 * Ours, behind those of `path` (NULL, or no such file: there are none), a table
 * of the same form: its first line names its columns, apart by tabs, and may
 * leave out some or have another order; lines that begin with '#', and empty
 * ones, are comments.  Nobody but the user and root may have written it.
 * -1 with EX_CONFIG, naming file, line and column.
 */
int providers_open(
    struct providers *, const char *path, struct arena *, struct error *);
/* The same of a text of n bytes, which is called `name` in errors. */
int providers_parse(struct providers *, const char *text, size_t n,
    const char *name, struct arena *, struct error *);

/* NULL: there is none.  Names are ASCII, in any case, with or without a final
 * dot. */
const struct provider *provider_by_id(const struct providers *, const char *id);
/* Exactly one of its domains. */
const struct provider *
provider_by_domain(const struct providers *, const char *domain);
/* "*.NAME" fits what is below NAME, any other pattern that one name. */
const struct provider *provider_by_mx(const struct providers *, const char *mx);
/* Whose server has that name. */
const struct provider *
provider_by_server(const struct providers *, const char *host);

/* Whom it is to sign in as: a row's `user` (or NULL: the address) with
 * %address, %local and %domain filled in. */
const char *
provider_user(const char *user, const char *address, struct arena *);

/* The next step after an error of OAuth (RFC 6749; token.h) at this provider, one
 * or two lines, or NULL; provider NULL: at any.  The description tells apart
 * what has one error there, and may be NULL. */
const char *provider_oauth_hint(
    const struct provider *, const char *error, const char *description);

#endif
