#include "batch/backoff.h"

enum { SECOND_US = 1000000, LONGEST_S = 300 };

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int64_t
backoff_us(unsigned before, uint64_t *random)
{
	int64_t us = LONGEST_S * (int64_t)SECOND_US;

	if (before < 16 && 1 << before < LONGEST_S)
		us = (INT64_C(1) << before) * SECOND_US;
	return us - us / 4 +
	    (int64_t)(next_random(random) % (uint64_t)(us / 2 + 1));
}
