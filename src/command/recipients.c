#include "command/recipients.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/charset.h"
#include "lib/shell.h"
#include "lib/wait.h"

#include "command/parts.h"
#include "options/missing.h"
#include "options/option.h"

enum { LIST_FILE_MAX = 64 * 1024 * 1024 };

/* Lists of addresses, and where each of them stands. */
struct places {
	const char **texts;
	struct message_place *places;
	size_t count, text_capacity, place_capacity;
};

/* Room for so many more. */
static void
reserve(struct places *list, struct arena *a, size_t more)
{
	list->texts = arena_roomy(a, list->texts, list->count, more,
	    &list->text_capacity, sizeof(*list->texts));
	list->places = arena_roomy(a, list->places, list->count, more,
	    &list->place_capacity, sizeof(*list->places));
}

static void
append(struct places *list, struct arena *a, const char *text,
    const struct message_place *place)
{
	list->texts = arena_grown(a, list->texts, list->count,
	    &list->text_capacity, sizeof(*list->texts));
	list->places = arena_grown(a, list->places, list->count,
	    &list->place_capacity, sizeof(*list->places));
	list->texts[list->count] = text;
	list->places[list->count++] = *place;
}

/* One address (or list) a line; blank lines and lines with # are comments. */
static int
add_lines(struct places *list, struct arena *a, const char *option,
    const char *name, char *text, size_t n, struct error *err)
{
	struct message_place place = {
	    .name = arena_printf(a, "%s: %s", option, name)};
	char *line = text + charset_mark(text, n), *end, *next;
	size_t len;

	if (charset_refuse_nul(text, n, EX_USAGE, err) == -1)
		return error_context(err, "%s", place.name);
	for (; line < text + n; line = next) {
		place.line++;
		end = memchr(line, '\n', (size_t)(text + n - line));
		if (end == NULL)
			end = text + n;
		next = end + 1;
		line += strspn(line, " \t");
		len = line < end ? (size_t)(end - line) : 0;
		while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
			len--;
		if (len > 0 && line[0] != '#')
			append(list, a, arena_strndup(a, line, len), &place);
	}
	return 0;
}

static int
add_file(struct places *list, struct arena *a, const struct process *process,
    const char *option, const char *name, struct error *err)
{
	struct wait_limits wait = process_wait(process);
	struct buf text = BUF_WITH_MAX(LIST_FILE_MAX);
	int fd = STDIN_FILENO, r;

	if (parts_name_stdin(name))
		name = "standard input";
	else
		fd = missing_open(name, err);
	if (fd == -1)
		return error_context(err, "%s", option);
	r = wait_read_all(&wait, fd, name, &text, err);
	if (r == -1)
		error_context(err, "%s", option);
	else if (text.len > 0)
		r = add_lines(list, a, option, name, text.data, text.len, err);
	buf_clear(&text);
	if (fd != STDIN_FILENO)
		close(fd);
	return r;
}

/* What an option names. */
struct named {
	const char *option; /* as it is written */
	const struct strings *values;
	/* Configured beside those of the command line; NULL: replaced. */
	const struct strings *standing;
	bool given; /* on the command line */
};

/* What names recipients of one kind. */
struct naming {
	struct named items, files;
	const struct strings *operands; /* NULL: they are of another kind */
};

static struct named
named_by(const struct settings *s, const char *option,
    const struct strings *values, const struct strings *standing)
{
	return (struct named){
	    option, values, standing, option_on_argv(s, option + strlen("--"))};
}

static bool
is_named(const struct naming *n)
{
	return n->items.given || n->files.given ||
	    (n->operands != NULL && n->operands->count > 0);
}

/* What of an option the command line says (given), or what stands elsewhere. */
static const struct strings *
values_of(const struct named *n, bool given)
{
	static const struct strings none;

	if (n->given == given)
		return n->values;
	return given || n->standing == NULL ? &none : n->standing;
}

/* The name of an option for errors.  Where its value stands is found later
 * (option_blame), but not for what stands beside a given one. */
static const char *
called(const struct named *n, struct arena *a, bool given)
{
	return !given && n->given
	    ? arena_printf(a, "%s (configured)", n->option)
	    : n->option;
}

/* All of one kind: items, lines of files and operands in one list. */
static int
gather(struct places *out, struct arena *a, const struct process *process,
    const struct naming *n, bool given, struct error *err)
{
	const struct strings *items = values_of(&n->items, given);
	const struct strings *files = values_of(&n->files, given);
	const struct message_place operand = {.name = "recipient"};
	const struct message_place place = {
	    .name = called(&n->items, a, given)};
	const size_t operands =
	    given && n->operands != NULL ? n->operands->count : 0;
	size_t i;

	reserve(out, a, items->count + operands);
	for (i = 0; i < items->count; i++)
		append(out, a, items->items[i], &place);
	for (i = 0; i < files->count; i++)
		if (add_file(out, a, process, called(&n->files, a, given),
			files->items[i], err) == -1)
			return -1;
	for (i = 0; i < operands; i++)
		append(out, a, n->operands->items[i], &operand);
	return 0;
}

/* What the shell made of `--attach *.pdf`. */
static int
check_no_files(const struct places *list, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE], word[SHELL_WORD_SIZE];
	struct stat st;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (strchr(list->texts[i], '@') != NULL ||
		    stat(list->texts[i], &st) == -1)
			continue;
		option_quote(list->texts[i], quoted);
		error_set(err, EX_USAGE,
		    "recipient %s: no '@' and domain, and a file has this name",
		    quoted);
		if (list->places[i].line > 0)
			error_context(err, "%s: line %llu",
			    list->places[i].name, list->places[i].line);
		return error_hint(err,
		    "each file takes an option of its own: --attach %s\n"
		    "a mailbox of that name is written NAME@HOST",
		    shell_file(list->texts[i], word));
	}
	return 0;
}

int
recipients_fill(const struct settings *s, const struct process *process,
    struct arena *a, struct message_params *p, struct error *err)
{
	enum { TO, CC, BCC, KINDS };
	const struct settings_message *m = &s->message;
	const struct naming kinds[KINDS] = {
	    [TO] = {named_by(s, "--to", &m->to, NULL),
		named_by(s, "--to-file", &m->to_file, NULL), &m->operands},
	    [CC] = {named_by(s, "--cc", &m->cc, NULL),
		named_by(s, "--cc-file", &m->cc_file, NULL), NULL},
	    [BCC] = {named_by(s, "--bcc", &m->bcc, &m->standing_bcc),
		named_by(s, "--bcc-file", &m->bcc_file, &m->standing_bcc_file),
		NULL},
	};
	struct places lists[KINDS] = {{0}}, standing = {0};
	/* It has names without a domain, whatever files there are. */
	bool named = false, sendmail = p->local != NULL && p->local->sendmail;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		const struct naming *n = &kinds[i];
		bool is = is_named(n);
		struct places *rest =
		    p->complete && i == BCC ? &standing : &lists[i];

		named |= is;
		if (gather(&lists[i], a, process, n, true, err) == -1 ||
		    ((i == BCC || (!p->complete && !is)) &&
			gather(rest, a, process, n, false, err) == -1) ||
		    (!sendmail && check_no_files(&lists[i], err) == -1))
			return -1;
	}
	p->to = lists[TO].texts;
	p->to_places = lists[TO].places;
	p->to_count = lists[TO].count;
	p->cc = lists[CC].texts;
	p->cc_places = lists[CC].places;
	p->cc_count = lists[CC].count;
	p->bcc = lists[BCC].texts;
	p->bcc_places = lists[BCC].places;
	p->bcc_count = lists[BCC].count;
	p->standing_bcc = standing.texts;
	p->standing_bcc_places = standing.places;
	p->standing_bcc_count = standing.count;
	if (p->resend && !named)
		return error_set(err, EX_USAGE,
		    "--resend: name the recipients; those in the header "
		    "have the message already");
	p->recipients_from_header = sendmail
	    ? s->local.header_too
	    : !p->resend && (s->message.on_stdin || (p->complete && !named));
	return 0;
}
