#include "batch/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/memory.h"

enum {
	CHUNK = 256 * 1024,
	LINE_MAX_OCTETS = 64 * 1024 * 1024 /* nobody's message has so long a key
					      or so many recipients */
};

static int
failed(const struct journal_file *f, int status, struct error *err)
{
	return error_set(err, status, "%s: %s", f->path, strerror(errno));
}

/* The first process that comes has it. */
static int
lock(const struct journal_file *f, struct error *err)
{
	if (file_lock(f->fd) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return failed(f, EX_IOERR, err);
	error_set(err, EX_TEMPFAIL, "%s: another process is using it", f->path);
	return error_hint(err,
	    "wait until it has ended: two that send from one list would send "
	    "all twice");
}

static int
check(struct journal_file *f, bool resume, struct error *err)
{
	int status = resume ? EX_NOINPUT : EX_CANTCREAT;
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return failed(f, EX_IOERR, err);
	if (!S_ISREG(st.st_mode))
		return error_set(
		    err, status, "%s: is not a regular file", f->path);
	if (lock(f, err) == -1)
		return -1;
	/* What another process wrote before it let go counts, too. */
	if (fstat(f->fd, &st) == -1)
		return failed(f, EX_IOERR, err);
	f->whole = (uint64_t)st.st_size;
	if (resume || f->whole == 0)
		return 0;
	error_set(err, EX_CANTCREAT, "%s: is there already", f->path);
	return error_hint(err,
	    "--resume %s goes on with it\n"
	    "or give a name that is not in use",
	    f->path);
}

int
journal_file_open(
    struct journal_file *f, const char *path, bool resume, struct error *err)
{
	/* A FIFO is not waited for. */
	const int flags =
	    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

	*f = (struct journal_file){.path = memory_strdup(path)};
	f->fd = TEMP_FAILURE_RETRY(open(path, flags, 0600));
	if (f->fd == -1) {
		failed(f, resume ? EX_NOINPUT : EX_CANTCREAT, err);
		journal_file_close(f);
		return -1;
	}
	if (check(f, resume, err) == -1) {
		journal_file_close(f);
		return -1;
	}
	return 0;
}

void
journal_file_close(struct journal_file *f)
{
	if (f->fd != -1)
		close(f->fd);
	buf_clear(&f->pending);
	free(f->path);
	*f = (struct journal_file){.fd = -1};
}

/* Reading, from its beginning to its end. */
struct reading {
	struct journal_file *file;
	const char *begin;
	journal_file_take *take;
	void *arg;
	struct buf bytes;
	uint64_t at;   /* of those in the file */
	uint64_t line; /* the last one */
};

static int
cut(struct journal_file *f, uint64_t whole, struct error *err)
{
	if (TEMP_FAILURE_RETRY(ftruncate(f->fd, (off_t)whole)) == -1)
		return failed(f, EX_IOERR, err);
	f->whole = whole;
	return 0;
}

static int
damaged(const struct reading *r, struct error *err)
{
	if (r->line == 1)
		return error_set(
		    err, EX_DATAERR, "%s: is not a journal", r->file->path);
	error_set(err, EX_DATAERR, "%s: line %llu is damaged", r->file->path,
	    (unsigned long long)r->line);
	return error_hint(err,
	    "a copy without that line can be gone on with, but whoever it told "
	    "of may get the message twice");
}

static int
take_line(struct reading *r, const char *line, size_t n, struct error *err)
{
	int taken = r->take(r->arg, line, n, ++r->line, err);
	uint64_t end = r->at + n + 1;

	if (taken == 1 && r->line > 1 && end == r->file->whole &&
	    (n < 2 || line[0] != '{' || line[n - 1] != '}'))
		return cut(r->file, r->at, err);
	r->at = end;
	return taken == 1 ? damaged(r, err) : taken;
}

/* The lines that are whole; the bytes of the last one stay. */
static int
take_lines(struct reading *r, size_t from, struct error *err)
{
	const char *line = r->bytes.data, *end = line + r->bytes.len, *newline;

	/* None was found before that. */
	newline = memchr(line + from, '\n', r->bytes.len - from);
	while (newline != NULL) {
		if (take_line(r, line, (size_t)(newline - line), err) == -1)
			return -1;
		line = newline + 1;
		newline = memchr(line, '\n', (size_t)(end - line));
	}
	buf_consume(&r->bytes, (size_t)(line - r->bytes.data));
	return 0;
}

/* Whether these bytes can be what is left of a first line: some file systems
 * leave zeros. */
static bool
is_torn_head(const struct reading *r)
{
	size_t n = strlen(r->begin), i;

	if (memcmp(r->bytes.data, r->begin,
		n < r->bytes.len ? n : r->bytes.len) == 0)
		return true;
	for (i = 0; i < r->bytes.len; i++)
		if (r->bytes.data[i] != '\0')
			return false;
	return true;
}

static int
cut_torn(struct reading *r, struct error *err)
{
	if (r->bytes.len == 0)
		return 0;
	if (r->line == 0 && !is_torn_head(r)) {
		r->line = 1;
		return damaged(r, err);
	}
	return cut(r->file, r->at, err);
}

static int
read_lines(struct reading *r, struct error *err)
{
	size_t from;
	ssize_t n;

	do {
		from = r->bytes.len;
		if (buf_reserve(&r->bytes, CHUNK) == -1) {
			r->line++;
			return damaged(r, err);
		}
		n = TEMP_FAILURE_RETRY(
		    read(r->file->fd, r->bytes.data + from, CHUNK));
		if (n == -1)
			return failed(r->file, EX_IOERR, err);
		r->bytes.len += (size_t)n;
		if (take_lines(r, from, err) == -1)
			return -1;
	} while (n > 0);
	return cut_torn(r, err);
}

int
journal_file_read(struct journal_file *f, const char *begin,
    journal_file_take *take, void *arg, struct error *err)
{
	struct reading r = {.file = f,
	    .begin = begin,
	    .take = take,
	    .arg = arg,
	    .bytes = BUF_WITH_MAX(LINE_MAX_OCTETS)};
	int result = read_lines(&r, err);

	buf_clear(&r.bytes);
	return result;
}

/* How much of what is pending was written; errno says why it is not all. */
static size_t
write_pending(const struct journal_file *f)
{
	size_t done = 0;
	ssize_t n;

	while (done < f->pending.len) {
		n = TEMP_FAILURE_RETRY(write(
		    f->fd, f->pending.data + done, f->pending.len - done));
		if (n == -1)
			break;
		done += (size_t)n;
	}
	return done;
}

static void
drop_lines(struct buf *lines, bool (*drop)(const char *line, size_t n))
{
	const char *line = lines->data, *end = line + lines->len, *newline;
	char *to = lines->data;
	size_t n;

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		n = (size_t)(newline - line) + 1;
		if (drop(line, n))
			continue;
		memmove(to, line, n);
		to += n;
	}
	lines->len = (size_t)(to - lines->data);
}

/* Back to where it ended with a whole line. */
static void
mend(struct journal_file *f, uint64_t whole)
{
	struct error ignored;

	if (cut(f, whole, &ignored) == -1)
		f->stuck = true;
}

/* As many whole lines as there is room for, after a write has failed. */
static void
write_some(struct journal_file *f, bool (*drop)(const char *line, size_t n))
{
	const char *newline;
	size_t done;

	if (f->stuck || f->pending.len == 0)
		return;
	drop_lines(&f->pending, drop);
	done = write_pending(f);
	if (done < f->pending.len) {
		newline = memrchr(f->pending.data, '\n', done);
		done = newline != NULL ? (size_t)(newline - f->pending.data) + 1
				       : 0;
		mend(f, f->whole + done);
	} else {
		f->whole += done;
	}
	buf_consume(&f->pending, done);
}

static int
fail(struct journal_file *f, struct error *err)
{
	f->failed = true;
	failed(f, EX_IOERR, &f->why);
	*err = f->why;
	return -1;
}

int
journal_file_write(struct journal_file *f,
    bool (*drop)(const char *line, size_t n), struct error *err)
{
	size_t done;

	if (f->failed) {
		write_some(f, drop);
		*err = f->why;
		return -1;
	}
	done = write_pending(f);
	if (done == f->pending.len) {
		f->whole += done;
		buf_reset(&f->pending);
		return 0;
	}
	fail(f, err);
	mend(f, f->whole);
	write_some(f, drop);
	return -1;
}

int
journal_file_sync(struct journal_file *f, bool name, struct error *err)
{
	char *real;

	if (TEMP_FAILURE_RETRY(name ? fsync(f->fd) : fdatasync(f->fd)) == -1)
		return fail(f, err);
	/* That of the file itself, where the path is a link. */
	real = name ? realpath(f->path, NULL) : NULL;
	if (real != NULL)
		file_sync_name(real);
	free(real);
	return 0;
}
