/* secrets that are typed: see secret_source.h. */
#include "command/secret_draft.h"

#include <string.h>
#include <unistd.h>

#include "command/terminal.h"
#include "lib/ascii.h"
#include "lib/printable.h"

/* "Password for OWNER: " */
static void
put_prompt(
    struct buf *prompt, const struct secret_wanted *wanted, const char *owner)
{
	const char *noun = wanted->noun;

	buf_putc(prompt, ascii_upper(*noun));
	buf_printf(prompt, "%s for ", noun + 1);
	printable_append(prompt, owner, strlen(owner));
	buf_puts(prompt, ": ");
}

static int
no_terminal(const struct secret_wanted *wanted, struct error *err)
{
	error_set(err, EX_CONFIG,
	    "none is configured, and there is no terminal to ask on");
	return error_hint(err,
	    "use --%s-file=FILE or --%s-command=COMMAND,\n"
	    "or write %s = ... into the configuration file",
	    wanted->option, wanted->option, wanted->option);
}

static int
from_terminal(int terminal, const struct secret_wanted *wanted,
    const char *owner, struct secret *out, struct error *err)
{
	struct buf prompt = BUF_WITH_MAX(0), d;
	int r;

	put_prompt(&prompt, wanted, owner);
	secret_draft_init(&d);
	r = terminal_ask(terminal, &prompt, false, &d, wanted->wait, err);
	if (r == 0 && (d.len == 0 || d.data[0] == '\n'))
		r = error_set(err, EX_NOPERM, "none was typed");
	if (r == 0)
		r = secret_draft_finish(&d, wanted, out, err);
	secret_draft_clear(&d);
	buf_clear(&prompt);
	return r;
}

int
secret_from_prompt(const struct secret_wanted *wanted, const char *owner,
    struct secret *out, struct error *err)
{
	int terminal = wanted->wait->unattended ? -1 : terminal_open(), r;

	if (terminal == -1) {
		r = no_terminal(wanted, err);
	} else {
		r = from_terminal(terminal, wanted, owner, out, err);
		close(terminal);
	}
	if (r == 0)
		return 0;
	return error_context(err, "%s for %s", wanted->noun, owner);
}
