/*
 * Transports that are not TCP: a Unix socket, a program's standard input and
 * output, a descriptor that is already open.  All are `local`, but for a
 * descriptor that turns out to be a TCP connection to another host.
 */
#ifndef TRANSPORT_PIPE_H
#define TRANSPORT_PIPE_H

#include "transport/transport.h"

/* A stream socket in the file system (path is copied; at most 107 bytes). */
struct transport *unix_new(const char *path);
/* COMMAND is given to /bin/sh -c; its standard input and output are one end of
 * a socket pair, its standard error is ours.  free() closes our end and leaves
 * the program to end by itself (it is reaped if it already has); one that is
 * given up has a moment for that, and is ended then, where nobody sits at a
 * terminal with all that it has started. */
struct transport *pipe_new(const char *command);
/* Descriptor fd, which is closed by free(). */
struct transport *descriptor_new(int fd);

#endif
