#include "command/target_known.h"

#include <string.h>
#include <time.h>

#include "command/known_hosts.h"
#include "lib/ascii.h"
#include "options/option.h"
#include "transport/first_use.h"

/* A pin is a better word than anybody's first. */
static bool
is_wanted(const struct settings *s)
{
	return s->server.tls.trust_on_first_use &&
	    s->server.tls.pins.count == 0;
}

static bool
is_for(const struct hop *hop)
{
	return hop->server->kind == SERVER_TCP &&
	    hop->tls != CONNECTION_TLS_OFF;
}

int
target_known_check(
    const struct target *t, const struct settings *s, struct error *err)
{
	static const char option[] = "tls-trust-on-first-use";
	size_t i;

	if (!s->server.tls.trust_on_first_use || !option_on_argv(s, option))
		return 0;
	if (option_on_argv(s, "tls-pin"))
		return error_set(err, EX_USAGE,
		    "--%s: of no use, since --tls-pin says whom to trust",
		    option);
	for (i = 0; i < t->count; i++)
		if (t->servers[i].kind == SERVER_TCP)
			return 0;
	return error_set(err, EX_USAGE,
	    "--%s: of no use for %s, which is no host", option,
	    t->servers[0].text);
}

/* As it stands in the file: one name for all ways to write it.  Capitals count in
 * the name of an interface, which is a link-local address's scope. */
static const char *
name_of(struct target *t, const struct server *server)
{
	char *host = arena_strdup(&t->arena, server->host), *p;
	size_t len = strlen(host);

	for (p = host; *p != '\0' && *p != '%'; p++)
		*p = ascii_lower(*p);
	if (len > 1 && host[len - 1] == '.')
		host[len - 1] = '\0';
	return arena_printf(&t->arena, "%s:%u", host, server->port);
}

/* One more key of a server. */
static void
know(struct target *t, struct tls_first_use *f, const struct pin *pin,
    const char *since, const char *where)
{
	struct tls_known_key *keys =
	    arena_alloc(&t->arena, (f->count + 1) * sizeof(*keys));

	if (f->count > 0)
		memcpy(keys, f->keys, f->count * sizeof(*keys));
	keys[f->count] = (struct tls_known_key){*pin, since, where};
	f->keys = keys;
	f->count++;
}

static struct tls_first_use *
look_up(struct target *t, const struct known_hosts *k, const char *name)
{
	struct tls_first_use *f = arena_alloc(&t->arena, sizeof(*f));
	size_t i;

	for (i = 0; i < k->count; i++)
		if (ascii_equal(k->items[i].server, name))
			know(t, f, &k->items[i].pin, k->items[i].since,
			    arena_printf(&t->arena, "line %u of %s",
				k->items[i].line, k->path));
	return f;
}

int
target_known_ready(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	struct known_hosts k;
	size_t i;

	if (!is_wanted(s))
		return 0;
	if (known_hosts_path(&t->arena, &t->known_hosts, err) == -1 ||
	    known_hosts_read(&k, t->known_hosts, &t->arena, err) == -1)
		return error_context(err, "--tls-trust-on-first-use");
	if (k.torn != 0)
		output_warning(s, process,
		    "warning: %s:%u: not \"HOST:PORT PIN DATE\", and passed "
		    "over",
		    k.path, k.torn);
	for (i = 0; i < t->route.count; i++) {
		struct hop *hop = &t->route.hops[i];

		/* Another account knows its own. */
		if (is_for(hop) &&
		    (hop->params == NULL || hop->params == &t->connection))
			hop->policy.first_use =
			    i > 0 && hop[-1].server == hop->server
			    ? hop[-1].policy.first_use
			    : look_up(t, &k, name_of(t, hop->server));
	}
	return 0;
}

void
target_known_keep(struct target *t, const struct settings *s,
    const struct process *process, struct delivery *d)
{
	const struct hop *hop = &t->route.hops[t->route.at];
	const struct transport_tls *tls = delivery_tls(d);
	const struct wait_limits wait = process_wait(process);
	const char *name;
	const char *path = t->known_hosts;
	struct error err;
	struct pin pin;
	size_t i;

	if (tls == NULL || tls->trust != TRANSPORT_TRUST_FIRST_USE ||
	    pin_parse(&pin, tls->fingerprint) == -1)
		return;
	for (i = 0; i < t->other_count; i++)
		if (hop->params == &t->others[i].connection)
			path = t->others[i].known_hosts;
	name = name_of(t, hop->server);
	if (known_hosts_add(path, name, &pin, time(NULL), &wait, &err) == -1)
		output_warning(s, process,
		    "warning: the key of %s was trusted on first use, and "
		    "could not be kept: %s",
		    name, err.text);
	/* What follows in this run is no first use any more. */
	know(t, (struct tls_first_use *)(uintptr_t)hop->policy.first_use, &pin,
	    "this run",
	    arena_printf(&t->arena, "the line of %s in %s", name, path));
}
