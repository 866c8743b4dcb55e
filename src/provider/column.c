/* column: see column.h. */
#include "provider/column.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/http.h"
#include "lib/idna.h"
#include "lib/printable.h"

enum { CELL_MAX = 2000, SHOWN_MAX = 60 };

typedef int
read_fn(const char *, struct arena *, const char **, struct error *);
static const char lower_and_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

static int
take(const char *cell, struct arena *arena, const char **value)
{
	*value = arena_strdup(arena, cell);
	return 0;
}

static int
refuse(struct error *err, const char *wanted)
{
	return error_set(err, EX_CONFIG, "wanted: %s", wanted);
}

/* Each item of a list apart by commas. */
static int
read_list(const char *cell, struct arena *arena, const char **value,
    read_fn *read, struct error *err)
{
	const char *item, *one;
	struct buf list = {0};
	size_t n;
	int r = 0;

	for (item = cell; r == 0; item += n + 1) {
		n = strcspn(item, ",");
		r = read(arena_strndup(arena, item, n), arena, &one, err);
		if (r == 0) {
			buf_puts(&list, list.len > 0 ? "," : "");
			buf_puts(&list, one);
		}
		if (item[n] == '\0')
			break;
	}
	if (r == 0)
		*value = arena_strdup(arena, buf_string(&list));
	buf_clear(&list);
	return r;
}

static int
read_text(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	(void)err;
	return take(cell, arena, value);
}

static int
read_id(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	/* Digits alone are a reply code, and `providers` lists them all. */
	if (!ascii_is_letter(*cell) || cell[strspn(cell, lower_and_digits)] ||
	    strlen(cell) > 32 || strcmp(cell, "providers") == 0)
		return refuse(err,
		    "up to 32 small letters, digits and '-', a letter first");
	return take(cell, arena, value);
}

/* A name of letters, digits and '-' in labels that are neither empty nor too
 * long. */
static bool
is_host(const char *name)
{
	size_t n;

	if (strlen(name) > 253)
		return false;
	for (;; name += n + 1) {
		n = strcspn(name, ".");
		if (n == 0 || n > 63 || name[0] == '-' || name[n - 1] == '-' ||
		    strspn(name, lower_and_digits) < n)
			return false;
		if (name[n] == '\0')
			return true;
	}
}

static int
read_host(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	const char *ascii;
	size_t place;
	char *s;

	if (idna_to_ascii(arena, cell, &ascii, &place, err) == -1)
		return refuse(err, "a domain");
	*value = s = arena_strdup(arena, ascii);
	for (; *s != '\0'; s++)
		*s = ascii_lower(*s);
	return is_host(*value) ? 0 : refuse(err, "a domain");
}

static int
read_pattern(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	const char *host;

	if (strncmp(cell, "*.", 2) != 0)
		return read_host(cell, arena, value, err);
	if (read_host(cell + 2, arena, &host, err) == -1)
		return -1;
	/* A whole top-level domain is nobody's. */
	if (strchr(host, '.') == NULL)
		return refuse(err, "'*.' and a domain of two labels or more");
	*value = arena_printf(arena, "*.%s", host);
	return 0;
}

static int
read_hosts(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	return read_list(cell, arena, value, read_host, err);
}

static int
read_patterns(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	return read_list(cell, arena, value, read_pattern, err);
}

static int
read_port(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	size_t n = strspn(cell, "0123456789");
	long port = strtol(cell, NULL, 10);

	if (cell[n] != '\0' || n > 5 || port < 1 || port > 65535)
		return refuse(err, "a port, 1 to 65535");
	return take(cell, arena, value);
}

static int
read_tls(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	if (strcmp(cell, "implicit") != 0 && strcmp(cell, "starttls") != 0)
		return refuse(err, "implicit or starttls");
	return take(cell, arena, value);
}

static int
read_mechanism(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	size_t n = strspn(cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	if (n == 0 || n > 20 || cell[n] != '\0')
		return refuse(
		    err, "mechanisms (RFC 4422), with commas between");
	return take(cell, arena, value);
}

static int
read_mechanisms(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	return read_list(cell, arena, value, read_mechanism, err);
}

static int
read_word(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	if (!ascii_is_letter(*cell) || cell[strspn(cell, lower_and_digits)])
		return refuse(err, "a word of small letters, as app-password");
	return take(cell, arena, value);
}

static int
read_user(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	if (strpbrk(cell, " ") != NULL)
		return refuse(err,
		    "a user without blanks, or %address, %local, %domain in "
		    "it");
	return take(cell, arena, value);
}

/* A "%tenant" is filled in before anybody goes there. */
static int
read_url(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	if (!http_url_is_safe(cell))
		return refuse(err,
		    "an https:// URL (http:// for loopback alone), without a "
		    "user and a fragment");
	return take(cell, arena, value);
}

static int
read_issuer(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	return strcmp(cell, "discover") == 0
	    ? take(cell, arena, value)
	    : read_url(cell, arena, value, err);
}

/* RFC 6749 3.3. */
static int
read_scope(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	if (strpbrk(cell, "\"\\") != NULL || !idna_is_ascii(cell))
		return refuse(err, "scopes, with blanks between");
	return take(cell, arena, value);
}

static int
read_redirect(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	if (strcmp(cell, "127.0.0.1") != 0 && strcmp(cell, "localhost") != 0)
		return refuse(err, "127.0.0.1 or localhost");
	return take(cell, arena, value);
}

static int
read_way(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	if (strcmp(cell, "browser") != 0 && strcmp(cell, "device") != 0 &&
	    strcmp(cell, "copy") != 0)
		return refuse(
		    err, "browser, device, copy, with commas between");
	return take(cell, arena, value);
}

static int
read_flow(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	return read_list(cell, arena, value, read_way, err);
}

static int
read_date(const char *cell, struct arena *arena, const char **value,
    struct error *err)
{
	static const char form[] = "0000-00-00";
	size_t i;

	for (i = 0; i < sizeof(form); i++)
		if (form[i] == '0' ? !ascii_is_digit(cell[i])
				   : cell[i] != form[i])
			return refuse(err, "a date as 2026-11-28");
	return take(cell, arena, value);
}

#define COLUMN(name, read)                                   \
	{                                                    \
#name, offsetof(struct provider, name), read \
	}

const struct column columns[] = {
    COLUMN(id, read_id),
    COLUMN(name, read_text),
    COLUMN(domains, read_hosts),
    COLUMN(mx, read_patterns),
    COLUMN(server, read_host),
    COLUMN(port, read_port),
    COLUMN(tls, read_tls),
    COLUMN(user, read_user),
    COLUMN(auth, read_mechanisms),
    COLUMN(secret, read_word),
    COLUMN(secret_url, read_url),
    COLUMN(issuer, read_issuer),
    COLUMN(auth_url, read_url),
    COLUMN(token_url, read_url),
    COLUMN(device_url, read_url),
    COLUMN(revoke_url, read_url),
    COLUMN(scope, read_scope),
    COLUMN(redirect, read_redirect),
    COLUMN(flow, read_flow),
    COLUMN(client, read_text),
    COLUMN(client_url, read_url),
    COLUMN(hint, read_text),
    COLUMN(source, read_text),
    COLUMN(checked, read_date),
    {NULL, 0, NULL},
};

const struct column *
column_find(const char *name, size_t n)
{
	const struct column *c = columns;

	for (; c->name != NULL; c++)
		if (strlen(c->name) == n && memcmp(c->name, name, n) == 0)
			return c;
	return NULL;
}

/* Nothing in a cell may be seen as something else than it is. */
static bool
is_plain(const char *cell, size_t n)
{
	struct buf shown = {0};
	bool same;

	printable_append(&shown, cell, n);
	same = shown.len == n && n > 0 && memcmp(shown.data, cell, n) == 0;
	buf_clear(&shown);
	return same;
}

int
column_read(const struct column *column, const char *cell, size_t n,
    struct arena *arena, const char **value, struct error *err)
{
	struct buf shown = {0};
	int r;

	if (n > CELL_MAX)
		r = refuse(err, "no more than 2000 bytes");
	else if (!is_plain(cell, n))
		r = refuse(err, "UTF-8 without controls");
	else if (*cell == ' ' || cell[n - 1] == ' ')
		r = refuse(err, "no blanks around it");
	else
		r = column->read(
		    arena_strndup(arena, cell, n), arena, value, err);
	if (r == -1) {
		printable_append(&shown, cell, n < SHOWN_MAX ? n : SHOWN_MAX);
		error_context(err, "%s '%s'", column->name, buf_string(&shown));
		buf_clear(&shown);
	}
	return r;
}
