/* configure_find: see configure.h. */
#include "command/configure.h"

#include <stdlib.h>
#include <string.h>

#include "command/known_providers.h"
#include "lib/ascii.h"
#include "lib/dns.h"
#include "sasl/sasl.h"
#include "transport/server.h"

enum { PLACES_MAX = 32, MX_MAX = 4, SEARCH_STEP_MS = 10 * 1000 };

/* Servers that may be the ones, the likeliest first. */
struct places {
	struct configure_place items[PLACES_MAX];
	size_t count;
};

static void
add(struct places *p, const char *text, const char *host, unsigned port)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->items[i].text, text) == 0)
			return;
	if (p->count < PLACES_MAX)
		p->items[p->count++] = (struct configure_place){
		    .text = text, .host = host, .port = port};
}

/* By the URL, which demands TLS. */
static void
add_secure(struct places *p, struct arena *a, const char *host, unsigned port,
    bool implicit)
{
	const bool v6 = strchr(host, ':') != NULL;
	const char *scheme = implicit ? "submissions" : "submission";
	const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";
	const unsigned usual = implicit ? 465 : 587;

	add(p,
	    port == usual
		? arena_printf(a, "%s://%s%s%s", scheme, open, host, close)
		: arena_printf(
		      a, "%s://%s%s%s:%u", scheme, open, host, close, port),
	    host, port);
}

static bool
is_loopback(const char *host)
{
	return ascii_equal(host, "localhost") || strcmp(host, "::1") == 0 ||
	    strncmp(host, "127.", 4) == 0;
}

/* Both ways of TLS at the port that was named, or at the usual ones. */
static void
add_host(struct places *p, struct arena *a, const struct server *server,
    bool port_is_named)
{
	const bool starttls_first = server->port == 587 || server->port == 25;
	size_t n;

	if (!port_is_named) {
		add_secure(p, a, server->host, 465, true);
		add_secure(p, a, server->host, 587, false);
		return;
	}
	add_secure(p, a, server->host, server->port, !starttls_first);
	add_secure(p, a, server->host, server->port, starttls_first);
	if (!is_loopback(server->host))
		return;
	n = p->count;
	add(p, server->text, server->host, server->port);
	if (p->count > n)
		p->items[n].clear = true;
}

/* A server that somebody names. */
static int
add_named(struct places *p, struct configure *c, const char *text, bool tls_set,
    struct error *err)
{
	struct server server, again;
	int r = 0;

	if (server_parse(&c->arena, text, "465", &server, err) == -1)
		return -1;
	if (server.password.bytes != NULL) {
		secret_clear(&server.password);
		return error_set(err, EX_USAGE,
		    "--server: a password in a URL is not written into a "
		    "configuration");
	}
	if (server.user != NULL) {
		c->user = server.user;
		c->user_is_guessed = false;
	}
	if (server.kind != SERVER_TCP) {
		add(p, text, NULL, 0);
		return 0;
	}
	r = server_parse(&c->arena, text, "587", &again, err);
	if (r == -1)
		return -1;
	if (strstr(text, "://") == NULL && !tls_set)
		add_host(p, &c->arena, &server, server.port == again.port);
	else
		add(p, text, server.host, server.port);
	return 0;
}

static bool
tls_is_set(const struct configure *c)
{
	return account_new_value(&c->account, "tls") != NULL;
}

static int
add_from_argv(struct places *p, struct configure *c, struct error *err)
{
	const struct strings *names = &c->settings->server.names;
	size_t i;

	for (i = 0; i < names->count; i++)
		if (add_named(p, c, names->items[i], tls_is_set(c), err) == -1)
			return error_context(err, "--server");
	return 0;
}

/* What it offers, by name; the arena's. */
static const char *
mechanisms(struct configure *c)
{
	struct buf list = {0};
	const char *kept;
	size_t i;

	for (i = 0; i < sasl_mechanism_count; i++)
		if ((c->place.mechanisms &
			sasl_mechanism_bit(&sasl_mechanisms[i])) != 0)
			buf_printf(&list, "%s%s", list.len > 0 ? ", " : "",
			    sasl_mechanisms[i].name);
	kept = arena_strdup(&c->arena, buf_string(&list));
	buf_clear(&list);
	return kept;
}

/* Looks at them: 1, and the place is there; 0: none is fine. */
static int
look(struct configure *c, struct places *p, bool tell, struct error *err)
{
	struct configure_place *found;
	const char *offered;
	size_t i;

	if (configure_probe(&c->account, c->base, c->settings, c->process,
		p->items, p->count, &found, err) == -1)
		return -1;
	for (i = 0; found == NULL && tell && i < p->count; i++)
		if (p->items[i].error.status != 0)
			person_tell_error(&c->person, &p->items[i].error);
	if (found == NULL)
		return 0;
	c->place = *found;
	offered = mechanisms(c);
	person_tell(&c->person, "server: %s%s, %s%s", c->place.text,
	    c->place.secure ? ", TLS verified" : ", without TLS",
	    *offered != '\0' ? "lets in by " : "lets in without a password",
	    offered);
	return 1;
}

/* How far it came: what a server said counts more than that nobody was met. */
static int
rank(const struct configure_place *p)
{
	return 4 * (int)p->phase +
	    (p->error.status == 0		     ? -1
		    : p->error.status == EX_NOHOST   ? 0
		    : p->error.status == EX_TEMPFAIL ? 1
						     : 2);
}

/* Why none of them will do. */
static int
none_is_fine(const struct places *p, struct error *err)
{
	const struct configure_place *best = p->items;
	size_t i;

	for (i = 1; i < p->count; i++)
		if (rank(&p->items[i]) > rank(best))
			best = &p->items[i];
	if (p->count == 0 || best->error.status == 0)
		return error_set(err, EX_TEMPFAIL, "%s: no answer in time",
		    p->count > 0 ? best->text : "server");
	*err = best->error;
	return -1;
}

static bool
is_within(const char *host, const char *domain)
{
	size_t n = strlen(host), m = strlen(domain);

	return n >= m && ascii_equal(host + n - m, domain) &&
	    (n == m || host[n - m - 1] == '.');
}

/* Whoever can change DNS on the way could send us, and the password,
 * anywhere. */
static int
confirm(struct configure *c, const char *why, struct error *err)
{
	const char *question;
	int r;

	question = arena_printf(&c->arena,
	    "%s is not in the domain %s (%s). Is it the right one?",
	    c->place.host, c->domain, why);
	if (c->dry) {
		person_tell(&c->person, "%s", question);
		return 0;
	}
	if (!person_can_be_asked(&c->person)) {
		error_set(err, EX_USAGE, "%s", question);
		return error_hint(err, "-S %s says that it is", c->place.text);
	}
	r = person_agrees(&c->person, question, false, err);
	if (r != 0)
		return r == 1 ? 0 : -1;
	error_set(err, EX_NOPERM, "nothing was changed");
	return error_hint(err, "-S HOST names the right server");
}

static void
tell_step(void *arg, const char *step)
{
	person_tell(arg, "%s", step);
}

static void
tell_failures(struct configure *c, const char *failures)
{
	size_t n;

	for (; failures != NULL && *failures != '\0';
	     failures += n + (failures[n] != '\0')) {
		n = strcspn(failures, "\n");
		person_tell(&c->person, "%.*s", (int)n, failures);
	}
}

/* Where it comes from that these are the servers. */
static const char *
origin_of(struct configure *c, const struct provider_found *f)
{
	static const char *const texts[] = {
	    [PROVIDER_BY_DOMAIN] = "known by the domain",
	    [PROVIDER_BY_MX] = "known by the domain's MX",
	    [PROVIDER_BY_AUTOCONFIG] = "published at",
	    [PROVIDER_BY_SRV] = "named by DNS, SRV",
	};

	return f->where != NULL
	    ? arena_printf(&c->arena, "%s %s", texts[f->origin], f->where)
	    : texts[f->origin];
}

static void
tell_provider(struct configure *c, const char *origin)
{
	if (c->provider != NULL)
		person_tell(&c->person, "provider: %s (%s)",
		    c->provider->name != NULL ? c->provider->name
					      : c->provider->id,
		    origin);
	else
		person_tell(&c->person, "servers of %s: %s", c->domain, origin);
}

/* What is known of a provider is enough for a look at what would be written,
 * where its server cannot be met: the first place is taken as it is.  1, or 0. */
static int
assume(struct configure *c, const struct places *p)
{
	const char *names = c->provider != NULL ? c->provider->auth : NULL;
	const struct sasl_mechanism *m;
	size_t n;

	if (!c->dry || names == NULL || p->items[0].phase > SMTP_PHASE_CONNECT)
		return 0;
	c->place = p->items[0];
	c->place.secure = true;
	for (; *names != '\0'; names += n + (names[n] == ',')) {
		n = strcspn(names, ",");
		m = sasl_mechanism_find(arena_strndup(&c->arena, names, n));
		if (m != NULL)
			c->place.mechanisms |= sasl_mechanism_bit(m);
	}
	person_tell(&c->person, "server: %s, which was not met (%s)",
	    c->place.text,
	    c->place.error.status != 0 ? c->place.error.text
				       : "no answer in time");
	return 1;
}

static int
take_found(
    struct configure *c, const struct provider_found *f, struct error *err)
{
	const char *origin = origin_of(c, f);
	struct places *p = arena_alloc(&c->arena, sizeof(*p));
	size_t i;
	int r;

	c->provider = f->provider;
	if (f->user != NULL && c->user_is_guessed) {
		c->user = f->user;
		c->user_is_guessed =
		    f->origin == PROVIDER_BY_SRV && f->provider == NULL;
	}
	tell_provider(c, origin);
	for (i = 0; i < f->server_count; i++)
		add_secure(p, &c->arena, f->servers[i].host, f->servers[i].port,
		    f->servers[i].implicit);
	r = look(c, p, false, err);
	if (r == 0)
		r = assume(c, p);
	if (r == 0)
		return none_is_fine(p, err);
	if (r == 1 &&
	    (f->confirm ||
		(f->origin == PROVIDER_BY_AUTOCONFIG && f->provider == NULL &&
		    !is_within(c->place.host, c->domain))))
		return confirm(c, origin, err);
	return r == 1 ? 0 : -1;
}

static struct dns_params
dns_of(const struct configure *c)
{
	return (struct dns_params){
	    .server = c->settings->search.dns_server,
	    .wait = &c->person.wait,
	    .timeout_ms = SEARCH_STEP_MS,
	};
}

static int
search(struct configure *c, struct provider_found *found, struct error *err)
{
	const struct dns_params dns = dns_of(c);
	const struct http_params http = {
	    .wait = &c->person.wait,
	    .timeout_ms = SEARCH_STEP_MS,
	    .ca = c->settings->auth.oauth.ca,
	};
	struct providers *providers =
	    arena_alloc(&c->arena, sizeof(*providers));
	struct provider_search search = {
	    .providers = providers,
	    .dns = &dns,
	    .http = &http,
	    .autoconfig_url = c->settings->search.autoconfig_url,
	    .tell = tell_step,
	    .arg = &c->person,
	};

	if (known_providers(c->settings, &c->arena, providers, err) == -1)
		return -1;
	return provider_search(&search, c->address, &c->arena, found, err);
}

/* Names that servers often have. */
static void
add_usual(struct places *p, struct configure *c)
{
	const struct dns_params dns = dns_of(c);
	const char *names[3 + MX_MAX] = {
	    arena_printf(&c->arena, "mail.%s", c->domain),
	    arena_printf(&c->arena, "smtp.%s", c->domain),
	};
	const struct dns_record *mx;
	size_t n = 2, count = 0, i;
	struct error ignored;

	if (dns_mx(&dns, c->domain, &c->arena, &mx, &count, &ignored) == -1)
		count = 0;
	for (i = 0; i < count && i < MX_MAX; i++)
		if (mx[i].host[0] != '\0')
			names[n++] = mx[i].host;
	names[n++] = c->domain;
	for (i = 0; i < n; i++) {
		add_secure(p, &c->arena, names[i], 465, true);
		add_secure(p, &c->arena, names[i], 587, false);
	}
}

/* The last resort: whoever answers as a server for mail should. */
static int
probe(struct configure *c, struct error *err)
{
	struct places *p = arena_alloc(&c->arena, sizeof(*p));
	int r;

	person_tell(&c->person,
	    "nothing names a server of %s: trying the usual names", c->domain);
	add_usual(p, c);
	r = look(c, p, false, err);
	if (r == 1 && !is_within(c->place.host, c->domain))
		return confirm(c, "it is the domain's MX", err) == 0 ? 1 : -1;
	return r;
}

/* Nobody knows; the person may. */
static int
ask_for_server(struct configure *c, struct error *err)
{
	struct places *p;
	const char *text;
	int r = 0;

	if (!person_can_be_asked(&c->person)) {
		error_set(
		    err, EX_NOHOST, "no server of %s was found", c->domain);
		return error_hint(
		    err, "-S HOST names the one that your provider names");
	}
	while (r == 0) {
		if (person_ask(&c->person,
			"No server was found. Which one does your provider "
			"name (host or host:port)?",
			NULL, &c->arena, &text, err) == -1)
			return -1;
		p = arena_alloc(&c->arena, sizeof(*p));
		if (add_named(p, c, text, tls_is_set(c), err) == -1)
			person_tell_error(&c->person, err);
		else
			r = look(c, p, true, err);
	}
	return r == 1 ? 0 : -1;
}

/* Whose server it is that was named: how one signs in there may be known. */
static int
recognize(struct configure *c, struct error *err)
{
	struct providers providers;
	const struct provider *row;
	size_t i;

	if (known_providers(c->settings, &c->arena, &providers, err) == -1)
		return -1;
	for (i = 0; i < providers.count && c->provider == NULL; i++) {
		row = providers.rows + i;
		if (c->place.host != NULL && row->server != NULL &&
		    (unsigned)atoi(row->port) == c->place.port &&
		    ascii_equal(row->server, c->place.host))
			c->provider = row;
	}
	if (c->provider != NULL)
		tell_provider(c, "known by the server");
	return 0;
}

int
configure_find(struct configure *c, struct error *err)
{
	struct places *p = arena_alloc(&c->arena, sizeof(*p));
	struct provider_found found = {0};
	int r;

	if (c->settings->server.on_argv) {
		if (add_from_argv(p, c, err) == -1)
			return -1;
		r = look(c, p, false, err);
		if (r == 0)
			return none_is_fine(p, err);
		return r == 1 ? recognize(c, err) : -1;
	}
	if (search(c, &found, err) == -1)
		return -1;
	tell_failures(c, found.failures);
	if (found.origin != PROVIDER_NOWHERE)
		return take_found(c, &found, err);
	r = probe(c, err);
	if (r != 0)
		return r == 1 ? 0 : -1;
	return ask_for_server(c, err);
}
