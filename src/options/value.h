/*
 * value: what a text stands for, and whether it may stand at all.
 *
 * Each function returns 0, or -1 with what is wrong as the error's text: the
 * rest of a sentence that begins with the value, "'3x' is not a duration (…)".
 * What it was to fill is left alone then.
 */
#ifndef OPTIONS_VALUE_H
#define OPTIONS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"

int value_flag(const char *text, bool *, struct error *); /* yes, no, true … */
int value_number(const char *text, uint64_t *, struct error *);	 /* decimal */
int value_duration(const char *text, int64_t *, struct error *); /* to ms */

typedef int value_check(const char *text, struct error *);

value_check value_line;		 /* one line, not empty */
value_check value_line_or_empty; /* one line */
value_check value_any;
value_check value_plain_or_empty; /* UTF-8 without controls */
value_check value_plain;	  /* UTF-8 without controls, not empty */
value_check value_query;      /* the same, short enough for a command line */
value_check value_token;      /* a keyword, a charset */
value_check value_tokens;     /* several with commas between, or none */
value_check value_ehlo_name;  /* a host name, IDN too, or an address literal */
value_check value_ip_address; /* numeric, of either family */
value_check value_descriptor; /* 0, or a number from 3 on */
value_check value_credential; /* a file's name (systemd.exec(5)) */
value_check value_host;	      /* a host name, IDN too, or a numeric address */
value_check value_tls_priority; /* what TLS may agree on, for GnuTLS */
value_check value_pin; /* SHA-256: 44 base64 characters or 64 hex digits */

/* A value that value_ehlo_name let in, as EHLO may say it: in A-labels, without
 * the dot that ends an absolute name.  Lives in the arena. */
int value_ehlo_form(
    struct arena *, const char *text, const char **out, struct error *);
/* The same for value_host and TLS. */
int value_host_form(
    struct arena *, const char *text, const char **out, struct error *);

#endif
