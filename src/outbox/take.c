/* How one message of an outbox is opened. */
#include "outbox/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"
#include "outbox/envelope.h"
#include "outbox/outbox_internal.h"

enum { CHUNK = 4096, LINES_MAX = 16 * 1024 * 1024 };

static int
io_error(const struct outbox_message *m, const char *id, struct error *err)
{
	return outbox_io_error(m->outbox, m->place, id, err);
}

/* Appends some of what the file holds from there on, up to `most` octets. */
static int
read_some(int fd, uint64_t at, size_t most, struct buf *out)
{
	ssize_t n;

	if (buf_reserve(out, most) == -1)
		return 0;
	n = TEMP_FAILURE_RETRY(
	    pread(fd, out->data + out->len, most, (off_t)at));
	if (n == -1)
		return -1;
	out->len += (size_t)n;
	out->data[out->len] = '\0';
	return 0;
}

/* The same, but all of that. */
static int
read_at(int fd, uint64_t at, size_t most, struct buf *out)
{
	const size_t begin = out->len;
	size_t before;

	do {
		before = out->len;
		if (before - begin < most &&
		    read_some(fd, at + (before - begin),
			most - (before - begin), out) == -1)
			return -1;
	} while (out->len > before);
	return 0;
}

/* The first line with its newline, or all that there is, and something behind
 * it. */
static int
read_line(int fd, struct buf *out)
{
	size_t before, more = CHUNK;

	do {
		before = out->len;
		if (read_some(fd, before, more, out) == -1)
			return -1;
		more = out->len;
	} while (out->len > before &&
	    memchr(out->data + before, '\n', out->len - before) == NULL &&
	    out->data[0] == '{');
	return 0;
}

/* 0, 1: it is damaged, -1 with errno.  Of a small one all was read already. */
static int
check_seal(const struct outbox_message *m, const struct buf *line)
{
	size_t n = m->size < ENVELOPE_TAIL ? (size_t)m->size : ENVELOPE_TAIL;
	const uint64_t at = m->begin + m->size - n;
	struct buf tail = BUF_WITH_MAX(ENVELOPE_TAIL + 1);
	char seal[ENVELOPE_SEAL + 1];
	int r = 0;

	if (at <= line->len && n <= line->len - at)
		buf_append(&tail, line->data + at, n);
	else
		r = read_at(m->fd, at, n, &tail);
	if (r == 0) {
		envelope_seal(
		    seal, m->envelope.id, m->size, buf_string(&tail), tail.len);
		r = tail.len != n ||
		    memcmp(seal, line->data, ENVELOPE_SEAL) != 0;
	}
	buf_clear(&tail);
	return r;
}

/* Likewise. */
static int
read_envelope(struct outbox_message *m, const char *id, struct buf *line)
{
	const char *end;

	if (read_line(m->fd, line) == -1)
		return -1;
	end = line->len > 0 ? memchr(line->data, '\n', line->len) : NULL;
	if (end == NULL ||
	    envelope_read(line->data, (size_t)(end - line->data), &m->arena,
		&m->envelope, &m->size) == -1 ||
	    strcmp(m->envelope.id, id) != 0)
		return 1;
	m->begin = (uint64_t)(end - line->data) + 1;
	return check_seal(m, line);
}

/* Each that does not begin anew is a try. */
static void
count_tries(struct outbox_message *m, const struct buf *lines)
{
	const char *line = lines->data, *end = line + lines->len, *newline;
	struct buf value = BUF_WITH_MAX(32);

	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (newline == NULL)
			break;
		buf_reset(&value);
		if (json_member(
			line, (size_t)(newline - line), "retried", &value)) {
			m->tries = 0;
			buf_reset(&value);
			if (json_member(
				line, (size_t)(newline - line), "time", &value))
				m->since = strtoll(value.data, NULL, 10);
		} else if (newline > line) {
			m->tries++;
		}
	}
	buf_clear(&value);
}

static int
read_lines(const struct outbox_message *m, struct buf *lines)
{
	uint64_t at = m->begin + m->size, n;
	struct stat st;

	if (fstat(m->fd, &st) == -1)
		return -1;
	n = (uint64_t)st.st_size > at ? (uint64_t)st.st_size - at : 0;
	return read_at(m->fd, at, n < LINES_MAX ? (size_t)n : LINES_MAX, lines);
}

/* 0, 1: it is damaged, -1 with errno. */
static int
read_all(struct outbox_message *m, const char *id)
{
	struct buf line = BUF_WITH_MAX(ENVELOPE_MAX);
	struct buf lines = BUF_WITH_MAX(LINES_MAX + 1);
	int r = read_envelope(m, id, &line);

	buf_clear(&line);
	m->since = m->envelope.time;
	if (r == 0)
		r = read_lines(m, &lines);
	if (r == 0 && lines.len > 0)
		count_tries(m, &lines);
	buf_clear(&lines);
	if (r == 0 && lseek(m->fd, (off_t)m->begin, SEEK_SET) == -1)
		r = -1;
	return r;
}

/* What supersedes it is on the disk before it goes. */
static int
drop(struct outbox *o, enum outbox_place place, enum outbox_place old,
    const char *id)
{
	return outbox_sync(o, place) == -1 ? -1 : outbox_remove(o, old, id);
}

/*
 * What a crash has left of the message in another place.  What waits is not
 * taken while that is there: from unknown/ it might come back (parts.c).  A file
 * that was about to be moved to failed/ is not in unknown/ any more.
 * 1: this is the one that goes; -1 with errno.
 */
static int
drop_others(struct outbox *o, enum outbox_place place, const char *id,
    const struct stat *st)
{
	bool failed = st->st_nlink > 1 && place != OUTBOX_FAILED &&
	    outbox_is_named(o, OUTBOX_FAILED, id, st);

	if (place == OUTBOX_UNKNOWN && failed)
		return drop(o, OUTBOX_FAILED, OUTBOX_UNKNOWN, id) == 0 ? 1 : -1;
	if (place != OUTBOX_QUEUE)
		return 0;
	if (outbox_has(o, OUTBOX_UNKNOWN, id) &&
	    drop(o, OUTBOX_QUEUE, OUTBOX_UNKNOWN, id) == -1)
		return -1;
	return failed ? drop(o, OUTBOX_QUEUE, OUTBOX_FAILED, id) : 0;
}

/* Whether the message is here, now that nobody else is at it. */
static enum outbox_taken
claim(struct outbox_message *m, const char *id, struct error *err)
{
	struct outbox *o = m->outbox;
	struct stat st;
	int r;

	if (file_lock(m->fd) == -1) {
		if (errno == EAGAIN || errno == EACCES)
			return OUTBOX_BUSY;
		io_error(m, id, err);
		return OUTBOX_ERROR;
	}
	/* In this order: what supersedes it goes only after it. */
	if (m->place != OUTBOX_QUEUE && outbox_has(o, OUTBOX_QUEUE, id))
		return OUTBOX_GONE;
	if (fstat(m->fd, &st) == -1) {
		io_error(m, id, err);
		return OUTBOX_ERROR;
	}
	errno = 0;
	if (!outbox_is_named(o, m->place, id, &st)) {
		if (errno == 0 || errno == ENOENT)
			return OUTBOX_GONE;
		io_error(m, id, err);
		return OUTBOX_ERROR;
	}
	m->held = (st.st_mode & S_IXUSR) != 0;
	r = drop_others(o, m->place, id, &st);
	if (r == -1)
		io_error(m, id, err);
	return r == 0 ? OUTBOX_TAKEN : r == 1 ? OUTBOX_GONE : OUTBOX_ERROR;
}

static enum outbox_taken
damaged(struct outbox_message *m, const char *id, bool to_change,
    const char *why, struct error *err)
{
	struct buf text = {0};

	buf_printf(&text, "%s/%s/%s: %s", m->outbox->path,
	    outbox_place_name(m->place), id, why);
	if (to_change && m->place == OUTBOX_QUEUE)
		outbox_set_aside(m->outbox, m->place, id, &text);
	error_set(err, EX_DATAERR, "%s", text.data);
	buf_clear(&text);
	return OUTBOX_ERROR;
}

static enum outbox_taken
open_it(
    struct outbox_message *m, const char *id, bool to_change, struct error *err)
{
	const char *why;
	struct stat st;

	if (!outbox_id_is(id) || m->outbox->dirs[m->place] == -1)
		return OUTBOX_GONE;
	m->fd = openat(m->outbox->dirs[m->place], id,
	    (to_change ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK |
		O_NOCTTY | O_CLOEXEC);
	if (m->fd == -1 && errno == ENOENT)
		return OUTBOX_GONE;
	if (m->fd == -1 &&
	    (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		return damaged(m, id, to_change, "is not a regular file", err);
	if (m->fd == -1 || fstat(m->fd, &st) == -1) {
		io_error(m, id, err);
		return OUTBOX_ERROR;
	}
	m->held = (st.st_mode & S_IXUSR) != 0;
	why = outbox_strange(m->outbox, &st);
	return why == NULL ? OUTBOX_TAKEN : damaged(m, id, to_change, why, err);
}

static enum outbox_taken
take(struct outbox *o, enum outbox_place place, const char *id,
    struct outbox_message *m, bool to_change, struct error *err)
{
	enum outbox_taken taken;
	int r;

	*m = (struct outbox_message){.outbox = o, .place = place, .fd = -1};
	taken = open_it(m, id, to_change, err);
	if (taken == OUTBOX_TAKEN && to_change)
		taken = claim(m, id, err);
	if (taken != OUTBOX_TAKEN)
		return taken;
	r = read_all(m, id);
	if (r == -1) {
		io_error(m, id, err);
		return OUTBOX_ERROR;
	}
	if (r == 0)
		return OUTBOX_TAKEN;
	if (!to_change || place == OUTBOX_QUEUE)
		return damaged(m, id, to_change,
		    "is damaged: it is not a whole message", err);
	m->damaged = true;
	m->envelope = (struct outbox_envelope){.reverse_path = ""};
	memcpy(m->envelope.id, id, sizeof(m->envelope.id));
	return OUTBOX_TAKEN;
}

enum outbox_taken
outbox_take(struct outbox *o, enum outbox_place place, const char *id,
    struct outbox_message *m, struct error *err)
{
	enum outbox_taken taken = take(o, place, id, m, true, err);

	if (taken != OUTBOX_TAKEN)
		outbox_put(m);
	return taken;
}

enum outbox_taken
outbox_look(struct outbox *o, enum outbox_place place, const char *id,
    struct outbox_message *m, struct error *err)
{
	enum outbox_taken taken = take(o, place, id, m, false, err);

	if (taken != OUTBOX_TAKEN)
		outbox_put(m);
	return taken;
}

void
outbox_put(struct outbox_message *m)
{
	if (m->fd != -1)
		close(m->fd);
	m->fd = -1;
	arena_clear(&m->arena);
	m->envelope = (struct outbox_envelope){0};
}

int
outbox_said(const struct outbox_message *m, struct buf *out, struct error *err)
{
	if (!m->damaged && read_lines(m, out) == -1)
		return io_error(m, m->envelope.id, err);
	return 0;
}
