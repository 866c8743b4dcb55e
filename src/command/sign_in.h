/*
 * sign_in: what an account says of signing in by OAuth, made ready for
 * src/oauth: who the authorisation server is, and who we are to it.
 */
#ifndef COMMAND_SIGN_IN_H
#define COMMAND_SIGN_IN_H

#include "command/command.h"
#include "lib/http.h"
#include "oauth/server.h"
#include "oauth/store.h"
#include "provider/provider.h"

struct sign_in {
	struct arena arena;
	const struct settings *settings;
	const char *account;   /* its name, "default" if it has none */
	const char *directory; /* of the tokens */
	struct providers providers;
	const struct provider *provider; /* NULL: `oauth` is an issuer's URL */
	const char
	    *issuer; /* whose metadata are asked for; NULL: the provider's
			       row has all */
	struct oauth_server server;
	struct oauth_client client;
	bool registered; /* the client is one that we have registered */
	struct wait_limits wait;
	struct http_params http;
};

/* What can be known without a connection and without a secret, of settings that
 * say oauth: EX_CONFIG, or EX_USAGE for what the call says, names the setting that
 * is wrong or not there.  sign_in_clear in either case. */
int sign_in_plan(struct sign_in *, const struct settings *,
    const struct process *, struct error *);
/* The same, and gets the secret of the client. */
int sign_in_init(struct sign_in *, const struct settings *,
    const struct process *, struct error *);
/* Asks the server for what only it knows: its metadata, and, where the account
 * names no client, who we are, kept and used again.  Where a client cannot be
 * had, EX_CONFIG tells how to make one at this provider. */
int sign_in_discover(struct sign_in *, struct error *);
void sign_in_clear(struct sign_in *);
/* `hint: smtpsend --login -A NAME`, unless there is a better one: by the
 * provider and the refusal. */
int sign_in_hint(
    const struct sign_in *, const struct oauth_refusal *, struct error *);

#endif
