/*
 * configure_ask: what --configure says to the person, and the answers.
 *
 * On the terminal, if there is one and something may be asked; what is only told
 * goes to standard error otherwise, as warnings do.  An answer that is none is
 * asked for again.  An error is the end of asking: EX_SIGNAL plus n (^C),
 * EX_NOINPUT (^D), EX_TEMPFAIL (the deadline), EX_IOERR.
 */
#ifndef COMMAND_CONFIGURE_ASK_H
#define COMMAND_CONFIGURE_ASK_H

#include <stdbool.h>

#include "command/command.h"
#include "lib/secret.h"

struct person {
	const struct settings *settings;
	const struct process *process;
	struct wait_limits wait;
	int terminal; /* -1: nobody can be asked */
};

/* may_ask: the terminal is opened. */
void person_init(struct person *, const struct settings *,
    const struct process *, bool may_ask);
void person_clear(struct person *);
static inline bool
person_can_be_asked(const struct person *p)
{
	return p->terminal != -1;
}

/* A line, made printable; fmt "" is an empty one, on a terminal only. */
void person_tell(const struct person *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* An error, with its hints, after which it goes on. */
void person_tell_error(const struct person *, const struct error *);

/* For persons that can be asked only.  A line, without the blanks around it; an
 * empty one is `initial`, or asked for again if that is NULL. */
int person_ask(const struct person *, const char *question, const char *initial,
    struct arena *, const char **answer, struct error *);
/* 1 yes, 0 no, -1 */
int person_agrees(
    const struct person *, const char *question, bool initial, struct error *);
/* The index of one of several, which are numbered from 1; -1. */
int person_chooses(const struct person *, const char *question,
    const char *const *choices, size_t count, size_t initial, struct error *);
/* Without an echo; an empty one is asked for again unless it is optional: then
 * there is none. */
int person_secret(const struct person *, const char *question, bool optional,
    struct secret *, struct error *);
/* Steps of a text that has "; " between them, a line each. */
void person_tell_steps(const struct person *, const char *steps);

#endif
