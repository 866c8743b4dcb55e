#include "command/hooks.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/memory.h"
#include "options/option.h"

enum {
	LEAST_MS = 1000,
	GRACE_MS = 200,		    /* between SIGTERM and SIGKILL */
	RECIPIENTS_MAX = 64 * 1024, /* octets: no variable may have 128 KiB */
};

/* A hook that sends mail itself is not told of that again by what a
 * configuration says, or it would have no end. */
static const char *
wanted(const struct hooks *h, const char *name, const char *command)
{
	if (command == NULL || *command == '\0' ||
	    (getenv("MAIL_HOOK") != NULL && !option_on_argv(h->settings, name)))
		return NULL;
	return command;
}

static const char *
last(const struct hooks *h, int status, const char **name)
{
	const struct settings_hooks *s = &h->settings->hooks;

	*name = status == EX_OK ? "on-success" : "on-failure";
	return wanted(
	    h, *name, status == EX_OK ? s->on_success : s->on_failure);
}

int
hooks_available(const struct hooks *h, struct error *err)
{
	const char *name;

	if ((last(h, EX_OK, &name) == NULL &&
		last(h, EX_UNAVAILABLE, &name) == NULL) ||
	    report_json_available(err) == 0)
		return 0;
	return error_context(err, "--%s", name);
}

/* --- its environment ------------------------------------------------------*/

static void
put(struct hook *run, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(&run->variables, "%s=%s", name, value);
	buf_putc(&run->variables, '\0');
}

/* One a line; at the commit point those who may still get the message. */
static void
put_recipients(
    struct hook *run, const struct smtp_recipient *r, size_t n, bool all)
{
	struct buf list = BUF_WITH_MAX(RECIPIENTS_MAX);
	size_t i, count = 0;
	char number[24];
	bool whole = true;

	for (i = 0; i < n; i++) {
		if (!all && r[i].result.text != NULL && !r[i].taken)
			continue;
		whole = whole &&
		    buf_printf(&list, "%s%s", count > 0 ? "\n" : "",
			r[i].address) == 0;
		count++;
	}
	snprintf(number, sizeof(number), "%zu", count);
	put(run, "MAIL_RECIPIENT_COUNT", number);
	put(run, "MAIL_RECIPIENTS", whole ? buf_string(&list) : NULL);
	buf_clear(&list);
}

static void
put_message(const struct hooks *h, struct hook *run)
{
	const struct message_facts *facts = h->mail->facts;

	put(run, "MAIL_HOOK", run->name);
	put(run, "MAIL_SERVER", h->server);
	put(run, "MAIL_OUTBOX_ID", h->outbox_id);
	if (facts == NULL)
		return;
	put(run, "MAIL_SENDER", facts->reverse_path);
	put(run, "MAIL_MESSAGE_ID", facts->message_id);
}

/* Ours but for what we set, and that.  The list is the caller's. */
static const char **
environment(const struct buf *variables)
{
	static const char prefix[] = "MAIL_";
	size_t n = 0, at;
	const char **list;
	char **e;

	for (e = environ; *e != NULL; e++)
		n++;
	for (at = 0; at < variables->len; at++)
		n += variables->data[at] == '\0';
	list = memory_alloc((n + 1) * sizeof(*list));
	n = 0;
	for (e = environ; *e != NULL; e++)
		if (strncmp(*e, prefix, strlen(prefix)) != 0)
			list[n++] = *e;
	for (at = 0; at < variables->len; at += strlen(list[n++]) + 1)
		list[n] = variables->data + at;
	return list;
}

/* --- those that run -------------------------------------------------------*/

static void
warn(const struct hooks *h, const char *name, const char *what)
{
	output_warning(
	    h->settings, h->process, "warning: --%s: %s", name, what);
}

static struct hook *
add(struct hooks *h, const char *name, const char *command)
{
	struct hook *run;

	h->runs = memory_realloc(h->runs, h->count + 1, sizeof(*h->runs));
	run = &h->runs[h->count++];
	*run = (struct hook){.name = name, .command = command, .in = -1};
	put_message(h, run);
	return run;
}

static void
drop(struct hooks *h, size_t i)
{
	struct hook *run = &h->runs[i];

	h->running -= i < h->running;
	buf_clear(&run->variables);
	if (run->in != -1)
		close(run->in);
	memmove(run, run + 1, (--h->count - i) * sizeof(*run));
}

/* When one that starts now has to have ended. */
static int64_t
time_limit(const struct hooks *h)
{
	const int64_t now = clock_monotonic_us();
	const int64_t deadline = h->process->deadline_us;
	const int64_t timeout_ms = h->settings->delivery.timeout_ms;
	const int64_t least = now + LEAST_MS * 1000;
	int64_t limit =
	    now + (timeout_ms > 0 ? timeout_ms : HOOKS_LIMIT_MS) * 1000;

	if (deadline != 0 && deadline < limit)
		limit = deadline > least ? deadline : least;
	return limit;
}

/* An errno. */
static int
start(const struct hooks *h, struct hook *run)
{
	const char **env = environment(&run->variables);
	const struct child_params params = {
	    .in = run->in,
	    .out = STDERR_FILENO,
	    .group = true,
	    .alone = true,
	    .env = env,
	};
	int error = child_spawn_shell(&params, run->command, &run->pid);

	free(env);
	run->until_us = time_limit(h);
	return error;
}

static void
start_waiting(struct hooks *h)
{
	int error;

	while (h->running < h->count && h->running < HOOKS_AT_ONCE) {
		error = start(h, &h->runs[h->running]);
		if (error == 0) {
			h->running++;
			continue;
		}
		warn(h, h->runs[h->running].name, strerror(error));
		drop(h, h->running);
	}
}

/* When its time is up, kindly first. */
static void
end_late(struct hook *run, int64_t now)
{
	if (run->until_us > now)
		return;
	kill(-run->pid, run->late ? SIGKILL : SIGTERM);
	run->until_us = run->late ? INT64_MAX : now + GRACE_MS * 1000;
	run->late = true;
}

static void
told_how(const struct hooks *h, const struct hook *run, int status)
{
	struct error err;

	if (run->late)
		warn(h, run->name, "it was ended before it was done");
	else if (child_check(status, EX_SOFTWARE, &err) == -1)
		warn(h, run->name, err.text);
}

int64_t
hooks_watch(void *hooks)
{
	struct hooks *h = hooks;
	int64_t now, until = INT64_MAX;
	struct hook *run;
	size_t i = 0;
	int status;

	if (h->count == 0)
		return until;
	now = clock_monotonic_us();
	while (i < h->running) {
		run = &h->runs[i];
		if (child_has_ended(run->pid, run->late, &status)) {
			told_how(h, run, status);
			drop(h, i);
		} else {
			end_late(run, now);
			i++;
		}
	}
	start_waiting(h);
	for (i = 0; i < h->running; i++)
		if (h->runs[i].until_us < until)
			until = h->runs[i].until_us;
	return until;
}

void
hooks_commit(struct hooks *h, const struct smtp_transaction *tx)
{
	const char *name = "on-commit", *command;
	struct hook *run;

	command = wanted(h, name, h->settings->hooks.on_commit);
	if (command == NULL)
		return;
	run = add(h, name, command);
	put_recipients(run, tx->recipients, tx->recipient_count, false);
	(void)hooks_watch(h);
}

/* --- at the end -----------------------------------------------------------*/

/* Those that have had to wait for others are not started any more. */
static void
leave_out(struct hooks *h)
{
	if (h->running < h->count)
		warn(h, h->runs[h->running].name,
		    "it could not be run each time");
	while (h->running < h->count)
		drop(h, h->running);
}

/* Waits for all, as long as one of them may take, or until a signal comes. */
static void
finish(struct hooks *h)
{
	struct wait_limits wait = process_wait(h->process);
	const int64_t limit = time_limit(h);
	size_t i;

	while (h->count > 0) {
		wait.deadline_us = hooks_watch(h);
		if (h->running == 0)
			continue;
		if (wait.deadline_us == INT64_MAX)
			wait.deadline_us = 0;
		if (child_await(h->runs[0].pid, &wait) == WAIT_STOPPED) {
			wait.stop = NULL;
			for (i = 0; i < h->running; i++)
				if (!h->runs[i].late)
					h->runs[i].until_us = 0;
			leave_out(h);
		}
		if (clock_monotonic_us() >= limit)
			leave_out(h);
	}
}

/* A file in memory: whoever does not read it holds nobody up. */
static int
report_file(const struct report *r, struct error *err)
{
	struct buf json = {0};
	int fd;

	if (report_json(&json, r, err) == -1)
		return -1;
	fd = memfd_create("report", MFD_CLOEXEC);
	if (fd == -1 || file_write(fd, json.data, json.len) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1) {
		error_set(err, EX_OSERR, "the report: %s", strerror(errno));
		if (fd != -1)
			close(fd);
		fd = -1;
	}
	buf_clear(&json);
	return fd;
}

static void
run_last(struct hooks *h, const struct report *r)
{
	const char *name, *command = last(h, r->outcome.status, &name);
	struct hook *run;
	struct error err;
	char number[24];
	int fd;

	if (command == NULL)
		return;
	fd = report_file(r, &err);
	if (fd == -1) {
		warn(h, name, err.text);
		return;
	}
	run = add(h, name, command);
	run->in = fd;
	snprintf(number, sizeof(number), "%d", r->outcome.status);
	put(run, "MAIL_STATUS", number);
	put(run, "MAIL_OUTCOME",
	    r->expired ? "expired" : outcome_name(r->outcome.status));
	if (r->recipient_count > 0)
		put_recipients(run, r->recipients, r->recipient_count, true);
}

void
hooks_end(struct hooks *h, const struct report *r)
{
	const struct wait_limits wait = process_wait(h->process);
	int came;

	finish(h);
	/* One that nobody has waited for since it came is old, too. */
	(void)wait_stopped(&wait);
	came = process_swap_signal(0);
	run_last(h, r);
	finish(h);
	if (came != 0)
		(void)process_swap_signal(came);
}

void
hooks_clear(struct hooks *h)
{
	while (h->count > 0)
		drop(h, 0);
	free(h->runs);
	h->runs = NULL;
}
