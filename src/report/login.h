/* login: who has signed in, as a line or as JSON. */
#ifndef REPORT_LOGIN_H
#define REPORT_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

struct report_login {
	const char *account;
	const char *user;   /* NULL: not known */
	const char *server; /* the authorisation server's name */
	const char *way;    /* browser, device or copy */
	const char *scope;  /* NULL: not said */
	int64_t lifetime_s; /* of the access token; 0: not said */
	bool renewable;	    /* there is a refresh token */
};

void report_login(struct buf *out, const struct report_login *);
/* One object (see the manual); -1 as report_json. */
int
report_json_login(struct buf *out, const struct report_login *, struct error *);

#endif
