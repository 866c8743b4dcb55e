/*
 * bypass: hosts that are reached without the proxy, as no_proxy lists them.
 */
#ifndef TRANSPORT_BYPASS_H
#define TRANSPORT_BYPASS_H

#include <stdbool.h>

/*
 * Whether host, as struct server has it, is in the list: entries with commas or
 * blanks between.  "*" is every host; a name stands for itself and what is below
 * it, with or without a dot before it; an address for itself, or with /BITS
 * behind it for its network.  There is no look-up: an address is no name.
 * Entries that are none of these match nothing.
 */
bool bypass_lists(const char *list, const char *host);

#endif
