/* What the files of this room know of one another. */
#ifndef OUTBOX_OUTBOX_INTERNAL_H
#define OUTBOX_OUTBOX_INTERNAL_H

#include <dirent.h>
#include <sys/stat.h>

#include "outbox/outbox.h"

enum { OUTBOX_SAID_MAX = 32 * 1024 }; /* octets of what was said, in a line */

/* "queue" and so on. */
const char *outbox_place_name(enum outbox_place);
/* EX_IOERR, with where it was, `what` ("" : that place itself) and errno. */
int outbox_io_error(
    const struct outbox *, enum outbox_place, const char *what, struct error *);

/* Reads the names of a place; NULL with errno, ENOENT: it is not there. */
DIR *outbox_names(const struct outbox *, enum outbox_place);
/* The next one that is not hidden; NULL: no more, errno is 0 then. */
const char *outbox_next_name(DIR *);
bool outbox_has(const struct outbox *, enum outbox_place, const char *name);
/* Whether that is the name of this file. */
bool outbox_is_named(const struct outbox *, enum outbox_place, const char *name,
    const struct stat *);
/* Why it is none of ours, NULL: it may be. */
const char *outbox_strange(const struct outbox *, const struct stat *);

/* Makes the names in a place durable.  That a file system cannot is no
 * failure. */
int outbox_sync(const struct outbox *, enum outbox_place);
/* Gives the file a name in another place, for certain, and only then takes the
 * one it had.  -1 with errno: it is where it was (EEXIST: the name is taken),
 * or, if even that failed, in both or in the other. */
int outbox_move(struct outbox *, enum outbox_place from, enum outbox_place to,
    const char *id);
/* The file is gone, for certain; that it was so already is well, too. */
int outbox_remove(struct outbox *, enum outbox_place, const char *id);
/* Moves what is no message to failed/, by whatever name there is, which is put
 * behind the text. */
void outbox_set_aside(
    struct outbox *, enum outbox_place, const char *name, struct buf *text);

/* As outbox_finish, for a new ID where it is taken if `any_id`. */
int
outbox_publish(struct outbox_new *, int64_t due, bool any_id, struct error *);

/* When it is due; unreached: for want of a connection, which the nanoseconds of
 * the time say.  A file system that has none forgets it. */
enum { OUTBOX_UNREACHED_NS = 1 };
int outbox_set_due(int fd, int64_t due, bool unreached);
/* Adds a line that tells what was said, or that it is tried anew. */
int outbox_add_line(int fd, int64_t now, const char *said);
/* Adds a line, with its newline, whole or not at all. */
int outbox_append(int fd, const struct buf *line);

/*
 * parts: where the recipients of a message have different fates, each gets a
 * file of its own (see outbox_settle).  Before the first one is written, a line
 * in the old one, which is in unknown/, says what is to become of it: whoever
 * comes later makes that so if the one who began has not.
 */
int outbox_settle_parts(
    struct outbox_message *, const struct outbox_verdict *, struct error *);
/* Does as the message of unknown/ says that is to be done: 1, and it is no more;
 * 0: it says nothing; -1: some of it is still to be done. */
int outbox_resume(struct outbox_message *, struct error *);
/* Room for that line, where the disk has it. */
void outbox_reserve(const struct outbox_message *);
size_t outbox_count_fates(const struct outbox_message *,
    const struct outbox_verdict *, enum outbox_fate);

#endif
