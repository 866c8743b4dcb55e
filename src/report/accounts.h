/* accounts: what is configured, as a table or as JSON. */
#ifndef REPORT_ACCOUNTS_H
#define REPORT_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

struct report_names {
	const char *const *items;
	size_t count;
};

struct report_account {
	const char *name; /* NULL: what holds without any */
	bool used;	  /* by a call like this one */
	struct report_names from, servers;
	const char *user;      /* NULL: it does not sign in */
	const char *mechanism; /* NULL: any */
	/* What gives the secret: the name of a setting, "url", or "prompt";
	 * NULL: it needs none. */
	const char *secret;
	const char *state; /* ready, unknown, asks, failed or broken */
	struct report_names problems; /* why it is failed or broken */
};

/* A line each, below a head. */
void report_accounts(struct buf *out, const struct report_account *, size_t n);
/* One object (see the manual); -1 as report_json. */
int report_json_accounts(
    struct buf *out, const struct report_account *, size_t n, struct error *);

#endif
