/*
 * configure: an account in the making (--configure).
 *
 *	configure.c		the steps, in their order
 *	configure_find.c	which servers may be the ones, and which one is
 *	configure_sign_in.c	how one signs in there
 *	configure_oauth.c	the same by OAuth, with --login
 *	configure_probe.c	looks at servers, signs in
 *	configure_secret.c	where the password is kept
 *	configure_file.c	the configuration, read and written
 *	configure_ask.c		what is said to the person, and the answers
 */
#ifndef COMMAND_CONFIGURE_H
#define COMMAND_CONFIGURE_H

#include "command/configure_ask.h"
#include "command/configure_file.h"
#include "command/configure_probe.h"
#include "command/configure_secret.h"
#include "options/account_new.h"
#include "provider/provider.h"
#include "provider/search.h"

struct configure {
	const struct settings *settings;
	const struct settings *base; /* what holds for an account that says
					nothing */
	const struct process *process;
	struct arena arena;
	struct person person;
	bool dry; /* nothing is written, and nothing asked */

	struct configure_file file;
	const char *directory; /* of the configuration */

	const char *address, *domain; /* in ASCII */
	const char *from; /* the same, with the name that was given */

	struct account_new account;
	const char *name; /* of the account */
	bool replaces;	  /* one of this name is there */

	const struct provider *provider; /* NULL: no row is known */
	struct configure_place place;	 /* the server */
	const char *user;		 /* who signs in */
	bool user_is_guessed;

	/* What is to go again if nothing comes of it: */
	const char *client_secret; /* a file; NULL: none was made */
	bool signed_in;		   /* by an account that was not before */
};

/*
 * Finds the server of the address, looks at it, tells what it is, and lets the
 * person agree where it is in another domain: place, provider, user.
 * -1: EX_NOHOST (there is none), as the connection that failed, EX_USAGE (what
 * would have to be asked), EX_NOPERM (the person said no), and as person_ask.
 */
int configure_find(struct configure *, struct error *);
/*
 * Finds out how the person signs in, and does: the account gets what it takes.
 * A password that was typed is in *password then, and where it is to be kept in
 * *secret.  With `dry` nothing is tried that would have to be asked for.
 * -1: EX_NOPERM (the server does not let us in, or takes nothing that we have),
 * EX_USAGE (what would have to be asked), and as a send that got no further.
 */
int configure_enter(struct configure *, struct configure_secret *,
    struct secret *password, struct error *);

/* Whether one can sign in there by OAuth, as far as that is known. */
bool configure_has_oauth(const struct configure *);
/* Signs in so; who the client is, is asked for where the server cannot be asked.
 * -1: as login, EX_USAGE (what would have to be asked). */
int configure_oauth(struct configure *, struct error *);
/* As the command line says. */
int configure_oauth_given(struct configure *, struct error *);
/* Takes back what there was to go again. */
void configure_oauth_undo(const struct configure *);

#endif
