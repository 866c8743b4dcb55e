/*
 * foreign: options that other mailers have and we have not, with what does the
 * same here: those of mailx, s-nail, mutt, msmtp, sendmail, swaks, curl,
 * sendEmail and git send-email.
 */
#ifndef OPTIONS_FOREIGN_H
#define OPTIONS_FOREIGN_H

#include <stddef.h>

struct foreign_row {
	const char *names; /* "-p --port", one blank between */
	const char *hint;
};
extern const struct foreign_row foreign_rows[]; /* names is NULL: the end */

/* The hint for a word such as "--port" or "-p", or NULL. */
const char *foreign_hint(const char *word);

#endif
