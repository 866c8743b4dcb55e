/* answer: what servers of OAuth say in JSON, made fit for us and for people. */
#ifndef OAUTH_ANSWER_H
#define OAUTH_ANSWER_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/jansson.h"
#include "oauth/token.h"

enum { OAUTH_SECRET_MAX = 16 << 10 }; /* octets of a token, a code … */

/* Fills in error and description, if the object has them, without what the form
 * (NULL: none) had of secrets. */
void oauth_answer_refusal(const struct jansson *, const json_t *object,
    const struct buf *form, struct oauth_refusal *);
/* A duration as a number, which some write as a text or with a fraction: from 0
 * to max; -1: there is none. */
int64_t oauth_answer_seconds(const struct jansson *, const json_t *object,
    const char *name, int64_t max);

#endif
