/*
 * ticket: a Kerberos ticket for a server, asked for ahead.
 *
 * libgsasl asks the realm for it in the middle of an exchange and waits as long
 * as that takes, whatever the deadline and signals say.  So another process asks
 * first, which can be ended; the ticket is in the user's cache then.
 */
#ifndef COMMAND_TICKET_H
#define COMMAND_TICKET_H

#include "lib/error.h"
#include "lib/wait.h"
#include "sasl/sasl.h"

/* 0, also when there is no cache to keep it in.  -1: EX_NOPERM, there is none;
 * EX_TEMPFAIL, it took too long; EX_SIGNAL plus the number; what sasl_new says;
 * EX_OSERR. */
int ticket_get(const struct sasl_credentials *, const struct wait_limits *,
    struct error *);

#endif
