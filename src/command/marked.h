/*
 * marked: messages for the system's flush.
 *
 * Who may not read the system's configuration, or a secret that it names, can
 * not sign in at the system's relay.  His message waits in the spool with a
 * mark, {"system":true,"words":[...]}, and root's flush sends it with the
 * system's settings.  The words are options of the envelope and nothing else,
 * when they are written and again when they are read: the file is the user's,
 * and what he writes there must not lead root's secret anywhere.
 */
#ifndef COMMAND_MARKED_H
#define COMMAND_MARKED_H

#include "command/spool.h"
#include "options/account_new.h"

/* Whether the options of an envelope have the mark; NULL: it has none. */
bool marked_is(const char *options);
/* Whether nothing but the system's settings, which may not be read, can send
 * messages of these. */
bool marked_needed(const struct settings *);
/* Whether messages of these settings get it: that is needed, and there is a
 * spool.  1, 0; -1, EX_CONFIG or EX_USAGE: they should, but something that they
 * say of server or signing in would not hold then. */
int marked_wanted(
    const struct settings *, const struct spool_places *, struct error *);
/* The settings that hold for a message: the system's, and its words.  The base
 * outlives them; to be cleared in either case.  -1, EX_DATAERR: it is none of
 * ours. */
int marked_settings(const struct settings *base, const char *options,
    struct arena *, struct settings *, struct error *);

#endif
