/*
 * accounts: the sections of the configuration files: which one a call uses,
 * and what holds in each.
 */
#ifndef OPTIONS_ACCOUNTS_H
#define OPTIONS_ACCOUNTS_H

#include "options/config_file.h"
#include "options/settings.h"

enum { FILE_SYSTEM, FILE_USER, FILES };

/*
 * Sets s->account: the one that is named, else the one that is for the From
 * address of the command line or the environment, else `default` if there is
 * one.  An account is for the addresses in its `from`, and for those that fit
 * its patterns there; the address itself goes before a pattern, a pattern before
 * one that names fewer characters, and the user's file before the system's.  Two
 * accounts between which that does not decide are an error, unless one of them
 * is `default`, which gives way.  Where there is no such From address, the
 * sender is in its place, if it is not NULL.  Errors are EX_CONFIG.
 */
int accounts_choose(const struct config_file files[FILES], const char *sender,
    struct settings *, struct error *);
/* What stands above all accounts, then what stands in s->account.  Where that is
 * for patterns, a From address that comes from further below and fits none of
 * them is taken away (message.from_pattern). */
int accounts_apply_common(
    const struct config_file files[FILES], struct settings *, struct error *);
int accounts_apply(
    const struct config_file files[FILES], struct settings *, struct error *);
/* Fills s->others with the accounts of --failover, but for the one in use.  A
 * configured list is not for a server that the call names. */
int accounts_failover(
    const struct config_file files[FILES], struct settings *, struct error *);
/* Fills s->others with all accounts, each with its faults. */
void accounts_list(const struct config_file files[FILES], struct settings *);

#endif
