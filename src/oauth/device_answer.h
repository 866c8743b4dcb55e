/* device_answer: what a device authorization endpoint gives (RFC 8628 3.2). */
#ifndef OAUTH_DEVICE_ANSWER_H
#define OAUTH_DEVICE_ANSWER_H

#include "oauth/sign_in.h"

struct oauth_device {
	struct arena arena;
	struct secret device_code;
	const char *code;     /* user_code: printable */
	const char *url;      /* oauth_is_url */
	const char *complete; /* the same; NULL: none */
	int64_t interval_s, lifetime_s;
};

/* Asks for one: client_id and, if there is one, client_secret are added to the
 * form.  As oauth_token_ask; oauth_device_clear in either case. */
int oauth_device_ask(const struct oauth_sign_in *, struct buf *form,
    struct oauth_device *, struct oauth_refusal *, struct error *);
void oauth_device_clear(struct oauth_device *);

#endif
