/*
 * configure_file: the user's configuration, read as it is and written anew.
 */
#ifndef COMMAND_CONFIGURE_FILE_H
#define COMMAND_CONFIGURE_FILE_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"

struct configure_file {
	const char *path; /* behind symbolic links */
	bool linked;	  /* there were some */
	struct buf text;  /* wiped when it is cleared */
};

/*
 * What stands there, octet by octet; nothing, if it is not there.  -1, with
 * EX_CONFIG: it cannot be read or could not be replaced, which is known now.
 */
int configure_file_read(
    struct configure_file *, const char *path, struct arena *, struct error *);
void configure_file_clear(struct configure_file *);
/* Puts the text in its place, unless another stands there by now (EX_CONFIG). */
int configure_file_write(
    const struct configure_file *, const struct buf *text, struct error *);

/* A file of mode 0600 in our directory, which is made with mode 0700 where it is
 * not there.  -1: EX_CANTCREAT. */
int configure_file_put(
    const char *path, const char *bytes, size_t n, struct error *);

#endif
