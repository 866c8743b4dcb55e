/*
 * secrets: where the password comes from.
 *
 * In this order: the configuration file (settings.auth.password), password_file,
 * password_command, a prompt on the terminal (/dev/tty, never standard input).
 * The password is in no argv, no environment and no memory that is not wiped.
 *
 * What each of them demands, and the statuses, are in secret_source.h.
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
