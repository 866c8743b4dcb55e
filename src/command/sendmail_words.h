/*
 * sendmail_words: a command line of sendmail(8), said in words of smtpsend's,
 * and the settings that they and the configuration make.
 */
#ifndef COMMAND_SENDMAIL_WORDS_H
#define COMMAND_SENDMAIL_WORDS_H

#include "options/argv_sendmail.h"
#include "options/options.h"

/* From where `from` says, but for the command line, which is the call's, and for
 * the files where the call names one.  The origin that they were read from is
 * put into *made and lives in the arena.  0 or -1 as options_read, and *out is
 * to be cleared in either case. */
int sendmail_settings(const struct argv_sendmail *call, const char *name,
    const struct options_origin *from, struct arena *,
    struct options_origin *made, struct settings *out, struct error *);
/* The same with no configuration: no files, and variables if they are sound;
 * else only the one that says where the outbox is, if that is. */
int sendmail_settings_bare(const struct argv_sendmail *call, const char *name,
    const struct options_origin *from, struct arena *,
    struct options_origin *made, struct settings *out, struct error *);
/* Nobody looks at what we say, so that it is logged; but where there is no
 * syslog and nobody has asked for a log, that is no fault. */
void sendmail_default_log(struct settings *);

#endif
