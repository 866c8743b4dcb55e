/* store_file: an entry of the store as the bytes of its file: one flat object of
 * JSON. */
#ifndef OAUTH_STORE_FILE_H
#define OAUTH_STORE_FILE_H

#include "oauth/store.h"

enum { STORE_FILE_MAX = 64 * 1024 };

/* Into an empty buffer with a maximum, which takes all of that at once so that
 * it never moves; the caller wipes it.  What is more than STORE_FILE_MAX is not
 * whole. */
void store_file_write(struct buf *, const struct oauth_entry *);
/* Its strings go into the arena.  -1 with EX_CONFIG: torn, of another version,
 * or with a member that this one does not know; the secrets are cleared. */
int store_file_read(
    const struct buf *, struct arena *, struct oauth_entry *, struct error *);

#endif
