/*
 * secrets: where the password comes from.
 *
 * In this order: the configuration file (settings.auth.password), password_file,
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
 * EX_TEMPFAIL (time is up), EX_SIGNAL plus the number, EX_OSERR, EX_IOERR.
 */
#ifndef COMMAND_SECRETS_H
#define COMMAND_SECRETS_H

#include "lib/error.h"
#include "lib/secret.h"
#include "lib/wait.h"
#include "options/settings.h"

/* The limits are for a command, a pipe and the prompt.  out is replaced on
 * success only; the caller clears it.  user and host are shown in the prompt. */
int secrets_password(const struct settings_auth *, const char *user,
    const char *host, const struct wait_limits *, struct secret *out,
    struct error *);

#endif
