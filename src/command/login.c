#include "command/login.h"

#include <string.h>

#include "command/browser.h"
#include "command/login_person.h"
#include "command/sign_in.h"
#include "command/target.h"
#include "lib/printable.h"
#include "oauth/store.h"
#include "report/login.h"

typedef int sign_in_by(const struct oauth_sign_in *, struct oauth_token *,
    struct oauth_refusal *, struct error *);

static const struct {
	const char *name;
	sign_in_by *run;
} ways[] = {
    [LOGIN_BROWSER] = {"browser", oauth_by_browser},
    [LOGIN_DEVICE] = {"device", oauth_by_device},
    [LOGIN_COPY] = {"copy", oauth_by_copy},
};

/* Whether the provider's list, or its not having one, allows for it. */
static bool
provider_has(const struct sign_in *in, const char *way)
{
	const char *p = in->provider != NULL ? in->provider->flow : NULL;
	size_t n;

	if (p == NULL)
		return true;
	for (; *p != '\0'; p += n) {
		p += strspn(p, ", ");
		n = strcspn(p, ", ");
		if (n == strlen(way) && strncmp(p, way, n) == 0)
			return true;
	}
	return false;
}

/* What fits this machine, the provider and the server. */
static enum login_way
choose(const struct sign_in *in, enum login_way asked)
{
	if (asked != LOGIN_ANY)
		return asked;
	if (browser_is_here() && in->server.authorization_endpoint != NULL)
		return LOGIN_BROWSER;
	if (in->server.device_endpoint != NULL && provider_has(in, "device"))
		return LOGIN_DEVICE;
	return LOGIN_COPY;
}

static int
check_account(const struct settings *s, struct error *err)
{
	if (s->auth.oauth.provider != NULL)
		return 0;
	error_set(err, EX_CONFIG, "--login: %s%.200s%s has no oauth",
	    s->account != NULL ? "account '" : "what is configured",
	    s->account != NULL ? s->account : "",
	    s->account != NULL ? "'" : "");
	return error_hint(err,
	    "name another account with -A, or give it oauth = PROVIDER (see "
	    "--explain providers),\n"
	    "or the URL of an issuer");
}

static int
check(enum login_way way, struct error *err)
{
	if (way != LOGIN_COPY || login_can_paste())
		return 0;
	error_set(
	    err, EX_USAGE, "--login=copy: there is no terminal to paste on");
	return error_hint(err, "run it on a terminal, or use --login=device");
}

/* The token is for these servers and no other. */
static const char *const *
hosts_of(const struct target *t, struct arena *arena)
{
	const char **hosts = arena_alloc(arena, t->count * sizeof(*hosts));
	size_t i;

	for (i = 0; i < t->count; i++)
		hosts[i] = t->servers[i].kind == SERVER_TCP ? t->servers[i].host
							    : "localhost";
	return hosts;
}

/* The lock is held only while it is written: a person may have taken minutes. */
static int
keep(struct sign_in *in, const struct target *target, const char *user,
    const struct oauth_token *token, struct error *err)
{
	const struct oauth_entry entry = {
	    .oauth = in->settings->auth.oauth.provider,
	    .user = user,
	    .hosts = hosts_of(target, &in->arena),
	    .host_count = target->count,
	    .server = in->server,
	    .client = in->client,
	    .registered = in->registered,
	    .token = *token,
	};
	struct oauth_store store;
	int r = oauth_store_open(
	    &store, in->directory, in->account, true, &in->wait, err);

	if (r == 0)
		r = oauth_store_write(&store, &entry, err);
	oauth_store_close(&store);
	return r;
}

/* The provider's name, or the host of an issuer. */
static const char *
name_of(struct sign_in *in)
{
	const char *host;

	if (in->provider != NULL)
		return in->provider->name;
	host = strstr(in->server.token_endpoint, "//") + 2;
	return arena_strndup(&in->arena, host, strcspn(host, "/?"));
}

static int
tell(const struct settings *s, const struct process *process,
    const struct report_login *told, struct buf *out, struct error *err)
{
	if (!told->renewable)
		output_warning(s, process,
		    "account '%s': no refresh token came: the sign-in ends "
		    "with this token, and --login must be repeated then",
		    told->account);
	if (out == NULL)
		return 0;
	if (s->report.json)
		return report_json_login(out, told, err);
	if (!s->report.quiet)
		report_login(out, told);
	return 0;
}

/* Who is asked for: the user of the account, or else of its first server. */
static const char *
user_of(struct sign_in *in, const struct target *target)
{
	const char *user = in->settings->auth.user;

	if (user == NULL && target->count > 0)
		user = target->credentials[0].user;
	/* A password may have been put behind it. */
	return user != NULL
	    ? arena_strndup(&in->arena, user, strcspn(user, ":"))
	    : NULL;
}

static void
tell_way(struct sign_in *in, const struct process *process, const char *way)
{
	struct buf b = {0};

	buf_printf(&b, "%s: account '%s': signing in by %s at %s, as app ",
	    process->name, in->account, way, name_of(in));
	printable_append(&b, in->client.id, strlen(in->client.id));
	if (in->server.scope != NULL) {
		buf_puts(&b, ", for ");
		printable_append(
		    &b, in->server.scope, strlen(in->server.scope));
	}
	buf_putc(&b, '\n');
	output_tell(process, &b);
	buf_clear(&b);
}

/* Nobody signs in for what cannot be kept then. */
static int
check_place(struct sign_in *in, struct error *err)
{
	struct oauth_store store;
	int r = oauth_store_open(
	    &store, in->directory, in->account, true, &in->wait, err);

	oauth_store_close(&store);
	return r;
}

static int
sign_in(struct sign_in *in, const struct target *target,
    const struct process *process, enum login_way way, struct buf *told,
    struct error *err)
{
	const struct settings *s = in->settings;
	const char *user = user_of(in, target);
	struct login_person self = {s, process, in->account, user, in->wait};
	const struct oauth_person person = login_person(&self);
	const struct oauth_sign_in params = {.http = &in->http,
	    .server = &in->server,
	    .client = &in->client,
	    .person = &person,
	    .login_hint = user};
	struct oauth_refusal refusal = {.retry_after_s = -1};
	struct oauth_token token = {0};
	struct report_login result;
	int r;

	if (s->report.verbose > 0)
		tell_way(in, process, ways[way].name);
	r = ways[way].run(&params, &token, &refusal, err);
	if (r == -1 && refusal.error[0] != '\0')
		sign_in_hint(in, &refusal, err);
	if (r == 0)
		r = keep(in, target, user, &token, err);
	if (r == 0) {
		result = (struct report_login){.account = in->account,
		    .user = user,
		    .server = name_of(in),
		    .way = ways[way].name,
		    .scope =
			token.scope[0] != '\0' ? token.scope : in->server.scope,
		    .lifetime_s = token.lifetime_s,
		    .renewable = token.refresh.bytes != NULL};
		r = tell(s, process, &result, told, err);
	}
	oauth_token_clear(&token);
	return r;
}

int
login(const struct settings *s, const struct process *process,
    enum login_way way, struct buf *told, struct error *err)
{
	struct sign_in in = {0};
	struct target target;
	int r;

	process_hide();
	r = target_init(&target, s, err);
	if (r == 0)
		r = check_account(s, err);
	if (r == 0)
		r = sign_in_init(&in, s, process, err);
	/* Nobody is asked in vain. */
	if (r == 0)
		r = check(way, err);
	if (r == 0)
		r = check_place(&in, err);
	if (r == 0)
		r = sign_in_discover(&in, err);
	if (r == 0) {
		way = choose(&in, way);
		r = check(way, err);
	}
	if (r == 0)
		r = sign_in(&in, &target, process, way, told, err);
	sign_in_clear(&in);
	target_clear(&target);
	return r;
}

static enum login_way
way_of(const struct settings *s)
{
	size_t way;

	for (way = LOGIN_BROWSER; way <= LOGIN_COPY; way++)
		if (s->action_arguments.count > 0 &&
		    strcmp(s->action_arguments.items[0], ways[way].name) == 0)
			return (enum login_way)way;
	return LOGIN_ANY;
}

int
login_run(const struct settings *s, const struct process *process)
{
	struct buf told = {0};
	struct error err;
	int r;

	if (s->action_arguments.count > 1)
		r = error_set(&err, EX_USAGE,
		    "--login takes one word, not '%.60s', too",
		    s->action_arguments.items[1]);
	else
		r = login(s, process, way_of(s), &told, &err);
	if (r == 0)
		r = output_text(process, &told, &err);
	buf_clear(&told);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
