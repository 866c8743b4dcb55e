/*
 * aliases: for whom a local name stands, in the format of /etc/aliases that
 * Sendmail (aliases(5)), Postfix and msmtp have.
 *
 *	# a comment, also behind a blank: here
 *	root:      ann, Bob Lee <bob@x.test>,
 *	           carl@y.test       a line that begins with a blank goes on
 *	"on call": \ann              ann, whatever her alias says
 *	ann:       ann, ann@z.test   the same
 *	default:   root              local names that have no alias
 *
 * An alias that names itself, or a target of default: that has no alias, means
 * the mailbox of that name, whose domain is the one of bare names.
 * Names stand without regard to case, and without a domain: what mail to other
 * domains stands for is for their servers to say.  The first alias of a name
 * counts, as with the others.  A target is one address (RFC 5322 3.4, also
 * bare), or what cannot be had here: :include:FILE, |PROGRAM, /FILE, and what
 * Exim has in colons.  Such a target, one that is no address, and a name that
 * stands for nobody are errors when mail comes that way, and in aliases_check;
 * the rest of the file is not kept from its work.
 */
#ifndef RFC5322_ALIASES_H
#define RFC5322_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "rfc5322/address.h"

enum { ALIASES_DEPTH_MAX = 100 }; /* aliases of aliases */

struct alias;

/* All zeroes, but for these two: no aliases. */
struct aliases {
	const char *domain; /* of bare names, as in address_params; not NULL */
	/* Mailboxes of these domains are local names, too, NULL at the end (such
	 * as "localhost"); NULL: bare ones only are. */
	const char *const *local;
	struct alias **all; /* as they were read */
	size_t count, capacity;
	struct alias **slots; /* the first of each name, by its hash */
	size_t slot_count;    /* a power of two; 0: none */
};

/*
 * Adds what a file says; the arena, each time the same, gets it, and what was
 * read before goes first.  -1 with EX_CONFIG and "FILE:LINE: …", and it stays
 * as it was: a line that begins no alias and goes on with none, a NUL.
 */
int aliases_read(struct aliases *, struct arena *, const char *file,
    const char *text, size_t n, struct error *);

/*
 * Appends to *out who gets what is for those of *list: local names that have an
 * alias are replaced, over any number of steps, the others stay.  An alias is
 * followed once, whoever leads to it; an address may come twice.  -1 with
 * EX_CONFIG and "FILE:LINE: …", and *out stays as it was: aliases in a circle,
 * more than ALIASES_DEPTH_MAX of them, a target that cannot be had.  EX_OSERR
 * as address_parse.
 */
int aliases_expand(const struct aliases *, struct arena *,
    const struct address_list *list, struct address_list *out, struct error *);

/* What newaliases(1) says: the first thing that is wrong, -1 as above; a name
 * that has two aliases is one, too, and so are more than ALIASES_DEPTH_MAX in a
 * row, whichever others lead there sooner.  First are those of a line by itself,
 * in their order. */
int aliases_check(const struct aliases *, struct error *);

#endif
