/*
 * local: what stands for names without a domain, by the settings and what is on
 * this host.
 */
#ifndef COMMAND_LOCAL_H
#define COMMAND_LOCAL_H

#include "lib/arena.h"
#include "lib/error.h"
#include "message/message.h"
#include "options/settings.h"
#include "rfc5322/aliases.h"

/*
 * The aliases that are configured; under the name sendmail those of /etc/aliases
 * if none are.  The domain is that of bare names.  *any: there are some; a file
 * that nobody named need not be there.
 *
 * EX_CONFIG: one that was named is not there; it is no regular file, belongs to
 * somebody else than us or root, can be changed by everybody, or is too large;
 * what it holds cannot be read (aliases_read).
 */
int local_read_aliases(const struct settings *, const char *domain,
    struct arena *, struct aliases *, bool *any, struct error *);
/* With --local-domain, our name as mail has it is that. */
int local_set_host(
    const struct settings *, struct arena *, struct ident *, struct error *);
/* What a message is to know of it, in the arena; *out is NULL: nothing. */
int local_fill(const struct settings *, const struct ident *, struct arena *,
    const struct message_local **out, struct error *);

#endif
