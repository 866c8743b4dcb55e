/*
 * cache: small secrets that are kept between runs in files, each for one use.
 *
 * A file is read by nobody but its owner, and its directory belongs to him
 * alone.  Whatever is not so, a link, or somebody else's, counts as nothing.
 * What is lost, torn by a crash or refused by the disk costs some time later
 * and nothing else, so that nothing is synced.
 */
#ifndef LIB_CACHE_H
#define LIB_CACHE_H

#include "lib/buf.h"
#include "lib/error.h"

/*
 * The file's bytes, appended to what has a maximum; its name is gone, and of
 * several that ask at once one gets them.  -1 with nothing appended; the error's
 * status is 0 if there simply is none.
 */
int cache_take(
    const char *directory, const char *name, struct buf *, struct error *);
/*
 * In place of what is there; whoever reads it gets all or nothing.  Makes the
 * directory, and up to two above it.  Files that are older than max_age seconds
 * are removed from there.
 */
int cache_keep(const char *directory, const char *name, const void *bytes,
    size_t n, int max_age, struct error *);

#endif
