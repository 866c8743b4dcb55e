/* identity: who, where and when we are, as a message tells it. */
#ifndef COMMAND_IDENTITY_H
#define COMMAND_IDENTITY_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "message/message.h"

/* need_user: user and name are filled in, too.  Strings live in the arena.
 * With SOURCE_DATE_EPOCH in the environment it is reproducible.  EX_USAGE:
 * that variable is none; EX_OSERR: no random numbers. */
int
identity_read(struct ident *, bool need_user, struct arena *, struct error *);
/*
 * Our full name as an EHLO command may have it, NULL: the system knows none.
 * What the system says is judged as --ehlo-name is; a final dot goes.
 */
const char *identity_host_name(struct arena *);
/* The charset of the locale. */
const char *identity_charset(struct arena *);

#endif
