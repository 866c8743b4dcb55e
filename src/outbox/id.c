#include "outbox/id.h"

#include <string.h>
#include <strings.h>

enum { LENGTH = OUTBOX_ID_SIZE - 1, OF_TIME = 11, OF_CHANCE = 5 };

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void
put(char *at, uint64_t value, int n)
{
	while (n-- > 0) {
		at[n] = digits[value & 31];
		value >>= 5;
	}
}

void
outbox_id_make(char id[OUTBOX_ID_SIZE], uint64_t us, uint32_t chance)
{
	put(id, us, OF_TIME);
	put(id + OF_TIME, chance, OF_CHANCE);
	id[LENGTH] = '\0';
}

bool
outbox_id_is(const char *name)
{
	return strlen(name) == LENGTH && strspn(name, digits) == LENGTH;
}

bool
outbox_id_matches(const char *id, const char *given)
{
	size_t n = strlen(given), length = strlen(id);

	return n > 0 && n <= length &&
	    (strncasecmp(id, given, n) == 0 ||
		strcasecmp(id + length - n, given) == 0);
}
