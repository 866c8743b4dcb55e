/* login_person: what a person is told, and asked, while he signs in: on standard
 * error, and on the terminal. */
#ifndef COMMAND_LOGIN_PERSON_H
#define COMMAND_LOGIN_PERSON_H

#include "command/command.h"
#include "oauth/sign_in.h"

struct login_person {
	const struct settings *settings;
	const struct process *process;
	const char *account;
	const char *user; /* who is to sign in; NULL: not known */
	struct wait_limits wait;
};

/* The functions of src/oauth; *self outlives them. */
struct oauth_person login_person(struct login_person *self);
/* Whether there is a terminal to paste on. */
bool login_can_paste(void);

#endif
