/* service: see service.h. */
#include "transport/service.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Known without /etc/services, which small systems do not have. */
static const struct {
	const char *name;
	unsigned port;
} services[] = {
    {"smtp", 25},
    {"submission", 587},
    {"submissions", 465},
    {"smtps", 465},
    {"ssmtp", 465},
    {"lmtp", 24},
};

unsigned
service_port(const char *service)
{
	struct servent entry, *found = NULL;
	size_t n = strlen(service), i;
	unsigned long number;
	char space[1024];

	if (n > 0 && strspn(service, DIGITS) == n) {
		number = n <= 5 ? strtoul(service, NULL, 10) : 0;
		return number <= UINT16_MAX ? (unsigned)number : 0;
	}
	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (ascii_equal(service, services[i].name))
			return services[i].port;
	if (n == 0 || strspn(service, LETTERS DIGITS "-") != n)
		return 0; /* RFC 6335 5.1: nothing else in a name */
	if (getservbyname_r(
		service, "tcp", &entry, space, sizeof(space), &found) != 0 ||
	    found == NULL)
		return 0;
	return ntohs((uint16_t)found->s_port);
}
