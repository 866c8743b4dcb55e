#include "sasl/password.h"

static bool
is_ascii(const struct secret *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		if ((unsigned char)s->bytes[i] >= 0x80)
			return false;
	return true;
}

int
password_init(struct password *p, struct sasl *x)
{
	const struct secret *password = &x->credentials->password;
	struct error err;
	int r;

	*p = (struct password){.prepared = {(unsigned char *)password->bytes,
				   (unsigned)password->len}};
	if (gnutls_open(&p->gnutls, &err) == -1) {
		buf_puts(&x->said, err.text);
		return -1;
	}
	if (is_ascii(password))
		return 0;
	r = p->gnutls.utf8_password_normalize(
	    (const unsigned char *)password->bytes, (unsigned)password->len,
	    &p->prepared, 0);
	p->own = r == 0;
	if (r != 0)
		buf_printf(&x->said,
		    "the password has characters that none may have, or is not "
		    "in UTF-8 (%s)",
		    p->gnutls.strerror(r));
	return r == 0 ? 0 : -1;
}

void
password_clear(struct password *p)
{
	if (!p->own)
		return;
	secret_wipe(p->prepared.data, p->prepared.size);
	(*p->gnutls.free)(p->prepared.data);
}
