/* exchange: one that libgsasl does, for those that add to it. */
#ifndef SASL_EXCHANGE_H
#define SASL_EXCHANGE_H

#include "lib/gsasl.h"
#include "sasl/mechanisms.h"

struct exchange {
	struct sasl sasl;
	struct gsasl gsasl;
	Gsasl *context;
	Gsasl_session *session;
};

/* Of `size` bytes, which begin with a struct exchange; the callback (NULL: none)
 * is told of it as the session's hook.  NULL, and EX_OSERR: the library is
 * missing, or does not know the mechanism. */
struct exchange *exchange_new(size_t size, const struct sasl_mechanism *,
    Gsasl_callback *, struct error *);
enum sasl_progress
exchange_step(struct sasl *, const char *challenge, size_t n, struct buf *);
void exchange_free(struct sasl *);

#endif
