/* help: see help.h. */
#include "options/help.h"

#include <stdbool.h>
#include <string.h>

#include "options/nearest.h"
#include "options/option.h"

enum { WIDTH = 78 };

static const char usage[] =
    "Example: echo 'It works.' | smtpsend -s Test bob@example.org\n"
    "usage: smtpsend [OPTION]... [RECIPIENT]... < BODY\n"
    "       smtpsend [OPTION]... -m FILE [RECIPIENT]...  (or: -t < FILE)\n"
    "       smtpsend [OPTION]... {--vrfy | --expn | --etrn} NAME...  (or: --noop)\n"
    "       smtpsend --explain CODE|PROVIDER...  (or: --configure [ADDRESS])\n";

/* What a first message may want. */
static const char *const first[] = {"to", "cc", "bcc", "from", "subject",
    "attach", "message", "server", "account", "user", "dry-run", "check",
    "verbose"};

static const char exit_statuses[] =
    "Exit status:\n"
    "   0  accepted for every recipient; or the query was answered\n"
    "   1  accepted for some recipients; standard error lists the others\n"
    "   2  unknown: the message went out, and no verdict came back\n"
    "  64  the call was wrong\n"
    "  65  the message or an address in it cannot be sent\n"
    "  66  the input could not be read\n"
    "  67  every recipient was refused\n"
    "  68  there is no such host\n"
    "  69  the server refused, or does not offer what was demanded\n"
    "  71  an error of this system\n"
    "  73  a file could not be created\n"
    "  74  an error in input or output\n"
    "  75  try again later: no connection, a time-out, a reply 4yz\n"
    "  76  the server broke the protocol\n"
    "  77  authentication, or the demanded security, could not be had\n"
    "  78  the configuration is wrong\n"
    "With 64 and more, and after death by a signal, nobody has the message.\n";

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

static void
put_row(struct buf *out, const struct option_row *row)
{
	enum { COLUMN = 34 };
	const size_t begin = out->len;

	put_head(out, row);
	do
		buf_putc(out, ' ');
	while (out->len - begin < COLUMN);
	buf_puts(out, row->summary);
	buf_putc(out, '\n');
}

static void
put_section(struct buf *out, const struct option_section *s)
{
	const struct option_row *row;

	buf_printf(out, "%s:\n", s->title);
	for (row = s->rows; row->name != NULL; row++)
		if ((row->scope & OPTION_ARGV) != 0)
			put_row(out, row);
}

static void
put_topics(struct buf *out)
{
	const struct option_section *const *s = option_sections;
	size_t begin;

	buf_puts(out, "More: --help=OPTION, man smtpsend, --help=TOPIC:\n");
	begin = out->len;
	buf_puts(out, "  all, exit");
	for (; *s != NULL; s++) {
		buf_putc(out, ',');
		if (out->len - begin + 1 + strlen((*s)->topic) + 1 > WIDTH) {
			buf_puts(out, "\n ");
			begin = out->len - 1;
		}
		buf_printf(out, " %s", (*s)->topic);
	}
	buf_putc(out, '\n');
}

void
help_usage(struct buf *out)
{
	size_t i;

	buf_puts(out,
	    "Sends mail by SMTP, and says what became of it for each "
	    "recipient.\n");
	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		put_row(out, option_by_name(first[i]));
	put_topics(out);
	buf_puts(out, usage);
}

/* False: there is no such topic. */
static bool
put_topic(struct buf *out, const char *name)
{
	const struct option_section *const *s = option_sections;
	const bool all = strcmp(name, "all") == 0;
	bool found = strcmp(name, "exit") == 0;

	if (found)
		buf_puts(out, exit_statuses);
	for (; *s != NULL; s++) {
		if (!all && strcmp(name, (*s)->topic) != 0)
			continue;
		put_section(out, *s);
		found = true;
	}
	return found;
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

	if (row == NULL && put_topic(out, name))
		return 0;
	if (row == NULL) {
		near =
		    option_nearest(name + strspn(name, "-"), OPTION_ANYWHERE);
		error_set(err, EX_USAGE, "--help: no option or topic %s",
		    option_quote(name, quoted));
		nearest_suggest(err, "", near);
		return error_hint(err,
		    "'smtpsend --help' lists the topics, --help=all the "
		    "options.\n"
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
