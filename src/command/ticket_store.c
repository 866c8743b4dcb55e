#include "command/ticket_store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cache.h"

/* XDG Base Directory Specification: a relative path is to be ignored.  One that
 * belongs to somebody else is not for us, as HOME under some sudo is not. */
static const char *
find_directory(struct arena *arena, const char *home)
{
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *base = xdg != NULL && xdg[0] == '/' ? xdg : home;
	struct stat st;

	if (base == NULL || base[0] != '/')
		return NULL;
	if (stat(base, &st) == -1 ? base == home : st.st_uid != geteuid())
		return NULL;
	return arena_printf(
	    arena, "%s%s/smtpsend/tls", base, base == home ? "/.cache" : "");
}

static void
note(struct ticket_store *s, const struct error *err)
{
	if (err->status != 0 && s->problem.status == 0)
		s->problem = *err;
}

/* Not before it is needed: a run without TLS has nothing to look for. */
static int
take(void *arg, const char *key, struct buf *bytes)
{
	struct ticket_store *s = arg;
	struct error err = {0};

	if (!s->sought)
		s->directory = find_directory(s->arena, s->home);
	s->sought = true;
	if (s->directory == NULL)
		return -1;
	if (cache_take(s->directory, key, bytes, &err) == 0)
		return 1;
	note(s, &err);
	return 0;
}

static void
keep(void *arg, const char *key, const void *bytes, size_t n)
{
	struct ticket_store *s = arg;
	struct error err = {0};

	if (cache_keep(s->directory, key, bytes, n, TLS_TICKET_AGE, &err) == -1)
		note(s, &err);
}

void
ticket_store_init(struct ticket_store *s, struct arena *arena,
    const struct settings *settings)
{
	s->tickets = (struct tls_tickets){.take = take, .keep = keep, .arg = s};
	s->arena = arena;
	s->home = settings->home;
}
