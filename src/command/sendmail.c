#include "command/sendmail.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "command/enqueue.h"
#include "command/flush.h"
#include "command/log.h"
#include "command/outbox_list.h"
#include "command/sendmail_names.h"
#include "command/sendmail_smtp.h"
#include "command/sendmail_words.h"
#include "lib/clock.h"

static const char usage[] =
    "Usage: sendmail [OPTION]... [RECIPIENT]...\n"
    "Hands the message on standard input to smtpsend; see sendmail(8).\n"
    "\n"
    "  -t             recipients are those of To, Cc and Bcc, too\n"
    "  -f ADDRESS     reverse-path, to which failures are reported\n"
    "  -F NAME        the author's name in a From field that is added\n"
    "  -N WHEN        when a report is asked for: never, or success,failure,\n"
    "                 delay\n"
    "  -R full|hdrs   how much of the message it has\n"
    "  -V ENVID       the identifier that it has\n"
    "  -C FILE        configuration, in place of the system's and the user's\n"
    "  -X FILE        writes the dialogue with the server there\n"
    "  -v             say what the server said; -v -v: all of the dialogue\n"
    "  -oeq           say nothing on standard error\n"
    "  -odb, -odq     do not wait for servers; put it into the outbox\n"
    "\n"
    "  -bs            SMTP on standard input and output\n"
    "  -bv            tell of each recipient whether the server would take mail\n"
    "                 for him, and send nothing\n"
    "  -bp            list what waits (mailq)\n"
    "  -bi            look through the aliases (newaliases)\n"
    "  -q             send what waits; -qI, -qR, -qS: only messages with that\n"
    "                 in their ID, a recipient, the reverse-path\n"
    "      --version, --help\n";

/* Nothing is said on standard error from here on. */
static void
silence(const struct process *process)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
	output_begin(process->output);
}

static int
print_usage(const struct settings *s, const struct process *process)
{
	struct buf text = {0};
	struct error err;
	int r;

	buf_puts(&text, usage);
	r = output_text(process, &text, &err);
	buf_clear(&text);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}

/* Of a process that nobody waits for; it has nothing of ours but the settings. */
static void
flush_in_background(
    const struct settings *s, const struct process *process, const char *id)
{
	const struct outbox_select select = {.what = 'I', .text = id};
	struct process own = *process;
	struct output output;
	int fd;

	if (fork() != 0)
		return;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd == -1 || setsid() == -1 || dup2(fd, STDIN_FILENO) == -1 ||
	    dup2(fd, STDOUT_FILENO) == -1 || dup2(fd, STDERR_FILENO) == -1)
		_exit(EX_OSERR);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	output_begin(&output);
	own.output = &output;
	own.start_us = clock_monotonic_us();
	process_limit(&own, s);
	_exit(flush_selected(s, &own, &select));
}

static bool
has_outbox(const struct settings *s)
{
	struct outbox o = OUTBOX_NONE;
	struct arena arena = {0};
	struct error ignored;
	bool has = enqueue_open(&o, s, &arena, true, &ignored) == 0;

	outbox_close(&o);
	arena_clear(&arena);
	return has;
}

/* The caller waits until it is on the disk, and for no server.  If there can be
 * no other process, it stays there until the next flush; if it can be kept
 * nowhere, better late than never. */
static int
run_in_background(const struct settings *s, const struct process *process)
{
	struct settings now = *s;
	char id[OUTBOX_ID_SIZE];
	int status;

	if (!has_outbox(s)) {
		now.outbox.queue = false;
		return send_run(&now, process);
	}
	status = enqueue_get_id(s, process, id);
	if (status == EX_OK)
		flush_in_background(s, process, id);
	return status;
}

static int
run(const struct argv_sendmail *call, const struct settings *s,
    const struct process *process)
{
	/* Who calls it by hand does not want to hear that it is too early. */
	const struct outbox_select select = {.what = call->selects,
	    .text = call->selection,
	    .undue = call->mode == SENDMAIL_FLUSH};

	switch (call->mode) {
	case SENDMAIL_SEND:
		return call->delivery == SENDMAIL_BACKGROUND
		    ? run_in_background(s, process)
		    : send_run(s, process);
	case SENDMAIL_SMTP:
		return sendmail_smtp(s, process);
	case SENDMAIL_VERIFY:
		return sendmail_verify(s, process);
	case SENDMAIL_ALIASES:
		return sendmail_aliases(s, process);
	case SENDMAIL_LIST:
		return outbox_list_run(s, process, &select);
	case SENDMAIL_FLUSH:
		return flush_selected(s, process, &select);
	case SENDMAIL_VERSION:
		return print_run(s, process);
	case SENDMAIL_HELP:
	default:
		return print_usage(s, process);
	}
}

static bool
can_do_without(const struct argv_sendmail *call, const struct error *why)
{
	return why->status == EX_CONFIG &&
	    (call->mode == SENDMAIL_SEND || call->mode == SENDMAIL_SMTP ||
		call->mode == SENDMAIL_LIST);
}

static int
run_without(const struct argv_sendmail *call, const struct settings *s,
    const struct process *process, const struct error *why)
{
	struct settings kept = *s;

	if (call->mode == SENDMAIL_SEND)
		return enqueue_instead(s, process, why);
	kept.outbox.queue |= call->mode == SENDMAIL_SMTP;
	output_text_error(s, process, why);
	return run(call, &kept, process);
}

/* Where the call is not sound, or not even the configuration without it, what is
 * told of logs is looked for alone. */
static void
log_refusal(const struct argv_sendmail *call, const struct options_origin *from,
    const struct process *process, const struct error *why)
{
	const struct argv_sendmail plain = {.mode = SENDMAIL_ALIASES,
	    .config_file = call->config_file,
	    .log_tag = call->log_tag};
	const struct log_entry e = {.status = why->status, .why = why->text};
	struct settings s;
	struct log log = {.settings = &s, .process = process};
	struct options_origin made;
	struct arena arena = {0};
	struct error ignored;

	if (sendmail_settings(&plain, process->name, from, &arena, &made, &s,
		&ignored) == -1) {
		settings_clear(&s);
		memset(&s, 0, sizeof(s));
		sendmail_default_log(&s);
	}
	log_write(&log, &e);
	log_close(&log);
	settings_clear(&s);
	arena_clear(&arena);
}

/* A mail that is not even read; whoever gives it may not look. */
static int
refuse(const struct argv_sendmail *call, const struct options_origin *from,
    const struct settings *s, const struct process *process,
    const struct error *why)
{
	const int status = output_error(s, process, why);

	if (call->mode == SENDMAIL_SEND)
		log_refusal(call, from, process, why);
	return status;
}

/* The call is sound, the configuration may not be: a message is kept then. */
static int
run_call(
    const struct argv_sendmail *call, struct process *process, struct arena *a)
{
	const struct options_origin *from = process->origin;
	struct options_origin made;
	struct settings settings;
	struct error err, second;
	int status;

	process->origin = &made;
	process->given = &settings;
	if (sendmail_settings(
		call, process->name, from, a, &made, &settings, &err) == 0) {
		process_limit(process, &settings);
		if (settings.auth.password.bytes != NULL)
			process_hide();
		status = run(call, &settings, process);
	} else if (can_do_without(call, &err)) {
		settings_clear(&settings);
		status = sendmail_settings_bare(call, process->name, from, a,
			     &made, &settings, &second) == 0
		    ? run_without(call, &settings, process, &err)
		    : refuse(call, from, &settings, process, &second);
	} else {
		status = refuse(call, from, &settings, process, &err);
	}
	output_end(process);
	settings_clear(&settings);
	process->given = NULL;
	process->origin = from;
	return status;
}

int
sendmail_run(enum personality personality, struct process *process)
{
	const struct options_origin *from = process->origin;
	struct argv_sendmail call;
	struct arena arena = {0};
	struct settings none = {0};
	struct error err;
	int status;

	if (argv_sendmail_read(personality, from->argc, from->argv, &arena,
		&call, &err) == -1) {
		if (call.quiet)
			silence(process);
		status = refuse(&call, from, &none, process, &err);
		output_end(process);
	} else {
		if (call.quiet)
			silence(process);
		process->sendmail_file = call.config_file != NULL
		    ? call.config_file
		    : from->system_file;
		status = run_call(&call, process, &arena);
	}
	arena_clear(&arena);
	return status;
}
