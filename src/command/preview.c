/* preview: what a reader of the message would see, as text or in the mail
 * reader of the desktop. */
#include "command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/file.h"
#include "lib/printable.h"

#include "command/offline.h"
#include "message/preview.h"

static const char opener[] = "xdg-open";

static const char *
existing(const char *directory)
{
	return directory != NULL && *directory == '/' &&
		access(directory, W_OK | X_OK) == 0
	    ? directory
	    : NULL;
}

static const char *
temporary_directory(void)
{
	const char *dir = existing(getenv("TMPDIR"));

	return dir != NULL ? dir : "/tmp";
}

static int
not_created(const char *dir, struct error *err)
{
	return error_set(err, EX_CANTCREAT,
	    "--preview: cannot create a file in %s: %s", dir, strerror(errno));
}

/* In the form that needs least to be undone. */
static int
write_message(struct offline *r, int fd, struct error *err)
{
	const struct message_facts *facts = message_facts(r->message);
	const struct mime_form form = {
	    .eight_bit = true,
	    .binary = true,
	    .utf8 = facts->utf8_envelope || facts->utf8_header,
	};
	struct mime_stream stream;
	struct outlet file;
	uint64_t size;
	int status;

	if (message_open(r->message, &form, &stream, err) == -1)
		return -1;
	outlet_begin(&file, fd);
	status = offline_write(
	    r, stream.source, &file, "a temporary file", &size, err);
	outlet_end(&file);
	source_free(stream.source);
	return status;
}

static int
show(struct offline *r, struct error *err)
{
	struct wait_limits wait = process_wait(r->process);
	struct input_params params = {
	    .name = "the message",
	    .wait = wait,
	};
	struct input input;
	struct buf out = {0};
	const char *dir = temporary_directory();
	int status;

	params.fd = file_scratch(dir);
	if (params.fd == -1)
		return not_created(dir, err);
	status = write_message(r, params.fd, err);
	if (status == 0) {
		lseek(params.fd, 0, SEEK_SET);
		input_begin(&input, &params);
		status = preview_render(&input, &out, err);
		input_end(&input);
	}
	if (status == 0)
		status = output_text(r->process, &out, err);
	buf_clear(&out);
	close(params.fd);
	return status;
}

/* Until it has handed the file to a reader, or is that reader itself. */
static int
wait_for(const struct process *process, pid_t child, struct error *err)
{
	struct wait_limits wait = process_wait(process);
	int status;
	enum wait_end end = child_wait(child, &wait, &status);

	if (end != WAIT_READY)
		return wait_error(&wait, end, opener, err);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(err, EX_UNAVAILABLE,
	    "--preview=open: %s found no reader for the message", opener);
}

/* A reader wants a name, and that until it ends, which is not known. */
static int
create_lasting(struct arena *a, char **path, struct error *err)
{
	const char *dir = existing(getenv("XDG_RUNTIME_DIR"));
	int fd;

	if (dir == NULL)
		dir = temporary_directory();
	*path = arena_printf(a, "%s/smtpsend-preview.XXXXXX.eml", dir);
	fd = mkostemps(*path, 4, O_CLOEXEC);
	return fd != -1 ? fd : not_created(dir, err);
}

static int
open_reader(struct offline *r, struct error *err)
{
	struct child_params params = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	const char *argv[] = {opener, NULL, NULL};
	struct buf line = {0};
	pid_t child;
	char *path;
	int fd = create_lasting(&r->arena, &path, err), wrong;

	if (fd == -1)
		return -1;
	if (write_message(r, fd, err) == -1) {
		close(fd);
		unlink(path);
		return -1;
	}
	close(fd);
	argv[1] = path;
	params.argv = argv;
	wrong = child_spawn(&params, &child);
	if (wrong != 0) {
		unlink(path);
		error_set(err, EX_UNAVAILABLE, "--preview=open: %s: %s", opener,
		    strerror(wrong));
		return error_hint(err,
		    "--preview shows the message as text; %s is in the "
		    "package xdg-utils",
		    opener);
	}
	buf_printf(&line, "%s: ", r->process->name);
	printable_append(&line, path, strlen(path));
	buf_putc(&line, '\n');
	output_tell(r->process, &line);
	buf_clear(&line);
	if (wait_for(r->process, child, err) == 0)
		return 0;
	unlink(path);
	return -1;
}

/* The size depends on the server. */
static void
show_envelope(struct offline *r)
{
	struct buf out = {0};

	offline_envelope(r, &out);
	output_tell(r->process, &out);
	buf_clear(&out);
}

int
preview(const struct settings *settings, const struct process *process)
{
	bool as_text = strcmp(settings->delivery.preview, "text") == 0;
	struct offline r = {0};
	struct error err;
	int status = EX_OK;

	if (offline_prepare(&r, settings, process, &err) == -1 ||
	    (as_text ? show : open_reader)(&r, &err) == -1)
		status = output_error(settings, process, &err);
	else if (settings->report.verbose > 0)
		show_envelope(&r);
	offline_clear(&r);
	return status;
}
