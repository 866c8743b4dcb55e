/* outbox_news: that something in the outbox has come to nothing, since nobody is
 * sent a mail about it. */
#ifndef COMMAND_OUTBOX_NEWS_H
#define COMMAND_OUTBOX_NEWS_H

#include "command/command.h"

/* Somebody at a terminal hears of it, once, and unless he wants quiet. */
void outbox_tell_news(const struct settings *, const struct process *);

#endif
