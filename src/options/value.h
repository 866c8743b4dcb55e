/*
 * value: what a text stands for, and whether it may stand at all.
 *
 * Each function returns NULL when all is well, else what is wrong, as the rest
 * of a sentence that begins with the text: "'3x' is not a duration (…)".
 * What it was to fill is left alone then.
 */
#ifndef OPTIONS_VALUE_H
#define OPTIONS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_form {
	VALUE_LINE,	     /* one line, not empty */
	VALUE_COMMAND,	     /* the same: a command, which may hold a secret */
	VALUE_LINE_OR_EMPTY, /* one line */
	VALUE_TEXT,	     /* anything */
	VALUE_PLAIN,	     /* UTF-8 without controls, not empty */
	VALUE_SERVER,	     /* the same; a URL may have a password in it */
	VALUE_QUERY,	     /* the same, short enough for a command line */
	VALUE_TOKEN,	     /* a keyword, a mechanism, a charset */
	VALUE_TOKENS,	     /* several with commas between, or none */
	VALUE_EHLO_NAME,     /* a host name or an address literal */
	VALUE_IP_ADDRESS,    /* numeric, of either family */
	VALUE_PIN, /* SHA-256: 44 base64 characters or 64 hex digits */
};

const char *value_text(const char *text, enum value_form);
const char *value_flag(const char *text, bool *);	 /* yes, no, true … */
const char *value_number(const char *text, uint64_t *);	 /* decimal */
const char *value_size(const char *text, uint64_t *);	 /* 10, 64K, 25M, 1G */
const char *value_duration(const char *text, int64_t *); /* to milliseconds */

#endif
