#include "transport/tls_clear.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"

bool
tls_is_clear(const char *bytes, size_t n)
{
	return n > 0 &&
	    ((unsigned char)bytes[0] < 20 || (unsigned char)bytes[0] > 23);
}

int
tls_clear_error(const struct tls_policy *policy, const char *bytes, size_t n,
    struct error *err)
{
	const char *end = memchr(bytes, '\n', n);
	size_t len = end != NULL ? (size_t)(end - bytes) : n;
	struct buf text = BUF_WITH_MAX(4 * n + 1);

	if (len > 0 && bytes[len - 1] == '\r')
		len--;
	printable_append(&text, bytes, len);
	error_set(err, EX_NOPERM,
	    "%s: the server answers in clear, not with TLS: %s", policy->name,
	    buf_string(&text));
	buf_clear(&text);
	if (policy->if_clear != NULL && n > 3 && ascii_is_digit(bytes[0]) &&
	    ascii_is_digit(bytes[1]) && ascii_is_digit(bytes[2]))
		error_hint(err, "%s", policy->if_clear);
	return -1;
}
