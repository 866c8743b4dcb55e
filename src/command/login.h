/*
 * login: signs the account of the settings in, and keeps what comes of it.
 *
 * No mail server is asked.  The person is told and asked on standard error and
 * on the terminal (login_person.h).
 */
#ifndef COMMAND_LOGIN_H
#define COMMAND_LOGIN_H

#include "command/command.h"

enum login_way {
	LOGIN_ANY, /* a browser that is here, else a device, else copy */
	LOGIN_BROWSER,
	LOGIN_DEVICE,
	LOGIN_COPY,
};

/*
 * 0: the account is signed in, on disk, and a line of the result (with --json an
 * object) is in `told`, which may be NULL.  -1: nothing has changed: EX_CONFIG,
 * EX_NOPERM (the person or the server said no, or nobody came), EX_TEMPFAIL,
 * EX_PROTOCOL, EX_SIGNAL plus n, with a hint where there is a next step.
 */
int login(const struct settings *, const struct process *, enum login_way,
    struct buf *told, struct error *);

#endif
