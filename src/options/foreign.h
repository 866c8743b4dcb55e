/*
 * foreign: options that other mailers have and we have not, with what does the
 * same here: those of mailx, s-nail, mutt, msmtp, sendmail, swaks, curl,
 * sendEmail, mailsend-go and git send-email.
 */
#ifndef OPTIONS_FOREIGN_H
#define OPTIONS_FOREIGN_H

#include <stddef.h>

#include "options/value.h"

struct foreign_row {
	/* "-p --port", one blank between; "-bs" is two letters, of which we have
	 * the first. */
	const char *names;
	const char *hint;
};
extern const struct foreign_row foreign_rows[]; /* names is NULL: the end */

/* A server, and no variable of s-nail's: its -S sets those, as in
 * smtp-auth=login. */
value_check value_server;

/* The hint for a word such as "--port", "-port" or "-p", or NULL. */
const char *foreign_hint(const char *word);
/* The same for the name of a setting or a variable, such as "tls_trust_file" or
 * "SMTP_HOST". */
const char *foreign_setting_hint(const char *name);

#endif
