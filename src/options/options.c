/* options: see options.h. */
#include "options/options.h"

#include <string.h>

#include "options/argv.h"
#include "options/environment.h"
#include "options/files.h"
#include "options/option.h"

/* Whether more than the program itself is needed to do what was asked for. */
static bool
needs_settings(enum settings_action action)
{
	return action != ACTION_USAGE && action != ACTION_VERSION &&
	    action != ACTION_OPTION_HELP && action != ACTION_EXPLAIN &&
	    action != ACTION_IMPORT_MSMTPRC;
}

/* What is configured is replaced by what the command line says, but for those
 * who are to see every message: they are kept beside it. */
static int
read_configuration(
    const struct options_origin *o, struct settings *s, struct error *err)
{
	enum { BCC, BCC_FILE, COUNT };
	static const char *const names[COUNT] = {"bcc", "bcc-file"};
	struct strings *lists[COUNT] = {&s->message.bcc, &s->message.bcc_file};
	struct strings *standing[COUNT] = {
	    &s->message.standing_bcc, &s->message.standing_bcc_file};
	struct strings given[COUNT];
	struct option_origin *origins[COUNT], argv[COUNT];
	size_t i;

	for (i = 0; i < COUNT; i++) {
		origins[i] =
		    &s->origins[option_number(option_by_name(names[i]))];
		argv[i] = *origins[i];
		given[i] = *lists[i];
		*origins[i] = (struct option_origin){LAYER_NONE, NULL};
		*lists[i] = (struct strings){0};
	}
	if (environment_read(o->environ, s, err) == -1 ||
	    files_read(o, s, err) == -1)
		return -1;
	for (i = 0; i < COUNT; i++) {
		if (given[i].count == 0)
			continue;
		*standing[i] = *lists[i];
		*lists[i] = given[i];
		*origins[i] = argv[i];
	}
	return 0;
}

int
options_read(
    const struct options_origin *o, struct settings *s, struct error *err)
{
	const struct option_origin *server;
	const char *home = environment_get(o->environ, "HOME");

	memset(s, 0, sizeof(*s));
	s->home = home != NULL && *home != '\0' ? home : NULL;
	s->origins =
	    arena_alloc(&s->arena, option_count() * sizeof(*s->origins));
	/* argv first: it may say which account to use, or that nothing else is
	 * to be looked at. */
	if (argv_read(o->argc, o->argv, s, err) == -1 ||
	    option_set_defaults(s, err) == -1)
		return -1;
	if (needs_settings(s->action) && read_configuration(o, s, err) == -1)
		return -1;
	if (s->action == ACTION_EXPLAIN)
		files_find(o, s);
	server = option_origin(s, option_by_name("server"));
	if (server->layer > LAYER_DEFAULT)
		s->server.origin = server->text;
	return 0;
}
