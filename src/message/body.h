/*
 * body: the text of a composed message, as a leaf.
 */
#ifndef MESSAGE_BODY_H
#define MESSAGE_BODY_H

#include "message/fields.h"
#include "message/leaf.h"

/* The first input, with the Content-Type and the transfer encoding that -H
 * gives; EX_DATAERR: it is not what these say, or not in its charset. */
int body_make(const struct leaf_context *, const struct fields *,
    struct mime_part **out, struct error *);

#endif
