/* show_settings: see show_settings.h. */
#include "options/show_settings.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/printable.h"
#include "lib/url.h"
#include "options/config_line.h"
#include "options/option.h"

/* As it could be written into a file, but printable. */
static void
format_text(struct buf *b, const char *text)
{
	struct buf written = BUF_WITH_MAX(0);

	config_quote(&written, text);
	printable_append(b, buf_string(&written), written.len);
	buf_clear(&written);
}

void
show_duration(struct buf *b, int64_t ms)
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

static const char command_hidden[] = "(a command is set; -v shows it)";

/* A command that gives a secret, or that is the server, may hold one; a password
 * in a server's URL is masked. */
static void
format_string(
    struct buf *b, const struct option_row *row, const char *text, bool verbose)
{
	struct buf masked = BUF_WITH_MAX(0);
	const char *password = NULL, *command = NULL;
	size_t len;

	if (row->secret == SECRET_COMMAND && !verbose) {
		buf_puts(b, command_hidden);
		return;
	}
	if (row->secret == SECRET_PASSWORD) {
		command = url_command(text);
		password = url_password(text, &len);
	}
	if (command != NULL && !verbose) {
		printable_append(b, text, (size_t)(command - text));
		buf_puts(b, command_hidden);
		return;
	}
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
		buf_printf(
		    b, "%llu", (unsigned long long)*(const uint64_t *)field);
		break;
	case OPTION_DURATION:
		show_duration(b, *(const int64_t *)field);
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

/* A number would not say it, and nothing else could be written into a file. */
static bool
print_unset(
    struct buf *out, const struct settings *s, const struct option_row *row)
{
	if (row->type != OPTION_DURATION ||
	    option_origin(s, row)->layer != LAYER_NONE)
		return false;
	buf_printf(out, "# %s: %s  # default\n", row->name,
	    row->unset != NULL ? row->unset : "none");
	return true;
}

static void
print_setting(
    struct buf *out, const struct settings *s, const struct option_row *row)
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
			format_value(&value, row, field, s->report.verbose > 0);
		else if (list->count > 0)
			format_string(
			    &value, row, list->items[i], s->report.verbose > 0);
		buf_printf(out, "%s =%s%s  # %s\n", row->name,
		    value.len > 0 ? " " : "", buf_string(&value), from);
	} while (row->type == OPTION_LIST && ++i < list->count);
	buf_clear(&value);
}

void
show_settings(struct buf *out, const struct settings *s)
{
	const struct option_row *row = NULL;
	const bool all = s->report.verbose > 0;
	size_t i;

	for (i = 0; i < s->files.count; i++)
		buf_printf(out, "# %s\n", s->files.items[i]);
	for (i = 0; i < s->accounts.count; i++)
		buf_printf(out, "# account %s\n", s->accounts.items[i]);
	while ((row = option_next(row)) != NULL)
		if (row->type != OPTION_ACTION &&
		    (all || option_origin(s, row)->layer > LAYER_DEFAULT) &&
		    !print_unset(out, s, row))
			print_setting(out, s, row);
	if (!all)
		buf_puts(out, "# -v shows those that were not set, too\n");
}
