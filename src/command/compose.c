#include "command/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/shell.h"
#include "lib/wait.h"

#include "command/identity.h"
#include "command/parts.h"
#include "options/missing.h"
#include "options/option.h"

enum { LIST_FILE_MAX = 64 * 1024 * 1024 };

/* Lists of addresses, and where each of them stands. */
struct places {
	struct strings texts;
	struct message_place *places;
};

static void
append(struct places *list, struct arena *a, const char *text,
    const struct message_place *place)
{
	size_t n = list->texts.count;
	struct message_place *more;

	/* Full at each power of two. */
	if ((n & (n - 1)) == 0) {
		more = arena_alloc(a, (n > 0 ? 2 * n : 1) * sizeof(*more));
		if (n > 0)
			memcpy(more, list->places, n * sizeof(*more));
		list->places = more;
	}
	list->places[n] = *place;
	strings_append(&list->texts, a, text);
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

	if (memchr(text, '\0', n) != NULL)
		return error_set(err, EX_USAGE, "%s: holds a NUL", place.name);
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

/* What names recipients of one kind. */
struct naming {
	const char *option, *file_option;
	const struct strings *items, *files;
	const struct strings *operands; /* NULL: they are of another kind */
	/* Configured beside those of the command line; NULL: replaced. */
	const struct strings *standing, *standing_files;
};

static bool
is_named(const struct settings *s, const struct naming *n)
{
	return option_on_argv(s, n->option) ||
	    option_on_argv(s, n->file_option) ||
	    (n->operands != NULL && n->operands->count > 0);
}

/* What of an option the command line says (given), or what stands elsewhere. */
static const struct strings *
values_of(const struct settings *s, const char *option,
    const struct strings *values, const struct strings *standing, bool given)
{
	static const struct strings none;

	if (option_on_argv(s, option) == given)
		return values;
	return given || standing == NULL ? &none : standing;
}

/* The name of an option for errors.  Where its value stands is found later
 * (option_blame), but not for what stands beside a given one. */
static const char *
called(
    const struct settings *s, struct arena *a, const char *option, bool given)
{
	bool beside = !given && option_on_argv(s, option);

	return arena_printf(a, "--%s%s", option, beside ? " (configured)" : "");
}

/* All of one kind: items, lines of files and operands in one list. */
static int
gather(struct places *out, struct arena *a, const struct settings *s,
    const struct process *process, const struct naming *n, bool given,
    struct error *err)
{
	const struct strings *items =
	    values_of(s, n->option, n->items, n->standing, given);
	const struct strings *files =
	    values_of(s, n->file_option, n->files, n->standing_files, given);
	const struct message_place operand = {.name = "recipient"};
	const struct message_place place = {
	    .name = called(s, a, n->option, given)};
	size_t i;

	for (i = 0; i < items->count; i++)
		append(out, a, items->items[i], &place);
	for (i = 0; i < files->count; i++)
		if (add_file(out, a, process,
			called(s, a, n->file_option, given), files->items[i],
			err) == -1)
			return -1;
	for (i = 0; given && n->operands != NULL && i < n->operands->count; i++)
		append(out, a, n->operands->items[i], &operand);
	return 0;
}

static bool
is_complete(const struct settings *s)
{
	return s->message.file != NULL || s->message.on_stdin;
}

/* How often standard input is named; the body that nothing names is not
 * among it. */
static size_t
stdin_uses(const struct settings *s, const struct parts *parts)
{
	const struct {
		const char *option;
		const struct strings *files;
		bool standing; /* used, too, where it is not given now */
	} lists[] = {{"to-file", &s->message.to_file, !is_complete(s)},
	    {"cc-file", &s->message.cc_file, !is_complete(s)},
	    {"bcc-file", &s->message.bcc_file, true},
	    {"bcc-file", &s->message.standing_bcc_file, true}};
	size_t i, k,
	    n = parts_on_stdin(parts) + parts_name_stdin(s->message.body_file);

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (k = 0; (lists[i].standing ||
				option_on_argv(s, lists[i].option)) &&
		     k < lists[i].files->count;
		     k++)
			n += parts_name_stdin(lists[i].files->items[k]);
	n += s->auth.password_fd != NULL &&
	    strcmp(s->auth.password_fd, "0") == 0;
	return n + (s->message.on_stdin || parts_name_stdin(s->message.file));
}

/* The body that nothing names is what comes on standard input, unless a part
 * does: then there is none.  With HTML there need be none. */
static bool
body_on_stdin(const struct settings *s, const struct parts *parts, size_t uses)
{
	if (is_complete(s) || s->message.body != NULL ||
	    s->message.body_file != NULL || s->action == ACTION_CHECK ||
	    parts_on_stdin(parts) > 0)
		return false;
	return s->message.html == NULL || (uses == 0 && !isatty(STDIN_FILENO));
}

static int
open_input(const struct settings *s, const struct parts *parts,
    struct message_params *p, struct error *err)
{
	const char *name =
	    s->message.file != NULL ? s->message.file : s->message.body_file;
	size_t uses = stdin_uses(s, parts);
	bool unnamed = body_on_stdin(s, parts, uses);

	if (uses + unnamed > 1)
		return error_set(err, EX_USAGE,
		    "standard input can be read for one thing only: name "
		    "another file than '-'");
	p->input_fd = -1;
	p->input_name = "the body";
	p->body_optional = s->message.body == NULL && name == NULL;
	if (s->message.body != NULL) {
		p->body_text = s->message.body;
		p->input_name = "--body";
	} else if (unnamed || s->message.on_stdin || parts_name_stdin(name)) {
		p->input_name = "standard input";
		p->input_fd = STDIN_FILENO;
	} else if (name != NULL) {
		p->input_name = name;
		p->input_fd = missing_open(name, err);
		if (p->input_fd == -1)
			return errno == ENOENT && strchr(name, ' ') != NULL
			    ? error_hint(err, "%s\n--body TEXT takes a text",
				  err->hint)
			    : -1;
	}
	return 0;
}

/* One line from the terminal; 0 or -1, which is an interruption. */
static int
ask_subject(const struct process *process, struct arena *a,
    const char **subject, struct error *err)
{
	struct wait_limits wait = process_wait(process);
	static const char prompt[] = "Subject: ";
	struct outlet terminal;
	char line[1000];
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd == -1)
		return 0;
	outlet_begin(&terminal, fd);
	outlet_put(&terminal, prompt, sizeof(prompt) - 1);
	outlet_end(&terminal);
	n = wait_read(&wait, fd, "the terminal", line, sizeof(line) - 1, err);
	close(fd);
	if (n == -1)
		return -1;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (line[0] != '\0')
		*subject = arena_strdup(a, line);
	return 0;
}

static int
greet_terminal(const struct settings *s, const struct process *process,
    struct message_params *p, struct arena *a, struct error *err)
{
	if (p->subject == NULL && p->answered == NULL && !p->complete &&
	    !s->report.quiet && ask_subject(process, a, &p->subject, err) == -1)
		return -1;
	output_warning(s, process, "type the %s; end with ^D, cancel with ^C",
	    p->input_fd == STDIN_FILENO ? "message" : "file");
	return 0;
}

/* What the shell made of `--attach *.pdf`. */
static int
check_no_files(const struct places *list, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE], word[SHELL_WORD_SIZE];
	struct stat st;
	size_t i;

	for (i = 0; i < list->texts.count; i++) {
		if (strchr(list->texts.items[i], '@') != NULL ||
		    stat(list->texts.items[i], &st) == -1)
			continue;
		option_quote(list->texts.items[i], quoted);
		error_set(err, EX_USAGE,
		    "recipient %s: no '@' and domain, and a file has this name",
		    quoted);
		if (list->places[i].line > 0)
			error_context(err, "%s: line %llu",
			    list->places[i].name, list->places[i].line);
		return error_hint(err,
		    "each file takes an option of its own: --attach %s\n"
		    "a mailbox of that name is written NAME@HOST",
		    shell_file(list->texts.items[i], word));
	}
	return 0;
}

/*
 * Those of the command line.  What stands in a configuration is for composed
 * messages, where nobody of its kind is named now; but a standing Bcc goes
 * with every message, and is a recipient of none on its own.
 */
static int
fill_recipients(const struct settings *s, const struct process *process,
    struct arena *a, struct message_params *p, struct error *err)
{
	enum { TO, CC, BCC, KINDS };
	const struct naming kinds[KINDS] = {
	    [TO] = {"to", "to-file", &s->message.to, &s->message.to_file,
		&s->message.operands},
	    [CC] = {"cc", "cc-file", &s->message.cc, &s->message.cc_file},
	    [BCC] = {"bcc", "bcc-file", &s->message.bcc, &s->message.bcc_file,
		NULL, &s->message.standing_bcc, &s->message.standing_bcc_file},
	};
	struct places lists[KINDS] = {{{0}}}, standing = {{0}};
	bool named = false;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		const struct naming *n = &kinds[i];
		bool is = is_named(s, n);
		struct places *rest =
		    p->complete && i == BCC ? &standing : &lists[i];

		named |= is;
		if (gather(&lists[i], a, s, process, n, true, err) == -1 ||
		    ((i == BCC || (!p->complete && !is)) &&
			gather(rest, a, s, process, n, false, err) == -1) ||
		    check_no_files(&lists[i], err) == -1)
			return -1;
	}
	p->to = lists[TO].texts.items;
	p->to_places = lists[TO].places;
	p->to_count = lists[TO].texts.count;
	p->cc = lists[CC].texts.items;
	p->cc_places = lists[CC].places;
	p->cc_count = lists[CC].texts.count;
	p->bcc = lists[BCC].texts.items;
	p->bcc_places = lists[BCC].places;
	p->bcc_count = lists[BCC].texts.count;
	p->standing_bcc = standing.texts.items;
	p->standing_bcc_places = standing.places;
	p->standing_bcc_count = standing.texts.count;
	if (p->resend && !named)
		return error_set(err, EX_USAGE,
		    "--resend: name the recipients; those in the header "
		    "have the message already");
	p->recipients_from_header =
	    !p->resend && (s->message.on_stdin || (p->complete && !named));
	return 0;
}

static void
fill_complete(const struct settings *s, struct message_params *p)
{
	p->strict = s->message.strict;
	p->repair = s->message.repair;
	p->resend = s->message.resend;
}

static bool
gives(const struct settings *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->message.headers.count; i++)
		if (ascii_begins(s->message.headers.items[i], name))
			return true;
	return false;
}

/* Those of -H, and TLS-Required (RFC 8689 5). */
static void
fill_headers(
    const struct settings *s, struct arena *a, struct message_params *p)
{
	struct strings all = {0};
	size_t i;

	p->headers = s->message.headers.items;
	p->header_count = s->message.headers.count;
	if (s->envelope.tls_required == NULL || gives(s, "TLS-Required:"))
		return;
	for (i = 0; i < s->message.headers.count; i++)
		strings_append(&all, a, s->message.headers.items[i]);
	strings_append(&all, a, "TLS-Required: No");
	p->headers = all.items;
	p->header_count = all.count;
}

static void
fill_composed(const struct settings *s, const struct parts *parts,
    struct arena *a, struct message_params *p)
{
	p->reply_to = s->message.reply_to.items;
	p->reply_to_count = s->message.reply_to.count;
	p->subject = s->message.subject;
	fill_headers(s, a, p);
	p->date = s->message.date;
	p->message_id = s->message.message_id;
	p->list_unsubscribe = s->message.list_unsubscribe.items;
	p->list_unsubscribe_count = s->message.list_unsubscribe.count;
	p->list_id = s->message.list_id;
	p->auto_submitted = s->message.auto_submitted;
	p->importance = s->message.importance;
	/* A habit from a configuration gives way to what is asked for now. */
	p->flowed = s->message.flowed &&
	    (option_on_argv(s, "flowed") || !gives(s, "Content-Type:"));
	p->types_file = "/etc/mime.types";
	p->parts = parts->items;
	p->part_count = parts->count;
	p->in_reply_to = parts->in_reply_to;
	if (parts->answered.name == NULL)
		return;
	p->answered = &parts->answered;
	/* A configured subject is for messages that have none. */
	if (!option_on_argv(s, "subject"))
		p->subject = NULL;
}

static int
fill_params(const struct settings *s, const struct process *process,
    struct arena *a, struct parts *parts, struct message_params *p,
    struct error *err)
{
	const char *pattern = s->message.from_pattern;

	p->complete = is_complete(s);
	if (identity_read(&p->ident, s->message.from == NULL && pattern == NULL,
		a, err) == -1 ||
	    parts_read(parts, &s->message, a, err) == -1)
		return -1;
	if (p->complete)
		fill_complete(s, p);
	if (open_input(s, parts, p, err) == -1 ||
	    parts_open(parts, err) == -1 ||
	    fill_recipients(s, process, a, p, err) == -1)
		return -1;
	if (!p->complete)
		fill_composed(s, parts, a, p);
	p->from = s->message.from;
	if (pattern != NULL)
		p->no_author = arena_printf(a,
		    "no From address is given, and account %s is for %s",
		    s->account, pattern);
	p->from_standing = !option_on_argv(s, "from");
	p->keep_bcc = s->message.keep_bcc;
	p->binary = s->message.binary != BINARY_OFF;
	p->charset = s->message.charset != NULL ? s->message.charset
						: identity_charset(a);
	p->temp_dir = getenv("TMPDIR");
	p->envelope_from = s->message.envelope_from;
	p->wait = process_wait(process);
	p->lasting = s->delivery.save != NULL || s->action == ACTION_PREVIEW ||
	    s->action == ACTION_CHECK;
	return 0;
}

int
compose_message(const struct settings *s, const struct process *process,
    struct arena *a, struct message **message, struct error *err)
{
	struct message_params p = {0};
	struct parts parts;
	const struct message_facts *facts;

	if (fill_params(s, process, a, &parts, &p, err) == -1)
		return -1;
	if ((p.input_fd == STDIN_FILENO || parts_on_stdin(&parts) > 0) &&
	    isatty(STDIN_FILENO)) {
		if (!p.recipients_from_header &&
		    p.to_count + p.cc_count + p.bcc_count == 0) {
			error_set(err, EX_USAGE, "no recipients");
			return error_hint(err,
			    "smtpsend --to USER@HOST; see "
			    "smtpsend --help");
		}
		if (greet_terminal(s, process, &p, a, err) == -1)
			return -1;
	}
	if (message_new(&p, message, err) == -1)
		return -1;
	facts = message_facts(*message);
	if (facts->not_shown != NULL)
		output_warning(s, process,
		    "warning: the HTML does not refer to %s, and readers may "
		    "not show it",
		    facts->not_shown);
	if (facts->unanswered != NULL)
		output_warning(s, process,
		    "warning: the HTML refers to %s, which is no part of the "
		    "message; --inline FILE adds it",
		    facts->unanswered);
	if (facts->header_in_body)
		output_warning(s, process,
		    "note: the body begins with header lines; -m %s sends it "
		    "as a complete message",
		    s->message.body_file != NULL ? s->message.body_file : "-");
	if (facts->no_method != NULL)
		output_warning(s, process,
		    "warning: %s: no METHOD says what it is, and readers "
		    "will show a file; an invitation has METHOD:REQUEST",
		    facts->no_method);
	return 0;
}
