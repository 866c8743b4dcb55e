/* file: small files, read whole. */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include "lib/buf.h"

/* Appends all that comes from fd; 0, or -1 with errno (EFBIG: more than the
 * buf's maximum). */
int file_read(int fd, struct buf *out);

#endif
