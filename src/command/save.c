#include "command/save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/clock.h"

#include "command/place.h"
#include "content/mbox.h"

enum {
	LOCK_WAIT_US = 30000000, /* for a mailbox that another program holds */
	LOCK_EVERY_NS = 20000000,
};

static int
failed(const struct save *s, struct error *err)
{
	return error_set(
	    err, EX_CANTCREAT, "--save: %s: %s", s->path, strerror(errno));
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && ascii_equal(text + n - m, end);
}

/* The directory that the file is in. */
static const char *
directory_of(const struct save *s, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return ".";
	return slash == file
	    ? "/"
	    : arena_strndup(s->arena, file, (size_t)(slash - file));
}

/* A name that nothing else has: http://cr.yp.to/proto/maildir.html. */
static const char *
unique_name(const struct save *s)
{
	struct utsname u;
	struct timespec now;
	struct buf host = BUF_WITH_MAX(4 * sizeof(u.nodename));
	const char *p, *name;

	if (uname(&u) == -1)
		u.nodename[0] = '\0';
	for (p = u.nodename; *p != '\0'; p++)
		if (*p == '/' || *p == ':')
			buf_printf(&host, "\\%03o", (unsigned)*p);
		else
			buf_putc(&host, *p);
	clock_gettime(CLOCK_REALTIME, &now);
	name = arena_printf(s->arena, "%lld.M%06ldP%ld.%s",
	    (long long)now.tv_sec, now.tv_nsec / 1000, (long)getpid(),
	    host.len > 0 ? buf_string(&host) : "localhost");
	buf_clear(&host);
	return name;
}

/* --- before anything is sent ----------------------------------------------*/

static int
create_temp(struct save *s, const char *temp, struct error *err)
{
	s->fd = open(
	    temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd == -1)
		return failed(s, err);
	s->temp = temp;
	return 0;
}

/* Whether a directory holds something that a Maildir does not begin with:
 * the home, written "~/", must not become one. */
static bool
holds_other_things(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool other = false;

	if (dir == NULL)
		return false;
	while (!other && (entry = readdir(dir)) != NULL)
		other = entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "cur") != 0 &&
		    strcmp(entry->d_name, "new") != 0 &&
		    strcmp(entry->d_name, "tmp") != 0;
	closedir(dir);
	return other;
}

static bool
is_maildir(const struct save *s)
{
	static const char *const names[] = {"cur", "new", "tmp"};
	struct stat st;
	size_t i;

	for (i = 0; i < 3; i++)
		if (stat(arena_printf(s->arena, "%s/%s", s->path, names[i]),
			&st) == -1 ||
		    !S_ISDIR(st.st_mode))
			return false;
	return true;
}

static int
create_maildir(struct save *s, struct error *err)
{
	static const char *const names[] = {"", "/tmp", "/new", "/cur"};
	size_t i;

	for (i = 0; i < 4; i++)
		if (mkdir(arena_printf(s->arena, "%s%s", s->path, names[i]),
			0700) == -1 &&
		    errno != EEXIST)
			return failed(s, err);
	return 0;
}

static int
prepare_maildir(struct save *s, bool asked_for, struct error *err)
{
	const char *name = unique_name(s);

	errno = 0;
	if (!is_maildir(s)) {
		if (errno == EACCES)
			return failed(s, err);
		if (!asked_for || holds_other_things(s->path)) {
			error_set(err, EX_CANTCREAT,
			    "--save: %s: a directory, and not a Maildir",
			    s->path);
			return error_hint(err,
			    "name a file in it, or a new directory with '/' "
			    "behind its name");
		}
		if (create_maildir(s, err) == -1)
			return -1;
	}
	s->name = arena_printf(s->arena, "%s/cur/%s:2,S", s->path, name);
	return create_temp(
	    s, arena_printf(s->arena, "%s/tmp/%s", s->path, name), err);
}

static int
prepare_file(struct save *s, struct error *err)
{
	struct stat st;

	if (lstat(s->path, &st) == 0) {
		errno = EEXIST;
		return failed(s, err);
	}
	s->name = s->path;
	return create_temp(s,
	    arena_printf(s->arena, "%s/.%s.part", directory_of(s, s->path),
		unique_name(s)),
	    err);
}

/* A mailbox that is not there yet: whether a file can be created in its place
 * is tried with another name, since an empty mailbox could not be taken away
 * again without a danger to whoever has opened it by then. */
static int
probe_directory(struct save *s, struct error *err)
{
	if (prepare_file(s, err) == -1)
		return -1;
	save_clear(s);
	s->name = s->path;
	return 0;
}

static int
prepare_mbox(struct save *s, struct error *err)
{
	struct stat st;
	char begin[5];
	ssize_t n;

	s->name = s->path;
	s->fd = open(
	    s->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (s->fd == -1)
		return errno == ENOENT && lstat(s->path, &st) == -1
		    ? probe_directory(s, err)
		    : failed(s, err);
	if (fstat(s->fd, &st) == -1)
		return failed(s, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EX_CANTCREAT,
		    "--save: %s: not a regular file", s->path);
	if (place_is_open_elsewhere(s->fd)) {
		error_set(err, EX_CANTCREAT,
		    "--save: %s: is read or written in this call, too",
		    s->path);
		return error_hint(err, "name another file");
	}
	n = TEMP_FAILURE_RETRY(pread(s->fd, begin, sizeof(begin), 0));
	if (n == -1)
		return failed(s, err);
	if (n > 0 && (n < 5 || memcmp(begin, "From ", 5) != 0)) {
		error_set(err, EX_CANTCREAT,
		    "--save: %s: exists, and is not a mailbox file", s->path);
		return error_hint(err,
		    "a name that ends with '.eml' is that of a new file, with "
		    "the message alone");
	}
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
	s->name = s->path;
	if (fd == STDOUT_FILENO) {
		s->stream = s->process->output->out;
	} else if (fd == STDERR_FILENO) {
		s->stream = s->process->output->err;
	} else {
		s->fd = fd;
		outlet_begin(s->stream = &s->own, fd);
	}
	return 0;
}

static int
expand_home(struct save *s, struct error *err)
{
	const char *home = getenv("HOME");

	if (strncmp(s->path, "~/", 2) != 0)
		return 0;
	if (home == NULL || *home == '\0')
		return error_set(
		    err, EX_CANTCREAT, "--save: %s: HOME is not set", s->path);
	s->path = arena_printf(s->arena, "%s%s", home, s->path + 1);
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
	    .path = settings->save,
	    .fd = -1};
	if (s->path == NULL)
		return 0;
	if (place_descriptor(s->path, &fd))
		return prepare_stream(s, fd, settings->json, err);
	if (expand_home(s, err) == -1)
		return -1;
	slash = cut_slashes(s);
	if (slash || (stat(s->path, &st) == 0 && S_ISDIR(st.st_mode))) {
		s->kind = SAVE_MAILDIR;
		return prepare_maildir(s, slash, err);
	}
	s->kind = ends_with(s->path, ".eml") ? SAVE_FILE : SAVE_MBOX;
	return s->kind == SAVE_FILE ? prepare_file(s, err)
				    : prepare_mbox(s, err);
}

/* --- the copy -------------------------------------------------------------*/

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
	struct patience patience;
	struct error err;
	size_t at = 0;
	ssize_t n;

	if (s->stream != NULL) {
		patience = process_patience(s->process);
		if (outlet_put(s->stream, buf_string(b), b->len) == -1)
			return -1;
		if (outlet_finish(&s->stream, 1, &patience, s->path, &err) == 0)
			return 0;
		errno = ETIMEDOUT;
		return -1;
	}
	while (at < b->len) {
		n = write(s->fd, b->data + at, b->len - at);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			at += (size_t)n;
	}
	return 0;
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
	if (r == 0 && n < 0)
		return error_context(err, "--save: %s", s->path);
	return r;
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
		return error_context(err, "--save: %s", s->path);
	if (is_mbox && put_separator(s, sender) == -1)
		r = failed(s, err);
	if (r == 0)
		r = copy(s, stream.source, &mbox, err);
	source_free(stream.source);
	if (r == 0 &&
	    ((is_mbox && put_end(s, &mbox) == -1) ||
		(s->stream == NULL && fsync(s->fd) == -1)))
		r = failed(s, err);
	return r;
}

/* --- a file of its own ----------------------------------------------------*/

/* Gives the complete file its name, which nobody else's file may lose. */
static int
name_file(struct save *s, struct error *err)
{
	int dir;

	if (renameat2(AT_FDCWD, s->temp, AT_FDCWD, s->name, RENAME_NOREPLACE) ==
	    -1) {
		/* Not every file system can do that. */
		if (errno != EINVAL && errno != ENOSYS)
			return failed(s, err);
		if (link(s->temp, s->name) == -1)
			return failed(s, err);
		unlink(s->temp);
	}
	s->temp = NULL;
	dir =
	    open(directory_of(s, s->name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir != -1) {
		(void)fsync(dir);
		close(dir);
	}
	return 0;
}

/* --- a mailbox ------------------------------------------------------------*/

/* Nobody else writes while we do (fcntl locks, as RFC 4155 readers on one
 * host use them).  It is waited for, but not for ever. */
static int
lock(struct save *s, struct error *err)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	const struct timespec step = {.tv_nsec = LOCK_EVERY_NS};
	struct patience patience = process_patience(s->process);
	int64_t limit = clock_monotonic_us() + LOCK_WAIT_US;

	if (s->process->deadline_us != 0 && s->process->deadline_us < limit)
		limit = s->process->deadline_us;
	while (fcntl(s->fd, F_SETLK, &whole) == -1) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return failed(s, err);
		if (clock_monotonic_us() >= limit ||
		    patience_interrupted(&patience, s->path, err) == -1)
			return error_set(err, EX_CANTCREAT,
			    "--save: %s: another program keeps it locked",
			    s->path);
		nanosleep(&step, NULL);
	}
	return 0;
}

/* Ends the last entry of a mailbox with an empty line, if it has none. */
static int
complete_last(struct save *s, off_t size)
{
	struct buf out = BUF_WITH_MAX(2);
	char end[2] = "\n\n";
	off_t n = size < 2 ? size : 2;
	int r;

	if (TEMP_FAILURE_RETRY(
		pread(s->fd, end + 2 - n, (size_t)n, size - n)) != n)
		return -1;
	if (end[1] != '\n')
		buf_puts(&out, "\n\n");
	else if (end[0] != '\n')
		buf_putc(&out, '\n');
	r = write_all(s, &out);
	buf_clear(&out);
	return r;
}

static int
append(struct save *s, struct message *message, const struct mime_form *form,
    struct error *err)
{
	struct stat st;
	int r;

	if (s->fd == -1)
		s->fd = open(s->name,
		    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (s->fd == -1 || fstat(s->fd, &st) == -1)
		return failed(s, err);
	if (lock(s, err) == -1)
		return -1;
	/* Others may have written to it while we waited. */
	if (fstat(s->fd, &st) == -1)
		return failed(s, err);
	r = complete_last(s, st.st_size) == -1
	    ? failed(s, err)
	    : copy_message(s, message, form, err);
	if (r == -1 && ftruncate(s->fd, st.st_size) == -1)
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
	} else if (copy_message(s, message, form, err) == -1 ||
	    (s->temp != NULL && name_file(s, err) == -1)) {
		return -1;
	}
	*kept = s->name;
	return 0;
}

void
save_clear(struct save *s)
{
	if (s->arena == NULL)
		return;
	if (s->stream == &s->own)
		outlet_end(s->stream);
	if (s->fd != -1)
		close(s->fd);
	if (s->temp != NULL)
		unlink(s->temp);
	s->fd = -1;
	s->temp = NULL;
}
