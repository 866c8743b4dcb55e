/*
 * parameter: what MAIL and RCPT say behind the path (RFC 5321 4.1.2, esmtp-param):
 * KEYWORD or KEYWORD=value, each of an extension that the server must offer.
 */
#ifndef SMTP_PARAMETER_H
#define SMTP_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#include "smtp/capability.h"

struct smtp_parameter {
	const char *keyword;
	const char *value;  /* as it goes out: no blanks, no controls, no '=';
			       NULL: none */
	unsigned extension; /* enum smtp_capability; 0: it goes out anyway */
	bool demanded; /* where it is not offered nothing is sent; otherwise
			  it is left out */
};

struct smtp_parameters {
	const struct smtp_parameter *items;
	size_t count;
};

/* Appends " KEYWORD=value" for each whose extension is offered, and returns how
 * many octets that are; out NULL: only counts them. */
size_t smtp_parameters_put(const struct smtp_parameters *,
    const struct smtp_capabilities *, struct buf *out);
/* The first that is demanded and not offered; NULL: there is none. */
const struct smtp_parameter *smtp_parameters_missing(
    const struct smtp_parameters *, const struct smtp_capabilities *);

#endif
