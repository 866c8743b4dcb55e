/*
 * known_hosts: servers that are known by their keys, in a file with a line for
 * each: "HOST:PORT sha256//PIN DATE".  People may edit it: empty lines and those
 * that begin with '#' are theirs, and of several for one server any will do.
 *
 * Who can change it can make us trust anybody: it must be a regular file of
 * ours, reached by no symbolic link, that nobody else can write to, and so must
 * its directory.
 */
#ifndef COMMAND_KNOWN_HOSTS_H
#define COMMAND_KNOWN_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/pin.h"
#include "lib/wait.h"

struct known_host {
	const char *server; /* "mail.example.org:587" */
	struct pin pin;
	const char *since; /* "2026-11-29" */
	unsigned line;
};

struct known_hosts {
	const char *path;
	struct known_host *items;
	size_t count;
	unsigned torn; /* the last line that is none, and was passed over; 0:
			  all are */
};

/* $XDG_STATE_HOME/smtpsend/known-hosts, else in ~/.local/state; -1 with
 * EX_CONFIG: neither names a directory of ours. */
int known_hosts_path(struct arena *, const char **path, struct error *);
/* All that is in the file; a file that is not there is empty.  Strings live in
 * the arena.  -1 with EX_CONFIG or EX_NOINPUT. */
int known_hosts_read(
    struct known_hosts *, const char *path, struct arena *, struct error *);
/*
 * Adds a line, unless the server has one by now, as another run may have seen
 * it first: the same key is fine, and another one an error.  now: seconds since
 * 1970.  What was there stays, and directories that are missing are made.
 */
int known_hosts_add(const char *path, const char *server, const struct pin *,
    int64_t now, const struct wait_limits *, struct error *);

#endif
