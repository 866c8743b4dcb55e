#include "command/target_token.h"

#include <string.h>
#include <time.h>

#include "command/sign_in.h"
#include "command/state.h"

const char *
token_account(const struct settings *s)
{
	return s->account != NULL ? s->account : "default";
}

/* A server without a name is on this machine. */
static const char *
host_of(const struct server *server)
{
	return server->kind == SERVER_TCP ? server->host : "localhost";
}

static void
fill_hosts(struct target *t, struct oauth_access *a)
{
	const char **hosts = arena_alloc(&t->arena, t->count * sizeof(*hosts));
	bool any = false;
	size_t i;

	for (i = 0; i < t->count; i++)
		any |= t->credentials[i].user != NULL;
	for (i = 0; i < t->count; i++)
		if (!any || t->credentials[i].user != NULL)
			hosts[a->host_count++] = host_of(&t->servers[i]);
	a->hosts = hosts;
}

static int
fill(struct target *t, const struct settings *s, struct oauth_access *a,
    struct error *err)
{
	*a = (struct oauth_access){
	    .account = token_account(s),
	    .oauth = s->auth.oauth.provider,
	    .client_id = s->auth.oauth.client_id,
	    .now_s = time(NULL),
	};
	fill_hosts(t, a);
	return state_path(&t->arena, "tokens", "sign-ins", &a->directory, err);
}

/* With the secret of the client, and whatever else a request takes. */
static int
renew(const struct oauth_access *a, const struct settings *s,
    const struct process *process, struct oauth_got *got, struct error *err)
{
	struct oauth_access full = *a;
	struct sign_in in;
	int r = sign_in_init(&in, s, process, err);

	if (r == 0) {
		full.http = &in.http;
		full.client_secret = &in.client.secret;
		r = oauth_access_get(&full, got, err);
		if (r == -1 && got->refusal.error[0] != '\0')
			(void)sign_in_hint(&in, &got->refusal, err);
	}
	sign_in_clear(&in);
	return r;
}

static int
get(struct target *t, const struct settings *s, const struct process *process,
    const struct secret *refused, struct secret *out, struct error *err)
{
	struct oauth_got got = {0};
	struct oauth_access a;
	int r = fill(t, s, &a, err);

	a.refused = refused;
	if (r == 0)
		r = oauth_access_kept(&a, &got, err);
	if (r == 0)
		r = renew(&a, s, process, &got, err);
	if (got.token.bytes == NULL)
		return -1;
	if (got.warning.status != 0)
		output_warning(s, process, "warning: %s%s%s", got.warning.text,
		    got.warning.hint[0] != '\0' ? "; " : "", got.warning.hint);
	secret_set(out, got.token.bytes, got.token.len);
	t->token_fresh = got.fresh;
	oauth_got_clear(&got);
	return 0;
}

int
target_token_get(struct target *t, const struct settings *s,
    const struct process *process, struct secret *out, struct error *err)
{
	return get(t, s, process, NULL, out, err);
}

int
target_token_look(struct target *t, const struct settings *s,
    struct oauth_store *store, struct oauth_entry *e, struct error *err)
{
	struct oauth_got got = {0};
	struct oauth_access a;
	int r;

	*store = (struct oauth_store){.directory = -1, .lock = -1};
	*e = (struct oauth_entry){0};
	if (fill(t, s, &a, err) == -1 ||
	    oauth_store_open(store, a.directory, a.account, false, NULL, err) ==
		-1)
		return -1;
	r = oauth_store_read(store, e, err);
	if (r != -1 && oauth_access_kept(&a, &got, err) == -1)
		r = -1;
	oauth_got_clear(&got);
	return r;
}

/* The target, of those that one route has, whose hop it is. */
static struct target *
target_of(struct target *t, const struct hop *hop)
{
	struct target *other = t->others;

	if (hop->params == NULL)
		return t;
	while (&other->connection != hop->params)
		other++;
	return other;
}

void
target_token_give(struct target *t, const struct secret *token)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->credentials[i].user != NULL)
			secret_set(
			    &t->credentials[i].token, token->bytes, token->len);
}

static int
renew_refused(void *arg, const struct hop *hop, struct error *err)
{
	struct target *all = arg, *t = target_of(all, hop);
	struct secret token = {0};
	int r;

	if (t->settings->auth.oauth.provider == NULL || t->token_fresh ||
	    hop->credentials == NULL)
		return 0;
	r = get(t, t->settings, all->process, &hop->credentials->token, &token,
	    err);
	t->token_fresh = true; /* once, whatever came */
	if (r == -1)
		return -1;
	target_token_give(t, &token);
	secret_clear(&token);
	return 1;
}

void
target_token_ready(struct target *t)
{
	t->route.renew = renew_refused;
	t->route.prepare_arg = t;
}
