/*
 * maildir: the messages of a Maildir (http://cr.yp.to/proto/maildir.html).
 *
 * They are the files of new/ and of cur/, in the order of their unique names
 * (all before ":2,", which no program changes), so that the order stays the
 * same when a message has been read meanwhile; tmp/, names that begin with a
 * dot and directories, which are other folders, are not looked at.
 */
#ifndef CONTENT_MAILDIR_H
#define CONTENT_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

/* The names, packed: a letter for where it is and the name of the file, with
 * NUL behind it; four octets for each beside that. */
struct maildir_names {
	struct buf packed;
	uint32_t *at; /* where each begins, in order */
	size_t count, capacity;
};

struct maildir {
	char *path;
	int dirs[2]; /* new, cur; -1: not open */
	struct maildir_names names;
	struct buf shown; /* what maildir_name gave */
};

/* Whether it is a directory that has cur and new. */
bool maildir_is(const char *path);

/* Lists the messages that are there now: names.count.  -1: EX_NOINPUT; nothing
 * is to be ended then. */
int maildir_begin(struct maildir *, const char *path, struct error *);
void maildir_end(struct maildir *);

/* The file of a message (from 0 on), below the path, such as
 * "cur/1795000000.M1P2.host:2,S"; any octets but NUL, and no "/" but one.
 * *unique: the part that stays, of n octets; NULL: not asked.  Both live until
 * the next call for this Maildir. */
const char *
maildir_name(struct maildir *, size_t i, const char **unique, size_t *n);

/*
 * Opens a message for reading: the descriptor, which then does not care what
 * becomes of the name, or -1 with EX_NOINPUT and the name: there is none any
 * more, or it is a symbolic link or anything else that is no regular file.  If
 * another program has moved or flagged the message, it is found by its unique
 * name.
 */
int maildir_open(struct maildir *, size_t i, struct error *);

#endif
