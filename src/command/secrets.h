/*
 * secrets: where the password comes from.
 *
 * In this order: the configuration file (settings->password), password_file,
 * password_command, a prompt on the terminal (/dev/tty, never standard input).
 * The password is in no argv, no environment and no memory that is not wiped.
 *
 * A file must be a regular one or a pipe (/dev/fd/N), of at most 64 KiB, belong
 * to us or to root and be closed to group and others (checked on the opened
 * descriptor).  A command is run by /bin/sh with standard input from /dev/null
 * and our standard error.  Of both the first line counts; a command or a pipe
 * gets 60 seconds.
 *
 * Statuses: EX_CONFIG (a file, or a command's output, that cannot be used; no
 * source at all), EX_NOPERM (the command failed, nothing was typed),
 * EX_TEMPFAIL (time is up, a signal came and the process went on), EX_OSERR,
 * EX_IOERR.
 */
#ifndef COMMAND_SECRETS_H
#define COMMAND_SECRETS_H

#include <stdint.h>

#include "lib/error.h"
#include "lib/secret.h"
#include "options/settings.h"

/* deadline_us is a time of clock_monotonic_us(), 0 for none; it holds for the
 * command and the prompt.  out is replaced on success only; the caller clears
 * it.  user and host are shown in the prompt. */
int secrets_password(const struct settings *, const char *user,
    const char *host, int64_t deadline_us, struct secret *out, struct error *);

#endif
