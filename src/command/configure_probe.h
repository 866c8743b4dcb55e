/*
 * configure_probe: servers that are looked at, and signing in to one of them as a
 * send would.
 */
#ifndef COMMAND_CONFIGURE_PROBE_H
#define COMMAND_CONFIGURE_PROBE_H

#include "command/command.h"
#include "options/account_new.h"
#include "smtp/result.h"

/* A server that may be the one. */
struct configure_place {
	const char *text; /* as the setting `server` has it */
	const char *host; /* NULL: it has none */
	unsigned port;
	bool clear; /* it is the one only if it offers no TLS */

	/* What came of it: */
	bool ready;	     /* greeting, TLS and EHLO were fine */
	unsigned mechanisms; /* of AUTH, see smtp_capabilities */
	bool secure;
	enum smtp_phase phase; /* of the error */
	struct error error;    /* status 0: nothing was heard of it in time */
};

/* What would hold for a send by the account; settings_clear in either case. */
int configure_settings(const struct account_new *, const struct settings *base,
    const struct settings *, struct settings *own, struct error *);
/*
 * Looks at all at once, without credentials, until the first one that is fine is
 * known: *found, or NULL.  What the account says of proxy and trust holds.
 * -1: EX_SIGNAL plus n, EX_TEMPFAIL (the deadline of the run), EX_CONFIG.
 */
int configure_probe(const struct account_new *, const struct settings *base,
    const struct settings *, const struct process *, struct configure_place *,
    size_t count, struct configure_place **found, struct error *);
/*
 * Signs in with the account as it would be written.  password: in place of the
 * account's; NULL: from where it says.  -1: as a send that got no further.
 */
int configure_sign_in(const struct account_new *, const struct settings *base,
    const struct settings *, const struct process *,
    const struct secret *password, struct error *);

#endif
