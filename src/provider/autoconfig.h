/*
 * autoconfig: what a domain publishes about its servers, in the form that
 * Thunderbird reads (config-v1.1.xml).
 */
#ifndef PROVIDER_AUTOCONFIG_H
#define PROVIDER_AUTOCONFIG_H

#include "provider/search.h"

enum { AUTOCONFIG_SIZE_MAX = 64 * 1024, AUTOCONFIG_SERVERS_MAX = 8 };

/*
 * Takes servers, user and auth out of the text, for an address as that of
 * provider_search: outgoing servers of type smtp with SSL or STARTTLS, in their
 * order, for the first one's user.  Clear text is never taken.  1: there are
 * some; 0: there are none; -1 with EX_PROTOCOL: it is no such text.
 */
int autoconfig_read(const char *text, size_t n, const char *address,
    struct arena *, struct provider_found *, struct error *);

/* Where to ask, with the address in it if that place is the domain's host for
 * it.  `which` counts from 0; NULL: there are no more. */
const char *autoconfig_url(const struct provider_search *, const char *address,
    unsigned which, struct arena *);
/* 1, with found->where; 0: there is nothing; -1: as http_fetch and
 * autoconfig_read. */
int autoconfig_ask(const struct provider_search *, const char *url,
    const char *address, struct arena *, struct provider_found *,
    struct error *);

#endif
