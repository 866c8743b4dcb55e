/* known_providers: the table of providers, with the rows of the user's own. */
#ifndef COMMAND_KNOWN_PROVIDERS_H
#define COMMAND_KNOWN_PROVIDERS_H

#include "options/settings.h"
#include "provider/provider.h"

/* The user's is `providers.tsv`, beside his configuration file.  -1: as
 * providers_open. */
int known_providers(const struct settings *, struct arena *, struct providers *,
    struct error *);
/* By an id, a domain, U-labels or not, or an address at one.  NULL: nobody. */
const struct provider *
known_provider(const struct providers *, const char *word, struct arena *);

#endif
