/*
 * part_spec: what --attach and --inline take: a file, and what it is to be as
 * a part of the message.
 *
 *	FILE[,type=TYPE][,name=NAME][,cid=ID][,encoding=ENC][,inline]
 *
 * Behind FILE the order is free, and each may stand once.  A comma ends what
 * is before it only if one of these words follows: `type=`, `name=`, `cid=`,
 * `encoding=`, or `inline` with the end or such a comma behind it.  Any other
 * comma belongs to the file's name or to the value that it stands in.
 */
#ifndef COMMAND_PART_SPEC_H
#define COMMAND_PART_SPEC_H

#include "lib/arena.h"
#include "lib/error.h"
#include "message/message.h"

/*
 * Fills all but use, text and fd; strings live in the arena.  Errors are
 * EX_USAGE: no FILE, something given twice or empty, a type that is none by the
 * grammar, controls in a name, an unknown encoding, or an ID that is not
 * LEFT or LEFT@RIGHT of the characters of an atom (RFC 5322 3.2.3) and dots.
 */
int part_spec_read(
    struct message_part *, struct arena *, const char *text, struct error *);

/* The same, whatever the values are. */
int part_spec_split(
    struct message_part *, struct arena *, const char *text, struct error *);

#endif
