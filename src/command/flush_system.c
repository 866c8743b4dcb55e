/* flush_system: the system's settings for messages that are marked for its
 * flush; see flush.h. */
#include "command/flush.h"

#include "command/log.h"
#include "options/options.h"

/*
 * What a run as somebody else must not do: start programs, write files, or read
 * some by which it would let itself be led.
 */
static void
restrain(struct settings *s, const struct settings *all)
{
	const char *log = log_of_user(s, all);

	s->hooks = (struct settings_hooks){0};
	s->delivery.save = NULL;
	s->delivery.deadline_ms = all->delivery.deadline_ms;
	/* A file of root's cannot be written by the user. */
	if (log_is_wanted(s))
		log = "syslog";
	s->report = (struct settings_report){.log = log,
	    .verbose = all->report.verbose,
	    .quiet = all->report.quiet,
	    .json = all->report.json};
	/* A session that is resumed may be signed in already. */
	s->server.no_cache = true;
}

static int
read_system(struct flush_system *system, const struct settings *all,
    const struct process *process, struct error *err)
{
	static const char *const words[] = {
	    "smtpsend", "--body=", "--", "postmaster@localhost"};
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	char **argv = arena_alloc(&system->arena, (WORDS + 1) * sizeof(*argv));
	const struct options_origin origin = {.argc = WORDS,
	    .argv = argv,
	    .environ = &argv[WORDS],
	    .no_user_file = true,
	    .system_file = process->origin->system_file};
	struct settings *s = &system->settings;
	size_t i;

	for (i = 0; i < WORDS; i++)
		argv[i] = arena_strdup(&system->arena, words[i]);
	if (options_read(&origin, s, err) == -1)
		return -1;
	restrain(s, all);
	system->process.given = s;
	process_hide();
	if (target_init(&system->target, s, err) == -1)
		return -1;
	return target_ready_wholly(&system->target, s, &system->process, err);
}

void
flush_system_read(struct flush_system *system, const struct settings *all,
    const struct process *process)
{
	struct error err;

	*system = (struct flush_system){.process = *process};
	if (read_system(system, all, process, &err) == 0)
		return;
	error_context(&err, "the system's settings");
	output_text_error(all, process, &err);
	/* What they are is no business of the user's who reads this. */
	error_set(&system->error, EX_TEMPFAIL,
	    "the system's settings cannot be used: ask root");
}

void
flush_system_clear(struct flush_system *system)
{
	settings_forget_secrets(&system->settings);
	settings_forget_proxy_password(&system->settings);
	target_clear(&system->target);
	settings_clear(&system->settings);
	arena_clear(&system->arena);
	*system = (struct flush_system){0};
}
