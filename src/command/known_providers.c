#include "command/known_providers.h"

#include <string.h>

#include "rfc5322/domain.h"

int
known_providers(const struct settings *s, struct arena *arena,
    struct providers *out, struct error *err)
{
	const char *file = s->user_file, *path = NULL;

	if (file != NULL && strrchr(file, '/') != NULL)
		path = arena_printf(arena, "%.*s/providers.tsv",
		    (int)(strrchr(file, '/') - file), file);
	return providers_open(out, path, arena, err);
}

const struct provider *
known_provider(const struct providers *p, const char *word, struct arena *arena)
{
	const struct provider *row = provider_by_id(p, word);
	const char *at = strrchr(word, '@'), *domain;
	struct error err;
	size_t place;

	if (row != NULL)
		return row;
	if (domain_to_ascii(
		arena, at != NULL ? at + 1 : word, &domain, &place, &err) == -1)
		return NULL;
	return provider_by_domain(p, domain);
}
