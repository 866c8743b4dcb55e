/* main: the name it was started under and what was asked for → one command. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "lib/clock.h"
#include "options/help.h"
#include "options/options.h"
#include "options/show_settings.h"

/* The one flag that a handler may set: which signal came. */
static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
}

/*
 * INT, TERM and HUP end the run in order; one that was ignored when we were
 * started (nohup) stays so.  They are blocked but for the waits, so that none
 * comes between a look at the flag and a wait.
 */
static void
catch_signals(struct process *process)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal}, old;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is like a disk that is full. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&action.sa_mask);
	sigemptyset(&process->stop_signals);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &action, &old);
		if (old.sa_handler == SIG_IGN)
			sigaction(numbers[i], &old, NULL);
		else
			sigaddset(&process->stop_signals, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &process->stop_signals, &process->wait_mask);
}

/* A descriptor of the first three that is closed would be the next socket:
 * it gets one that fails for what it is for. */
static void
fill_descriptors(void)
{
	struct pollfd fds[3] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};
	int fd;

	(void)poll(fds, 3, 0);
	for (fd = 0; fd < 3; fd++)
		if ((fds[fd].revents & POLLNVAL) != 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) == -1)
			_exit(EX_OSERR);
}

/* Texts that were asked for. */
static int
print(const struct settings *s, const struct process *process)
{
	struct buf text = {0};
	struct error err = {0};
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);
	int r = -1;

	error_set(&err, EX_OSERR, "out of memory");
	if (out != NULL) {
		r = s->action == ACTION_USAGE	  ? help_usage(out)
		    : s->action == ACTION_VERSION ? help_version(out)
		    : s->action == ACTION_SHOW_SETTINGS
		    ? show_settings(out, s)
		    : help_option(out, s->action_argument, &err);
		if (fclose(out) != 0)
			r = -1;
	}
	if (r == 0) {
		buf_append(&text, bytes, n);
		r = output_text(process, &text, &err);
	}
	buf_clear(&text);
	free(bytes);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}

static int
run(const struct settings *s, const struct process *process)
{
	switch (s->action) {
	case ACTION_USAGE:
	case ACTION_VERSION:
	case ACTION_SHOW_SETTINGS:
	case ACTION_OPTION_HELP:
		return print(s, process);
	case ACTION_VRFY:
	case ACTION_EXPN:
	case ACTION_NOOP:
	case ACTION_SERVER_HELP:
		return query_run(s, process);
	case ACTION_PREVIEW:
		return preview(s, process);
	case ACTION_DRY_RUN:
		return dry_run(s, process);
	case ACTION_SEND:
		break;
	}
	return send_run(s, process);
}

static void
set_deadline(struct process *process, const struct settings *s)
{
	if (s->delivery.deadline_ms > 0)
		process->deadline_us =
		    process->start_us + s->delivery.deadline_ms * 1000;
}

int
main(int argc, char **argv)
{
	struct options_origin origin = {
	    .argc = argc,
	    .argv = argv,
	    .environ = environ,
	    .system_file = SYSCONFDIR "/smtpsend/config",
	};
	struct output output;
	struct settings settings;
	struct process process = {
	    .name = "smtpsend",
	    .signal = &caught,
	    .given = &settings,
	};
	struct error err;
	int status, i;

	process.start_us = clock_monotonic_us();
	fill_descriptors();
	catch_signals(&process);
	output_begin(&output);
	process.output = &output;
	if (options_read(&origin, &settings, &err) == -1) {
		/* A script that asks for JSON gets it for a bad call, too. */
		for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
			settings.report.json |= strcmp(argv[i], "--json") == 0;
		set_deadline(&process, &settings);
		status = output_error(&settings, &process, &err);
	} else {
		set_deadline(&process, &settings);
		if (settings.auth.password.bytes != NULL)
			process_hide();
		status = run(&settings, &process);
	}
	output_end(&process);
	settings_clear(&settings);
	/* Cancelled: whoever started us sees what the signal would have done. */
	if (status > EX_SIGNAL) {
		signal(status - EX_SIGNAL, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &process.stop_signals, NULL);
		raise(status - EX_SIGNAL);
	}
	return status;
}
