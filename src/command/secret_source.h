/*
 * secret_source: where secrets of any kind come from, one function for each
 * place; passwords, tokens and the passwords of keys alike.
 *
 * Each returns 0, or -1 with an error that begins with the place; out is
 * replaced on success only, and the caller clears it.  The first line counts, of
 * at most 64 KiB.  What a secret went through is wiped.
 *
 * Statuses: EX_CONFIG (what is there cannot be used), EX_NOPERM (a command
 * failed, nothing was typed), EX_TEMPFAIL (time is up), EX_SIGNAL plus the
 * number, EX_OSERR, EX_IOERR.
 */
#ifndef COMMAND_SECRET_SOURCE_H
#define COMMAND_SECRET_SOURCE_H

#include <stdbool.h>

#include "command/netrc.h"
#include "lib/error.h"
#include "lib/secret.h"
#include "lib/wait.h"

/* What is wanted, and what ends the wait for it; of all but a prompt that is 60
 * seconds at most. */
struct secret_wanted {
	const char *noun;   /* for errors: "password", "token" */
	const char *option; /* that names its places, for hints: "password" of
			       --password-file and --password-command */
	const struct wait_limits *wait;
};

/* A regular file or a pipe (/dev/fd/N) that belongs to us or to root and is
 * closed to group and others, which is checked on the opened descriptor.
 * `named`: by the command line, where a file on a read-only mount may be read by
 * others, since chmod is no help there. */
int secret_from_file(const struct secret_wanted *, const char *path, bool named,
    struct secret *out, struct error *);

/* Whether a descriptor that we were started with is one to read a secret from:
 * -1 with EX_USAGE and what it is instead, to stand behind its number.  Programs
 * that we start do not get it. */
int secret_check_fd(int fd, struct error *);
/* The next line of it and no octet more, so that what follows is left to whoever
 * shares it.  Who may read the file behind it is the business of whoever opened
 * it. */
int secret_from_fd(
    const struct secret_wanted *, int fd, struct secret *out, struct error *);

/* A credential of a systemd unit (systemd.exec(5)): the file of that name in
 * $CREDENTIALS_DIRECTORY.  As secret_from_file, but the group may read it: that
 * is how an access control list for one user looks. */
int secret_from_credential(const struct secret_wanted *, const char *name,
    struct secret *out, struct error *);

enum netrc_named {
	NETRC_USUAL, /* there may be no such file */
	NETRC_CONFIGURED,
	NETRC_ON_ARGV,
};
/* The login and the password (either may be NULL) of the entry that is meant: 1,
 * or 0: there is none.  A file with a password that is used must be one of
 * private_check, which others may read on a read-only mount if the command line
 * names it. */
int secret_from_netrc(const char *path, enum netrc_named,
    const struct netrc_query *, struct secret *login, struct secret *password,
    struct error *);

/* What a password manager, "secret-tool" or "pass", has for user and host: the
 * attributes host, service (smtp) and user of the one, smtp/HOST/USER of the
 * other.  Its standard error is ours only as the error. */
int secret_from_manager(const struct secret_wanted *, const char *manager,
    const char *user, const char *host, struct secret *out, struct error *);

/* What a command prints, run by /bin/sh with standard input from /dev/null and
 * our standard error.  Its text is not in the error: there may be secrets in
 * it. */
int secret_from_command(const struct secret_wanted *, const char *command,
    struct secret *out, struct error *);

/* What is typed on /dev/tty, never standard input, without echo: asked for with
 * "Password for OWNER: ", whatever bytes the owner's name has. */
int secret_from_prompt(const struct secret_wanted *, const char *owner,
    struct secret *out, struct error *);

#endif
