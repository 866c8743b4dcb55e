/* print: the texts that can be asked for: usage, version, an option's help, the
 * settings. */
#include "command/command.h"

#include "options/help.h"
#include "options/show_settings.h"

int
print_run(const struct settings *s, const struct process *process)
{
	struct buf text = {0};
	struct error err;
	int r = 0;

	if (s->action == ACTION_USAGE)
		help_usage(&text);
	else if (s->action == ACTION_VERSION)
		help_version(&text);
	else if (s->action == ACTION_SHOW_SETTINGS)
		show_settings(&text, s);
	else
		r = help_option(&text, s->action_argument, &err);
	if (r == 0)
		r = output_text(process, &text, &err);
	buf_clear(&text);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
