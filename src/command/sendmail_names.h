/* sendmail_names: for whom local names stand, as sendmail(8) tells it. */
#ifndef COMMAND_SENDMAIL_NAMES_H
#define COMMAND_SENDMAIL_NAMES_H

#include "command/command.h"

/* -bv: for whom each of the operands stands, and whether the server would take
 * mail for them; the status is that of --check. */
int sendmail_verify(const struct settings *, const struct process *);
/* -bi, newaliases(1): how many aliases there are, or what is wrong: EX_CONFIG. */
int sendmail_aliases(const struct settings *, const struct process *);

#endif
