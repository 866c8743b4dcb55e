/*
 * sendmail_options: what is told of smtpsend's options, for those who called
 * sendmail(8) and cannot give them.
 */
#ifndef COMMAND_SENDMAIL_OPTIONS_H
#define COMMAND_SENDMAIL_OPTIONS_H

#include <stddef.h>

#include "lib/buf.h"

/*
 * Appends the lines of a text for standard error.  In hints ("NAME: hint: …")
 * an option becomes what helps in its place: the letter of sendmail(8) that says
 * the same; else how it is written into the configuration, `file` (which is
 * named once a line); else a call of smtpsend.  The option that an error begins
 * with ("NAME: --charset: …") becomes that letter, or its keyword.  Everything
 * else, what servers say above all, stays as it is.
 */
void sendmail_options_put(
    struct buf *out, const char *text, size_t n, const char *file);

#endif
