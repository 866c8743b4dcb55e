/*
 * secrets: where the password of a user comes from.
 *
 * In this order: what is configured (settings.auth: the password itself or one of
 * its places; options let in one of them), the user's netrc, a prompt on the
 * terminal.  The password is in no argv, no environment and no memory that is
 * not wiped.  What each place demands, and the statuses, are in
 * secret_source.h.
 */
#ifndef COMMAND_SECRETS_H
#define COMMAND_SECRETS_H

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/secret.h"
#include "lib/wait.h"
#include "options/settings.h"

/* Whose it is. */
struct secrets_owner {
	const char *user;
	const char *host;  /* that netrc and password managers know him at */
	unsigned port;	   /* 0: none */
	const char *shown; /* "USER at SERVER", for a prompt and errors */
};

/* Whether a place is configured, and whether it has a password for each user and
 * host, where others have one for all. */
bool secrets_configured(const struct settings_auth *);
bool secrets_for_each(const struct settings_auth *);

/* The limits are for a command, a pipe and the prompt.  out is replaced on
 * success only; the caller clears it. */
int secrets_password(const struct settings_auth *, const struct secrets_owner *,
    const struct wait_limits *, struct secret *out, struct error *);

/* The password that ~/.netrc has for the owner: 1; 0: none, or no such file.  Its
 * entry `default` counts only if it names the user. */
int secrets_in_netrc(const char *home, const struct secrets_owner *,
    struct secret *out, struct error *);
/* The user that the netrc named by the settings has for host and port: 1, and
 * *user is in the arena; 0: none. */
int secrets_netrc_user(const struct settings_auth *, const char *host,
    unsigned port, struct arena *, const char **user, struct error *);
/* The error that there is none, and why perhaps.  Returns -1. */
int secrets_netrc_nobody(const struct settings_auth *, const char *host,
    unsigned port, struct error *);

#endif
