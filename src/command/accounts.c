/* accounts: what is configured, and whether it can work as far as that is known
 * without a connection and without running a command. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command/command.h"

#include "command/secrets.h"
#include "command/sign_in.h"
#include "command/target_proof.h"
#include "command/target_token.h"
#include "lib/private.h"
#include "message/draft.h"
#include "options/author.h"
#include "options/option.h"
#include "report/accounts.h"
#include "rfc5322/address.h"

/* What is wrong is one line of it. */
static void
add_problem(struct report_account *a, struct arena *arena, const char *text)
{
	struct strings all = {0};
	size_t i;

	for (i = 0; i < a->problems.count; i++)
		strings_append(&all, arena, a->problems.items[i]);
	strings_append(&all, arena, text);
	a->problems = (struct report_names){all.items, all.count};
}

/* The setting that gives the secret: one of those that exclude each other; a
 * token goes before a password. */
static const struct option_row *
secret_of(const struct settings *s)
{
	const size_t begin = offsetof(struct settings, auth);
	const struct option_row *row = NULL, *found = NULL;

	while ((row = option_next(row)) != NULL)
		if (row->group != GROUP_NONE && row->offset >= begin &&
		    row->offset < begin + sizeof(s->auth) &&
		    option_origin(s, row)->layer > LAYER_DEFAULT &&
		    (found == NULL || row->group == GROUP_TOKEN))
			found = row;
	return found;
}

/* Of a pipe nothing is known without taking from it. */
static int
look_at_file(const char *path, struct error *err)
{
	struct stat st;
	int fd, r;

	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return 0;
	fd = private_open(path);
	if (fd == -1)
		return error_set(err, EX_CONFIG, "%s", strerror(errno));
	r = private_check(fd, path, false, NULL, err);
	close(fd);
	return r;
}

static void
look_at_secret(struct report_account *a, const struct settings *s,
    const struct option_row *row, struct arena *arena)
{
	const char *path;
	struct error err;

	a->secret = row->name;
	a->state = row->type == OPTION_SECRET ? "ready" : "unknown";
	if (row->completion != COMPLETE_FILE || row->type != OPTION_STRING)
		return;
	a->state = "ready";
	memcpy(&path, (const char *)s + row->offset, sizeof(path));
	if (look_at_file(path, &err) == 0)
		return;
	a->state = "failed";
	add_problem(a, arena,
	    arena_printf(arena, "%s: %s: %s", row->name, path, err.text));
}

/* A sign-in can be had where the account says whose it is. */
static int
look_at_oauth(const struct settings *s, struct error *err)
{
	const struct process nobody = {0};
	struct sign_in in;
	int r = sign_in_plan(&in, s, &nobody, err);

	sign_in_clear(&in);
	return r;
}

/* What signing in once has left. */
static void
look_at_token(struct report_account *a, struct target *t,
    const struct settings *s, struct arena *arena)
{
	static const char *const names[] = {
	    [OAUTH_SIGNED_IN] = "signed-in",
	    [OAUTH_EXPIRED] = "expired",
	    [OAUTH_SIGNED_OUT] = "signed-out",
	    [OAUTH_NOT_SIGNED_IN] = "not-signed-in",
	};
	struct oauth_store store;
	struct oauth_entry e;
	struct error err = {0};
	int r = target_token_look(t, s, &store, &e, &err);

	a->secret = "oauth";
	/* What cannot be read is not known. */
	if (e.oauth != NULL || err.status == EX_NOPERM)
		a->sign_in = names[oauth_entry_state(&e, time(NULL))];
	if (e.token.access.bytes != NULL && e.token.lifetime_s > 0)
		a->expires_s = e.token.obtained_s + e.token.lifetime_s;
	a->renewable = e.token.refresh.bytes != NULL && !e.signed_out;
	if (look_at_oauth(s, &err) == -1)
		r = -1;
	else if (r == -1)
		error_context(&err, "oauth");
	a->state = r == 1 ? "ready" : "failed";
	if (r == -1)
		add_problem(a, arena,
		    arena_printf(arena, "%s%s%s", err.text,
			err.hint[0] != '\0' ? ": " : "", err.hint));
	oauth_entry_clear(&e);
	oauth_store_close(&store);
}

/* What is configured nowhere may stand there, else it is asked for. */
static void
look_into_netrc(struct report_account *a, const struct server *server,
    const struct settings *s, struct arena *arena)
{
	const struct secrets_owner owner = {
	    .user = a->user,
	    .host = server->kind == SERVER_TCP ? server->host : "localhost",
	    .port = server->port,
	};
	struct secret secret = {0};
	struct error err;
	int r = s->auth.no_netrc
	    ? 0
	    : secrets_in_netrc(s->home, &owner, &secret, &err);

	secret_clear(&secret);
	a->secret = r == 0 ? "prompt" : "netrc";
	a->state = r == 0 ? "asks" : r == 1 ? "ready" : "failed";
	if (r == -1)
		add_problem(a, arena, err.text);
}

/* Who we are at the first server that wants to know. */
static void
look_at_sign_in(struct report_account *a, struct target *t,
    const struct settings *s, struct arena *arena)
{
	const struct option_row *row = secret_of(s);
	size_t i = 0, n;

	while (i < t->count && !target_signs_in(t, s, i))
		i++;
	if (i == t->count)
		return;
	/* A password may have been put behind it. */
	n = t->credentials[i].user != NULL
	    ? strcspn(t->credentials[i].user, ":")
	    : 0;
	if (n > 0)
		a->user = arena_strndup(arena, t->credentials[i].user, n);
	if ((target_proofs(s) & (SASL_PASSWORD | SASL_TOKEN)) == 0)
		return;
	if (t->servers[i].password.bytes != NULL) {
		a->secret = "url";
	} else if (row != NULL && strcmp(row->name, "oauth") == 0) {
		look_at_token(a, t, s, arena);
	} else if (row != NULL) {
		look_at_secret(a, s, row, arena);
	} else {
		look_into_netrc(a, &t->servers[i], s, arena);
	}
}

static bool
is_account(const struct settings *all, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < all->other_count; i++)
		if (all->others[i].name != NULL &&
		    strlen(all->others[i].name) == n &&
		    memcmp(all->others[i].name, name, n) == 0)
			return true;
	return false;
}

/* Those that come behind it must be there. */
static void
look_at_failover(struct report_account *a, const struct strings *lists,
    const struct settings *all, struct arena *arena)
{
	const char *name, *next;
	size_t i, n;

	for (i = 0; i < lists->count; i++)
		for (name = lists->items[i]; *name != '\0'; name = next) {
			name += strspn(name, ", \t");
			n = strcspn(name, ",");
			next = name + n;
			while (n > 0 && strchr(" \t", name[n - 1]) != NULL)
				n--;
			if (n == 0 || is_account(all, name, n))
				continue;
			a->state = "failed";
			add_problem(a, arena,
			    arena_printf(arena,
				"failover: there is no account '%.*s'", (int)n,
				name));
		}
}

/* A pattern fits what it fits; an address must be one. */
static void
look_at_from(struct report_account *a, struct arena *arena)
{
	struct address_params params = {.what = "from"};
	struct address_list list = {0};
	const char *text;
	struct error err;
	size_t i;

	for (i = 0; i < a->from.count; i++) {
		text = a->from.items[i];
		params.domain = draft_is_word(text) ? "localhost" : NULL;
		if (author_is_pattern(text) ||
		    address_parse(arena, text, &params, &list, &err) == 0)
			continue;
		a->state = "failed";
		add_problem(a, arena, arena_strdup(arena, err.text));
	}
}

static void
look_at(struct report_account *a, const struct settings_account *account,
    const struct settings *all, struct arena *arena)
{
	const struct settings *s = account->settings;
	struct strings servers = {0};
	struct target t;
	struct error err;
	size_t i;

	*a = (struct report_account){
	    .name = account->name,
	    .used = account->used,
	    .from = {account->from.items, account->from.count},
	    .state = account->faults.count > 0 ? "broken" : "ready",
	    .problems = {account->faults.items, account->faults.count},
	};
	if (a->from.count == 0 && s->message.from != NULL)
		a->from = (struct report_names){&s->message.from, 1};
	if (account->faults.count > 0)
		return;
	a->mechanism = s->auth.mechanism;
	if (target_init(&t, s, &err) == -1) {
		option_blame(s, &err);
		a->state = "failed";
		add_problem(a, arena, err.text);
	} else {
		look_at_sign_in(a, &t, s, arena);
		look_at_failover(a, &s->delivery.failover, all, arena);
	}
	for (i = 0; i < t.count; i++)
		strings_append(&servers, arena, t.servers[i].text);
	a->servers = (struct report_names){servers.items, servers.count};
	target_clear(&t);
	look_at_from(a, arena);
}

/* What stands above all accounts is for a call that uses none. */
static bool
is_shown(const struct settings *s, size_t i)
{
	const struct settings_account *a = &s->others[i];

	return a->name != NULL || a->faults.count > 0 ||
	    (a->settings->server.origin != NULL &&
		(a->used || s->other_count == 1));
}

static void
tell_of_none(const struct settings *s, const struct process *process)
{
	struct buf paths = {0};
	size_t i;

	for (i = 0; i < s->files.count; i++)
		buf_printf(
		    &paths, "%s%s", i > 0 ? ", " : "", s->files.items[i]);
	output_warning(s, process, "no account is configured: %s",
	    paths.len > 0 ? buf_string(&paths) : "there is no file");
	buf_clear(&paths);
}

int
accounts_run(const struct settings *s, const struct process *process)
{
	struct arena arena = {0};
	struct report_account *all =
	    arena_alloc(&arena, s->other_count * sizeof(*all));
	struct buf out = {0};
	struct error err;
	int status = EX_OK, r = 0;
	size_t i, n = 0;

	process_hide();
	for (i = 0; i < s->other_count; i++) {
		if (s->others[i].faults.count > 0)
			status = EX_CONFIG;
		if (is_shown(s, i))
			look_at(&all[n++], &s->others[i], s, &arena);
	}
	if (s->report.json)
		r = report_json_accounts(&out, all, n, &err);
	else if (n > 0)
		report_accounts(&out, all, n);
	else
		tell_of_none(s, process);
	if (r == 0)
		r = output_text(process, &out, &err);
	buf_clear(&out);
	arena_clear(&arena);
	return r == 0 ? status : output_error(s, process, &err);
}
