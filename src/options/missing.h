/*
 * missing: what there is in place of a file that is not.
 */
#ifndef OPTIONS_MISSING_H
#define OPTIONS_MISSING_H

#include "lib/error.h"

/* Adds a hint to the error if errno is ENOENT, which it still is afterwards:
 * the name beside it that was probably meant, the directory that is missing, or
 * where the file was looked for.  -1. */
int missing_hint(const char *path, struct error *);
/* wait_open with that hint. */
int missing_open(const char *path, struct error *);

#endif
