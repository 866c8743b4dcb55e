/* explain_provider: a row of the table of providers, for people. */
#ifndef COMMAND_EXPLAIN_PROVIDER_H
#define COMMAND_EXPLAIN_PROVIDER_H

#include "lib/buf.h"
#include "provider/provider.h"

/* Whose servers they are, how one signs in, what is to be prepared, and lines for
 * a configuration file.  address: whose account it is to be; NULL: anybody's. */
void
explain_provider(struct buf *out, const struct provider *, const char *address);
/* All of them, a line each. */
void explain_providers(struct buf *out, const struct providers *);

#endif
