/*
 * socket: sending and receiving on a connected descriptor, shared by every
 * transport that ends in one.
 *
 * A transport embeds `struct socket` as its first member and puts these
 * functions into its table of operations.  Neither send nor recv blocks,
 * whatever the flags of the descriptor are, and neither changes those flags
 * (MSG_DONTWAIT); only a descriptor that is no socket must be O_NONBLOCK.
 *
 * After a send() that failed, recv() may still be called: what the server
 * said before it closed (421, 554) is often there.
 */
#ifndef TRANSPORT_SOCKET_H
#define TRANSPORT_SOCKET_H

#include "transport/transport.h"

struct socket {
	struct transport base;
	int fd;		/* -1: not connected */
	bool is_file;	/* not a socket: read and writev; the process ignores
			 * SIGPIPE */
	bool congested; /* the last send would have blocked */
};

ssize_t
socket_send(struct transport *, const struct iovec *, int n, struct error *);
ssize_t socket_recv(struct transport *, void *buf, size_t n, struct error *);
short socket_wants(const struct transport *, int *fd);
void socket_close(struct socket *);
/* EX_OSERR when error is our side's (no descriptors, no memory), EX_TEMPFAIL
 * when it tells about the network or the server. */
int socket_status(int error);

#endif
