/*
 * media_type: the type of a file by its name (RFC 2045 section 5.1, RFC 6838).
 */
#ifndef MIME_MEDIA_TYPE_H
#define MIME_MEDIA_TYPE_H

#include <stddef.h>

#include "lib/arena.h"

/*
 * "application/pdf" for "Report.PDF", in the arena or static; NULL: not known.
 *
 * What counts is what follows the last dot of the file name, compared as ASCII
 * without case; dots that begin a name (".bashrc") are none, and directories
 * do not count.  The built-in table is asked first, then the file `table` in
 * the form of /etc/mime.types (NULL: none), which is opened only when needed.
 * It never makes this fail: a file that is missing or none, and lines of
 * nonsense, just know nothing; of a file over 1 MiB the first MiB is read; the
 * first line that has the extension counts.  A type from there is a type and a
 * subtype by RFC 2045, and not multipart.
 */
const char *
media_type_of(struct arena *, const char *filename, const char *table);

#endif
