#include "command/sign_in.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "command/known_providers.h"
#include "command/secret_source.h"
#include "command/state.h"
#include "lib/ascii.h"
#include "options/nearest.h"
#include "options/option.h"
#include "transport/server.h"

/* Microsoft's name for the accounts of all organizations. */
static const char any_tenant[] = "organizations";

/* "--oauth: …", or the file and line where it stands. */
__attribute__((format(printf, 4, 5))) static int
bad(const struct sign_in *in, const char *option, struct error *err,
    const char *fmt, ...)
{
	const struct option_row *row = option_by_name(option);
	struct buf text = BUF_WITH_MAX(0);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	option_error(err, row, option_origin(in->settings, row), "%s",
	    buf_string(&text));
	buf_clear(&text);
	return -1;
}

/* --- whose server it is ------------------------------------------------------ */

static bool
has_oauth(const struct provider *p)
{
	return p->token_url != NULL || p->issuer != NULL;
}

static int
unknown_provider(struct sign_in *in, const char *word, struct error *err)
{
	const struct provider *meant =
	    known_provider(&in->providers, word, &in->arena);
	struct nearest near = {.word = word};
	char quoted[OPTION_QUOTED_SIZE];
	size_t i;

	for (i = 0; i < in->providers.count; i++)
		if (has_oauth(&in->providers.rows[i]))
			nearest_offer(&near, in->providers.rows[i].id);
	bad(in, "oauth", err, "%s is no provider that is known",
	    option_quote(word, quoted));
	nearest_suggest(err, "", meant != NULL ? meant->id : near.best);
	return error_hint(err,
	    "name one of `smtpsend --explain providers`, or the URL of an "
	    "issuer: https://…");
}

static int
no_oauth(struct sign_in *in, const struct provider *p, struct error *err)
{
	bad(in, "oauth", err, "'%s' (%s) has no sign-in by OAuth that is known",
	    p->id, p->name);
	return error_hint(err,
	    "`smtpsend --explain %s` tells what secret it takes; a server of "
	    "your own is named by the URL of its issuer",
	    p->id);
}

static int
find_provider(struct sign_in *in, struct error *err)
{
	const char *word = in->settings->auth.oauth.provider;
	char quoted[OPTION_QUOTED_SIZE];

	if (known_providers(in->settings, &in->arena, &in->providers, err) ==
	    -1)
		return -1;
	if (strstr(word, "://") != NULL) {
		if (http_url_is_safe(word))
			return 0;
		return bad(in, "oauth", err, "%s is no URL of HTTPS",
		    option_quote(word, quoted));
	}
	in->provider = provider_by_id(&in->providers, word);
	if (in->provider == NULL)
		return unknown_provider(in, word, err);
	return has_oauth(in->provider) ? 0 : no_oauth(in, in->provider, err);
}

/* --- what the row says of it -------------------------------------------------- */

/* With the tenant in the place of "%tenant"; NULL stays. */
static const char *
fill_in(struct sign_in *in, const char *url)
{
	const char *at = url != NULL ? strstr(url, "%tenant") : NULL;
	const char *tenant = in->settings->auth.oauth.tenant;

	if (at == NULL)
		return url;
	return arena_printf(&in->arena, "%.*s%s%s", (int)(at - url), url,
	    tenant != NULL ? tenant : any_tenant, at + strlen("%tenant"));
}

/* 8-4-4-4-12 hexadecimal digits */
static bool
is_uuid(const char *s)
{
	size_t i;

	if (s == NULL || strlen(s) != 36)
		return false;
	for (i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23
			? s[i] != '-'
			: strchr("0123456789abcdefABCDEF", s[i]) == NULL)
			return false;
	return true;
}

/* Microsoft's issuers have the number of the tenant in their names, whatever a
 * sign-in calls it: only that can be compared. */
static const char *
known_issuer(struct sign_in *in)
{
	const char *issuer = in->provider->issuer;

	if (issuer != NULL && strstr(issuer, "%tenant") != NULL &&
	    !is_uuid(in->settings->auth.oauth.tenant))
		return NULL;
	return fill_in(in, issuer);
}

/* A provider's servers that anybody may run are their own issuers. */
static int
issuer_of_server(struct sign_in *in, const char **issuer, struct error *err)
{
	const struct settings *s = in->settings;
	struct server server;
	int r = server_parse(
	    &in->arena, s->server.names.items[0], "465", &server, err);

	if (r == -1)
		return -1;
	secret_clear(&server.password);
	if (server.kind == SERVER_TCP)
		*issuer = arena_printf(&in->arena, "https://%s", server.host);
	if (*issuer != NULL && http_url_is_safe(*issuer))
		return 0;
	bad(in, "oauth", err, "%s: which of its servers it is is not known",
	    in->provider->id);
	return error_hint(
	    err, "name the URL of its issuer instead: oauth = https://HOST");
}

static bool
discovers(const struct sign_in *in)
{
	return in->provider == NULL || in->provider->token_url == NULL;
}

static int
fill_server(struct sign_in *in, struct error *err)
{
	const struct settings_oauth *o = &in->settings->auth.oauth;
	const struct provider *p = in->provider;
	struct oauth_server *s = &in->server;

	s->scope = o->scope;
	if (o->tenant != NULL &&
	    (p == NULL || p->token_url == NULL ||
		strstr(p->token_url, "%tenant") == NULL))
		return bad(in, "oauth-tenant", err,
		    "'%s' has no tenants; they are Microsoft's (oauth = "
		    "microsoft365)",
		    o->provider);
	if (p == NULL) {
		in->issuer = o->provider;
		return 0;
	}
	if (s->scope == NULL)
		s->scope = p->scope;
	if (p->redirect != NULL && strcmp(p->redirect, "localhost") == 0)
		s->redirect = OAUTH_REDIRECT_NAME;
	if (p->issuer != NULL && strcmp(p->issuer, "discover") == 0)
		return issuer_of_server(in, &in->issuer, err);
	if (discovers(in)) {
		in->issuer = fill_in(in, p->issuer);
		return 0;
	}
	s->issuer = known_issuer(in);
	s->authorization_endpoint = fill_in(in, p->auth_url);
	s->token_endpoint = fill_in(in, p->token_url);
	s->device_endpoint = fill_in(in, p->device_url);
	s->revocation_endpoint = fill_in(in, p->revoke_url);
	return 0;
}

/* --- who we are to it ----------------------------------------------------------- */

static int
get_secret(struct sign_in *in, struct error *err)
{
	const struct settings_oauth *o = &in->settings->auth.oauth;
	const struct secret_wanted wanted = {.noun = "app's secret",
	    .option = "oauth-client-secret",
	    .wait = &in->wait};

	if (o->client_secret_command != NULL)
		return secret_from_command(
		    &wanted, o->client_secret_command, &in->client.secret, err);
	if (o->client_secret_file != NULL)
		return secret_from_file(&wanted, o->client_secret_file,
		    option_on_argv(in->settings, "oauth-client-secret-file"),
		    &in->client.secret, err);
	return 0;
}

static int
check_client(struct sign_in *in, struct error *err)
{
	const struct settings_oauth *o = &in->settings->auth.oauth;
	const char *option = o->client_secret_command != NULL
	    ? "oauth-client-secret-command"
	    : "oauth-client-secret-file";

	if (o->ca != NULL && access(o->ca, R_OK) == -1)
		return bad(
		    in, "oauth-ca", err, "%s: %s", o->ca, strerror(errno));
	if (o->client_id != NULL ||
	    (o->client_secret_command == NULL && o->client_secret_file == NULL))
		return 0;
	bad(in, option, err, "this is the secret of an app that is not named");
	return error_hint(err, "oauth-client-id names the app");
}

static bool
is_same_server(const struct sign_in *in, const struct oauth_entry *entry)
{
	return entry->oauth != NULL &&
	    strcmp(entry->oauth, in->settings->auth.oauth.provider) == 0;
}

static bool
take_kept(struct sign_in *in, const struct oauth_entry *entry)
{
	if (!entry->registered || entry->client.id == NULL ||
	    !is_same_server(in, entry))
		return false;
	in->client.id = arena_strdup(&in->arena, entry->client.id);
	if (entry->client.secret.bytes != NULL)
		secret_set(&in->client.secret, entry->client.secret.bytes,
		    entry->client.secret.len);
	in->registered = true;
	return true;
}

/* How one gets an app that the server knows. */
static int
client_hint(const struct sign_in *in, struct error *err)
{
	const struct provider *p = in->provider;

	if (p == NULL)
		return error_hint(err,
		    "make an app (client) at the server: public (native), with "
		    "the redirect http://127.0.0.1/;\n"
		    "then write its id to the account: oauth-client-id = ID");
	if (p->client_url == NULL && p->client != NULL)
		return error_hint(err, "%s", p->client);
	return error_hint(err,
	    "make an app of your own%s%s: `smtpsend --explain %s` tells how;\n"
	    "then write its id to the account: oauth-client-id = ID",
	    p->client_url != NULL ? " at " : "",
	    p->client_url != NULL ? p->client_url : "", p->id);
}

static int
no_client(struct sign_in *in, struct error *err)
{
	bad(in, "oauth", err,
	    "%s: which app signs in is not known, and the server lets nobody "
	    "register one",
	    in->settings->auth.oauth.provider);
	return client_hint(in, err);
}

static int
keep_client(
    const struct sign_in *in, struct oauth_store *store, struct error *err)
{
	const struct oauth_entry entry = {
	    .oauth = in->settings->auth.oauth.provider,
	    .server = in->server,
	    .client = in->client,
	    .registered = true,
	};

	return oauth_store_write(store, &entry, err);
}

/* Whoever has the lock registers; others find what came of it.  What cannot be
 * read is of no use, and a sign-in that is good stays until there is a new
 * one. */
static int
register_client(
    struct sign_in *in, struct oauth_store *store, struct error *err)
{
	struct oauth_entry entry = {0};
	bool kept = false, in_use = false;

	if (oauth_store_read(store, &entry, err) == 1) {
		kept = take_kept(in, &entry);
		in_use = is_same_server(in, &entry) && !entry.signed_out &&
		    entry.token.access.bytes != NULL;
	}
	oauth_entry_clear(&entry);
	if (kept)
		return 0;
	if (oauth_register(
		&in->http, &in->server, &in->arena, &in->client, err) == -1)
		return err->status == EX_CONFIG ? client_hint(in, err) : -1;
	in->registered = true;
	return in_use ? 0 : keep_client(in, store, err);
}

static int
find_client(struct sign_in *in, struct error *err)
{
	struct oauth_store store;
	int r;

	if (in->client.id != NULL)
		return 0;
	if (in->server.registration_endpoint == NULL)
		return no_client(in, err);
	r = oauth_store_open(
	    &store, in->directory, in->account, true, &in->wait, err);
	if (r == 0)
		r = register_client(in, &store, err);
	oauth_store_close(&store);
	return r;
}

/* --- all of it -------------------------------------------------------------------- */

int
sign_in_plan(struct sign_in *in, const struct settings *s,
    const struct process *process, struct error *err)
{
	*in = (struct sign_in){.settings = s,
	    .account = s->account != NULL ? s->account : "default",
	    .wait = process_wait(process),
	    .client.id = s->auth.oauth.client_id};
	in->http = (struct http_params){.wait = &in->wait,
	    .timeout_ms = process->timeout_ms,
	    .ca = s->auth.oauth.ca};
	if (find_provider(in, err) == -1 || fill_server(in, err) == -1 ||
	    check_client(in, err) == -1)
		return -1;
	return state_path(
	    &in->arena, "tokens", "sign-ins", &in->directory, err);
}

int
sign_in_init(struct sign_in *in, const struct settings *s,
    const struct process *process, struct error *err)
{
	if (sign_in_plan(in, s, process, err) == -1)
		return -1;
	process_hide();
	return get_secret(in, err);
}

int
sign_in_discover(struct sign_in *in, struct error *err)
{
	if (in->issuer != NULL &&
	    oauth_discover(
		&in->http, in->issuer, &in->arena, &in->server, err) == -1)
		return -1;
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
	const char *what = provider_oauth_hint(
	    in->provider, refusal->error, refusal->description);
	char command[sizeof(err->hint)];

	oauth_login_hint(in->account, err);
	if (what == NULL)
		return -1;
	strcpy(command, err->hint);
	return error_hint(err, "%s\n%s", what, command);
}
