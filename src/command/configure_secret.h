/*
 * configure_secret: where the password of a new account is kept.
 */
#ifndef COMMAND_CONFIGURE_SECRET_H
#define COMMAND_CONFIGURE_SECRET_H

#include "command/configure_ask.h"
#include "options/account_new.h"

enum configure_keeper { KEEPER_SECRET_TOOL, KEEPER_PASS, KEEPER_FILE, KEEPERS };

/* Whose password it is, and where it goes. */
struct configure_secret {
	enum configure_keeper keeper;
	const char *host, *user; /* as password managers know it */
	const char *path;	 /* of a file of its own */
	struct secret before;	 /* what stood there; the caller clears it */
};

/* Chooses among what is installed; who cannot be asked gets the best of it. */
int configure_secret_choose(
    struct configure_secret *, const struct person *, struct error *);
/* The setting that gives it. */
void
configure_secret_name(const struct configure_secret *, struct account_new *);
/* Puts it there, and looks whether it can be had again.  No program is told it
 * but by its standard input.  -1: EX_CANTCREAT, EX_CONFIG, EX_NOPERM, EX_SIGNAL
 * plus n, EX_TEMPFAIL. */
int configure_secret_keep(struct configure_secret *, const struct person *,
    const struct secret *, struct error *);
/* It is of no use after all: a file is as it was, or gone. */
void configure_secret_drop(const struct configure_secret *);

#endif
