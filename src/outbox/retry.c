#include "outbox/retry.h"

#include <stddef.h>

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
retry_after_s(unsigned before, uint64_t *random)
{
	static const int minutes[] = {1, 5, 15, 30, 60, 120, 240};
	const unsigned last = sizeof(minutes) / sizeof(*minutes) - 1;
	int64_t s = minutes[before < last ? before : last] * 60;

	return s - s / 10 +
	    (int64_t)(next_random(random) % (uint64_t)(s / 5 + 1));
}

bool
retry_is_over(int64_t since, int64_t now, int64_t lifetime_s)
{
	return now > since && now - since >= lifetime_s;
}
