/*
 * literal: an address in the place of a name (RFC 5321 4.1.3).
 */
#ifndef DELIVERY_LITERAL_H
#define DELIVERY_LITERAL_H

#include <stddef.h>

enum { LITERAL_MAX = 80 };

/* "[192.0.2.1]", "[IPv6:…]"; "localhost" for "".  Zones are left out, which
 * the RFC does not know; a socket of both families shows IPv4 as mapped into
 * IPv6. */
void address_literal(char *out, size_t size, const char *address);

#endif
