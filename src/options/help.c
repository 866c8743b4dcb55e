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
    "       smtpsend [OPTION]... {--vrfy NAME... | --expn LIST... | --noop}\n"
    "Examples:\n"
    "  echo 'It works.' | smtpsend -s Test bob@example.org\n"
    "  smtpsend -s Report -a report.pdf bob@example.org < letter.txt\n"
    "  smtpsend -S smtps://mail.example.org -u alice -m letter.eml\n";

static int
finish(FILE *out)
{
	return fflush(out) == EOF || ferror(out) ? -1 : 0;
}

/* "  -s, --subject=TEXT"; the columns it takes. */
static int
print_head(FILE *out, const struct option_row *row)
{
	int n;

	if (row->letter != '\0')
		n = fprintf(out, "  -%c, --%s", row->letter, row->name);
	else
		n = fprintf(out, "      --%s", row->name);
	if (row->argument != NULL)
		n += fprintf(
		    out, row->optional ? "[=%s]" : "=%s", row->argument);
	return n;
}

int
help_usage(FILE *out)
{
	enum { COLUMN = 34 };
	const struct option_section *const *s = option_sections;
	const struct option_row *row;
	int n;

	fputs(usage, out);
	for (; *s != NULL; s++) {
		fprintf(out, "%s:\n", (*s)->title);
		for (row = (*s)->rows; row->name != NULL; row++) {
			if ((row->scope & OPTION_ARGV) == 0)
				continue;
			n = print_head(out, row);
			fprintf(out, "%*s%s\n", n < COLUMN ? COLUMN - n : 1, "",
			    row->summary);
		}
	}
	fputs("More: smtpsend --help=OPTION, man smtpsend, "
	      "man smtpsendrc (configuration)\n",
	    out);
	return finish(out);
}

int
help_version(FILE *out)
{
	fputs("smtpsend " VERSION "\n", out);
	return finish(out);
}

/* Words in lines of WIDTH, four blanks before them; the marks of literal text
 * are left out. */
static void
print_wrapped(FILE *out, const char *text)
{
	size_t column = 0, n;

	while (*text != '\0') {
		n = strcspn(text, " \n");
		if (column == 0)
			column = (size_t)fprintf(out, "    ") - 1;
		else if (column + 1 + n > WIDTH)
			column = (size_t)fprintf(out, "\n    ") - 2;
		else
			putc(' ', out);
		column += n + 1;
		for (; n > 0; n--, text++)
			if (*text != '`')
				putc(*text, out);
		if (*text == '\n') {
			n = strspn(text, "\n");
			fprintf(out, "%.*s", (int)n, "\n\n");
			column = 0;
			text += n;
		} else if (*text == ' ') {
			text++;
		}
	}
	putc('\n', out);
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
print_places(FILE *out, const struct option_row *row)
{
	char variable[OPTION_VARIABLE_SIZE];

	if (row->initial != NULL)
		fprintf(out, "\n    Default: %s\n", row->initial);
	if ((row->scope & OPTION_FILE) != 0)
		fprintf(out, "\n    In configuration files: %s = %s\n",
		    row->name,
		    row->argument != NULL	   ? row->argument
			: row->type == OPTION_FLAG ? "yes"
						   : "NUMBER");
	if ((row->scope & OPTION_ENVIRONMENT) != 0) {
		option_variable(row, variable);
		fprintf(out, "    In the environment: %s\n", variable);
	}
}

int
help_option(FILE *out, const char *name, struct error *err)
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
		print_head(out, row);
	else
		fprintf(out, "  %s = %s", row->name, row->argument);
	fputs("\n\n", out);
	print_wrapped(out, row->manual);
	print_places(out, row);
	if (finish(out) == -1)
		return error_set(err, EX_IOERR, "standard output: write error");
	return 0;
}
