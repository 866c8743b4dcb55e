#include "delivery/literal.h"

#include <stdio.h>
#include <string.h>

void
address_literal(char *out, size_t size, const char *address)
{
	static const char mapped[] = "::ffff:";

	if (strncmp(address, mapped, strlen(mapped)) == 0 &&
	    strchr(address, '.') != NULL)
		address += strlen(mapped);
	if (address[0] == '\0')
		snprintf(out, size, "localhost");
	else
		snprintf(out, size, "[%s%.*s]",
		    strchr(address, ':') != NULL ? "IPv6:" : "",
		    (int)strcspn(address, "%"), address);
}
