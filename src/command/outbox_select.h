/* outbox_select: of what waits, what sendmail(8) is asked about (-qI, -qR, -qS).*/
#ifndef COMMAND_OUTBOX_SELECT_H
#define COMMAND_OUTBOX_SELECT_H

#include "outbox/outbox.h"

struct outbox_select {
	char what;	  /* 'I': in the ID; 'R': in a recipient, 'S': in the
			     reverse-path, in small or capital letters */
	const char *text; /* NULL: all */
	bool undue;	  /* to be sent whether it is due or not */
};

/* NULL selects all, too. */
bool
outbox_selects(const struct outbox_select *, const struct outbox_message *);

#endif
