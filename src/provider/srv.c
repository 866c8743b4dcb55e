/* srv: see srv.h. */
#include "provider/srv.h"

#include <string.h>

#include "lib/ascii.h"

/* Whether the name is the domain itself, or one below it. */
static bool
is_within(const char *name, const char *domain)
{
	size_t n = strlen(name), len = strlen(domain);

	if (len > 0 && domain[len - 1] == '.')
		len--;
	return n >= len && ascii_equal_bytes(name + n - len, domain, len) &&
	    (n == len || name[n - len - 1] == '.');
}

/* One person's account needs no share of the load: of one priority, the heaviest
 * goes first. */
static void
add(struct provider_server *servers, size_t *count,
    const struct dns_record *records, size_t n, bool implicit)
{
	size_t i, j, begin = *count;
	unsigned weight[SRV_SERVERS_MAX] = {0}, priority[SRV_SERVERS_MAX] = {0};

	for (i = 0; i < n && *count < SRV_SERVERS_MAX; i++) {
		if (*records[i].host == '\0' || records[i].port == 0)
			continue;
		for (j = *count;
		     j > begin && priority[j - 1] == records[i].priority &&
		     weight[j - 1] < records[i].weight;
		     j--) {
			servers[j] = servers[j - 1];
			weight[j] = weight[j - 1];
			priority[j] = priority[j - 1];
		}
		weight[j] = records[i].weight;
		priority[j] = records[i].priority;
		servers[j] = (struct provider_server){
		    .host = records[i].host,
		    .port = records[i].port,
		    .implicit = implicit,
		};
		++*count;
	}
}

int
srv_ask(const struct provider_search *search, const char *domain,
    struct arena *arena, struct provider_found *found, struct error *err)
{
	static const char *const services[] = {
	    "_submissions._tcp", "_submission._tcp"};
	const struct dns_record *records;
	struct provider_server *servers =
	    arena_alloc(arena, SRV_SERVERS_MAX * sizeof(*servers));
	const char *name;
	size_t count = 0, before, i, n;

	for (i = 0; i < 2; i++) {
		name = arena_printf(arena, "%s.%s", services[i], domain);
		if (dns_srv(search->dns, name, arena, &records, &n, err) == -1)
			return -1;
		before = count;
		add(servers, &count, records, n, i == 0);
		if (before == 0 && count > 0)
			found->where = name;
	}
	found->servers = servers;
	found->server_count = count;
	for (i = 0; i < count; i++)
		found->confirm |= !is_within(servers[i].host, domain);
	return count > 0;
}
