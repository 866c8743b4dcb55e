/* accounts: what is configured, as a table or as JSON. */
#ifndef REPORT_ACCOUNTS_H
#define REPORT_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	/* With `oauth`: "signed-in", "expired", "signed-out" or "not-signed-in";
	 * NULL: another secret, or it is not known. */
	const char *sign_in;
	int64_t expires_s; /* of its token, wall clock; 0: not known */
	bool renewable;	   /* it is renewed by itself */
	const char *state; /* ready, unknown, asks, failed or broken */
	struct report_names problems; /* why it is failed or broken */
};

/* "2026-11-29T16:20:00Z"; NULL for 0. */
const char *report_expiry(const struct report_account *, char text[32]);
/* A line each, below a head. */
void report_accounts(struct buf *out, const struct report_account *, size_t n);
/* One object (see the manual); -1 as report_json. */
int report_json_accounts(
    struct buf *out, const struct report_account *, size_t n, struct error *);

#endif
