/*
 * parameter: what MAIL and RCPT say behind the path (RFC 5321 4.1.2, esmtp-param):
 * KEYWORD or KEYWORD=value, each of an extension that the server must offer.
 */
#ifndef SMTP_PARAMETER_H
#define SMTP_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

#include "smtp/capability.h"

struct smtp_parameter {
	const char *keyword;
	const char *value;  /* as it goes out: no blanks, no controls, no '=';
			       NULL: none */
	unsigned extension; /* enum smtp_capability; 0: it has no bit */
	const char *offer;  /* extension 0: its keyword in the reply to EHLO;
			       NULL: it goes out anyway */
	bool demanded; /* where it is not offered nothing is sent; otherwise
			  it is left out */
};

struct smtp_parameters {
	const struct smtp_parameter *items;
	size_t count;
};

enum smtp_parameter_of { SMTP_OF_MAIL = 1, SMTP_OF_RCPT = 2 };

/* The command that a keyword is known to belong to; 0: it is not known. */
unsigned smtp_parameter_of(const char *keyword);
/* Sets extension and offer to those of the keyword: an unknown one is that of
 * an extension of the same name. */
void smtp_parameter_judge(struct smtp_parameter *);

/* Appends " KEYWORD=value" for each whose extension is offered, and returns how
 * many octets that are; out NULL: only counts them. */
size_t smtp_parameters_put(const struct smtp_parameters *,
    const struct smtp_capabilities *, struct buf *out);
/*
 * Whether nothing is demanded that is not offered, and nothing goes out that is
 * beyond the bounds which the server names beside its offer: DELIVERBY's least
 * time, FUTURERELEASE's longest and latest.  The error names keyword and
 * extension: EX_DATAERR where the message itself cannot do without, EX_NOPERM
 * for REQUIRETLS, else EX_UNAVAILABLE.
 */
int smtp_parameters_check(const struct smtp_parameters *,
    const struct smtp_capabilities *, struct error *);

#endif
