/*
 * value_envelope: what the options of an envelope may say, as value.h tells,
 * and what it stands for.
 */
#ifndef OPTIONS_VALUE_ENVELOPE_H
#define OPTIONS_VALUE_ENVELOPE_H

#include <stddef.h>

#include "options/value.h"

enum {
	VALUE_SECONDS_MAX = 999999999, /* RFC 2852 4, RFC 4865 3 */
	VALUE_ENVID_MAX = 100,	       /* octets of xtext (RFC 3461 4.4) */
	VALUE_PARAMETER_MAX = 500,     /* octets of any value */
};

/* "2h", "90s,return", "1h,notify,trace" (RFC 2852). */
struct value_deliver_by {
	int64_t seconds;
	bool is_return, trace;
};

/* [?][EXTENSION:]KEYWORD[=VALUE] */
struct value_parameter {
	bool optional;	       /* where it is offered, else left out */
	bool named;	       /* an extension is named: */
	const char *extension; /* … by so many octets, 0: none judges it */
	size_t extension_len;
	const char *keyword;
	size_t keyword_len;
	const char *value; /* NULL: none */
};

int
value_deliver_by(const char *text, struct value_deliver_by *, struct error *);
int value_parameter(const char *text, struct value_parameter *, struct error *);

value_check value_notify;      /* never, or success, failure, delay */
value_check value_envelope_id; /* ASCII, short enough as xtext */
value_check value_by;
value_check value_priority; /* -9 to 9 */
value_check value_esmtp;    /* the value of a parameter as it goes out */
value_check value_parameters;

#endif
