#include "command/sign_in.h"

#include <string.h>

#include "command/known_providers.h"
#include "command/secret_source.h"
#include "command/state.h"
#include "lib/shell.h"
#include "lib/url.h"
#include "options/nearest.h"
#include "options/option.h"
#include "transport/server.h"

/* --- who the server is -------------------------------------------------------- */

/* "…/%tenant/…" with the account's tenant, or what stands for any. */
static const char *
with_tenant(struct sign_in *in, const char *text)
{
	const char *tenant = in->settings->auth.oauth.tenant;
	const char *at = text != NULL ? strstr(text, "%tenant") : NULL;

	if (at == NULL)
		return text;
	return arena_printf(&in->arena, "%.*s%s%s", (int)(at - text), text,
	    tenant != NULL ? tenant : "organizations", at + strlen("%tenant"));
}

static int
blame(const struct sign_in *in, const char *option, struct error *err,
    const char *what)
{
	const struct option_row *row = option_by_name(option);

	return option_error(
	    err, row, option_origin(in->settings, row), "%s", what);
}

static int
no_provider(struct sign_in *in, const char *word, struct error *err)
{
	struct nearest near = {.word = word};
	size_t i;

	blame(in, "oauth", err,
	    arena_printf(&in->arena,
		"'%.100s' is neither a provider that is known nor the URL of "
		"an issuer (https://…)",
		word));
	for (i = 0; i < in->providers.count; i++)
		nearest_offer(&near, in->providers.rows[i].id);
	nearest_suggest(err, "", near.best);
	return error_hint(
	    err, "smtpsend --explain providers lists those that are known");
}

/* A mail server that is its own authorisation server. */
static int
discover_at_server(struct sign_in *in, struct error *err)
{
	const struct settings_server *s = &in->settings->server;
	struct server server;

	if (s->origin == NULL || s->names.count == 0 ||
	    server_parse(&in->arena, s->names.items[0], "465", &server,
		&(struct error){0}) == -1 ||
	    server.kind != SERVER_TCP) {
		blame(in, "oauth", err,
		    "its issuer is the mail server, and none is named");
		return error_hint(err, "server = submissions://HOST");
	}
	in->server.issuer = arena_printf(&in->arena, "https://%s", server.host);
	return 0;
}

static int
from_provider(struct sign_in *in, struct error *err)
{
	const struct provider *p = in->provider;
	struct oauth_server *s = &in->server;

	s->scope = p->scope;
	s->redirect =
	    p->redirect != NULL && strcmp(p->redirect, "localhost") == 0
	    ? OAUTH_REDIRECT_NAME
	    : OAUTH_REDIRECT_IP;
	if (p->issuer != NULL && strcmp(p->issuer, "discover") == 0)
		return discover_at_server(in, err);
	s->issuer = with_tenant(in, p->issuer);
	s->authorization_endpoint = with_tenant(in, p->auth_url);
	s->token_endpoint = with_tenant(in, p->token_url);
	s->device_endpoint = with_tenant(in, p->device_url);
	s->revocation_endpoint = with_tenant(in, p->revoke_url);
	if (s->issuer != NULL || s->token_endpoint != NULL)
		return 0;
	blame(in, "oauth", err,
	    arena_printf(
		&in->arena, "%s has no sign-in for mail by OAuth", p->name));
	return error_hint(err, "smtpsend --explain %s says what it has", p->id);
}

static int
find_server(struct sign_in *in, struct error *err)
{
	const char *word = in->settings->auth.oauth.provider;

	if (known_providers(in->settings, &in->arena, &in->providers, err) ==
	    -1)
		return -1;
	in->provider = provider_by_id(&in->providers, word);
	if (in->provider != NULL && from_provider(in, err) == -1)
		return -1;
	if (in->provider == NULL && !url_begins(word))
		return no_provider(in, word, err);
	if (in->provider == NULL && !http_url_is_safe(word))
		return blame(in, "oauth", err,
		    "is no URL of HTTPS that names an issuer, without user, "
		    "password and fragment");
	if (in->provider == NULL)
		in->server.issuer = word;
	if (in->settings->auth.oauth.scope != NULL)
		in->server.scope = in->settings->auth.oauth.scope;
	return 0;
}

int
sign_in_init(struct sign_in *in, const struct settings *s,
    const struct process *process, struct error *err)
{
	*in = (struct sign_in){
	    .settings = s,
	    .account = s->account != NULL ? s->account : "default",
	    .wait = process_wait(process),
	    .http = {.timeout_ms = s->delivery.timeout_ms,
		.ca = s->auth.oauth.ca},
	};
	in->http.wait = &in->wait;
	in->client.id = s->auth.oauth.client_id;
	if (s->auth.oauth.provider == NULL) {
		error_set(err, EX_CONFIG, "%s%.200s%s does not say oauth",
		    s->account != NULL ? "account '" : "the configuration",
		    s->account != NULL ? s->account : "",
		    s->account != NULL ? "'" : "");
		return error_hint(err,
		    "oauth = gmail, or another of smtpsend --explain "
		    "providers, or the URL of an issuer");
	}
	if (state_path(&in->arena, "tokens", "sign-ins", &in->directory, err) ==
	    -1)
		return -1;
	return find_server(in, err);
}

/* --- who we are to it ----------------------------------------------------------- */

static int
get_secret(struct sign_in *in, struct error *err)
{
	const struct settings_oauth *o = &in->settings->auth.oauth;
	const struct secret_wanted wanted = {.noun = "client secret",
	    .option = "oauth-client-secret",
	    .wait = &in->wait};

	if (o->client_secret_file != NULL)
		return secret_from_file(&wanted, o->client_secret_file,
		    option_on_argv(in->settings, "oauth-client-secret-file"),
		    &in->client.secret, err);
	if (o->client_secret_command != NULL)
		return secret_from_command(
		    &wanted, o->client_secret_command, &in->client.secret, err);
	return 0;
}

/* The one that was registered when this account signed in before: 1, or 0. */
static int
kept_client(struct sign_in *in, struct error *err)
{
	struct oauth_store store;
	struct oauth_entry entry;
	int r;

	r = oauth_store_open(
	    &store, in->directory, in->account, false, &in->wait, err);
	/* Signing in puts right what cannot be read. */
	if (r == 0 && oauth_store_read(&store, &entry, err) == 1) {
		if (entry.registered &&
		    strcmp(entry.oauth, in->settings->auth.oauth.provider) ==
			0) {
			in->client.id =
			    arena_strdup(&in->arena, entry.client.id);
			secret_set(&in->client.secret,
			    entry.client.secret.bytes, entry.client.secret.len);
			in->registered = true;
		}
		oauth_entry_clear(&entry);
	}
	oauth_store_close(&store);
	return r == -1 ? -1 : in->registered;
}

static int
no_client(const struct sign_in *in, struct error *err)
{
	const struct provider *p = in->provider;

	error_set(err, EX_CONFIG,
	    "%s wants to know which app signs in, and the account has no "
	    "oauth-client-id",
	    p != NULL ? p->name : in->server.issuer);
	if (p == NULL)
		return error_hint(err,
		    "register an app there, for machines that keep no secret, "
		    "with the redirect http://127.0.0.1/,\n"
		    "and write its id: oauth-client-id = ID");
	return error_hint(err,
	    "smtpsend --explain %s says how to make one%s%s,\n"
	    "then write oauth-client-id = ID into the account",
	    p->id, p->client_url != NULL ? ": " : "",
	    p->client_url != NULL ? p->client_url : "");
}

static int
find_client(struct sign_in *in, struct error *err)
{
	int r;

	if (in->client.id != NULL)
		return get_secret(in, err);
	r = kept_client(in, err);
	if (r != 0)
		return r == 1 ? 0 : -1;
	if (in->server.registration_endpoint == NULL)
		return no_client(in, err);
	in->registered = true;
	return oauth_register(
	    &in->http, &in->server, &in->arena, &in->client, err);
}

int
sign_in_discover(struct sign_in *in, struct error *err)
{
	struct oauth_server *s = &in->server;

	/* What the table says is enough where it says all. */
	if ((s->token_endpoint == NULL ||
		(s->authorization_endpoint == NULL &&
		    s->device_endpoint == NULL)) &&
	    oauth_discover(&in->http, s->issuer, &in->arena, s, err) == -1)
		return error_context(err, "oauth");
	return find_client(in, err);
}

void
sign_in_clear(struct sign_in *in)
{
	secret_clear(&in->client.secret);
	arena_clear(&in->arena);
}

int
sign_in_hint(const struct sign_in *in, const struct oauth_refusal *refusal,
    struct error *err)
{
	const char *hint = refusal != NULL && refusal->error[0] != '\0'
	    ? provider_oauth_hint(
		  in->provider, refusal->error, refusal->description)
	    : NULL;

	if (hint != NULL)
		return error_hint(err, "%s", hint);
	return oauth_login_hint(in->account, err);
}
