#include "command/save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/ascii.h"

#include "command/mailbox.h"
#include "command/outfile.h"
#include "content/mbox.h"
#include "options/missing.h"

static int
failed(const struct save *s, struct error *err)
{
	error_set(
	    err, EX_CANTCREAT, "--save: %s: %s", s->path, strerror(errno));
	return missing_hint(s->path, err);
}

/* What a mailbox says does not name it. */
static int
named(const struct save *s, struct error *err)
{
	return error_context(err, "--save: %s", s->path);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && ascii_equal(text + n - m, end);
}

static int
prepare_file(struct save *s, struct error *err)
{
	const char *slash = strrchr(s->path, '/'), *temp;
	struct stat st;

	if (lstat(s->path, &st) == 0) {
		errno = EEXIST;
		return failed(s, err);
	}
	temp = arena_printf(s->arena, "%.*s.%s.part",
	    slash != NULL ? (int)(slash + 1 - s->path) : 0, s->path,
	    mailbox_unique_name(s->arena));
	if (file_create(&s->file, s->path, temp) == -1)
		return failed(s, err);
	return 0;
}

/* A mailbox that is not there yet: whether a file can be created in its place
 * is tried with another one, since an empty mailbox could not be taken away
 * again without a danger to whoever has opened it by then. */
static int
prepare_mbox(struct save *s, struct error *err)
{
	bool missing;

	s->file.fd = mailbox_open(s->path, &missing, err);
	if (s->file.fd != -1)
		return 0;
	if (!missing)
		return named(s, err);
	if (prepare_file(s, err) == -1)
		return -1;
	file_close(&s->file);
	return 0;
}

static int
prepare_stream(struct save *s, int fd, bool json, struct error *err)
{
	if (fd == -1)
		return failed(s, err);
	if (fd == STDOUT_FILENO && json)
		return error_set(err, EX_USAGE,
		    "--save: %s: --json is what standard output is for",
		    s->path);
	s->kind = SAVE_STREAM;
	if (fd == STDOUT_FILENO) {
		s->stream = s->process->output->out;
	} else if (fd == STDERR_FILENO) {
		s->stream = s->process->output->err;
	} else {
		s->file.fd = fd;
		outlet_begin(s->stream = &s->own, fd);
	}
	return 0;
}

/* Slashes at the end say what is meant, and are not part of the name. */
static bool
cut_slashes(struct save *s)
{
	size_t n = strlen(s->path), begin = n;

	while (n > 1 && s->path[n - 1] == '/')
		n--;
	s->path = arena_strndup(s->arena, s->path, n);
	return n < begin;
}

int
save_prepare(struct save *s, const struct settings *settings,
    struct arena *arena, const struct process *process, struct error *err)
{
	struct stat st;
	bool slash;
	int fd;

	*s = (struct save){.process = process,
	    .arena = arena,
	    .path = settings->delivery.save,
	    .file = {.fd = -1}};
	if (s->path == NULL)
		return 0;
	if (outfile_descriptor(s->path, &fd))
		return prepare_stream(s, fd, settings->report.json, err);
	slash = cut_slashes(s);
	if (slash || (stat(s->path, &st) == 0 && S_ISDIR(st.st_mode))) {
		s->kind = SAVE_MAILDIR;
		return mailbox_begin_maildir(
			   &s->file, arena, s->path, slash, err) == 0
		    ? 0
		    : named(s, err);
	}
	s->kind = ends_with(s->path, ".eml") ? SAVE_FILE : SAVE_MBOX;
	return s->kind == SAVE_FILE ? prepare_file(s, err)
				    : prepare_mbox(s, err);
}

/* CRLF to LF, in place; a message that goes out has no other CR. */
static size_t
unix_lines(char *bytes, size_t n)
{
	char *from, *to = bytes;

	for (from = bytes; from < bytes + n; from++)
		if (*from != '\r')
			*to++ = *from;
	return (size_t)(to - bytes);
}

static int
write_all(struct save *s, const struct buf *b)
{
	struct wait_limits wait;
	struct error err;

	if (s->stream == NULL)
		return file_write(s->file.fd, b->data, b->len);
	wait = process_wait(s->process);
	if (outlet_put(s->stream, buf_string(b), b->len) == -1)
		return -1;
	if (outlet_finish(&s->stream, 1, &wait, s->path, &err) == 0)
		return 0;
	errno = ETIMEDOUT;
	return -1;
}

static int
put(struct save *s, struct mbox *mbox, char *bytes, size_t n, struct buf *out)
{
	buf_reset(out);
	if (s->kind == SAVE_MBOX)
		mbox_update(mbox, bytes, unix_lines(bytes, n), out);
	else if (s->kind == SAVE_MAILDIR)
		buf_append(out, bytes, unix_lines(bytes, n));
	else
		buf_append(out, bytes, n);
	return write_all(s, out);
}

/* What stands around an entry of a mailbox. */
static int
put_separator(struct save *s, const char *sender)
{
	struct buf out = {0};
	int r;

	mbox_separator(&out, sender, (int64_t)time(NULL));
	r = write_all(s, &out);
	buf_clear(&out);
	return r;
}

static int
put_end(struct save *s, struct mbox *mbox)
{
	struct buf out = {0};
	int r;

	mbox_end(mbox, &out);
	r = write_all(s, &out);
	buf_clear(&out);
	return r;
}

static int
copy(
    struct save *s, struct source *source, struct mbox *mbox, struct error *err)
{
	char bytes[16 * 1024];
	struct buf out = {0};
	ssize_t n;
	int r = 0;

	while (
	    r == 0 && (n = source_read(source, bytes, sizeof(bytes), err)) > 0)
		if (put(s, mbox, bytes, (size_t)n, &out) == -1)
			r = failed(s, err);
	buf_clear(&out);
	return r == 0 && n < 0 ? named(s, err) : r;
}

static int
copy_message(struct save *s, struct message *message,
    const struct mime_form *form, struct error *err)
{
	const char *sender = message_facts(message)->reverse_path;
	bool is_mbox = s->kind == SAVE_MBOX;
	struct mime_stream stream;
	struct mbox mbox = {0};
	int r = 0;

	if (message_open(message, form, &stream, err) == -1)
		return named(s, err);
	if (is_mbox && put_separator(s, sender) == -1)
		r = failed(s, err);
	if (r == 0)
		r = copy(s, stream.source, &mbox, err);
	source_free(stream.source);
	if (r == 0 && is_mbox &&
	    (put_end(s, &mbox) == -1 || fsync(s->file.fd) == -1))
		r = failed(s, err);
	return r;
}

static int
append(struct save *s, struct message *message, const struct mime_form *form,
    struct error *err)
{
	struct wait_limits wait = process_wait(s->process);
	off_t size;
	int r = mailbox_begin_entry(s->path, &s->file.fd, &wait, &size, err);

	r = r == -1 ? named(s, err) : copy_message(s, message, form, err);
	if (r == -1 && size != -1 && ftruncate(s->file.fd, size) == -1)
		error_context(err, "a part of it is left in the file");
	return r;
}

int
save_message(struct save *s, struct message *message,
    const struct mime_form *form, const char **kept, struct error *err)
{
	if (s->kind == SAVE_MBOX) {
		if (append(s, message, form, err) == -1)
			return -1;
	} else {
		if (copy_message(s, message, form, err) == -1)
			return -1;
		if (s->stream == NULL && file_publish(&s->file) == -1)
			return failed(s, err);
	}
	*kept = s->kind == SAVE_MAILDIR ? arena_strdup(s->arena, s->file.name)
					: s->path;
	return 0;
}

void
save_clear(struct save *s)
{
	if (s->arena == NULL)
		return;
	if (s->stream == &s->own)
		outlet_end(s->stream);
	file_close(&s->file);
}
