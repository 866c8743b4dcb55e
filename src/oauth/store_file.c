#include "oauth/store_file.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

enum { VERSION_NOW = 1, HOSTS_MAX = 64 };

enum kind {
	TEXT,
	SECRET,
	TOKEN,
	NUMBER,
	TRUTH,
	HOSTS,
	REDIRECT,
	SCOPE,
	VERSION_OF
};

/* A member of the object, and where its value is. */
struct member {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define AT(field) offsetof(struct oauth_entry, field)

static const struct member members[] = {
    {"version", VERSION_OF, 0},
    {"oauth", TEXT, AT(oauth)},
    {"user", TEXT, AT(user)},
    {"hosts", HOSTS, AT(hosts)},
    {"issuer", TEXT, AT(server.issuer)},
    {"authorization_endpoint", TEXT, AT(server.authorization_endpoint)},
    {"token_endpoint", TEXT, AT(server.token_endpoint)},
    {"device_authorization_endpoint", TEXT, AT(server.device_endpoint)},
    {"registration_endpoint", TEXT, AT(server.registration_endpoint)},
    {"revocation_endpoint", TEXT, AT(server.revocation_endpoint)},
    {"scope", TEXT, AT(server.scope)},
    {"redirect", REDIRECT, AT(server.redirect)},
    {"says_issuer", TRUTH, AT(server.says_issuer)},
    {"client_id", TEXT, AT(client.id)},
    {"client_secret", SECRET, AT(client.secret)},
    {"registered", TRUTH, AT(registered)},
    {"signed_out", TRUTH, AT(signed_out)},
    {"unanswered", TRUTH, AT(unanswered)},
    {"access_token", TOKEN, AT(token.access)},
    {"refresh_token", TOKEN, AT(token.refresh)},
    {"obtained", NUMBER, AT(token.obtained_s)},
    {"expires_in", NUMBER, AT(token.lifetime_s)},
    {"granted_scope", SCOPE, AT(token.scope)},
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static const char *const redirects[] = {
    [OAUTH_REDIRECT_IP] = "127.0.0.1", [OAUTH_REDIRECT_NAME] = "localhost"};

static void
put_hosts(struct buf *out, const struct oauth_entry *e)
{
	size_t i;

	buf_putc(out, '[');
	for (i = 0; i < e->host_count; i++) {
		buf_puts(out, i > 0 ? "," : "");
		json_quote(out, e->hosts[i], strlen(e->hosts[i]));
	}
	buf_putc(out, ']');
}

static void
put_value(struct buf *out, const struct member *m, const struct oauth_entry *e)
{
	const void *at = (const char *)e + m->offset;
	const struct secret *secret = at;
	const char *const *text = at;

	switch (m->kind) {
	case TEXT:
		json_quote(out, *text, strlen(*text));
		break;
	case SECRET:
	case TOKEN:
		json_quote(out, secret->bytes, secret->len);
		break;
	case NUMBER:
		buf_printf(out, "%lld", (long long)*(const int64_t *)at);
		break;
	case TRUTH:
		buf_puts(out, *(const bool *)at ? "true" : "false");
		break;
	case HOSTS:
		put_hosts(out, e);
		break;
	case REDIRECT:
		buf_printf(out, "\"%s\"", redirects[e->server.redirect]);
		break;
	case SCOPE:
		json_quote(out, at, strlen(at));
		break;
	case VERSION_OF:
		buf_printf(out, "%d", VERSION_NOW);
		break;
	}
}

/* What is not known is left out. */
static bool
is_there(const struct member *m, const struct oauth_entry *e)
{
	const void *at = (const char *)e + m->offset;

	switch (m->kind) {
	case TEXT:
		return *(const char *const *)at != NULL;
	case SECRET:
	case TOKEN:
		return ((const struct secret *)at)->bytes != NULL;
	case TRUTH:
		return *(const bool *)at;
	default:
		return true;
	}
}

void
store_file_write(struct buf *out, const struct oauth_entry *e)
{
	const char *between = "{";
	size_t i;

	buf_reserve(out, out->max);
	for (i = 0; i < MEMBERS; i++) {
		if (!is_there(&members[i], e))
			continue;
		buf_printf(out, "%s\n  \"%s\": ", between, members[i].name);
		put_value(out, &members[i], e);
		between = ",";
	}
	buf_puts(out, "\n}\n");
}

struct reading {
	struct oauth_entry *entry;
	struct arena *arena;
	uint32_t seen; /* members, by their bit */
	struct error *err;
	const char **hosts;
};

static bool
wrong(struct reading *r, const char *name)
{
	error_set(r->err, EX_CONFIG,
	    "the value of %.64s is none that it can have", name);
	return false;
}

static bool
take_host(struct reading *r, const struct json_value *v)
{
	if (!v->item || v->kind != JSON_A_TEXT ||
	    r->entry->host_count == HOSTS_MAX)
		return wrong(r, v->name);
	if (r->hosts == NULL)
		r->hosts = arena_alloc(r->arena, HOSTS_MAX * sizeof(*r->hosts));
	r->hosts[r->entry->host_count++] =
	    arena_strndup(r->arena, v->text, v->len);
	r->entry->hosts = r->hosts;
	return true;
}

static bool
take_version(struct reading *r, const struct json_value *v)
{
	if (strtol(v->text, NULL, 10) == VERSION_NOW)
		return true;
	error_set(r->err, EX_CONFIG,
	    "it has version %.20s, and this smtpsend knows version %d", v->text,
	    VERSION_NOW);
	return false;
}

static bool
take_redirect(struct reading *r, const struct json_value *v)
{
	bool name = strcmp(v->text, redirects[OAUTH_REDIRECT_NAME]) == 0;

	if (!name && strcmp(v->text, redirects[OAUTH_REDIRECT_IP]) != 0)
		return wrong(r, v->name);
	r->entry->server.redirect =
	    name ? OAUTH_REDIRECT_NAME : OAUTH_REDIRECT_IP;
	return true;
}

/* As a server gives one (RFC 6749 A.12): it goes to other programs, too. */
static bool
take_token(struct reading *r, struct secret *at, const struct json_value *v)
{
	size_t i;

	for (i = 0; i < v->len; i++)
		if (v->text[i] <= ' ' || v->text[i] > '~')
			return wrong(r, v->name);
	if (v->len == 0)
		return wrong(r, v->name);
	secret_set(at, v->text, v->len);
	return true;
}

static bool
take_value(
    struct reading *r, const struct member *m, const struct json_value *v)
{
	void *at = (char *)r->entry + m->offset;

	switch (m->kind) {
	case TEXT:
		*(const char **)at = arena_strndup(r->arena, v->text, v->len);
		return true;
	case SECRET:
		/* It is a text, for whoever has it. */
		if (memchr(v->text, '\0', v->len) != NULL)
			return wrong(r, v->name);
		secret_set(at, v->text, v->len);
		return true;
	case TOKEN:
		return take_token(r, at, v);
	case NUMBER:
		*(int64_t *)at = strtoll(v->text, NULL, 10);
		return true;
	case TRUTH:
		*(bool *)at = v->text[0] == 't';
		return true;
	case HOSTS:
		return take_host(r, v);
	case REDIRECT:
		return take_redirect(r, v);
	case SCOPE:
		if (v->len >= sizeof(r->entry->token.scope))
			return wrong(r, v->name);
		memcpy(at, v->text, v->len + 1);
		return true;
	default:
		return take_version(r, v);
	}
}

static enum json_kind
json_kind(enum kind kind)
{
	return kind == NUMBER || kind == VERSION_OF ? JSON_A_NUMBER
	    : kind == TRUTH			    ? JSON_A_TRUTH
						    : JSON_A_TEXT;
}

static bool
take_member(void *arg, const struct json_value *v)
{
	struct reading *r = arg;
	const struct member *m = members;
	bool again;

	while (m < members + MEMBERS && strcmp(m->name, v->name) != 0)
		m++;
	if (m == members + MEMBERS) {
		error_set(r->err, EX_CONFIG,
		    "this smtpsend knows no member '%.64s'", v->name);
		return false;
	}
	again = (r->seen & 1U << (m - members)) != 0;
	r->seen |= 1U << (m - members);
	if (v->kind != json_kind(m->kind) || v->item != (m->kind == HOSTS) ||
	    (again && !v->item))
		return wrong(r, v->name);
	return take_value(r, m, v);
}

/* Without these nothing can be done with it; members[0] is the version. */
static bool
is_complete(const struct reading *r)
{
	return (r->seen & 1) != 0 && r->entry->oauth != NULL &&
	    r->entry->token.lifetime_s >= 0 && r->entry->token.obtained_s >= 0;
}

int
store_file_read(const struct buf *bytes, struct arena *arena,
    struct oauth_entry *e, struct error *err)
{
	struct reading r = {.entry = e, .arena = arena, .err = err};

	*e = (struct oauth_entry){0};
	err->status = 0;
	if (json_walk(buf_string(bytes), bytes->len, take_member, &r) == 0 &&
	    is_complete(&r))
		return 0;
	oauth_entry_clear(e);
	return err->status != 0
	    ? -1
	    : error_set(err, EX_CONFIG, "it is torn: not what was written");
}
