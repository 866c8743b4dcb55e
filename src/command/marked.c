#include "command/marked.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "options/option.h"
#include "options/rows.h"

static const char mark[] = "{\"system\":true,";

bool
marked_is(const char *options)
{
	return options != NULL && strncmp(options, mark, sizeof(mark) - 1) == 0;
}

/* --- who needs it ---------------------------------------------------------*/

static const struct option_section *const account_sections[] = {
    &section_server, &section_proxy, &section_authentication};

enum { SECTIONS = sizeof(account_sections) / sizeof(account_sections[0]) };

static bool
is_of_system(enum option_layer layer)
{
	return layer == LAYER_SYSTEM_FILE || layer == LAYER_SYSTEM_ACCOUNT;
}

static bool
is_denied(const struct settings *s, const struct option_row *row)
{
	const char *field = (const char *)s + row->offset, *path;

	if (row->type != OPTION_STRING || row->completion != COMPLETE_FILE ||
	    !is_of_system(option_origin(s, row)->layer))
		return false;
	path = *(const char *const *)field;
	return path != NULL && path[0] == '/' && access(path, R_OK) == -1 &&
	    errno == EACCES;
}

/* The first row of an account for which that is so; NULL: there is none. */
static const struct option_row *
find(const struct settings *s,
    bool (*is)(const struct settings *, const struct option_row *))
{
	size_t i, k;

	for (i = 0; i < SECTIONS; i++)
		for (k = 0; k < account_sections[i]->count; k++)
			if (is(s, &account_sections[i]->rows[k]))
				return &account_sections[i]->rows[k];
	return NULL;
}

/* A server that the user names himself is his own affair. */
bool
marked_needed(const struct settings *s)
{
	const enum option_layer server =
	    option_origin(s, option_by_name("server"))->layer;

	/* So is a configuration of his own (sendmail -C). */
	if (geteuid() == 0 || server > LAYER_SYSTEM_ACCOUNT ||
	    s->local.config_file != NULL)
		return false;
	if (s->system_denied)
		return true;
	return server != LAYER_FALLBACK && find(s, is_denied) != NULL;
}

static bool
is_users(const struct settings *s, const struct option_row *row)
{
	return option_origin(s, row)->layer >= LAYER_USER_FILE &&
	    (row->scope & OPTION_FILE) != 0;
}

int
marked_wanted(const struct settings *s, const struct spool_places *places,
    struct error *err)
{
	static const char hint[] =
	    "name a server, too, to send it by your own means";
	const struct option_row *row;

	if (!places->in_spool || !marked_needed(s))
		return 0;
	row = find(s, is_users);
	if (row != NULL) {
		option_error(err, row, option_origin(s, row),
		    "the system's flush is to send this, with the system's "
		    "settings and no others");
		return error_hint(err, hint);
	}
	if (s->account == NULL || strcmp(s->account, "default") == 0)
		return 1;
	error_set(err, EX_CONFIG,
	    "account %s: you may not read its secret, and the system's flush "
	    "has the account 'default' alone",
	    s->account);
	return error_hint(err, hint);
}

/* --- its words ------------------------------------------------------------*/

static bool
is_of_envelope(const struct option_row *row)
{
	return row != NULL && row >= section_envelope.rows &&
	    row < section_envelope.rows + section_envelope.count;
}

struct reading {
	struct account_new words;
	bool dsn_if_offered;
};

static bool
take_word(void *arg, const struct json_value *v)
{
	struct reading *r = arg;
	struct account_new *words = &r->words;
	const char *equals, *name;

	if (strcmp(v->name, "system") == 0)
		return v->kind == JSON_A_TRUTH && strcmp(v->text, "true") == 0;
	if (strcmp(v->name, "dsn") == 0)
		return r->dsn_if_offered = true;
	if (strcmp(v->name, "words") != 0 || !v->item ||
	    v->kind != JSON_A_TEXT || strncmp(v->text, "--", 2) != 0)
		return false;
	equals = strchr(v->text, '=');
	if (equals == NULL || words->count == ACCOUNT_NEW_MAX)
		return false;
	name = arena_strndup(
	    words->arena, v->text + 2, (size_t)(equals - v->text) - 2);
	if (!is_of_envelope(option_by_name(name)))
		return false;
	account_new_add(words, name, equals + 1);
	return true;
}

static int
foreign(struct error *err)
{
	return error_set(err, EX_DATAERR,
	    "what it asks of the system's flush is more than an envelope's "
	    "options: it is not sent");
}

int
marked_settings(const struct settings *base, const char *options,
    struct arena *a, struct settings *out, struct error *err)
{
	struct reading *r = arena_alloc(a, sizeof(*r));

	r->words.arena = a;
	memset(out, 0, sizeof(*out));
	if (json_walk(options, strlen(options), take_word, r) == -1)
		return foreign(err);
	if (account_new_settings(&r->words, base, out, err) == -1) {
		err->status = EX_DATAERR;
		return -1;
	}
	out->envelope.dsn_if_offered = r->dsn_if_offered;
	return 0;
}
