/* help: see help.h. */
#include "options/help.h"

#include <stdbool.h>
#include <string.h>

#include "options/nearest.h"
#include "options/option.h"

enum { WIDTH = 78 };

static const char usage[] =
    "usage: smtpsend [OPTION]... [RECIPIENT]... < BODY\n"
    "       smtpsend [OPTION]... -m FILE [RECIPIENT]...  (or: -t < FILE)\n"
    "       smtpsend [OPTION]... {--vrfy | --expn | --etrn} NAME...  (or: --noop)\n"
    "       smtpsend --explain CODE...\n"
    "Examples:\n"
    "  echo 'It works.' | smtpsend -s Test bob@example.org\n"
    "  smtpsend -s Report -a report.pdf bob@example.org < letter.txt\n"
    "  smtpsend -S smtps://mail.example.org -u alice -m letter.eml\n";

/* "  -s, --subject=TEXT" */
static void
put_head(struct buf *out, const struct option_row *row)
{
	char letter[] = {' ', ' ', '-', row->letter, ',', ' ', '\0'};

	buf_puts(out, row->letter != '\0' ? letter : "      ");
	buf_puts(out, "--");
	buf_puts(out, row->name);
	if (row->argument == NULL)
		return;
	buf_puts(out, row->optional ? "[=" : "=");
	buf_puts(out, row->argument);
	buf_puts(out, row->optional ? "]" : "");
}

void
help_usage(struct buf *out)
{
	enum { COLUMN = 34 };
	const struct option_section *const *s = option_sections;
	const struct option_row *row;
	size_t begin;

	buf_puts(out, usage);
	for (; *s != NULL; s++) {
		buf_printf(out, "%s:\n", (*s)->title);
		for (row = (*s)->rows; row->name != NULL; row++) {
			if ((row->scope & OPTION_ARGV) == 0)
				continue;
			begin = out->len;
			put_head(out, row);
			do
				buf_putc(out, ' ');
			while (out->len - begin < COLUMN);
			buf_puts(out, row->summary);
			buf_putc(out, '\n');
		}
	}
	buf_puts(out,
	    "More: smtpsend --help=OPTION, man smtpsend, "
	    "man smtpsendrc (configuration)\n");
}

void
help_version(struct buf *out)
{
	buf_puts(out, "smtpsend " VERSION "\n");
}

/* Words in lines of WIDTH, four blanks before them; the marks of literal text
 * are left out. */
static void
put_wrapped(struct buf *out, const char *text)
{
	size_t column = 0, n;

	while (*text != '\0') {
		n = strcspn(text, " \n");
		if (column == 0) {
			buf_puts(out, "    ");
			column = 3;
		} else if (column + 1 + n > WIDTH) {
			buf_puts(out, "\n    ");
			column = 3;
		} else {
			buf_putc(out, ' ');
		}
		column += n + 1;
		for (; n > 0; n--, text++)
			if (*text != '`')
				buf_putc(out, *text);
		if (*text == '\n') {
			n = strspn(text, "\n");
			buf_append(out, text, n);
			column = 0;
			text += n;
		} else if (*text == ' ') {
			text++;
		}
	}
	buf_putc(out, '\n');
}

static const struct option_row *
row_named(const char *name)
{
	const struct option_row *row = NULL;

	if (name[0] == '-' && name[1] != '-' && name[1] != '\0' &&
	    name[2] == '\0') {
		while (
		    (row = option_next(row)) != NULL && row->letter != name[1])
			;
		return row;
	}
	return option_by_name(name + (strncmp(name, "--", 2) == 0 ? 2 : 0));
}

static void
put_places(struct buf *out, const struct option_row *row)
{
	char variable[OPTION_VARIABLE_SIZE];

	if (row->initial != NULL)
		buf_printf(out, "\n    Default: %s\n", row->initial);
	if ((row->scope & OPTION_FILE) != 0)
		buf_printf(out, "\n    In configuration files: %s = %s\n",
		    row->name,
		    row->argument != NULL	   ? row->argument
			: row->type == OPTION_FLAG ? "yes"
						   : "NUMBER");
	if ((row->scope & OPTION_ENVIRONMENT) != 0) {
		option_variable(row, variable);
		buf_printf(out, "    In the environment: %s\n", variable);
	}
}

int
help_option(struct buf *out, const char *name, struct error *err)
{
	const struct option_row *row = row_named(name);
	const char *near;
	char quoted[OPTION_QUOTED_SIZE];

	if (row == NULL) {
		near =
		    option_nearest(name + strspn(name, "-"), OPTION_ANYWHERE);
		error_set(err, EX_USAGE, "--help: unknown option %s",
		    option_quote(name, quoted));
		nearest_suggest(err, "", near);
		return error_hint(err,
		    "'smtpsend --help' lists the options.\n"
		    "To ask a server for help, name it: "
		    "--server-help=TOPIC -S SERVER.");
	}
	if ((row->scope & OPTION_ARGV) != 0)
		put_head(out, row);
	else
		buf_printf(out, "  %s = %s", row->name, row->argument);
	buf_puts(out, "\n\n");
	put_wrapped(out, row->manual);
	put_places(out, row);
	return 0;
}
