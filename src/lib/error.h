/*
 * error: a failure as a value.
 *
 * Functions that can fail take a `struct error *` as their last parameter,
 * return 0 or -1, and fill it only when they return -1.  The text names what
 * was tried and what came back, without the program's name and without a
 * final newline; the hint is the next step for the user, or "".
 */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include <sysexits.h>

/* Exit statuses beside those of sysexits.h; see report/outcome.h. */
#define EX_PARTIAL 1	/* accepted for some recipients, not for all */
#define EX_UNKNOWN 2	/* the whole message went out, no verdict came back */
#define EX_UNFINISHED 3 /* of many messages some are still to be sent */
#define EX_SIGNAL 128	/* and a number: cancelled by that signal */

struct error {
	int status;	   /* exit status, an EX_ value; EX_SIGNAL + n: the
			      run was cancelled by signal n */
	int reply;	   /* SMTP reply code behind it, 0 if none */
	int phase;	   /* what was asked of the server then, an enum
			      smtp_phase; 0: nothing */
	char enhanced[12]; /* enhanced status code (RFC 3463), "" if none */
	char text[1024];
	char hint[512];
};

/* Sets status and text, clears the rest.  Returns -1. */
int error_set(struct error *err, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "CONTEXT: " before the text.  Returns -1. */
int error_context(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Sets the hint: one to three lines, separated by '\n'.  Returns -1. */
int error_hint(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
