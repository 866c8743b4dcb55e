/*
 * private: files that only their owner and we may know.
 *
 * What counts is the opened descriptor, so that nobody can put another file in
 * the place of the one that was looked at; how a name leads there (symbolic
 * links) does not matter then.
 */
#ifndef LIB_PRIVATE_H
#define LIB_PRIVATE_H

#include <stdbool.h>

#include "lib/error.h"

/* Opens a file or a pipe to be read, without waiting for anybody and kept from
 * the programs that we start, the descriptor of a /dev/fd/N too.  -1 with
 * errno. */
int private_open(const char *path);
/*
 * Whether secrets may be read from it: it must be a regular file or a pipe,
 * belong to us or to root, and be closed to group and others.  Where chmod is
 * no help, on a read-only mount, others may read it if it was `named` by the
 * user, now, so that nobody else can have made it a habit.
 * 0, or -1 with EX_CONFIG and a hint: chmod, or the option OPTION-command for
 * one that prints it (NULL: there is none).
 */
int private_check(
    int fd, const char *path, bool named, const char *option, struct error *);

/*
 * Opens a directory that is ours alone, so that nobody else puts anything in it
 * or takes its place.  One that is not there is made, mode 0700, with up to
 * `make` - 1 above it; with 0 none is.
 * -1: status 0 (it is not there; the text says why it could not be made),
 * EX_CONFIG (a link, somebody else's, or open to others: chmod is the hint),
 * EX_IOERR.
 */
int private_directory(const char *path, int make, struct error *);

#endif
