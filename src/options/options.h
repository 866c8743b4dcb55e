/*
 * options: from argv, files and the environment to settings.
 *
 * Order of precedence, lowest first: built-in defaults, EMAIL and SMTPSERVER,
 * the system file, the user's file (each with its [account] section),
 * SMTPSEND_* variables, argv.  A list is replaced as a whole by a higher
 * origin, and grows within one.
 */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include "lib/error.h"
#include "options/settings.h"

/* What the process was started with; tests make their own. */
struct options_origin {
	int argc;
	char **argv;
	char **environ;
	const char *system_file; /* SYSCONFDIR/smtpsend/config; NULL: none */
	const char *user_file;	 /* NULL: found by XDG_CONFIG_HOME and HOME */
	bool no_user_file;	 /* none is looked for */
	bool sender_chooses;	 /* the reverse-path of argv does so where there
				    is no author: whose account it is */
};

/*
 * 0, or -1 with *err: EX_USAGE (a bad call), EX_CONFIG (a bad file or
 * variable), both naming the origin: "--timeout: …", "FILE:12: …".
 * *settings needs no preparation, and settings_clear in either case.  Files
 * and variables are not looked at when only usage, version or the help on an
 * option is asked for: these work under a broken configuration, too.
 */
int
options_read(const struct options_origin *, struct settings *, struct error *);

#endif
