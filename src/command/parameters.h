/*
 * parameters: what the settings and the recipients ask of the envelope, as the
 * parameters of MAIL and RCPT that smtp takes.
 */
#ifndef COMMAND_PARAMETERS_H
#define COMMAND_PARAMETERS_H

#include "lib/arena.h"
#include "lib/error.h"
#include "message/message.h"
#include "options/settings.h"
#include "rfc5322/address.h"
#include "smtp/parameter.h"

struct parameters {
	struct smtp_parameters mail;
	struct smtp_parameters rcpt; /* of every RCPT, but for an ORCPT */
	bool dsn_if_offered; /* a recipient's own NOTIFY and ORCPT, too */
};

/* Strings are the arena's or the settings'.  EX_USAGE or EX_CONFIG, naming the
 * option: a value that cannot stand for anything, a keyword that is given twice
 * or that smtpsend says by itself. */
int parameters_read(struct parameters *, const struct settings *,
    struct arena *, struct error *);
/*
 * Those of one recipient: its own, then those of all that it has not got, then
 * ORCPT if there is a NOTIFY (RFC 3461, RFC 6533): the address as it was given.
 * EX_USAGE, naming the recipient.
 */
int parameters_of(const struct parameters *, const struct address *,
    struct arena *, struct smtp_parameters *out, struct error *);

/* What MAIL says of the form that a message is opened in; of room for two. */
struct smtp_parameters parameters_of_form(struct smtp_parameter room[2],
    const struct message_facts *, const struct mime_stream *);

#endif
