/* settings: see settings.h. */
#include "options/settings.h"

#include <stdint.h>
#include <string.h>

#include "lib/url.h"

void
strings_add(struct strings *list, struct arena *arena, const char *text)
{
	size_t n = list->count;
	const char **items;

	/* Full at each power of two. */
	if ((n & (n - 1)) == 0) {
		items =
		    arena_alloc(arena, (n > 0 ? 2 * n : 1) * sizeof(*items));
		if (n > 0)
			memcpy(items, list->items, n * sizeof(*items));
		list->items = items;
	}
	list->items[list->count++] = text;
}

void
strings_append(struct strings *list, struct arena *arena, const char *text)
{
	strings_add(list, arena, arena_strdup(arena, text));
}

void
settings_forget_secrets(struct settings *s)
{
	const struct strings *servers = &s->server.names;
	size_t i;

	secret_clear(&s->auth.password);
	/* All texts are the arena's. */
	for (i = 0; i < servers->count; i++)
		url_forget_password((char *)(uintptr_t)servers->items[i]);
}

void
settings_forget_proxy_password(struct settings *s)
{
	if (s->server.proxy.url != NULL)
		url_forget_password((char *)(uintptr_t)s->server.proxy.url);
}

void
settings_clear(struct settings *s)
{
	size_t i;

	for (i = 0; i < s->other_count; i++)
		settings_clear(s->others[i].settings);
	secret_clear(&s->auth.password);
	arena_clear(&s->arena);
	memset(s, 0, sizeof(*s));
}
