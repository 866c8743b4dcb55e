#include "lib/siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t
load(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* One round. */
static inline void
mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void
take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v);
	mix(v);
	v[0] ^= word;
}

uint64_t
siphash(const unsigned char secret[SIPHASH_SECRET], const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t k0 = load(secret), k1 = load(secret + 8);
	uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575),
	    k1 ^ UINT64_C(0x646f72616e646f6d),
	    k0 ^ UINT64_C(0x6c7967656e657261),
	    k1 ^ UINT64_C(0x7465646279746573)};
	uint64_t last = (uint64_t)n << 56;
	size_t left = n;

	for (; left >= 8; p += 8, left -= 8)
		take(v, load(p));
	while (left-- > 0)
		last |= (uint64_t)p[left] << 8 * left;
	take(v, last);
	v[2] ^= 0xff;
	mix(v);
	mix(v);
	mix(v);
	mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
