#include "command/known_hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command/state.h"
#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/memory.h"

enum {
	FILE_MAX = 1024 * 1024,
	LOCK_TRIES = 20,
	LOCK_PAUSE_US = 50 * 1000,
};

static int
failed(const char *path, int status, struct error *err)
{
	return error_set(err, status, "%s: %s", path, strerror(errno));
}

int
known_hosts_path(struct arena *a, const char **path, struct error *err)
{
	if (state_path(a, "known-hosts", "the keys of servers", path, err) == 0)
		return 0;
	return error_hint(
	    err, "set HOME or XDG_STATE_HOME, or name the key with --tls-pin");
}

/* Nobody but us and root may have a say in it. */
static int
check_owner(const struct stat *st, const char *path, struct error *err)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return error_set(
		    err, EX_CONFIG, "%s: it belongs to another user", path);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	error_set(err, EX_CONFIG, "%s: others can change it (mode %04o)", path,
	    (unsigned)st->st_mode & 07777U);
	return error_hint(err, "chmod go-w %s", path);
}

static int
check_directory(struct arena *a, const char *path, struct error *err)
{
	const char *name =
	    arena_strndup(a, path, (size_t)(strrchr(path, '/') - path));
	struct stat st;

	if (stat(name, &st) == -1)
		return errno == ENOENT ? 0 : failed(name, EX_NOINPUT, err);
	return check_owner(&st, name, err);
}

/* The descriptor; -1 with *err, whose status is 0 if there is no file. */
static int
open_file(const char *path, int flags, struct error *err)
{
	int fd = open(
	    path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	*err = (struct error){0};
	if (fd == -1) {
		if (errno == ELOOP)
			return error_set(err, EX_CONFIG,
			    "%s: a symbolic link, and no file", path);
		return errno == ENOENT
		    ? -1
		    : failed(path,
			  (flags & O_CREAT) != 0 ? EX_CANTCREAT : EX_NOINPUT,
			  err);
	}
	if (fstat(fd, &st) == -1)
		failed(path, EX_NOINPUT, err);
	else if (!S_ISREG(st.st_mode))
		error_set(err, EX_CONFIG, "%s: not a regular file", path);
	else if (check_owner(&st, path, err) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
read_text(int fd, const char *path, struct buf *text, struct error *err)
{
	const struct wait_limits none = {0};

	*text = BUF_WITH_MAX(FILE_MAX + 1);
	if (wait_fill(&none, fd, text) != WAIT_READY)
		return failed(path, EX_NOINPUT, err);
	return text->len > FILE_MAX
	    ? error_set(err, EX_CONFIG, "%s: it has more than 1 MiB", path)
	    : 0;
}

/* Three words; a line that a crash has cut off has fewer, or no pin. */
static bool
parse_line(char *line, struct known_host *h)
{
	static const char blanks[] = " \t\r";
	char *rest, *pin;

	h->server = strtok_r(line, blanks, &rest);
	pin = strtok_r(NULL, blanks, &rest);
	h->since = strtok_r(NULL, blanks, &rest);
	return h->since != NULL && strlen(h->since) == 10 &&
	    strtok_r(NULL, blanks, &rest) == NULL &&
	    pin_parse(&h->pin, pin) == 0;
}

static void
parse(struct known_hosts *k, struct arena *a, const struct buf *text)
{
	char *at = arena_alloc(a, text->len + 1), *line;
	unsigned number = 0;
	size_t room = 1, i;

	/* A crash may leave zeros; what is behind them counts. */
	for (i = 0; i < text->len; i++) {
		at[i] = text->data[i] != '\0' ? text->data[i] : '?';
		room += text->data[i] == '\n';
	}
	at[i] = '\0';
	k->items = arena_alloc(a, room * sizeof(*k->items));
	while ((line = strsep(&at, "\n")) != NULL) {
		struct known_host *h = &k->items[k->count];

		number++;
		line += strspn(line, " \t\r");
		if (*line == '\0' || *line == '#')
			continue;
		if (parse_line(line, h)) {
			h->line = number;
			k->count++;
		} else {
			k->torn = number;
		}
	}
}

int
known_hosts_read(
    struct known_hosts *k, const char *path, struct arena *a, struct error *err)
{
	struct buf text = {0};
	int fd, r;

	*k = (struct known_hosts){.path = path};
	if (check_directory(a, path, err) == -1)
		return -1;
	fd = open_file(path, O_RDONLY, err);
	if (fd == -1)
		return err->status == 0 ? 0 : -1;
	r = read_text(fd, path, &text, err);
	close(fd);
	if (r == 0)
		parse(k, a, &text);
	buf_clear(&text);
	return r;
}

/* For as long as a run that adds its line may take. */
static int
lock(
    int fd, const char *path, const struct wait_limits *wait, struct error *err)
{
	struct wait_limits pause = {.stop = wait->stop, .mask = wait->mask};
	int i;

	for (i = 0; file_lock(fd) == -1; i++) {
		if (errno != EAGAIN && errno != EACCES)
			return failed(path, EX_CANTCREAT, err);
		pause.deadline_us = clock_monotonic_us() + LOCK_PAUSE_US;
		if (i == LOCK_TRIES ||
		    wait_poll(&pause, NULL, 0) == WAIT_STOPPED)
			return error_set(err, EX_TEMPFAIL,
			    "%s: another program is writing to it", path);
	}
	return 0;
}

/* In one piece, behind a line that was cut off on its own. */
static int
write_line(int fd, const char *path, const struct buf *line, struct error *err)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end != -1 && file_write(fd, line->data, line->len) == 0 &&
	    fsync(fd) == 0)
		return 0;
	failed(path, EX_CANTCREAT, err);
	if (end != -1 && ftruncate(fd, end) == -1)
		error_context(err, "a part of a line is left");
	return -1;
}

static int
add(int fd, const char *path, const char *server, const struct pin *pin,
    int64_t now, struct error *err)
{
	struct known_hosts k = {.path = path};
	struct buf text = {0}, line = {0};
	struct arena a = {0};
	time_t at = (time_t)now;
	char date[16] = "0000-00-00";
	struct tm tm;
	bool known = false;
	size_t i;
	int r = read_text(fd, path, &text, err);

	if (r == 0)
		parse(&k, &a, &text);
	for (i = 0; r == 0 && i < k.count; i++) {
		if (!ascii_equal(k.items[i].server, server))
			continue;
		known = memcmp(&k.items[i].pin, pin, sizeof(*pin)) == 0;
		if (!known)
			r = error_set(err, EX_CANTCREAT,
			    "%s: %s has got another key there by now", path,
			    server);
	}
	if (gmtime_r(&at, &tm) != NULL)
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	if (text.len > 0 && text.data[text.len - 1] != '\n')
		buf_putc(&line, '\n');
	buf_printf(&line, "%s sha256//", server);
	base64_encode(&line, pin->digest, PIN_DIGEST);
	buf_printf(&line, " %s\n", date);
	if (r == 0 && !known)
		r = write_line(fd, path, &line, err);
	buf_clear(&text);
	buf_clear(&line);
	arena_clear(&a);
	return r;
}

/* All directories above it that are missing, for us alone. */
static int
make_directories(const char *path, struct error *err)
{
	char *name = memory_strdup(path), *slash = name;
	int r = 0;

	while (r == 0 && (slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (mkdir(name, 0700) == -1 && errno != EEXIST)
			r = failed(name, EX_CANTCREAT, err);
		*slash = '/';
	}
	free(name);
	return r;
}

int
known_hosts_add(const char *path, const char *server, const struct pin *pin,
    int64_t now, const struct wait_limits *wait, struct error *err)
{
	int fd, r;

	if (make_directories(path, err) == -1)
		return -1;
	fd = open_file(path, O_RDWR | O_CREAT | O_APPEND, err);
	if (fd == -1)
		return err->status == 0 ? failed(path, EX_CANTCREAT, err) : -1;
	r = lock(fd, path, wait, err);
	if (r == 0)
		r = add(fd, path, server, pin, now, err);
	close(fd);
	return r;
}
