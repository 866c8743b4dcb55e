/*
 * mailbox: where a copy is kept beside others: a Maildir
 * (http://cr.yp.to/proto/maildir.html), or a file of entries (RFC 4155).
 *
 * Errors are EX_CANTCREAT and do not name the path.
 */
#ifndef COMMAND_MAILBOX_H
#define COMMAND_MAILBOX_H

#include <sys/types.h>

#include "command/command.h"
#include "lib/arena.h"
#include "lib/file.h"

/* A name for a file that no other has, on no host. */
const char *mailbox_unique_name(struct arena *);

/* Begins a file that will be a message in the Maildir, as one that was read.
 * With `create` a directory that is missing, or is empty, becomes one. */
int mailbox_begin_maildir(struct file *, struct arena *, const char *path,
    bool create, struct error *);

/* Opens a file that is there and is a mailbox, or is empty: its descriptor, or
 * -1; *missing: there is no file. */
int mailbox_open(const char *path, bool *missing, struct error *);
/* Creates the file if *fd is -1, keeps others from writing, waiting for them for
 * 30 seconds, and completes the last entry, so that another may follow.  *size
 * is to what the file is to be cut if that fails; -1: it was not touched. */
int mailbox_begin_entry(const char *path, int *fd, const struct wait_limits *,
    off_t *size, struct error *);

#endif
