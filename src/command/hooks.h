/*
 * hooks: commands of the user's that are told of a message (--on-commit,
 * --on-success, --on-failure).
 *
 * Each is run by /bin/sh in a process group of its own, with descriptors 0 to 2
 * only: what it prints goes to standard error.  Our environment is its own, with
 * MAIL_… variables of the message added; standard input is /dev/null, or the
 * report as JSON.
 *
 * What happens in a hook, or to it, is a warning at most.  It has --timeout's
 * time, else HOOKS_LIMIT_MS, and no more than is left until the deadline, but a
 * second in any case: that the deadline has passed can be told, too.  Then it
 * is ended with all that it started.
 */
#ifndef COMMAND_HOOKS_H
#define COMMAND_HOOKS_H

#include "command/mail.h"
#include "smtp/session.h"

enum {
	HOOKS_LIMIT_MS = 60 * 1000,
	HOOKS_AT_ONCE = 16, /* others wait for one of these to end */
};

/* One run of one of them. */
struct hook {
	const char *name; /* of the option */
	const char *command;
	struct buf variables; /* each with its NUL */
	int in;		      /* -1: /dev/null */
	pid_t pid;	      /* 0: not started yet */
	int64_t until_us;     /* when it is ended; behind that, by force */
	bool late;	      /* it was told to end */
};

struct hooks {
	const struct settings *settings;
	const struct process *process;
	const struct mail *mail;
	const char *server;    /* as it was named */
	const char *outbox_id; /* of a message that has waited; NULL: none */

	struct hook *runs; /* that have not ended, those that run first */
	size_t count, running;
};

/* Whether what a report needs is there: 0 or -1. */
int hooks_available(const struct hooks *, struct error *);
/* The transaction is at its commit point; nothing is waited for. */
void hooks_commit(struct hooks *, const struct smtp_transaction *);
/* Looks after those that run; when to come back (monotonic, INT64_MAX: never).
 * For loop_watch. */
int64_t hooks_watch(void *hooks);
/*
 * All is over, and told: waits for --on-commit's, then runs the one of the other
 * two that the outcome calls for, and waits for it.  A signal ends those that
 * run; one that came before does not keep the last one from being run.
 */
void hooks_end(struct hooks *, const struct report *);
void hooks_clear(struct hooks *);

#endif
