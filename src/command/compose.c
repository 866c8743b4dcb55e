#include "command/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/wait.h"

#include "command/identity.h"
#include "command/local.h"
#include "command/parts.h"
#include "command/recipients.h"
#include "options/call.h"
#include "options/missing.h"
#include "options/option.h"

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

/* Of one of many: what it has is there already. */
static int
take_own(const struct compose_own *own, struct parts *parts,
    struct message_params *p)
{
	size_t i;

	p->input_fd = own->fd;
	p->input_size = own->size;
	p->body_text = own->text;
	p->input_name = own->name;
	p->body_optional = own->text == NULL && own->fd == -1;
	for (i = 0; own->html != NULL && i < parts->count; i++)
		if (parts->items[i].use == MESSAGE_HTML)
			parts->items[i].text = own->html;
	return 0;
}

/* Who we are.  Who calls sendmail(8) is the author, whatever the account is
 * for. */
static int
fill_ident(const struct settings *s, const struct compose_own *own,
    struct arena *a, struct message_params *p, struct error *err)
{
	const char *pattern = s->local.face ? NULL : s->message.from_pattern;

	if (pattern != NULL)
		p->no_author = arena_printf(a,
		    "no From address is given, and account %s is for %s",
		    s->account, pattern);
	if (own != NULL) {
		p->ident = own->ident;
		p->local = own->local;
		return 0;
	}
	if (identity_read(&p->ident, s->message.from == NULL && pattern == NULL,
		a, err) == -1 ||
	    local_set_host(s, a, &p->ident, err) == -1)
		return -1;
	return local_fill(s, &p->ident, a, &p->local, err);
}

/* Daemons that call sendmail(8) pass on what holds for others: a directory that
 * is of no use to us is none. */
static const char *
temp_dir(const struct settings *s)
{
	const char *dir = getenv("TMPDIR");

	return s->local.face && dir != NULL && access(dir, W_OK | X_OK) == -1
	    ? NULL
	    : dir;
}

/* own: NULL, or what replaces the process' own. */
static int
fill_params(const struct settings *s, const struct process *process,
    const struct compose_own *own, struct arena *a, struct parts *parts,
    struct message_params *p, struct error *err)
{
	p->complete = own != NULL ? own->complete : is_complete(s);
	if (fill_ident(s, own, a, p, err) == -1 ||
	    parts_read(parts, &s->message, a, err) == -1)
		return -1;
	if (p->complete)
		fill_complete(s, p);
	if ((own != NULL ? take_own(own, parts, p)
			 : open_input(s, parts, p, err)) == -1 ||
	    parts_open(parts, err) == -1 ||
	    recipients_fill(s, process, a, p, err) == -1)
		return -1;
	if (!p->complete)
		fill_composed(s, parts, a, p);
	p->from = s->message.from;
	p->from_standing = !option_on_argv(s, "from");
	p->keep_bcc =
	    s->message.keep_bcc && !(p->local != NULL && p->local->sendmail);
	p->binary = s->message.binary != BINARY_OFF;
	p->charset = s->message.charset != NULL ? s->message.charset
	    : own != NULL			? own->charset
						: identity_charset(a);
	p->temp_dir = temp_dir(s);
	p->envelope_from = s->message.envelope_from;
	p->wait = process_wait(process);
	p->lasting = s->delivery.save != NULL || s->outbox.on_failure ||
	    s->action == ACTION_PREVIEW || s->action == ACTION_CHECK;
	return 0;
}

int
compose_one(const struct settings *s, const struct process *process,
    const struct compose_own *own, struct arena *a, struct composed *out,
    struct error *err)
{
	struct message_params p = {0};

	*out = (struct composed){0};
	return fill_params(s, process, own, a, &out->parts, &p, err) == -1
	    ? -1
	    : message_new(&p, &out->message, err);
}

void
composed_clear(struct composed *c)
{
	message_free(c->message);
	parts_close(&c->parts);
	*c = (struct composed){0};
}

static void
note_header(const struct settings *s, const struct process *process)
{
	const char *file =
	    s->message.body_file != NULL ? s->message.body_file : "-";
	struct buf without = BUF_WITH_MAX(0);

	call_composing(s, &without);
	output_warning(s, process,
	    "note: the body begins with header lines; -m %s sends it as a "
	    "complete message%s%s",
	    file, without.len > 0 ? ", without " : "", buf_string(&without));
	buf_clear(&without);
}

int
compose_message(const struct settings *s, const struct process *process,
    struct arena *a, struct message **message, struct error *err)
{
	struct message_params p = {0};
	struct parts parts;
	const struct message_facts *facts;

	if (fill_params(s, process, NULL, a, &parts, &p, err) == -1)
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
		note_header(s, process);
	if (facts->no_method != NULL)
		output_warning(s, process,
		    "warning: %s: no METHOD says what it is, and readers "
		    "will show a file; an invitation has METHOD:REQUEST",
		    facts->no_method);
	return 0;
}
