/* secrets from descriptors: see secret_source.h. */
#include "command/secret_draft.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
secret_check_fd(int fd, struct error *err)
{
	int mode = fcntl(fd, F_GETFL);
	struct stat st;

	if (mode == -1 || fstat(fd, &st) == -1)
		return error_set(
		    err, EX_USAGE, "no descriptor of that number is open");
	if ((mode & O_ACCMODE) == O_WRONLY)
		return error_set(err, EX_USAGE, "it is for writing only");
	if (S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return error_set(
		    err, EX_USAGE, "it is neither a file nor a pipe");
	if (isatty(fd))
		return error_set(err, EX_USAGE,
		    "it is a terminal, which would show what is typed: without "
		    "the option it is asked for");
	if (fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static enum wait_end
read_line(const struct wait_limits *p, int fd, struct buf *d)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	enum wait_end end;
	ssize_t n = 1;

	while (n != 0 && d->len < d->max &&
	    (d->len == 0 || d->data[d->len - 1] != '\n')) {
		end = wait_poll(p, &readable, 1);
		if (end != WAIT_READY)
			return end;
		n = read(fd, d->data + d->len, 1);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return WAIT_FAILED;
		if (n > 0)
			d->len++;
	}
	return WAIT_READY;
}

int
secret_from_fd(const struct secret_wanted *wanted, int fd, struct secret *out,
    struct error *err)
{
	struct wait_limits limited = secret_limits(wanted->wait);
	enum wait_end end;
	struct buf d;
	int r;

	secret_draft_init(&d);
	end = read_line(&limited, fd, &d);
	if (end != WAIT_READY)
		r = secret_given_up(end, &limited, EX_IOERR, "", err);
	else if (d.len == 0)
		r = error_set(err, EX_CONFIG, "nothing is left to be read");
	else
		r = secret_draft_finish(&d, wanted, out, err);
	secret_draft_clear(&d);
	return r == 0
	    ? 0
	    : error_context(err, "%s descriptor %d", wanted->noun, fd);
}
