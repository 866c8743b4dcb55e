/*
 * owners: whose outboxes there are in the system's spool, for root, who serves
 * them all.
 */
#ifndef COMMAND_OWNERS_H
#define COMMAND_OWNERS_H

#include <sys/types.h>

#include "lib/arena.h"
#include "options/settings.h"

struct process;

struct owned;

struct owner {
	uid_t uid;
	gid_t gid;
	const char *name; /* NULL: the number has none */
	const char *home; /* NULL: he has none */
	const char *shell;
	const char *shown; /* the name, or "uid 12345" */
	const struct owned *owned;
};

/* What the list of users has of him, in the arena. */
void owner_find(struct owner *, const struct owned *, struct arena *);

/*
 * What is opened, made and removed from here on is so as by him, with his rights
 * alone; a signal or a look into memory is still root's affair only, so that he
 * cannot hold this process.  -1: EX_OSERR, and it is to be left, too.
 */
int owner_enter(const struct owner *, struct error *);
void owner_leave(void);

/* What one has there. */
enum { OWNED_MORE = 1000 };
struct owned {
	uid_t uid;
	/* Where he found his place taken (spool.h), and it is still. */
	const char **more;
	size_t count, capacity;
};

struct owners {
	struct owned *items; /* but root, by number */
	size_t count, capacity;
	size_t passed_over;
};

/* Those who have a directory there.  What is not its user's is named, but not
 * `quietly`, and does not keep a user's place.  -1: EX_IOERR. */
int
owners_find(struct owners *, const struct settings *, const struct process *,
    const char *spool, bool quietly, struct arena *, struct error *);

#endif
