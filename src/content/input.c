/* input: kept bytes first, then a file, a pipe or a spool. */
#include "content/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/charset.h"
#include "lib/file.h"
#include "lib/memory.h"

enum { PIECE = 65536 };

void
input_begin(struct input *in, const struct input_params *params)
{
	struct stat st;
	off_t at;

	*in = (struct input){.params = *params, .spool = -1};
	if (in->params.name == NULL)
		in->params.name = "standard input";
	if (params->text != NULL)
		buf_puts(&in->kept, params->text);
	in->ended = params->text != NULL || params->fd == -1;
	if (in->ended || fstat(params->fd, &st) == -1)
		return;
	in->device = S_ISCHR(st.st_mode);
	if (!S_ISREG(st.st_mode))
		return;
	at = lseek(params->fd, 0, SEEK_CUR);
	/* Files of /proc have no size but bytes. */
	in->file = at != -1 && st.st_size > 0;
	if (!in->file)
		return;
	in->start = at;
	in->limit = st.st_size > at ? st.st_size : at;
	if (params->size > 0 && in->limit - at > (off_t)params->size)
		in->limit = at + (off_t)params->size;
}

void
input_end(struct input *in)
{
	if (in->spool != -1)
		close(in->spool);
	in->spool = -1;
	buf_clear(&in->kept);
}

bool
input_is_lasting(const struct input *in)
{
	return in->ended || in->file;
}

static int
failed(const struct input *in, struct error *err)
{
	return error_set(err, EX_NOINPUT, "cannot read %s: %s", in->params.name,
	    strerror(errno));
}

/* SOURCE_AGAIN when nothing is there and it may not wait: then signals are
 * looked for by whoever waits.  From a terminal one takes away what was there
 * to be read. */
static ssize_t
pipe_read(const struct input *in, char *buf, size_t n, bool may_wait,
    struct error *err)
{
	struct pollfd p = {.fd = in->params.fd, .events = POLLIN};
	ssize_t r;

	if (!may_wait && poll(&p, 1, 0) == 0)
		return SOURCE_AGAIN;
	if (!may_wait && !in->device) {
		r = read(in->params.fd, buf, n);
		if (r == -1 && (errno == EINTR || errno == EAGAIN))
			return SOURCE_AGAIN;
		return r == -1 ? failed(in, err) : r;
	}
	return wait_read(
	    &in->params.wait, in->params.fd, in->params.name, buf, n, err);
}

static ssize_t
file_read(const struct input *in, uint64_t offset, char *buf, size_t n,
    bool may_wait, struct error *err)
{
	int fd = in->spool != -1 ? in->spool : in->params.fd;
	off_t at = in->start + (off_t)offset;
	ssize_t r;

	if (in->spool == -1 && (uint64_t)n > (uint64_t)(in->limit - at))
		n = at < in->limit ? (size_t)(in->limit - at) : 0;
	if (n == 0)
		return 0;
	do {
		/* Once a message is on its way signals are not ours. */
		if (may_wait &&
		    wait_interrupted(&in->params.wait, in->params.name, err) ==
			-1)
			return -1;
		r = pread(fd, buf, n, at);
	} while (r == -1 && errno == EINTR);
	return r == -1 ? failed(in, err) : r;
}

/* The next bytes of a pipe behind the kept ones. */
static ssize_t
pipe_next(
    struct input *in, char *buf, size_t n, bool may_wait, struct error *err)
{
	ssize_t r = pipe_read(in, buf, n, may_wait, err);

	if (r < 0)
		return r;
	if (in->spool != -1 && file_write(in->spool, buf, (size_t)r) == -1)
		return error_set(err, EX_IOERR,
		    "cannot write to a temporary file for %s: %s",
		    in->params.name, strerror(errno));
	if (r == 0 && in->spool != -1)
		in->file = true;
	in->taken += (uint64_t)r;
	return r;
}

int
input_keep(struct input *in, size_t n, struct error *err)
{
	struct buf *kept = &in->kept;
	size_t want, room;
	ssize_t r;

	while (!in->ended && kept->len < n) {
		/* So little of a file is read without a look at signals. */
		want = n - kept->len < PIECE ? n - kept->len : PIECE;
		room = kept->data != NULL ? kept->cap - kept->len - 1 : 0;
		/* What came short fills the room that there is. */
		if (room < PIECE / 2)
			buf_reserve(kept, want);
		else if (room < want)
			want = room;
		r = in->file
		    ? file_read(in, 0, kept->data + kept->len, want, false, err)
		    : pipe_read(in, kept->data + kept->len, want, true, err);
		if (r < 0)
			return -1;
		kept->len += (size_t)r;
		kept->data[kept->len] = '\0';
		if (in->file)
			in->start += r;
		in->ended = r == 0;
	}
	return 0;
}

int
input_skip_mark(struct input *in, struct error *err)
{
	size_t n;

	if (input_keep(in, PIECE, err) == -1)
		return -1;
	n = charset_mark(buf_string(&in->kept), in->kept.len);
	if (n > 0)
		buf_consume(&in->kept, n);
	in->skipped = n;
	return 0;
}

void
input_forget(struct input *in)
{
	if (!in->file || in->spool != -1)
		return;
	in->start -= (off_t)in->kept.len;
	in->ended = false;
	buf_clear(&in->kept);
}

int
input_spool(struct input *in, struct error *err)
{
	const char *dir = in->params.temp_dir;

	if (input_is_lasting(in))
		return 0;
	if (dir == NULL || *dir == '\0')
		dir = "/tmp";
	in->spool = file_scratch(dir);
	if (in->spool != -1)
		return 0;
	error_set(err, EX_CANTCREAT,
	    "cannot create a temporary file in %s for %s: %s", dir,
	    in->params.name, strerror(errno));
	return error_hint(err, "TMPDIR names the directory for it");
}

static ssize_t
read_at(struct input *in, uint64_t offset, char *buf, size_t n, bool may_wait,
    struct error *err)
{
	if (offset < in->kept.len) {
		if (n > in->kept.len - offset)
			n = in->kept.len - offset;
		memcpy(buf, in->kept.data + offset, n);
		return (ssize_t)n;
	}
	if (in->ended)
		return 0;
	offset -= in->kept.len;
	if (in->file)
		return file_read(in, offset, buf, n, may_wait, err);
	/* What came through the pipe already waits for nothing. */
	if (in->spool != -1 && offset < in->taken)
		return file_read(in, offset, buf,
		    n < in->taken - offset ? n : (size_t)(in->taken - offset),
		    may_wait, err);
	return pipe_next(in, buf, n, may_wait, err);
}

ssize_t
input_read(
    struct input *in, uint64_t offset, char *buf, size_t n, struct error *err)
{
	return read_at(in, offset, buf, n, true, err);
}

bool
input_size(const struct input *in, uint64_t *size)
{
	*size = in->kept.len;
	if (in->ended)
		return true;
	if (in->file && in->spool != -1)
		*size += in->taken - (uint64_t)in->start;
	else if (in->file)
		*size += (uint64_t)(in->limit - in->start);
	return in->file;
}

struct reader {
	struct source source;
	struct input *in;
	struct input_range range;
	uint64_t at;
	bool scanned, eight_bit;
	struct scan whole; /* if scanned; else its cr_ends */
	struct scan now;
	bool ended;
};

static int
changed(const struct reader *r, struct error *err)
{
	return error_set(err, EX_DATAERR, "%s changed while it was read",
	    r->in->params.name);
}

static int
check(const struct reader *r, bool end, struct error *err)
{
	if (!r->scanned) /* a complete message */
		return scan_check_message(
		    &r->now, r->in->params.name, r->eight_bit, err);
	if (end ? scan_equal(&r->now, &r->whole)
		: scan_within(&r->now, &r->whole))
		return 0;
	return changed(r, err);
}

/* The bytes of the range, no more. */
static ssize_t
range_read(struct reader *r, char *buf, size_t n, struct error *err)
{
	ssize_t len;

	if (n > r->range.end - r->at)
		n = (size_t)(r->range.end - r->at);
	if (n == 0)
		return 0;
	len = read_at(r->in, r->at, buf, n, false, err);
	if (len > 0)
		r->at += (uint64_t)len;
	return len;
}

static ssize_t
bytes_read(struct source *s, char *buf, size_t n, struct error *err)
{
	return range_read((struct reader *)s, buf, n, err);
}

static ssize_t
text_read(struct source *s, char *buf, size_t n, struct error *err)
{
	struct reader *r = (struct reader *)s;
	ssize_t len;

	if (r->ended)
		return 0;
	len = range_read(r, buf, n, err);
	if (len < 0)
		return len;
	if (len == 0)
		scan_end(&r->now);
	scan_update(&r->now, buf, (size_t)len);
	if (check(r, len == 0, err) == -1)
		return SOURCE_ERROR;
	r->ended = len == 0;
	return len;
}

static void
begin(struct reader *r)
{
	r->at = r->range.offset;
	r->ended = false;
	scan_begin(&r->now, r->range.line);
	r->now.cr_ends = r->whole.cr_ends;
}

static void
reader_free(struct source *s)
{
	free(s);
}

static struct reader *
reader_new(struct input *in, const struct input_range *range,
    const struct source_ops *ops)
{
	struct reader *r = memory_alloc(sizeof(*r));

	r->source.ops = ops;
	r->source.fd = in->params.fd;
	r->in = in;
	r->range = *range;
	return r;
}

/* What is in memory does not change. */
static struct source *
from_memory(struct input *in, const struct input_range *range)
{
	uint64_t end = range->end < in->kept.len ? range->end : in->kept.len;

	return source_from_bytes(buf_string(&in->kept) + range->offset,
	    (size_t)(end - range->offset));
}

struct source *
input_source(struct input *in, const struct input_range *range,
    const struct scan *whole, bool scanned, bool eight_bit)
{
	static const struct source_ops ops = {text_read, reader_free};
	struct reader *r;

	if (in->ended && scanned)
		return from_memory(in, range);
	r = reader_new(in, range, &ops);
	r->scanned = scanned;
	r->eight_bit = eight_bit;
	r->whole = *whole;
	begin(r);
	return &r->source;
}

struct source *
input_bytes(struct input *in, const struct input_range *range)
{
	static const struct source_ops ops = {bytes_read, reader_free};
	struct reader *r;

	if (in->ended)
		return from_memory(in, range);
	r = reader_new(in, range, &ops);
	begin(r);
	return &r->source;
}

void
input_first_lines(const char *path, size_t max, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	size_t end = out->len + max;
	struct stat st;
	ssize_t n = 0;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    buf_reserve(out, max) == 0) {
		do {
			n = read(fd, out->data + out->len, end - out->len);
			out->len += n > 0 ? (size_t)n : 0;
		} while (n > 0 || (n == -1 && errno == EINTR));
	}
	close(fd);
	/* A line that was cut could end in another word. */
	if (n == -1 || out->len == end)
		while (out->len > end - max && out->data[out->len - 1] != '\n')
			out->len--;
}
