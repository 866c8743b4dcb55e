/* secrets that commands print: see secret_source.h. */
#include "command/secret_draft.h"

#include "lib/child.h"

int
secret_from_command(const struct secret_wanted *wanted, const char *command,
    struct secret *out, struct error *err)
{
	struct wait_limits limited = secret_limits(wanted->wait);
	enum wait_end end;
	int status = 0, r;
	struct buf d;

	secret_draft_init(&d);
	end = child_output(command, !child_may_ask(), &limited, &d, &status);
	/* One that printed too much was ended by us. */
	if (end != WAIT_READY)
		r = secret_given_up(end, &limited, EX_OSERR, "/bin/sh: ", err);
	else if (status != 0 && wait_stopped(&limited))
		/* ^C at a terminal is for both of us. */
		r = secret_given_up(WAIT_STOPPED, &limited, 0, "", err);
	else
		r = d.len > SECRET_MAX ? 0
				       : child_check(status, EX_NOPERM, err);
	if (r == 0)
		r = secret_draft_finish(&d, wanted, out, err);
	secret_draft_clear(&d);
	if (r == 0)
		return 0;
	return error_context(err, "%s command", wanted->noun);
}
