/* complete: a message that exists already, header and all. */
#ifndef MESSAGE_COMPLETE_H
#define MESSAGE_COMPLETE_H

#include "message/draft.h"

enum {
	COMPLETE_HEADER_MAX = 8 << 20, /* octets */
	COMPLETE_FIELDS_MAX = 100000,
};

/* Fills in everything; the message's input has been begun. */
int
complete_draft(struct message *, const struct message_params *, struct error *);

#endif
