/*
 * failcall: makes the n-th call of a function of the C library fail; to be
 * preloaded.
 *
 *	FAILCALL_COUNTS=FILE	how often each one is called is counted there:
 *				a uint32_t for each row, in their order
 *	FAILCALL=NAME:N:ERRNO	call number N of NAME (from 1) fails,
 *	FAILCALL=NAME:N+:ERRNO	and so do all behind it
 *
 * Only the process that was started with these is concerned, not its children:
 * they find the variables gone.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum call {
	CALL_OPEN,
	CALL_READ,
	CALL_PREAD,
	CALL_WRITE,
	CALL_WRITEV,
	CALL_FSYNC,
	CALL_SOCKET,
	CALL_CONNECT,
	CALL_SENDMSG,
	CALL_SEND,
	CALL_RECV,
	CALL_POLL,
	CALL_PPOLL,
	CALL_FSTAT,
	CALL_LINK,
	CALL_FDATASYNC,
	CALL_FTRUNCATE,
	CALL_OPENAT,
	CALL_TMPFILE, /* a file without a name */
	CALL_PWRITE,
	CALL_UNLINKAT,
	CALL_RENAME,
	CALL_FUTIMENS,
	CALL_FCHMOD,
	CALL_FCNTL,
	CALL_READDIR,
	CALL_MKDIRAT,
	CALL_FACCESSAT,
	CALL_FSTATAT,
	CALL_LSEEK,
	CALL_COUNT
};

static const char *const names[CALL_COUNT] = {"open", "read", "pread", "write",
    "writev", "fsync", "socket", "connect", "sendmsg", "send", "recv", "poll",
    "ppoll", "fstat", "link", "fdatasync", "ftruncate", "openat", "tmpfile",
    "pwrite", "unlinkat", "rename", "futimens", "fchmod", "fcntl", "readdir",
    "mkdirat", "faccessat", "fstatat", "lseek"};

static struct {
	uint32_t *counts; /* shared with who asked for them */
	enum call which;
	uint32_t number;
	bool sticky;
	int error;
} fail = {.which = CALL_COUNT};

static void
read_order(const char *order)
{
	char name[16];
	unsigned number;
	int error, i, at = 0;

	if (sscanf(order, "%15[a-z]:%u%n", name, &number, &at) < 2)
		abort();
	fail.sticky = order[at] == '+';
	if (sscanf(order + at + fail.sticky, ":%d", &error) != 1)
		abort();
	for (i = 0; i < CALL_COUNT; i++)
		if (strcmp(name, names[i]) == 0)
			fail.which = (enum call)i;
	fail.number = number;
	fail.error = error;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAILCALL_COUNTS"), *order;
	size_t n = CALL_COUNT * sizeof(*fail.counts);
	long fd = -1;

	if (path != NULL)
		fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	fail.counts = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    fd != -1 ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, (int)fd, 0);
	if (fail.counts == MAP_FAILED)
		abort();
	order = getenv("FAILCALL");
	if (order != NULL)
		read_order(order);
	unsetenv("FAILCALL");
	unsetenv("FAILCALL_COUNTS");
	unsetenv("LD_PRELOAD");
}

static bool
fails(enum call call)
{
	uint32_t n;

	if (fail.counts == NULL)
		return false;
	n = __atomic_add_fetch(&fail.counts[call], 1, __ATOMIC_RELAXED);
	if (call != fail.which ||
	    (fail.sticky ? n < fail.number : n != fail.number))
		return false;
	errno = fail.error;
	return true;
}

static void *
real(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (f == NULL)
		abort();
	return f;
}

#define WRAP(call, type, name, declared, given)        \
	type name declared;                            \
	type name declared                             \
	{                                              \
		static type(*next) declared;           \
		if (next == NULL)                      \
			*(void **)&next = real(#name); \
		if (fails(call))                       \
			return -1;                     \
		return next given;                     \
	}

WRAP(CALL_READ, ssize_t, read, (int fd, void *b, size_t n), (fd, b, n))
WRAP(CALL_PREAD, ssize_t, pread64, (int fd, void *b, size_t n, off64_t o),
    (fd, b, n, o))
WRAP(CALL_WRITE, ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n))
WRAP(CALL_WRITEV, ssize_t, writev, (int fd, const struct iovec *v, int n),
    (fd, v, n))
WRAP(CALL_FSYNC, int, fsync, (int fd), (fd))
WRAP(CALL_FDATASYNC, int, fdatasync, (int fd), (fd))
WRAP(CALL_FTRUNCATE, int, ftruncate64, (int fd, off64_t n), (fd, n))
WRAP(CALL_SOCKET, int, socket, (int domain, int type, int protocol),
    (domain, type, protocol))
WRAP(CALL_CONNECT, int, connect,
    (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(CALL_SENDMSG, ssize_t, sendmsg, (int fd, const struct msghdr *m, int f),
    (fd, m, f))
WRAP(CALL_SEND, ssize_t, send, (int fd, const void *b, size_t n, int f),
    (fd, b, n, f))
WRAP(
    CALL_RECV, ssize_t, recv, (int fd, void *b, size_t n, int f), (fd, b, n, f))
WRAP(CALL_POLL, int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms))
WRAP(CALL_PPOLL, int, ppoll,
    (struct pollfd * p, nfds_t n, const struct timespec *t, const sigset_t *m),
    (p, n, t, m))
WRAP(CALL_FSTAT, int, fstat64, (int fd, struct stat64 *s), (fd, s))
WRAP(CALL_LINK, int, link, (const char *a, const char *b), (a, b))
WRAP(CALL_LINK, int, linkat,
    (int at, const char *a, int to, const char *b, int f), (at, a, to, b, f))

WRAP(CALL_PWRITE, ssize_t, pwrite64,
    (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))
WRAP(CALL_UNLINKAT, int, unlinkat, (int at, const char *p, int f), (at, p, f))
WRAP(CALL_RENAME, int, renameat, (int at, const char *a, int to, const char *b),
    (at, a, to, b))
WRAP(CALL_RENAME, int, renameat2,
    (int at, const char *a, int to, const char *b, unsigned f),
    (at, a, to, b, f))
WRAP(
    CALL_FUTIMENS, int, futimens, (int fd, const struct timespec t[2]), (fd, t))
WRAP(CALL_FCHMOD, int, fchmod, (int fd, mode_t m), (fd, m))
WRAP(CALL_MKDIRAT, int, mkdirat, (int at, const char *p, mode_t m), (at, p, m))
WRAP(CALL_FACCESSAT, int, faccessat, (int at, const char *p, int m, int f),
    (at, p, m, f))
WRAP(CALL_FSTATAT, int, fstatat64,
    (int at, const char *p, struct stat64 *s, int f), (at, p, s, f))
WRAP(CALL_LSEEK, off64_t, lseek64, (int fd, off64_t o, int w), (fd, o, w))

struct dirent64 *
readdir64(DIR *dir)
{
	static struct dirent64 *(*next)(DIR *);

	if (next == NULL)
		*(void **)&next = real("readdir64");
	return fails(CALL_READDIR) ? NULL : next(dir);
}

int fcntl64(int fd, int command, ...);
int
fcntl64(int fd, int command, ...)
{
	static int (*next)(int, int, ...);
	va_list ap;
	void *arg;

	if (next == NULL)
		*(void **)&next = real("fcntl64");
	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fails(CALL_FCNTL) ? -1 : next(fd, command, arg);
}

static bool
is_nameless(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

int openat64(int at, const char *path, int flags, ...);
int
openat64(int at, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (fails(is_nameless(flags) ? CALL_TMPFILE : CALL_OPENAT))
		return -1;
	return (int)syscall(SYS_openat, at, path, flags, mode);
}

int open64(const char *path, int flags, ...);
int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (fails(CALL_OPEN))
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
