/* address_format: an address that was read, as others need it. */
#include "rfc5322/address.h"

#include <string.h>

#include "lib/ascii.h"

#include "rfc5322/addr_spec.h"
#include "rfc5322/words.h"

int
address_format(const struct address *a, struct buf *out)
{
	const char *before = a->comments, *behind = a->comments_behind;

	if (a->display == NULL && before == NULL && behind == NULL)
		return buf_puts(out, a->mailbox);
	if (a->display != NULL &&
	    ((a->encoded != NULL ? buf_puts(out, a->encoded)
				 : words_encode(out, a->display,
				       strlen(a->display), true)) == -1 ||
		buf_putc(out, ' ') == -1))
		return -1;
	if (before != NULL &&
	    (buf_puts(out, before) == -1 || buf_putc(out, ' ') == -1))
		return -1;
	/* A comment behind a bare address would be read as its name. */
	if (buf_putc(out, '<') == -1 || buf_puts(out, a->mailbox) == -1 ||
	    buf_putc(out, '>') == -1)
		return -1;
	if (behind == NULL)
		return 0;
	return buf_putc(out, ' ') == 0 ? buf_puts(out, behind) : -1;
}

int
address_domain_to_ascii(struct arena *arena, const char *domain_utf8,
    const char **out, struct error *err)
{
	return addr_spec_domain(arena, domain_utf8, out, err);
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return strcmp(a->local, b->local) == 0 &&
	    ascii_equal_n(a->domain, strlen(a->domain), b->domain);
}
