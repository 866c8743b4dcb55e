#include "message/idna.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "lib/buf.h"
#include "lib/printable.h"

#define LIBRARY "libgnutls.so.30"

enum {
	LONGEST_DOMAIN = 255, /* RFC 5321 4.5.3.1.2 */
	LONGEST_LABEL = 63,
	LONGEST_INPUT = 1020, /* 255 characters in UTF-8 */
};

struct library {
	void *handle;
	__typeof__(gnutls_idna_map) *map;
	__typeof__(gnutls_free) *free; /* a variable there */
};

/* Loaded once and then kept by RTLD_NODELETE, so that no state is kept here
 * and later calls cost next to nothing. */
static int
library_open(struct library *lib, struct error *err)
{
	const char *reason;

	lib->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (lib->handle != NULL) {
		lib->map = dlsym(lib->handle, "gnutls_idna_map");
		lib->free = dlsym(lib->handle, "gnutls_free");
		if (lib->map != NULL && lib->free != NULL)
			return 0;
	}
	reason = dlerror();
	error_set(err, EX_OSERR,
	    "an internationalised domain needs the library %s: %s", LIBRARY,
	    reason != NULL ? reason : "cannot be opened");
	if (lib->handle != NULL)
		dlclose(lib->handle);
	return error_hint(err,
	    "install GnuTLS, or write the domain in its "
	    "ASCII form (xn--...)");
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static int
label_check(const char *label, size_t n, struct error *err)
{
	if (n == 0)
		return error_set(err, EX_USAGE, "empty label in the domain");
	if (n > LONGEST_LABEL)
		return error_set(err, EX_USAGE, "label of more than 63 octets");
	if (label[0] == '-' || label[n - 1] == '-')
		return error_set(
		    err, EX_USAGE, "label that begins or ends with '-'");
	return 0;
}

/* RFC 1123 2.1, and the underscores that the real world has. */
static int
host_check(const char *domain, size_t *place, struct error *err)
{
	const char *label = domain;
	size_t n, len;

	for (;;) {
		len = strcspn(label, ".");
		*place = (size_t)(label - domain);
		for (n = 0; n < len; n++) {
			if (is_alnum(label[n]) || label[n] == '-' ||
			    label[n] == '_')
				continue;
			*place += n;
			return error_set(err, EX_USAGE,
			    "unexpected '%c' in the domain", label[n]);
		}
		if (label_check(label, len, err) == -1)
			return -1;
		if (label[len] == '\0')
			break;
		label += len + 1;
	}
	*place = 0;
	if (strlen(domain) > LONGEST_DOMAIN)
		return error_set(
		    err, EX_USAGE, "domain of more than 255 octets");
	return 0;
}

static int
map(const struct library *lib, const char *domain, struct buf *out)
{
	gnutls_datum_t ascii = {0};

	if (lib->map(domain, (unsigned)strlen(domain), &ascii,
		GNUTLS_IDNA_FORCE_2008) < 0)
		return -1;
	buf_append(out, ascii.data, ascii.size);
	(*lib->free)(ascii.data);
	return 0;
}

/* The mapping leaves out characters without a word (UTS 46: "ignored", and
 * those not allowed by STD 3), so that mail would go to another domain. */
static bool
is_dropped(const struct library *lib, const char *character, size_t n)
{
	struct buf mapped = {0};
	char probe[8] = "a";
	bool dropped;

	memcpy(probe + 1, character, n);
	dropped = map(lib, probe, &mapped) == 0 &&
	    strcmp(buf_string(&mapped), "a") == 0;
	buf_clear(&mapped);
	return dropped;
}

static int
characters_check(const struct library *lib, const char *domain, size_t *place,
    struct error *err)
{
	const size_t n = strlen(domain);
	size_t i, len;
	uint32_t rune;

	for (i = 0; i < n; i += len) {
		*place = i;
		len = printable_utf8(domain + i, n - i, &rune);
		if (len == 0)
			return error_set(err, EX_USAGE, "ill-formed UTF-8");
		if (len == 1 ? !is_alnum(domain[i]) && domain[i] != '-' &&
			    domain[i] != '.'
			     : is_dropped(lib, domain + i, len))
			return error_set(err, EX_USAGE,
			    "character that no internationalised "
			    "domain can hold");
	}
	*place = 0;
	return 0;
}

static int
map_checked(const struct library *lib, const char *domain, struct buf *out,
    size_t *place, struct error *err)
{
	if (strlen(domain) > LONGEST_INPUT) {
		*place = 0;
		return error_set(
		    err, EX_USAGE, "domain of more than 255 octets");
	}
	if (characters_check(lib, domain, place, err) == -1)
		return -1;
	if (map(lib, domain, out) == -1)
		return error_set(err, EX_USAGE,
		    "not an internationalised domain (IDNA 2008)");
	return 0;
}

static bool
is_ascii(const char *s)
{
	while (*s != '\0')
		if ((unsigned char)*s++ >= 0x80)
			return false;
	return true;
}

int
idna_to_ascii(struct arena *a, const char *domain, const char **out,
    size_t *place, struct error *err)
{
	struct buf mapped = {0};
	struct library lib = {0};
	size_t ignored;
	int r;

	*place = 0;
	if (is_ascii(domain)) {
		if (host_check(domain, place, err) == -1)
			return -1;
		*out = arena_strdup(a, domain);
		return 0;
	}
	if (library_open(&lib, err) == -1)
		return -1;
	r = map_checked(&lib, domain, &mapped, place, err);
	dlclose(lib.handle);
	if (r == 0)
		r = host_check(buf_string(&mapped), &ignored, err);
	if (r == 0)
		*out = arena_strdup(a, buf_string(&mapped));
	buf_clear(&mapped);
	return r;
}
