/* account_new: see account_new.h. */
#include "options/account_new.h"

#include <string.h>

#include "lib/url.h"
#include "options/elsewhere.h"
#include "options/option.h"
#include "options/rows.h"
#include "options/show_settings.h"

static const struct option_section *const sections[] = {
    &section_server, &section_proxy, &section_authentication};

enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

void
account_new_add(struct account_new *a, const char *name, const char *value)
{
	if (a->count < ACCOUNT_NEW_MAX)
		a->settings[a->count++] = (struct config_setting){
		    arena_strdup(a->arena, name),
		    value != NULL ? arena_strdup(a->arena, value) : NULL,
		};
}

const char *
account_new_value(const struct account_new *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (strcmp(a->settings[i].name, name) == 0)
			return a->settings[i].value;
	return NULL;
}

/* Another time we are in another directory. */
static int
for_good(struct account_new *a, const struct option_row *row, const char *text,
    const char **out, struct error *err)
{
	int r = 0;

	*out = text;
	if (row->secret == SECRET_COMMAND)
		r = elsewhere_command(a->arena, text, out, err);
	else if (row->completion == COMPLETE_FILE &&
	    strncmp(text, "pkcs11:", 7) != 0)
		r = elsewhere_file(a->arena, text, out, err);
	return r == 0 ? 0 : error_context(err, "--%s", row->name);
}

static int
take_text(struct account_new *a, const struct option_row *row, const char *text,
    struct error *err)
{
	const char *kept;
	size_t len;

	if (row->secret == SECRET_PASSWORD && url_password(text, &len) != NULL)
		return error_set(err, EX_USAGE,
		    "--%s: a password in a URL is not written into a "
		    "configuration",
		    row->name);
	if (for_good(a, row, text, &kept, err) == -1)
		return -1;
	account_new_add(a, row->name, kept);
	return 0;
}

int
account_new_take(struct account_new *a, const struct settings *s,
    const struct option_row *row, struct error *err)
{
	const void *field = (const char *)s + row->offset;
	const struct strings *list = field;
	struct buf text = {0};
	size_t i;

	switch (row->type) {
	case OPTION_STRING:
		return take_text(a, row, *(const char *const *)field, err);
	case OPTION_LIST:
		for (i = 0; i < list->count; i++)
			if (take_text(a, row, list->items[i], err) == -1)
				return -1;
		return 0;
	case OPTION_FLAG:
		buf_puts(&text, *(const bool *)field ? "yes" : "no");
		break;
	case OPTION_COUNT:
		buf_printf(&text, "%u", *(const unsigned *)field);
		break;
	case OPTION_NUMBER:
		buf_printf(&text, "%llu",
		    (unsigned long long)*(const uint64_t *)field);
		break;
	case OPTION_DURATION:
		show_duration(&text, *(const int64_t *)field);
		break;
	case OPTION_CHOICE:
		buf_puts(&text, row->choices[*(const int *)field]);
		break;
	case OPTION_SECRET:
	case OPTION_ACTION:
		return 0;
	}
	account_new_add(a, row->name, buf_string(&text));
	buf_clear(&text);
	return 0;
}

/* What an account may say of the connection. */
static bool
is_of_account(const struct option_row *row)
{
	return (row->scope & OPTION_FILE) != 0 &&
	    strcmp(row->name, "account") != 0;
}

int
account_new_take_given(struct account_new *a, const struct settings *s,
    enum option_layer least, struct error *err)
{
	const struct option_row *row;
	size_t i, k;

	for (i = 0; i < SECTIONS; i++)
		for (k = 0; k < sections[i]->count; k++) {
			row = &sections[i]->rows[k];
			if (option_origin(s, row)->layer >= least &&
			    is_of_account(row) &&
			    strcmp(row->name, "server") != 0 &&
			    account_new_take(a, s, row, err) == -1)
				return -1;
		}
	return 0;
}

void
account_new_sort(struct account_new *a)
{
	static const char *const first[] = {"from", "user", "server"};
	struct config_setting moved;
	size_t i, k;

	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		for (k = 0; k < a->count; k++)
			if (strcmp(a->settings[k].name, first[i]) == 0) {
				moved = a->settings[k];
				memmove(a->settings + 1, a->settings,
				    k * sizeof(moved));
				a->settings[0] = moved;
				break;
			}
}

static bool
has(const struct account_new *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		if (strcmp(a->settings[i].name, name) == 0)
			return true;
	return false;
}

void
account_new_complete(struct account_new *a)
{
	const struct option_row *row;
	size_t i, k;

	for (i = 0; i < SECTIONS; i++)
		for (k = 0; k < sections[i]->count; k++) {
			row = &sections[i]->rows[k];
			if (is_of_account(row) && !has(a, row->name))
				account_new_add(a, row->name, NULL);
		}
}

int
account_new_settings(const struct account_new *a, const struct settings *base,
    struct settings *own, struct error *err)
{
	static const struct option_origin origin = {
	    LAYER_USER_ACCOUNT, "the new account"};
	const size_t size = option_count() * sizeof(*own->origins);
	const struct option_row *row;
	size_t i;

	*own = *base;
	own->arena = (struct arena){0};
	own->others = NULL;
	own->other_count = 0;
	own->auth.password = (struct secret){0};
	if (base->auth.password.bytes != NULL)
		secret_set(&own->auth.password, base->auth.password.bytes,
		    base->auth.password.len);
	own->origins = arena_alloc(&own->arena, size);
	memcpy(own->origins, base->origins, size);
	for (i = 0; i < a->count; i++) {
		row = option_by_name(a->settings[i].name);
		if (a->settings[i].value != NULL &&
		    option_set(own, row, a->settings[i].value, &origin, err) ==
			-1)
			return -1;
	}
	own->server.origin = "server";
	own->account = a->name;
	return 0;
}
