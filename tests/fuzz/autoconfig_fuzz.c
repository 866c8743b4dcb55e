/* autoconfig: whatever a domain publishes, what is taken out of it could stand in
 * our own table, and nothing is taken of what is cut short. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "provider/autoconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	struct provider_found found = {0};
	struct arena arena = {0};
	struct error err = {0};
	size_t len, i;
	char *text = fuzz_rest(&f, &len);
	int r =
	    autoconfig_read(text, len, "bob@example.org", &arena, &found, &err);

	MUST((r == 1) == (found.server_count > 0), "%d with %zu servers", r,
	    found.server_count);
	MUST(found.server_count <= AUTOCONFIG_SERVERS_MAX, "too many");
	for (i = 0; i < found.server_count; i++) {
		const struct provider_server *s = &found.servers[i];

		MUST(s->port > 0 && s->port < 65536, "port %u", s->port);
		MUST(*s->host != '\0' &&
			strspn(s->host,
			    "abcdefghijklmnopqrstuvwxyz0123456789-.") ==
			    strlen(s->host),
		    "host '%s'", s->host);
		MUST(!fuzz_control(found.user, strlen(found.user), "") &&
			strchr(found.user, ' ') == NULL,
		    "user '%s'", found.user);
	}
	if (r == -1)
		MUST(err.status == EX_PROTOCOL &&
			!fuzz_control(err.text, strlen(err.text), ""),
		    "status %d: %s", err.status, err.text);
	arena_clear(&arena);
	free(text);
	return 0;
}
