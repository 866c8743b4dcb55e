#include "transport/socket.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
socket_status(int error)
{
	switch (error) {
	case EBADF:
	case EFAULT:
	case EINVAL:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case ENOTSOCK:
		return EX_OSERR;
	default:
		return EX_TEMPFAIL;
	}
}

static ssize_t
failed(int error, const char *doing, struct error *err)
{
	return error_set(err, socket_status(error),
	    "connection lost while %s: %s", doing, strerror(error));
}

static bool
would_block(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK;
}

ssize_t
socket_send(
    struct transport *t, const struct iovec *iov, int n, struct error *err)
{
	struct socket *s = (struct socket *)t;
	struct msghdr msg = {
	    .msg_iov = (struct iovec *)iov,
	    .msg_iovlen = (size_t)(n < IOV_MAX ? n : IOV_MAX),
	};
	ssize_t sent;

	do {
		if (s->is_file)
			sent = writev(s->fd, iov, (int)msg.msg_iovlen);
		else
			sent =
			    sendmsg(s->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	s->congested = sent < 0 && would_block(errno);
	if (s->congested)
		return TRANSPORT_AGAIN;
	return sent < 0 ? failed(errno, "sending", err) : sent;
}

ssize_t
socket_recv(struct transport *t, void *buf, size_t n, struct error *err)
{
	struct socket *s = (struct socket *)t;
	ssize_t got;

	do {
		if (s->is_file)
			got = read(s->fd, buf, n);
		else
			got = recv(s->fd, buf, n, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	/* The other end of a terminal pair that closes is EIO, not an end. */
	if (s->is_file && errno == EIO)
		return 0;
	if (would_block(errno))
		return TRANSPORT_AGAIN;
	return failed(errno, "receiving", err);
}

short
socket_wants(const struct transport *t, int *fd)
{
	const struct socket *s = (const struct socket *)t;

	*fd = s->fd;
	return s->congested ? POLLIN | POLLOUT : POLLIN;
}

void
socket_close(struct socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
