/*
 * terminal: questions to the person at /dev/tty, whatever standard input is.
 *
 * Signals take effect, whatever that is, when the terminal is as it was; a run
 * that was stopped asks again.
 */
#ifndef COMMAND_TERMINAL_H
#define COMMAND_TERMINAL_H

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/wait.h"

/* -1 with errno: there is none. */
int terminal_open(void);
/* Writes what is there for a person; who does not read it holds nothing up. */
int terminal_show(int terminal, const char *bytes, size_t n);
/*
 * Shows the prompt and takes a line with its end, with an echo or not.  `line`
 * has its memory already (buf_reserve), up to its maximum, so that nothing is
 * left elsewhere.  0: len 0 says that the input has ended (^D).  -1: EX_SIGNAL
 * plus the number, EX_TEMPFAIL (the deadline), EX_IOERR, EX_OSERR.
 */
int terminal_ask(int terminal, const struct buf *prompt, bool echo,
    struct buf *line, const struct wait_limits *, struct error *);

#endif
