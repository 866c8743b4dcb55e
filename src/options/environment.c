/* environment: see environment.h. */
#include "options/environment.h"

#include <string.h>
#include <unistd.h>

#include "lib/url.h"
#include "options/foreign.h"
#include "options/nearest.h"
#include "options/option.h"

static const char prefix[] = "SMTPSEND_";

char *
environment_get(char **environ, const char *name)
{
	size_t n = strlen(name);

	for (; environ != NULL && *environ != NULL; environ++)
		if (**environ == *name && strncmp(*environ, name, n) == 0 &&
		    (*environ)[n] == '=')
			return (*environ)[n + 1] != '\0' ? *environ + n + 1
							 : NULL;
	return NULL;
}

static const struct option_row *
row_by_variable(const char *name)
{
	const struct option_row *row = NULL;
	char variable[OPTION_VARIABLE_SIZE];

	while ((row = option_next(row)) != NULL) {
		option_variable(row, variable);
		if (strcmp(variable, name) == 0)
			return row;
	}
	return NULL;
}

static int
unknown_variable(struct arena *arena, const char *name, struct error *err)
{
	const struct option_row *row = NULL;
	struct nearest near = {.word = name + sizeof(prefix) - 1};
	const char *hint = foreign_setting_hint(near.word);
	char variable[OPTION_VARIABLE_SIZE], quoted[OPTION_QUOTED_SIZE];

	while ((row = option_next(row)) != NULL) {
		if ((row->scope & OPTION_ENVIRONMENT) == 0)
			continue;
		option_variable(row, variable);
		nearest_offer(
		    &near, arena_strdup(arena, variable + sizeof(prefix) - 1));
	}
	error_set(err, EX_CONFIG, "unknown variable %s in the environment",
	    option_quote(name, quoted));
	if (hint != NULL)
		return error_hint(err, "%s", hint);
	return nearest_suggest(err, prefix, near.best);
}

static void
forget_password(const struct option_row *row, char *value)
{
	if (row->secret == SECRET_PASSWORD)
		url_forget_password(value);
}

static int
set(struct settings *s, const char *variable, char *value, struct error *err)
{
	const char *name =
	    arena_strndup(&s->arena, variable, (size_t)(value - variable));
	const struct option_row *row = row_by_variable(name);
	struct option_origin origin = {LAYER_ENVIRONMENT, name};
	int r;

	if (row == NULL)
		return unknown_variable(&s->arena, name, err);
	if (row->type == OPTION_SECRET) {
		option_error(err, row, &origin,
		    "secrets are not taken from the environment");
		return error_hint(err,
		    "Use --password-command or "
		    "--password-file.");
	}
	if ((row->scope & OPTION_ENVIRONMENT) == 0)
		return option_error(err, row, &origin,
		    "--%s is for the command line only", row->name);
	if (value[1] == '\0')
		return 0;
	r = option_set(s, row, value + 1, &origin, err);
	forget_password(row, value + 1);
	return r;
}

/* What other programs look at, too, is a default only; of two for one option
 * the later one counts. */
static const struct fallback {
	const char *variable, *option;
	bool shared; /* programs that we start need it as it is */
} fallbacks[] = {
    {"EMAIL", "from", false},
    {"SMTPSERVER", "server", false},
    {"ALL_PROXY", "proxy", true},
    {"all_proxy", "proxy", true},
    {"SMTP_PROXY", "proxy", true},
    {"smtp_proxy", "proxy", true},
    {"NO_PROXY", "no-proxy", true},
    {"no_proxy", "no-proxy", true},
};

static int
set_fallback(struct settings *s, char **environ, const struct fallback *f,
    struct error *err)
{
	struct option_origin origin = {LAYER_FALLBACK, f->variable};
	char *value = environment_get(environ, f->variable);
	const struct option_row *row;
	int r;

	if (value == NULL)
		return 0;
	row = option_by_name(f->option);
	r = option_set(s, row, value, &origin, err);
	if (!f->shared)
		forget_password(row, value);
	return r;
}

/* A unit of systemd that was given a password for us is told no more. */
static int
set_credential(struct settings *s, char **environ, struct error *err)
{
	static const struct option_origin origin = {
	    LAYER_FALLBACK, "CREDENTIALS_DIRECTORY"};
	static const char name[] = "smtpsend.password";
	const char *directory = environment_get(environ, origin.text);

	if (directory == NULL ||
	    access(arena_printf(&s->arena, "%s/%s", directory, name), F_OK) ==
		-1)
		return 0;
	return option_set(
	    s, option_by_name("password-credential"), name, &origin, err);
}

int
environment_read(char **environ, struct settings *s, struct error *err)
{
	char **e = environ, *value;
	size_t i;

	for (; e != NULL && *e != NULL; e++) {
		value = strchr(*e, '=');
		if (value != NULL &&
		    strncmp(*e, prefix, sizeof(prefix) - 1) == 0 &&
		    set(s, *e, value, err) == -1)
			return -1;
	}
	for (i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++)
		if (set_fallback(s, environ, &fallbacks[i], err) == -1)
			return -1;
	return set_credential(s, environ, err);
}
