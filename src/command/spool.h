/*
 * spool: where the outbox of the one who calls is: in the system's spool, which
 * has a directory for each user, by number, or at home.
 *
 * The spool takes neither HOME nor a name of the user, which a daemon may not
 * have.  It is root's and sticky, and everybody may make a directory in it, so
 * that somebody can have taken the place of somebody else's.  That is an error,
 * EX_CONFIG, and who can mend it is said.
 */
#ifndef COMMAND_SPOOL_H
#define COMMAND_SPOOL_H

#include "lib/arena.h"
#include "options/settings.h"
#include "outbox/outbox.h"

/* Where it is unless said otherwise. */
extern const char spool_standard[];

/* Where messages can wait. */
enum { SPOOL_PLACES = 2 };
struct spool_places {
	const char *paths[SPOOL_PLACES];
	size_t count;
	bool in_spool;	   /* the first one is */
	const char *spool; /* the spool; NULL: it is not */
};

/* The first one is where new ones are put.  Another one is where they were put
 * before there was a spool, if something is there.  -1, EX_CONFIG: a spool is
 * there that is not to be trusted, or one that was named is not there, or there
 * is no place at all. */
int spool_places(const struct settings *, struct arena *, struct spool_places *,
    struct error *);
/* outbox_open of the place of that number, with `make` only where that is the
 * first one; the outbox is empty where there are not so many. */
int spool_open(struct outbox *, const struct spool_places *, size_t number,
    bool make, struct error *);

/*
 * A place that somebody else has taken is none: who queues then makes a
 * directory beside it, "12345.ID", whose name nobody can know before, and root
 * takes away what is not its user's and puts that in its place.
 */
enum { SPOOL_NAME_SIZE = 16 + OUTBOX_ID_SIZE };
bool spool_is_aside(const char *name, uid_t *);
/* For root.  -1 with errno. */
int
spool_set_aside(const char *spool, const char *name, char to[SPOOL_NAME_SIZE]);
int spool_put_back(const char *spool, const char *name);

#endif
