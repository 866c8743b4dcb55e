/* msmtprc_write: a configuration of msmtp as one of ours. */
#ifndef COMMAND_MSMTPRC_WRITE_H
#define COMMAND_MSMTPRC_WRITE_H

#include "command/msmtprc.h"
#include "lib/buf.h"

/* Appends to `out` what our parser reads, and to `notes` a line for everything
 * that is left out, "PATH:LINE: COMMAND: why", which stands in `out` as a comment,
 * too.  *has_password: a password is in it. */
void msmtprc_write(struct buf *out, struct buf *notes, const struct msmtprc *,
    const char *path, bool *has_password);

#endif
