/*
 * local: what names without a domain stand for, in the envelope and in the
 * header.  Without `local` in the params, nothing but mailboxes at our host.
 */
#ifndef MESSAGE_LOCAL_H
#define MESSAGE_LOCAL_H

#include "message/draft.h"
#include "rfc5322/header.h"

/* Whether the message is taken as sendmail(8) takes it. */
static inline bool
local_is_sendmail(const struct message_params *p)
{
	return p->local != NULL && p->local->sendmail;
}

/* The domain of names without one. */
const char *local_domain(const struct message_params *);
/* Adds recipients to the envelope, or those that they stand for. */
int local_add_recipients(struct message *, const struct message_params *,
    const struct address_list *, struct error *);
/* The display name that is given for an author, in UTF-8; NULL: none. */
int local_full_name(struct message *, const struct message_params *,
    const char **name, struct error *);
/* Appends the field, all of it, names in it with their domain if it is one of
 * addresses; false: it has none, and nothing is appended. */
bool local_qualify(struct arena *, const struct message_params *,
    const struct header_field *, struct buf *out);

#endif
