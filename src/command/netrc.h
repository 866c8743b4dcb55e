/*
 * netrc: who has an account where, in the file format of ftp(1) that many
 * programs read.
 *
 * An entry begins with `machine NAME` or `default`; `login NAME`, `password
 * TEXT`, `port PORT` (a number or a service's name) and `account TEXT`, which
 * means nothing here, follow in any order, on any number of lines.  Behind `#`,
 * where one of these words may stand, the rest of the line is a comment; `macdef
 * NAME` and what follows up to an empty line are left out, and so are unknown
 * words.  A value may stand in quotation marks, and a backslash takes what is
 * special from the character behind it, also without them.
 */
#ifndef COMMAND_NETRC_H
#define COMMAND_NETRC_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

struct netrc_query {
	const char *machine; /* without regard to case, nor to the brackets that
				an entry may have around an IPv6 address */
	unsigned port;	     /* that an entry's port must be, if it has one */
	const char *user;    /* that an entry's login must be, if it has one;
				NULL: whoever has a login */
	/* `default` counts only where it names the user, as it is for all
	 * machines. */
	bool wary;
	bool password; /* entries without one do not count */
	/* Gets the port of an entry that would be meant but for it; NULL:
	 * nobody asks. */
	unsigned *other_port;
};

/* NULL: the entry has none. */
struct netrc_entry {
	const char *login, *password;
};

/* The first entry that is meant: 1; 0: none is.  -1 with EX_CONFIG, which names
 * the line, when a quotation mark is not closed or there is a NUL.  The text has
 * a NUL behind its end and is changed; the entry lives in it. */
int netrc_find(char *text, size_t n, const struct netrc_query *,
    struct netrc_entry *, struct error *);

#endif
