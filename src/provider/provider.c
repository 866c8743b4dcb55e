/* provider: which row is meant. */
#include "provider/provider.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"

typedef bool fits_fn(const char *item, size_t n, const char *name, size_t len);

static bool
is_name(const char *item, size_t n, const char *name, size_t len)
{
	return n == len && ascii_equal_bytes(item, name, n);
}

static bool
is_pattern_of(const char *item, size_t n, const char *name, size_t len)
{
	if (n < 2 || item[0] != '*')
		return is_name(item, n, name, len);
	item++, n--;
	return len > n && ascii_equal_bytes(item, name + len - n, n);
}

/* Whether an item of the list fits; a final dot is no part of the name. */
static bool
list_has(const char *list, const char *name, fits_fn *fits)
{
	size_t len = strlen(name), n;

	if (len > 0 && name[len - 1] == '.')
		len--;
	for (; list != NULL && *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (fits(list, n, name, len))
			return true;
	}
	return false;
}

const struct provider *
provider_by_id(const struct providers *p, const char *id)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (ascii_equal(p->rows[i].id, id))
			return &p->rows[i];
	return NULL;
}

const struct provider *
provider_by_domain(const struct providers *p, const char *domain)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (list_has(p->rows[i].domains, domain, is_name))
			return &p->rows[i];
	return NULL;
}

const struct provider *
provider_by_mx(const struct providers *p, const char *mx)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (list_has(p->rows[i].mx, mx, is_pattern_of))
			return &p->rows[i];
	return NULL;
}

const struct provider *
provider_by_server(const struct providers *p, const char *host)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (list_has(p->rows[i].server, host, is_name))
			return &p->rows[i];
	return NULL;
}

const char *
provider_user(const char *user, const char *address, struct arena *arena)
{
	const char *at = strrchr(address, '@');
	size_t local = at != NULL ? (size_t)(at - address) : strlen(address);
	struct buf out = {0};
	const char *s;

	for (s = user != NULL ? user : "%address"; *s != '\0'; s++) {
		if (strncmp(s, "%address", 8) == 0) {
			buf_puts(&out, address);
			s += 7;
		} else if (strncmp(s, "%local", 6) == 0) {
			buf_append(&out, address, local);
			s += 5;
		} else if (strncmp(s, "%domain", 7) == 0) {
			buf_puts(&out, at != NULL ? at + 1 : "");
			s += 6;
		} else {
			buf_putc(&out, *s);
		}
	}
	s = arena_strdup(arena, buf_string(&out));
	buf_clear(&out);
	return s;
}
