/* siphash: SipHash-2-4 (Aumasson, Bernstein 2012): a hash for tables whose keys
 * come from others, who cannot make them meet without the secret. */
#ifndef LIB_SIPHASH_H
#define LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_SECRET = 16 }; /* octets */

uint64_t siphash(
    const unsigned char secret[SIPHASH_SECRET], const void *bytes, size_t n);

#endif
