/* token_url: the URL of an object in a PKCS#11 token (RFC 7512). */
#ifndef TRANSPORT_TOKEN_URL_H
#define TRANSPORT_TOKEN_URL_H

#include "lib/error.h"

/* EX_NOPERM: no token that is there has the object; the hint tells how to look
 * for it, without what may be secret.  Returns -1. */
int token_url_failed(const char *url, struct error *);

#endif
