/*
 * option: one value of one option, from any origin, into the settings.
 *
 * Origins have layers.  A value from a higher layer stands, whichever comes
 * first, so that argv can be read before it is known which files to read.
 */
#ifndef OPTIONS_OPTION_H
#define OPTIONS_OPTION_H

#include "lib/error.h"
#include "options/option_table.h"
#include "options/settings.h"

enum option_layer {
	LAYER_NONE,	/* no value yet */
	LAYER_DEFAULT,	/* option_row.initial */
	LAYER_FALLBACK, /* EMAIL, SMTPSERVER */
	LAYER_SYSTEM_FILE,
	LAYER_SYSTEM_ACCOUNT,
	LAYER_USER_FILE,
	LAYER_USER_ACCOUNT,
	LAYER_ENVIRONMENT,
	LAYER_ARGV,
	LAYER_RECORD, /* of one message of many (--each) */
};

struct option_origin {
	enum option_layer layer;
	const char *text; /* "command line", "SMTPSEND_TO", "FILE:12"; lives as
			     long as the settings */
};

/* value NULL: none was given.  0, or -1 with *err that names origin, option,
 * value (unless it is a secret) and what is accepted: EX_USAGE for argv, EX_DATAERR
 * for a record, else EX_CONFIG. */
int option_set(struct settings *, const struct option_row *, const char *value,
    const struct option_origin *, struct error *);
/* Sets all that have a default. */
int option_set_defaults(struct settings *, struct error *);
/* Gives `to` the value of `from`, with its origin; texts stay where they are. */
void option_copy(struct settings *to, const struct settings *from,
    const struct option_row *);
/* Judges a value as option_set does, and sets nothing. */
int option_check(const struct option_row *, const char *value,
    const struct option_origin *, struct error *);
/* The same for a value that was set without being judged, since it may be a
 * template: it has "{{" and is option_is_of_message's. */
int option_judge(const struct option_row *, const char *value,
    const struct option_origin *, struct error *);
/* A "~/" at the beginning of the name of a file or socket is the home, wherever
 * it comes from: a shell does not look into --attach=~/x and unix:~/x.  Others stay as they
 * are; -1 as option_set: there is no home. */
int option_expand(struct settings *, const struct option_row *,
    const struct option_origin *, const char **value, struct error *);
/* Where the value in the settings comes from. */
const struct option_origin *
option_origin(const struct settings *, const struct option_row *);
/* Whether the option of this name was given on the command line, or by a record
 * in its place. */
bool option_on_argv(const struct settings *, const char *name);
/* "--timeout: …", "SMTPSEND_TIMEOUT: …", "FILE:12: timeout: …".  -1. */
int option_error(struct error *, const struct option_row *,
    const struct option_origin *, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Whoever judges a value later knows it by its option: an error that begins with
 * "--NAME: 'VALUE'" or "--NAME 'VALUE'" names where that stands instead if it
 * is not the command line, and EX_USAGE becomes EX_CONFIG. */
void option_blame(const struct settings *, struct error *);
/* 'text' in quotes, printable, cut when long, the password of a URL masked; out
 * has QUOTED_SIZE bytes. */
enum { OPTION_QUOTED_SIZE = 128 };
const char *option_quote(const char *text, char out[OPTION_QUOTED_SIZE]);

#endif
