/*
 * store: sign-ins on disk, a file of mode 0600 for each account, in a directory
 * of mode 0700.
 *
 * A refresh token that is used twice ends the sign-in at many servers.  So the
 * lock of an account is held from before the file is read until after what
 * came instead is on disk; whoever had to wait reads what is there then.
 * Everything happens in a checked directory descriptor; what is somebody else's,
 * a symbolic link, or open to others is refused with a hint.
 */
#ifndef OAUTH_STORE_H
#define OAUTH_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/wait.h"
#include "oauth/server.h"
#include "oauth/token.h"

/* What a file holds: enough for a refresh and a logout without asking anything
 * else. */
struct oauth_entry {
	const char *oauth; /* the account's setting that it was made for */
	const char *user;  /* who signed in; NULL: not known */
	/* Names of the account's servers then, as oauth_entry_is_for takes them:
	 * the token is for no other. */
	const char *const *hosts;
	size_t host_count;
	struct oauth_server server;
	struct oauth_client client;
	bool registered; /* that client is one that we have registered */
	bool signed_out; /* the server knows the refresh token no more */
	bool unanswered; /* an answer to a refresh was lost: the server may have
			    counted it */
	struct oauth_token token; /* access.bytes NULL: a client only */
};

/* One account's, locked until it is closed; reading needs no lock. */
struct oauth_store {
	int directory, lock; /* -1: not open */
	char *account, *path;
	const char *name;   /* of the file, the end of its path */
	struct arena arena; /* of entries that are read */
};

/*
 * `lock` is for whoever is going to write: it waits for whoever has it, a minute
 * at most, and the directory is made where it is not there, with those above it.
 * -1: EX_CONFIG (who may read it, or a name too long for one of a file),
 * EX_TEMPFAIL (time is up), EX_SIGNAL plus n, EX_IOERR.  oauth_store_close in
 * either case.
 */
int oauth_store_open(struct oauth_store *, const char *directory,
    const char *account, bool lock, const struct wait_limits *, struct error *);
void oauth_store_close(struct oauth_store *);

/* 1: it is there; 0: it is not; -1: EX_CONFIG (whose it is, or torn, or of
 * another version: signing in again puts it right, for which it need not be
 * readable), EX_IOERR.  The entry's strings live until the store is closed; the
 * caller clears the secrets with oauth_entry_clear. */
int
oauth_store_read(struct oauth_store *, struct oauth_entry *, struct error *);
/* Whole and on the disk when it returns 0; what was there stays otherwise.  For
 * who holds the lock. */
int oauth_store_write(
    struct oauth_store *, const struct oauth_entry *, struct error *);
/* 1: it was there; 0: it was not; -1. */
int oauth_store_remove(struct oauth_store *, struct error *);
void oauth_entry_clear(struct oauth_entry *);

/* Whether the token may go to this server: a host's name, without regard to
 * case; one that has none is "localhost". */
bool oauth_entry_is_for(const struct oauth_entry *, const char *host);
/* "smtpsend --login -A ACCOUNT", the account "default" being that of a call that
 * names none.  Returns -1. */
int oauth_login_hint(const char *account, struct error *);

#endif
