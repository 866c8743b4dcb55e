/* rows: what is told of smtpsend itself. */
#include "options/rows.h"

static const struct option_row rows[] = {
    {
	.name = "show-settings",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "print all settings and where they come from",
	.manual = "Prints every setting with its value and its origin, "
		  "and the configuration files that were looked for. "
		  "Nothing is sent. Passwords are not shown, and of a "
		  "command that gives one, or that is the server, only, "
		  "with `-v`, its text.",
	.action = ACTION_SHOW_SETTINGS,
    },
    {
	.name = "help",
	.letter = 'h',
	.type = OPTION_ACTION,
	.check = value_query,
	.scope = OPTION_ARGV,
	.argument = "TOPIC",
	.optional = true,
	.summary = "print this, or more about one option",
	.manual = "Prints a summary of all options. With the name of an "
		  "option as TOPIC, prints what this manual says about "
		  "it.\n"
		  "\n"
		  "With a server named by `-S` and nothing to send, it "
		  "is `--server-help`. `-h` is always the summary.",
	.action = ACTION_OPTION_HELP,
    },
    {
	.name = "version",
	.letter = 'V',
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "print the version",
	.manual = "Prints the version.",
	.action = ACTION_VERSION,
    },
    {.name = NULL},
};

const struct option_section section_general = {"General", ROWS(rows)};
