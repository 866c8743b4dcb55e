/*
 * file: files that are whole or not there, and that outlast a crash.
 *
 * All functions fail with -1 and errno.  No descriptor survives an exec.
 */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* A file for bytes that nobody else is to see, open for reading and writing in
 * `directory`: it has no name, and is gone when it is closed. */
int file_scratch(const char *directory);

/* A file that gets its name when it is complete. */
struct file {
	int fd;		   /* open for writing; -1: there is none */
	char *name, *temp; /* temp: what it is called until then, NULL: it has
			      no name yet */
};

/*
 * Begins a file that will be `name`, of mode 0600.  Until then it has no name
 * at all where the file system knows how, else `temp`: a name that nobody else
 * uses, in the same file system.  Whether `name` can be had is seen when it is
 * published; that a file can be created in its directory is known now.
 */
int file_create(struct file *, const char *name, const char *temp);
/*
 * Makes durable what was written, then gives the file its name, in one step and
 * only if nothing has that name (EEXIST), then makes the name durable, too.
 * After a failure there is nothing under the name that was not there before.
 * That a file system cannot make names durable, or failed to, is no failure.
 */
int file_publish(struct file *);
/* Closes it; what was not published is gone.  A `struct file` with fd -1, or
 * one without names and with a descriptor of the caller's, will do. */
void file_close(struct file *);
/* Makes the name of a file durable, as far as the file system can. */
void file_sync_name(const char *name);

/* Appends a regular file to the buffer: EISDIR or EINVAL if it is none, EFBIG if it would
 * exceed the buffer's max. */
int file_contents(const char *path, struct buf *);

/* The same of what is open. */
int file_read_all(int fd, struct buf *);

/* Appends any text as the name of a file, no two as the same: letters, digits and
 * "-_@+." stay as they are, but for a dot that comes first and would hide it, or
 * lead elsewhere. */
void file_name_for(struct buf *out, const char *text);

/* All n bytes. */
int file_write(int fd, const void *bytes, size_t n);
/*
 * A file of mode 0600 in the directory `dir`, in place of what has that name: who
 * reads gets the one or the other, whole.  `temp` is its name until then, which
 * nobody else uses.  With `sync` it is on the disk, and so is its name, when it
 * returns 0.
 */
int file_replace(int dir, const char *name, const char *temp, const void *bytes,
    size_t n, bool sync);

/* Keeps others that ask, with fcntl locks of either kind, from reading or
 * writing until the descriptor is closed; does not wait for those that do
 * (EAGAIN or EACCES). */
int file_lock(int fd);

#endif
