/* srv: servers for submission by DNS (RFC 6186 3.1, 8314 5.1, 2782). */
#ifndef PROVIDER_SRV_H
#define PROVIDER_SRV_H

#include "provider/search.h"

enum { SRV_SERVERS_MAX = 8 };

/* Those with TLS from the first byte go first, by priority and weight.  1, with
 * servers, where and confirm filled in; 0: there are none, or the domain says that
 * there is no such service; -1: as dns_srv. */
int srv_ask(const struct provider_search *, const char *domain, struct arena *,
    struct provider_found *, struct error *);

#endif
