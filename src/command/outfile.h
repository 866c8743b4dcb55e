/*
 * outfile: where an output goes, so that it destroys nothing: neither what this
 * run reads, nor what others have written or are writing.
 */
#ifndef COMMAND_OUTFILE_H
#define COMMAND_OUTFILE_H

#include <stdbool.h>

/* Whether a name stands for a descriptor that we were started with: "-" and
 * /dev/stdout for standard output, /dev/stderr, /dev/fd/N, /proc/self/fd/N.
 * Then *fd is it, 1 and 2 as they are and others duplicated for the caller to
 * close; -1 with errno when it is not open for writing. */
bool outfile_descriptor(const char *name, int *fd);
/* Whether it is the file of this name (NULL: no). */
bool outfile_is(int fd, const char *path);
/* Whether another descriptor of ours leads to the same file. */
bool outfile_is_open_elsewhere(int fd);
/* Keeps others that ask from writing to a regular file until it is closed; -1
 * when one of them does already. */
int outfile_lock(int fd);

#endif
