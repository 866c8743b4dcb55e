/*
 * forward: a message that is passed on within another one (RFC 2046 5.2.1).
 */
#ifndef MESSAGE_FORWARD_H
#define MESSAGE_FORWARD_H

#include "message/leaf.h"

/* A message/rfc822 without its mbox line and its Bcc fields, and with what mail
 * cannot carry encoded, as --repair does it: a message must not be encoded as
 * a whole (RFC 2046 5.2.1). */
int forward_make(const struct leaf_context *, struct input *,
    struct mime_part **out, struct error *);

#endif
