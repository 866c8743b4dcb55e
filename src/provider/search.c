/* search: the steps, one after another. */
#include "provider/search.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "provider/autoconfig.h"
#include "provider/srv.h"

/* A search while it goes on. */
struct search {
	const struct provider_search *params;
	const char *address, *domain;
	struct arena *arena;
	struct provider_found *found;
	struct buf failures;
};

typedef int step_fn(struct search *, struct error *);

static void
tell(const struct search *s, const char *step)
{
	if (s->params->tell != NULL)
		s->params->tell(s->params->arg, step);
}

/* Of a wait of ours: whether its end is that of the whole run. */
static bool
is_over(const struct search *s, const struct error *err)
{
	const struct wait_limits *limits[] = {
	    s->params->dns != NULL ? s->params->dns->wait : NULL,
	    s->params->http != NULL ? s->params->http->wait : NULL,
	};
	size_t i;

	if (err->status > EX_SIGNAL || err->status == EX_USAGE)
		return true;
	for (i = 0; i < 2; i++)
		if (limits[i] != NULL && limits[i]->deadline_us != 0 &&
		    clock_monotonic_us() >= limits[i]->deadline_us)
			return true;
	return false;
}

/* A step that came to nothing is told and left behind. */
static int
failed(struct search *s, const struct error *err)
{
	if (is_over(s, err))
		return -1;
	buf_printf(&s->failures, "%s\n", err->text);
	return 0;
}

static int
take_row(struct search *s, const struct provider *row, const char *where)
{
	struct provider_server *server;

	/* One that knows no server of its own tells nothing here. */
	if (row == NULL || row->server == NULL)
		return 0;
	server = arena_alloc(s->arena, sizeof(*server));
	server->host = row->server;
	server->port = (unsigned)strtoul(row->port, NULL, 10);
	server->implicit = strcmp(row->tls, "implicit") == 0;
	s->found->provider = row;
	s->found->servers = server;
	s->found->server_count = 1;
	s->found->where = arena_strdup(s->arena, where);
	return 1;
}

static int
by_domain(struct search *s, struct error *err)
{
	(void)err;
	return take_row(
	    s, provider_by_domain(s->params->providers, s->domain), s->domain);
}

static int
by_mx(struct search *s, struct error *err)
{
	const struct dns_record *records;
	size_t count, i;
	int r = 0;

	if (s->params->dns == NULL)
		return 0;
	tell(s, arena_printf(s->arena, "looking for the MX of %s", s->domain));
	if (dns_mx(s->params->dns, s->domain, s->arena, &records, &count,
		err) == -1)
		return failed(s, err);
	for (i = 0; r == 0 && i < count; i++)
		r = take_row(s,
		    provider_by_mx(s->params->providers, records[i].host),
		    records[i].host);
	return r;
}

static int
by_autoconfig(struct search *s, struct error *err)
{
	const char *url;
	unsigned which;
	int r = 0;

	if (s->params->http == NULL)
		return 0;
	for (which = 0; r == 0 &&
	     (url = autoconfig_url(s->params, s->address, which, s->arena)) !=
		 NULL;
	     which++) {
		tell(s,
		    arena_printf(
			s->arena, "asking %.*s", (int)strcspn(url, "?"), url));
		r = autoconfig_ask(
		    s->params, url, s->address, s->arena, s->found, err);
		if (r == -1)
			r = failed(s, err);
	}
	return r;
}

static int
by_srv(struct search *s, struct error *err)
{
	int r;

	if (s->params->dns == NULL)
		return 0;
	tell(s,
	    arena_printf(s->arena, "looking for SRV records of %s", s->domain));
	r = srv_ask(s->params, s->domain, s->arena, s->found, err);
	return r == -1 ? failed(s, err) : r;
}

/* Who has the servers may be known, whatever told of them. */
static void
fill_in(struct search *s)
{
	struct provider_found *found = s->found;

	if (found->provider == NULL)
		found->provider = provider_by_server(
		    s->params->providers, found->servers[0].host);
	if (found->user == NULL)
		found->user = provider_user(
		    found->provider != NULL ? found->provider->user : NULL,
		    s->address, s->arena);
	if (found->auth == NULL && found->provider != NULL)
		found->auth = found->provider->auth;
}

int
provider_search(const struct provider_search *params, const char *address,
    struct arena *arena, struct provider_found *found, struct error *err)
{
	static step_fn *const steps[] = {
	    [PROVIDER_BY_DOMAIN] = by_domain,
	    [PROVIDER_BY_MX] = by_mx,
	    [PROVIDER_BY_AUTOCONFIG] = by_autoconfig,
	    [PROVIDER_BY_SRV] = by_srv,
	};
	struct search s = {
	    .params = params,
	    .address = address,
	    .domain = strrchr(address, '@') + 1,
	    .arena = arena,
	    .found = found,
	};
	enum provider_origin i;
	int r = 0;

	memset(found, 0, sizeof(*found));
	for (i = PROVIDER_BY_DOMAIN; r == 0 && i <= PROVIDER_BY_SRV; i++) {
		r = steps[i](&s, err);
		if (r == 1)
			found->origin = i;
	}
	if (r == 1)
		fill_in(&s);
	found->failures = arena_strdup(arena, buf_string(&s.failures));
	buf_clear(&s.failures);
	return r == -1 ? -1 : 0;
}
