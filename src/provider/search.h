/*
 * search: which servers take the mail of an address, and how one signs in there.
 *
 * The first hit wins:
 *	PROVIDER_BY_DOMAIN	a row names the domain; nobody is asked
 *	PROVIDER_BY_MX		a row's pattern fits the MX of the domain
 *	PROVIDER_BY_AUTOCONFIG	the domain publishes a configuration by HTTPS
 *				(autoconfig.h)
 *	PROVIDER_BY_SRV		_submissions._tcp, _submission._tcp (RFC 8314 5.1,
 *				6186 3.1; srv.h)
 * What is left, to try names (smtp.DOMAIN), is the caller's.
 */
#ifndef PROVIDER_SEARCH_H
#define PROVIDER_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/dns.h"
#include "lib/error.h"
#include "lib/http.h"
#include "provider/provider.h"

enum provider_origin {
	PROVIDER_NOWHERE, /* nothing was found */
	PROVIDER_BY_DOMAIN,
	PROVIDER_BY_MX,
	PROVIDER_BY_AUTOCONFIG,
	PROVIDER_BY_SRV,
};

struct provider_search {
	const struct providers *providers;
	const struct dns_params *dns;	/* NULL: DNS is not asked */
	const struct http_params *http; /* NULL: no autoconfig */
	/* In place of the two addresses at the domain: "https://HOST[:PORT]/PATH",
	 * or http on loopback; NULL: those.  `?emailaddress=` is added unless
	 * it has a query. */
	const char *autoconfig_url;
	/* Told before each step that waits for others, to be shown: "looking
	 * for the MX of example.org"; NULL: nobody is. */
	void (*tell)(void *arg, const char *step);
	void *arg;
};

struct provider_server {
	const char *host; /* ASCII */
	unsigned port;
	bool implicit; /* TLS from the first byte; otherwise STARTTLS, which is
			  demanded */
};

/* Strings live in the arena that was given, or are the rows'. */
struct provider_found {
	enum provider_origin origin;
	/* How one signs in; NULL: no row is known of the servers.  It may be
	 * there whatever the origin is: a row that has the server found. */
	const struct provider *provider;
	const struct provider_server *servers; /* the one to be tried first */
	size_t server_count;
	const char
	    *user; /* to sign in as, filled in: "bob@example.org", "bob" */
	const char *auth; /* mechanisms with commas between, or NULL: what the
			     server offers */
	const char
	    *where; /* that told it: a domain, an MX, a URL, an SRV name */
	/* SRV records, which anybody on the way can change, lead to another
	 * domain than the address's: only with the person's yes. */
	bool confirm;
	/* A line for each step that failed (no answer, not understood), with
	 * '\n' behind each; "": none did. */
	const char *failures;
};

/*
 * address: local part, '@' and a domain in its ASCII form, already checked.
 * 0: found->origin says whether there is something; steps that fail are told in
 * `failures`, and the next one is taken.  -1: EX_SIGNAL plus n, EX_TEMPFAIL (the
 * deadline of the run has passed), EX_USAGE (autoconfig_url or dns->server).
 */
int provider_search(const struct provider_search *, const char *address,
    struct arena *, struct provider_found *, struct error *);

#endif
