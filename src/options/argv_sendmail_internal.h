/* argv_sendmail_internal: words and letters on one side, what each letter does
 * with its value on the other. */
#ifndef OPTIONS_ARGV_SENDMAIL_INTERNAL_H
#define OPTIONS_ARGV_SENDMAIL_INTERNAL_H

#include <string.h>

#include "options/argv_sendmail.h"

struct sendmail_scan {
	struct argv_sendmail *out;
	struct arena *arena;
	char **next, **end; /* words still to be read */
	const char *mode;   /* the word that set it, or NULL */
	bool flush;	    /* there was a -q */
	struct error *err;
};

/* What an option does with its value; NULL: it has none. */
typedef int sendmail_set(struct sendmail_scan *, const char *value);

enum sendmail_takes {
	TAKES_NOTHING,
	TAKES_GLUED, /* a value, or not */
	TAKES_VALUE,
};

struct sendmail_letter {
	char letter;
	enum sendmail_takes takes;
	sendmail_set *set;
};

/* NULL: there is none. */
const struct sendmail_letter *sendmail_letter(char letter);

/* Of words that variables of shells leave. */
static inline bool
sendmail_is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* -1: there is no such option. */
int sendmail_unknown(struct sendmail_scan *, const char *option);
/* The word says it. */
int
sendmail_set_mode(struct sendmail_scan *, enum sendmail_mode, const char *word);

#endif
