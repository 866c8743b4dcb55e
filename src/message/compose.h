/* compose: a message made from header fields and a text. */
#ifndef MESSAGE_COMPOSE_H
#define MESSAGE_COMPOSE_H

#include "message/draft.h"

/* Fills in everything; the message's input has been begun. */
int
compose_draft(struct message *, const struct message_params *, struct error *);

#endif
