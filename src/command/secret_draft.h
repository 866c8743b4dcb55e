/*
 * secret_draft: bytes on their way to a secret, in one piece of memory that
 * never moves and is wiped, with room for one too many.
 */
#ifndef COMMAND_SECRET_DRAFT_H
#define COMMAND_SECRET_DRAFT_H

#include "command/secret_source.h"
#include "lib/buf.h"

enum { SECRET_MAX = 64 * 1024 };

void secret_draft_init(struct buf *);
void secret_draft_clear(struct buf *);
/* The first line becomes the secret; password managers print more behind.
 * Without a byte order mark and the line's end; -1 with EX_CONFIG. */
int secret_draft_finish(const struct buf *, const struct secret_wanted *,
    struct secret *out, struct error *);

/* From a file or a pipe, up to its end. */
int secret_read(
    int fd, const struct secret_wanted *, struct secret *out, struct error *);

/* What came of a wait that did not end well: -1 with EX_SIGNAL plus the number,
 * EX_TEMPFAIL, or `status`, `what` and errno's text for what failed by itself. */
int secret_given_up(enum wait_end, const struct wait_limits *, int status,
    const char *what, struct error *);
/* A command or a pipe must have given its secret some time: within 60 s. */
struct wait_limits secret_limits(const struct wait_limits *);

#endif
