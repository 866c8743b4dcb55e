/* help: what the table says, for readers at a terminal. */
#include "options/options.h"

#include <stdbool.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/printable.h"
#include "lib/url.h"
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
options_print_usage(FILE *out)
{
	enum { COLUMN = 34 };
	const struct option_row *row;
	int section, n;

	fputs(usage, out);
	for (section = 0; section < SECTION_COUNT; section++) {
		fprintf(out, "%s:\n", option_section_title(section));
		row = NULL;
		while ((row = option_next(row, section, OPTION_ARGV)) != NULL) {
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
options_print_version(FILE *out)
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
	size_t i;

	if (name[0] == '-' && name[1] != '-' && name[1] != '\0' &&
	    name[2] == '\0') {
		for (i = 0; i < option_row_count; i++)
			if (option_rows[i].letter == name[1])
				return &option_rows[i];
		return NULL;
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
options_print_option(FILE *out, const char *name, struct error *err)
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

/* As it could be written into a file, but printable. */
static void
format_text(struct buf *b, const char *text)
{
	size_t len = strlen(text);
	struct buf written = BUF_WITH_MAX(0);
	bool quote = len > 0 &&
	    (text[0] == ' ' || text[0] == '"' || text[len - 1] == ' ');

	buf_puts(&written, quote ? "\"" : "");
	for (; *text != '\0'; text++) {
		if (quote && (*text == '"' || *text == '\\'))
			buf_putc(&written, '\\');
		buf_putc(&written, *text);
	}
	buf_puts(&written, quote ? "\"" : "");
	printable_append(b, buf_string(&written), written.len);
	buf_clear(&written);
}

static void
format_duration(struct buf *b, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	size_t i = 0;

	while (ms % units[i].ms != 0)
		i++;
	buf_printf(b, "%lld%s", (long long)(ms / units[i].ms),
	    ms > 0 ? units[i].name : "");
}

/* A command that gives a secret may hold one; a password in a server's URL is
 * masked. */
static void
format_string(
    struct buf *b, const struct option_row *row, const char *text, bool verbose)
{
	struct buf masked = BUF_WITH_MAX(0);
	const char *password = NULL;
	size_t len;

	if (row->form == VALUE_COMMAND && !verbose) {
		buf_puts(b, "(a command is set; -v shows it)");
		return;
	}
	if (row->form == VALUE_SERVER)
		password = url_password(text, &len);
	if (password == NULL) {
		format_text(b, text);
		return;
	}
	buf_append(&masked, text, (size_t)(password - text));
	buf_puts(&masked, "********");
	buf_puts(&masked, password + len);
	format_text(b, buf_string(&masked));
	buf_clear(&masked);
}

static void
format_value(struct buf *b, const struct option_row *row, const void *field,
    bool verbose)
{
	const char *text;

	switch (row->type) {
	case OPTION_FLAG:
		buf_puts(b, *(const bool *)field ? "yes" : "no");
		break;
	case OPTION_COUNT:
		buf_printf(b, "%u", *(const unsigned *)field);
		break;
	case OPTION_NUMBER:
	case OPTION_SIZE:
		buf_printf(
		    b, "%llu", (unsigned long long)*(const uint64_t *)field);
		break;
	case OPTION_DURATION:
		format_duration(b, *(const int64_t *)field);
		break;
	case OPTION_CHOICE:
		buf_puts(b, row->choices[*(const int *)field]);
		break;
	case OPTION_STRING:
		text = *(const char *const *)field;
		if (text != NULL)
			format_string(b, row, text, verbose);
		break;
	case OPTION_SECRET:
		if (((const struct secret *)field)->bytes != NULL)
			buf_puts(b, "********");
		break;
	case OPTION_LIST: /* one by one */
	case OPTION_ACTION:
		break;
	}
}

static void
print_setting(FILE *out, const struct settings *s, const struct option_row *row)
{
	const struct option_origin *origin = option_origin(s, row);
	const char *from = origin->text != NULL ? origin->text : "default";
	const void *field = (const char *)s + row->offset;
	const struct strings *list = field;
	struct buf value = BUF_WITH_MAX(0);
	size_t i = 0;

	do {
		buf_reset(&value);
		if (row->type != OPTION_LIST)
			format_value(&value, row, field, s->verbose > 0);
		else if (list->count > 0)
			format_text(&value, list->items[i]);
		fprintf(out, "%s =%s%s  # %s\n", row->name,
		    value.len > 0 ? " " : "", buf_string(&value), from);
	} while (row->type == OPTION_LIST && ++i < list->count);
	buf_clear(&value);
}

int
options_print_settings(FILE *out, const struct settings *s)
{
	const struct option_row *row;
	size_t i;
	int section;

	for (i = 0; i < s->files.count; i++)
		fprintf(out, "# %s\n", s->files.items[i]);
	for (section = 0; section < SECTION_COUNT; section++) {
		row = NULL;
		while (
		    (row = option_next(row, section, OPTION_ANYWHERE)) != NULL)
			if (row->type != OPTION_ACTION)
				print_setting(out, s, row);
	}
	return finish(out);
}
