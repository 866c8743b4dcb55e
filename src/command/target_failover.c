#include "command/target_failover.h"

#include <string.h>
#include <unistd.h>

#include "options/option.h"

static int
init_account(
    struct target *t, const struct settings_account *account, struct error *err)
{
	const struct settings *own = account->settings;
	struct target *other = &t->others[t->other_count++];
	size_t i;

	if (own->auth.password.bytes != NULL)
		process_hide();
	if (target_init(other, own, err) == -1) {
		option_blame(own, err);
		/* Nothing of it was in the call. */
		if (err->status == EX_USAGE && !own->server.tls.demanded)
			err->status = EX_CONFIG;
		return error_context(err, "account %s", account->name);
	}
	for (i = 0; i < other->route.count; i++) {
		other->route.hops[i].account = account->name;
		other->route.hops[i].params = &other->connection;
		/* Who reports is asked for it, whoever takes the mail. */
		other->route.hops[i].policy.note_expiry |=
		    t->route.hops[0].policy.note_expiry;
	}
	return 0;
}

/* One route for all of them. */
static void
join_routes(struct target *t)
{
	struct route *all = &t->route;
	struct hop *hops;
	size_t i, n = all->count;

	for (i = 0; i < t->other_count; i++)
		n += t->others[i].route.count;
	hops = arena_alloc(&t->arena, n * sizeof(*hops));
	memcpy(hops, all->hops, all->count * sizeof(*hops));
	all->hops = hops;
	for (i = 0; i < t->other_count; i++) {
		const struct route *other = &t->others[i].route;

		memcpy(&all->hops[all->count], other->hops,
		    other->count * sizeof(*hops));
		all->count += other->count;
	}
}

int
target_failover_init(
    struct target *t, const struct settings *s, struct error *err)
{
	size_t i;

	if (s->other_count == 0)
		return 0;
	t->others = arena_alloc(&t->arena, s->other_count * sizeof(*t->others));
	for (i = 0; i < s->other_count; i++)
		if (init_account(t, &s->others[i], err) == -1)
			return -1;
	join_routes(t);
	return 0;
}

/* Its hops are copies, of when neither its keys nor its known servers had been
 * read. */
static void
take_policies(struct target *t, const struct target *other)
{
	const struct hop *own = other->route.hops;
	struct hop *hop = t->route.hops;

	for (; hop < t->route.hops + t->route.count; hop++)
		if (hop->params == &other->connection)
			hop->policy = own++->policy;
}

static int
prepare(void *arg, const struct hop *hop, struct error *err)
{
	static const char wipe[] = "\r\033[K";
	struct target *t = arg, *other = t->others;
	const struct settings_account *account = t->settings->others;
	struct process process = *t->process;

	for (; &other->connection != hop->params; other++)
		account++;
	if (other->process != NULL)
		return 0;
	process.given = account->settings;
	/* Who is asked something sees no waiting behind it. */
	if (isatty(STDERR_FILENO))
		outlet_put(process.output->err, wipe, sizeof(wipe) - 1);
	if (target_ready(other, account->settings, &process, err) == 0) {
		other->process = t->process;
		take_policies(t, other);
		return 0;
	}
	other->process = NULL;
	return error_context(err, "account %s", account->name);
}

void
target_failover_ready(struct target *t)
{
	/* Of those that may still be got, and of those in a configuration. */
	t->has_secret |= t->other_count > 0;
	t->route.prepare = prepare;
	t->route.prepare_arg = t;
}

void
target_failover_forget(struct target *t)
{
	struct settings *own;
	size_t i;

	for (i = 0; i < t->other_count; i++) {
		target_forget(&t->others[i]);
		if (t->process == NULL)
			continue;
		own = t->process->given->others[i].settings;
		settings_forget_secrets(own);
		settings_forget_proxy_password(own);
	}
}
