#include "oauth/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "lib/private.h"
#include "lib/shell.h"

#include "oauth/store_file.h"

enum {
	NAME_LONGEST = 200, /* with what is put around it a name of a file */
	DIRECTORIES = 4,    /* ~/.local/state/smtpsend/tokens */
	LOCK_PATIENCE_US = 60 * 1000000,
	TRY_FIRST_US = 2 * 1000,
	TRY_LAST_US = 50 * 1000,
};

static int
set_names(struct oauth_store *s, const char *directory, const char *account,
    struct error *err)
{
	struct buf path = {0};
	size_t begin;

	buf_printf(&path, "%s/", directory);
	begin = path.len;
	file_name_for(&path, account);
	s->account = memory_strdup(account);
	if (path.len - begin > NAME_LONGEST) {
		buf_clear(&path);
		return error_set(err, EX_CONFIG,
		    "the account's name is too long for one of a file");
	}
	buf_puts(&path, ".json");
	s->path = path.data;
	s->name = path.data + begin;
	return 0;
}

static void
beside(const struct oauth_store *s, const char *before, const char *after,
    char name[NAME_MAX + 1])
{
	snprintf(name, NAME_MAX + 1, "%s%.*s%s", before,
	    (int)(strlen(s->name) - strlen(".json")), s->name, after);
}

static int
failed(const struct oauth_store *s, struct error *err)
{
	return error_set(err, EX_IOERR, "%s: %s", s->path, strerror(errno));
}

/* The kernel's queue for a lock can be left by neither deadline nor signal; so
 * it is tried again and again, with time between. */
static int
await_lock(const struct oauth_store *s, const struct wait_limits *wait,
    struct error *err)
{
	int64_t limit = clock_monotonic_us() + LOCK_PATIENCE_US, now;
	int64_t pause = TRY_FIRST_US;
	struct wait_limits step =
	    wait != NULL ? *wait : (struct wait_limits){0};

	if (step.deadline_us != 0 && step.deadline_us < limit)
		limit = step.deadline_us;
	while (file_lock(s->lock) == -1) {
		if (errno != EAGAIN && errno != EACCES)
			return failed(s, err);
		now = clock_monotonic_us();
		if (now >= limit)
			return error_set(err, EX_TEMPFAIL,
			    "%s: another process has held its lock for too "
			    "long",
			    s->path);
		step.deadline_us = now + pause < limit ? now + pause : limit;
		if (wait_stopped(&step) ||
		    wait_poll(&step, NULL, 0) == WAIT_STOPPED)
			return error_set(err, EX_SIGNAL + *step.stop,
			    "cancelled while waiting for %s", s->path);
		if (pause < TRY_LAST_US)
			pause *= 2;
	}
	return 0;
}

/* Not when somebody has removed it meanwhile: who comes next locks another. */
static bool
is_at(const struct oauth_store *s, const char *name)
{
	struct stat ours, there;

	return fstat(s->lock, &ours) == -1 ||
	    (fstatat(s->directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		ours.st_dev == there.st_dev && ours.st_ino == there.st_ino);
}

static int
take_lock(
    struct oauth_store *s, const struct wait_limits *wait, struct error *err)
{
	char name[NAME_MAX + 1];

	/* What is renamed cannot be what is locked. */
	beside(s, "", ".lock", name);
	do {
		if (s->lock != -1)
			close(s->lock);
		s->lock = openat(s->directory, name,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
			O_CLOEXEC,
		    0600);
		if (s->lock == -1)
			return error_set(err, EX_IOERR, "%.*s%s: %s",
			    (int)(s->name - s->path), s->path, name,
			    strerror(errno));
		if (await_lock(s, wait, err) == -1)
			return -1;
	} while (!is_at(s, name));
	return 0;
}

int
oauth_store_open(struct oauth_store *s, const char *directory,
    const char *account, bool lock, const struct wait_limits *wait,
    struct error *err)
{
	*s = (struct oauth_store){.directory = -1, .lock = -1};
	if (set_names(s, directory, account, err) == -1)
		return -1;
	s->directory =
	    private_directory(directory, lock ? DIRECTORIES : 0, err);
	if (s->directory != -1)
		return lock ? take_lock(s, wait, err) : 0;
	if (err->status == 0 && !lock)
		return 0;
	if (err->status == 0)
		err->status = EX_IOERR;
	return -1;
}

void
oauth_store_close(struct oauth_store *s)
{
	if (s->lock != -1)
		close(s->lock);
	if (s->directory != -1)
		close(s->directory);
	free(s->account);
	free(s->path);
	arena_clear(&s->arena);
	*s = (struct oauth_store){.directory = -1, .lock = -1};
}

static int
read_file(
    struct oauth_store *s, int fd, struct oauth_entry *e, struct error *err)
{
	struct buf bytes = BUF_WITH_MAX(STORE_FILE_MAX);
	int r = -1;

	buf_reserve(&bytes, STORE_FILE_MAX);
	if (private_check(fd, s->path, false, NULL, err) == -1) {
		error_context(err, "%s", s->path);
	} else if (file_read_all(fd, &bytes) == 0) {
		bytes.data[bytes.len] = '\0';
		r = store_file_read(&bytes, &s->arena, e, err);
		if (r == -1) {
			error_context(err, "%s", s->path);
			oauth_login_hint(s->account, err);
		}
	} else if (errno == EINVAL || errno == EFBIG) {
		error_set(err, EX_CONFIG, "%s: %s", s->path,
		    errno == EINVAL ? "it is no file"
				    : "it is too long to be a sign-in");
		oauth_login_hint(s->account, err);
	} else {
		failed(s, err);
	}
	secret_wipe(bytes.data, bytes.len);
	buf_clear(&bytes);
	return r == 0 ? 1 : -1;
}

int
oauth_store_read(
    struct oauth_store *s, struct oauth_entry *e, struct error *err)
{
	char word[SHELL_WORD_SIZE];
	int fd, r;

	*e = (struct oauth_entry){0};
	if (s->directory == -1)
		return 0;
	fd = openat(s->directory, s->name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 && errno == ELOOP) {
		error_set(err, EX_CONFIG,
		    "%s: it is a symbolic link, and no file of ours", s->path);
		return error_hint(err, "rm %s", shell_file(s->path, word));
	}
	if (fd == -1 && errno == EACCES) {
		error_set(err, EX_CONFIG, "%s: %s", s->path, strerror(errno));
		return error_hint(
		    err, "chmod 600 %s", shell_file(s->path, word));
	}
	if (fd == -1)
		return failed(s, err);
	r = read_file(s, fd, e, err);
	close(fd);
	return r;
}

int
oauth_store_write(
    struct oauth_store *s, const struct oauth_entry *e, struct error *err)
{
	/* With room for what is too long to be seen to be so. */
	struct buf bytes = BUF_WITH_MAX(2 * STORE_FILE_MAX);
	char temp[NAME_MAX + 1];
	int r = 0;

	store_file_write(&bytes, e);
	beside(s, ".", ".new", temp);
	/* What whoever had the lock before left behind when it was killed. */
	unlinkat(s->directory, temp, 0);
	if (bytes.len > STORE_FILE_MAX)
		r = error_set(err, EX_CONFIG,
		    "%s: the sign-in is too long to be kept", s->path);
	else if (file_replace(s->directory, s->name, temp, bytes.data,
		     bytes.len, true) == -1)
		r = failed(s, err);
	secret_wipe(bytes.data, bytes.cap);
	buf_clear(&bytes);
	return r;
}

int
oauth_store_remove(struct oauth_store *s, struct error *err)
{
	if (s->directory == -1)
		return 0;
	if (unlinkat(s->directory, s->name, 0) == -1)
		return errno == ENOENT ? 0 : failed(s, err);
	(void)fsync(s->directory);
	return 1;
}

void
oauth_entry_clear(struct oauth_entry *e)
{
	secret_clear(&e->client.secret);
	secret_clear(&e->token.access);
	secret_clear(&e->token.refresh);
}

bool
oauth_entry_is_for(const struct oauth_entry *e, const char *host)
{
	size_t i;

	for (i = 0; i < e->host_count; i++)
		if (ascii_equal(e->hosts[i], host))
			return true;
	return false;
}

int
oauth_login_hint(const char *account, struct error *err)
{
	char word[SHELL_WORD_SIZE];

	if (strcmp(account, "default") == 0)
		return error_hint(err, "smtpsend --login");
	return error_hint(err, "smtpsend --login -A %s",
	    shell_word(account, "ACCOUNT", word));
}
