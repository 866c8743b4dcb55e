/* outbox_list: what waits, as mailq(1) shows it. */
#ifndef COMMAND_OUTBOX_LIST_H
#define COMMAND_OUTBOX_LIST_H

#include "command/command.h"
#include "command/outbox_select.h"

/* As --outbox=list, which the settings ask for, and of what is selected only;
 * that there is nothing is said, too. */
int outbox_list_run(const struct settings *, const struct process *,
    const struct outbox_select *);

#endif
