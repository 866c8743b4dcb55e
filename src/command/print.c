/* print: the texts that can be asked for: usage, version, an option's help, the
 * settings. */
#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "options/help.h"
#include "options/show_settings.h"

int
print_run(const struct settings *s, const struct process *process)
{
	struct buf text = {0};
	struct error err = {0};
	char *bytes = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&bytes, &n);
	int r = -1;

	error_set(&err, EX_OSERR, "out of memory");
	if (out != NULL) {
		r = s->action == ACTION_USAGE	  ? help_usage(out)
		    : s->action == ACTION_VERSION ? help_version(out)
		    : s->action == ACTION_SHOW_SETTINGS
		    ? show_settings(out, s)
		    : help_option(out, s->action_argument, &err);
		if (fclose(out) != 0)
			r = -1;
	}
	if (r == 0) {
		buf_append(&text, bytes, n);
		r = output_text(process, &text, &err);
	}
	buf_clear(&text);
	free(bytes);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
