/* main: the name it was started under and what was asked for → one command. */
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/sendmail.h"
#include "options/options.h"
#include "options/personality.h"

typedef int command_run(const struct settings *, const struct process *);

/* What can be asked for. */
static command_run *const commands[] = {
    [ACTION_SEND] = send_run,
    [ACTION_EACH] = each_run,
    [ACTION_DRY_RUN] = dry_run,
    [ACTION_PREVIEW] = preview,
    [ACTION_USAGE] = print_run,
    [ACTION_VERSION] = print_run,
    [ACTION_SHOW_SETTINGS] = print_run,
    [ACTION_OPTION_HELP] = print_run,
    [ACTION_VRFY] = query_run,
    [ACTION_EXPN] = query_run,
    [ACTION_ETRN] = query_run,
    [ACTION_NOOP] = query_run,
    [ACTION_SERVER_HELP] = query_run,
    [ACTION_SCRIPT] = script_run,
    [ACTION_CHECK] = send_run,
    [ACTION_SERVER_INFO] = server_info_run,
    [ACTION_EXPLAIN] = explain_run,
    [ACTION_LOGOUT] = logout_run,
    [ACTION_PRINT_TOKEN] = print_token_run,
    [ACTION_ACCOUNTS] = accounts_run,
    [ACTION_FLUSH] = flush_run,
    [ACTION_OUTBOX] = outbox_run,
    [ACTION_IMPORT_MSMTPRC] = import_msmtprc_run,
    [ACTION_CONFIGURE] = configure_run,
    [ACTION_LOGIN] = login_run,
};

static int
run(struct process *process)
{
	const struct options_origin *origin = process->origin;
	struct settings settings;
	struct error err;
	int status, i;

	process->given = &settings;
	if (options_read(origin, &settings, &err) == -1) {
		/* A script that asks for JSON gets it for a bad call, too. */
		for (i = 1;
		     i < origin->argc && strcmp(origin->argv[i], "--") != 0;
		     i++)
			settings.report.json |=
			    strcmp(origin->argv[i], "--json") == 0;
		process_limit(process, &settings);
		status = output_error(&settings, process, &err);
	} else {
		process_limit(process, &settings);
		if (settings.auth.password.bytes != NULL)
			process_hide();
		status = commands[settings.action](&settings, process);
	}
	output_end(process);
	settings_clear(&settings);
	process->given = NULL;
	return status;
}

int
main(int argc, char **argv)
{
	const struct options_origin origin = {
	    .argc = argc,
	    .argv = argv,
	    .environ = environ,
	    .system_file = SYSCONFDIR "/smtpsend/config",
	};
	const enum personality personality = personality_of(argc, argv);
	struct output output;
	struct process process = {
	    .origin = &origin,
	    .name = personality_name(argc, argv),
	    .output = &output,
	};

	process_begin(&process);
	output_begin(&output);
	return process_end(&process,
	    personality == PERSONALITY_SMTPSEND
		? run(&process)
		: sendmail_run(personality, &process));
}
