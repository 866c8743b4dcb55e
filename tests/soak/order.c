/*
 * order: in which order a process writes, syncs and sends; to be preloaded.
 *
 *	SOAK_ORDER=FILE		for each call a line, and its octets behind it
 *
 *	KIND INODE BEGUN ENDED OCTETS LF ...
 *
 * KIND is w (written to a file), s (synced) or o (out, by a socket).  BEGUN and
 * ENDED are numbers of one count: what ended at a lower one than that at which
 * another began was over before it, whatever the threads.  Only calls that
 * succeeded are there, with the octets that were taken.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PARTS_MAX = 1024, PATH_FD = 500 };

static struct {
	int fd;
	unsigned long count;
} order = {.fd = -1};

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("SOAK_ORDER");
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	order.fd = fcntl(fd, F_DUPFD_CLOEXEC, PATH_FD);
	if (order.fd == -1)
		abort();
	close(fd);
	unsetenv("SOAK_ORDER");
	unsetenv("LD_PRELOAD");
}

static unsigned long
next(void)
{
	return __atomic_add_fetch(&order.count, 1, __ATOMIC_SEQ_CST);
}

/* One write, so that threads do not come between. */
static void
note(bool synced, int fd, unsigned long begun, const struct iovec *v, int n,
    size_t octets)
{
	struct iovec all[PARTS_MAX + 1];
	char head[128];
	struct stat st;
	size_t left = octets, taken;
	int i;

	if (order.fd == -1 || fd == order.fd || fstat(fd, &st) == -1)
		return;
	all[0].iov_base = head;
	all[0].iov_len =
	    (size_t)snprintf(head, sizeof(head), "%c %lu %lu %lu %zu\n",
		synced			   ? 's'
		    : S_ISSOCK(st.st_mode) ? 'o'
					   : 'w',
		(unsigned long)st.st_ino, begun, next(), octets);
	for (i = 0; i < n && left > 0; i++) {
		taken = v[i].iov_len < left ? v[i].iov_len : left;
		all[i + 1] = (struct iovec){v[i].iov_base, taken};
		left -= taken;
	}
	if (left > 0 || syscall(SYS_writev, order.fd, all, i + 1) == -1)
		abort();
}

#define WRAP(type, name, declared, given, synced, parts, count)                \
	type name declared;                                                    \
	type name declared                                                     \
	{                                                                      \
		static type(*real) declared;                                   \
		unsigned long begun = next();                                  \
		type n;                                                        \
		if (real == NULL)                                              \
			*(void **)&real = dlsym(RTLD_NEXT, #name);             \
		n = real given;                                                \
		if (n > 0 || (synced && n == 0))                               \
			note(synced, fd, begun, parts, (int)count, (size_t)n); \
		return n;                                                      \
	}

#define ONE (&(struct iovec){(void *)(uintptr_t)p, k})

WRAP(ssize_t, write, (int fd, const void *p, size_t k), (fd, p, k), false, ONE,
    1)
WRAP(ssize_t, pwrite64, (int fd, const void *p, size_t k, off64_t at),
    (fd, p, k, at), false, ONE, 1)
WRAP(ssize_t, writev, (int fd, const struct iovec *v, int k), (fd, v, k), false,
    v, k)
WRAP(ssize_t, send, (int fd, const void *p, size_t k, int flags),
    (fd, p, k, flags), false, ONE, 1)
WRAP(ssize_t, sendto,
    (int fd, const void *p, size_t k, int flags, const struct sockaddr *a,
	socklen_t len),
    (fd, p, k, flags, a, len), false, ONE, 1)
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags),
    (fd, m, flags), false, m->msg_iov, m->msg_iovlen)
WRAP(int, fdatasync, (int fd), (fd), true, NULL, 0)
WRAP(int, fsync, (int fd), (fd), true, NULL, 0)
