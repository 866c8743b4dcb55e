#include "command/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

#include "command/outfile.h"
#include "options/missing.h"

static int
failed(const char *path, struct error *err)
{
	error_set(
	    err, EX_CANTCREAT, "--transcript: %s: %s", path, strerror(errno));
	return missing_hint(path, err);
}

/* What stands in a regular file is ours to replace when it is a transcript
 * that is finished, and nothing of this run reads or writes it. */
static int
check_replaceable(
    int fd, const char *path, const struct settings *s, struct error *err)
{
	char begin[TRANSCRIPT_BEGIN];
	ssize_t n;

	/* These are read later. */
	if (outfile_is_open_elsewhere(fd) ||
	    outfile_is(fd, s->auth.password_file) ||
	    outfile_is(fd, s->auth.token_file) ||
	    outfile_is(fd, s->server.tls.ca) ||
	    outfile_is(fd, s->server.tls.cert) ||
	    outfile_is(fd, s->server.tls.key) ||
	    outfile_is(fd, s->server.tls.key_password_file)) {
		error_set(err, EX_CANTCREAT,
		    "--transcript: %s: is read or written in this call, too",
		    path);
		return error_hint(err, "name another file");
	}
	if (outfile_lock(fd) == -1)
		return error_set(err, EX_CANTCREAT,
		    "--transcript: %s: another program is writing to it", path);
	n = TEMP_FAILURE_RETRY(pread(fd, begin, sizeof(begin), 0));
	if (n == -1)
		return failed(path, err);
	if (n > 0 && !transcript_begins(begin, (size_t)n)) {
		error_set(err, EX_CANTCREAT,
		    "--transcript: %s: exists, and is not a transcript", path);
		return error_hint(err,
		    "only a transcript is replaced by another one: name a new "
		    "file");
	}
	return 0;
}

/* A FIFO that nobody reads must not hold up the open, nor any write. */
static int
open_file(const char *path, const struct settings *s, struct error *err)
{
	struct stat st;
	bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	int fd = open(path,
	    (special ? O_WRONLY : O_RDWR | O_CREAT) | O_APPEND | O_CLOEXEC |
		O_NOCTTY | O_NONBLOCK,
	    0600);

	if (fd == -1 || fstat(fd, &st) == -1) {
		failed(path, err);
	} else if (!S_ISREG(st.st_mode) ||
	    check_replaceable(fd, path, s, err) == 0) {
		return fd;
	}
	if (fd != -1)
		close(fd);
	return -1;
}

int
trace_open(struct trace *r, const struct settings *s,
    const struct process *process, struct error *err)
{
	const char *path = s->report.transcript;

	*r = (struct trace){.settings = s, .process = process, .fd = -1};
	r->open = true;
	r->show = s->report.verbose > 1 || (s->report.hexdump && path == NULL);
	if (path == NULL)
		return 0;
	if (!outfile_descriptor(path, &r->fd)) {
		r->fd = open_file(path, s, err);
		if (r->fd == -1)
			return -1;
		r->replaces = true;
	} else if (r->fd == -1) {
		return failed(path, err);
	} else if (r->fd == STDOUT_FILENO && s->report.json) {
		return error_set(err, EX_USAGE,
		    "--transcript: %s: --json is what standard output is for",
		    path);
	}
	if (r->fd == STDOUT_FILENO)
		r->file = process->output->out;
	else if (r->fd == STDERR_FILENO)
		r->file = process->output->err;
	else
		outlet_begin(r->file = &r->own, r->fd);
	return 0;
}

/* Never a reason to give a mail up. */
static void
check_file(struct trace *r)
{
	if (r->file == NULL || r->file->error == 0)
		return;
	output_warning(r->settings, r->process,
	    "warning: the transcript could not be written: %s",
	    strerror(r->file->error));
	r->file = NULL;
}

/* What stood in the file goes when there is something to put in its place. */
static void
begin_file(struct trace *r)
{
	struct stat st;

	if (fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    ftruncate(r->fd, 0) == -1)
		r->file->error = errno;
	r->replaces = false;
}

/* The server is listened to, whether anybody reads this or not. */
static void
show(struct trace *r, const struct smtp_event *event, bool tls, int64_t elapsed)
{
	struct buf out = {0};

	transcript_event(&r->transcript, &out, event, tls, elapsed);
	if (r->show)
		outlet_offer(
		    r->process->output->err, buf_string(&out), out.len);
	if (r->file != NULL)
		outlet_offer(r->file, buf_string(&out), out.len);
	check_file(r);
	buf_clear(&out);
}

/* What the logs of others have. */
static void
show_clock(struct trace *r, int64_t elapsed)
{
	struct smtp_event note = {.type = SMTP_NOTE};
	char day[32], text[64];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm) == NULL ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return;
	snprintf(text, sizeof(text), "the clock says %s.%03ldZ", day,
	    now.tv_nsec / 1000000);
	note.text = text;
	show(r, &note, false, elapsed);
}

void
trace_event(struct trace *r, struct delivery *d, const struct smtp_event *event)
{
	const bool tls = delivery_tls(d) != NULL;
	struct smtp_event piece = *event;
	int64_t elapsed = -1;
	size_t at;

	if (!r->show && r->file == NULL)
		return;
	if (r->replaces)
		begin_file(r);
	if (r->settings->report.timing) {
		elapsed = clock_monotonic_us() - r->process->start_us;
		if (!r->begun)
			show_clock(r, elapsed);
	}
	r->begun = true;
	for (at = TRANSCRIPT_OCTETS; event->text != NULL && at < event->octets;
	     at += TRANSCRIPT_OCTETS) {
		piece.octets = TRANSCRIPT_OCTETS;
		show(r, &piece, tls, elapsed);
		piece.text = event->text + at;
	}
	piece.octets = event->octets - (at - TRANSCRIPT_OCTETS);
	show(r, &piece, tls, elapsed);
}

void
trace_close(struct trace *r)
{
	struct wait_limits wait;
	struct outlet *own = &r->own;
	struct error err;

	if (!r->open)
		return;
	wait = process_wait(r->process);
	if (r->file == own) {
		if (outlet_finish(&own, 1, &wait, "the transcript", &err) == -1)
			output_warning(r->settings, r->process,
			    "warning: the transcript is not whole: %s",
			    err.text);
		check_file(r);
	}
	if (r->own.fd > STDERR_FILENO)
		outlet_end(own);
	if (r->fd > STDERR_FILENO)
		close(r->fd);
	r->open = false;
}
