#include "command/parts.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/shell.h"
#include "lib/wait.h"

#include "command/part_spec.h"
#include "options/missing.h"
#include "options/option.h"

static const char *
option_of(const struct message_part *part)
{
	static const char *const options[] = {
	    [MESSAGE_ATTACHMENT] = "--attach",
	    [MESSAGE_FORWARD] = "--forward",
	    [MESSAGE_HTML] = "--html",
	    [MESSAGE_RELATED] = "--inline",
	    [MESSAGE_CALENDAR] = "--calendar",
	};

	return options[part->use];
}

bool
parts_name_stdin(const char *name)
{
	static const char *const names[] = {
	    "-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"};
	size_t i;

	for (i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool
is_stdin(const struct message_part *part)
{
	return part->fd == STDIN_FILENO || parts_name_stdin(part->name);
}

static void
add_file(struct parts *parts, enum message_use use, const char *name)
{
	if (name != NULL)
		parts->items[parts->count++] =
		    (struct message_part){.use = use, .fd = -1, .name = name};
}

static int
add_specs(struct parts *parts, enum message_use use, const struct strings *list,
    struct arena *a, struct error *err)
{
	struct message_part *part;
	char quoted[OPTION_QUOTED_SIZE];
	size_t i;
	int r;

	for (i = 0; i < list->count; i++) {
		part = &parts->items[parts->count++];
		r = part_spec_read(part, a, list->items[i], err);
		part->use = use;
		if (r == -1)
			return error_context(err, "%s: %s", option_of(part),
			    option_quote(list->items[i], quoted));
	}
	return 0;
}

/* A message that is answered: <ID>, a file, or an ID without the brackets. */
static void
read_answer(struct parts *parts, const char *text, struct arena *a)
{
	struct stat st;

	if (text == NULL)
		return;
	if (text[0] == '<')
		parts->in_reply_to = text;
	else if (!parts_name_stdin(text) && stat(text, &st) == -1 &&
	    strchr(text, '@') != NULL && strchr(text, '/') == NULL)
		parts->in_reply_to = arena_printf(a, "<%s>", text);
	else
		parts->answered = (struct message_part){
		    .use = MESSAGE_FORWARD, .fd = -1, .name = text};
}

int
parts_read(struct parts *parts, const struct settings_message *s,
    struct arena *a, struct error *err)
{
	size_t i;

	*parts = (struct parts){.answered = {.fd = -1}};
	parts->items = arena_alloc(a,
	    (s->inlined.count + s->attach.count + s->forward.count + 2) *
		sizeof(*parts->items));
	add_file(parts, MESSAGE_HTML, s->html);
	if (add_specs(parts, MESSAGE_RELATED, &s->inlined, a, err) == -1)
		return -1;
	add_file(parts, MESSAGE_CALENDAR, s->calendar);
	if (add_specs(parts, MESSAGE_ATTACHMENT, &s->attach, a, err) == -1)
		return -1;
	for (i = 0; i < s->forward.count; i++)
		add_file(parts, MESSAGE_FORWARD, s->forward.items[i]);
	read_answer(parts, s->in_reply_to, a);
	return 0;
}

size_t
parts_on_stdin(const struct parts *parts)
{
	size_t i, n = is_stdin(&parts->answered);

	for (i = 0; i < parts->count; i++)
		n += is_stdin(&parts->items[i]);
	return n;
}

/* All stay open until the message is sent.  The limit is raised no further
 * than that needs, since programs that we start inherit it. */
static void
make_room(size_t count)
{
	enum { OTHERS = 64 };
	struct rlimit limit;

	if (count == 0 || getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur >= count + OTHERS)
		return;
	limit.rlim_cur = count + OTHERS;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int
open_part(struct message_part *part, struct error *err)
{
	struct stat st;

	if (is_stdin(part)) {
		/* Nobody calls it a file of that name. */
		part->name = "standard input";
		part->fd = STDIN_FILENO;
		if (part->filename == NULL)
			part->filename = "";
	} else {
		part->fd = missing_open(part->name, err);
	}
	if (part->fd == -1)
		return -1;
	if (fstat(part->fd, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(
		    err, EX_NOINPUT, "%s: %s", part->name, strerror(EISDIR));
	return 0;
}

/* What other mailers take behind -a: "Name: value". */
static bool
is_field(const char *name)
{
	size_t n = 0;

	while (ascii_is_letter(name[n]) || name[n] == '-')
		n++;
	return n > 1 && name[n] == ':' && name[n + 1] != '/';
}

int
parts_open(struct parts *parts, struct error *err)
{
	struct message_part *part = parts->items;
	struct message_part *end = part + parts->count;
	char word[SHELL_WORD_SIZE];

	make_room(parts->count);
	for (; part < end; part++) {
		errno = 0;
		if (part->text != NULL || open_part(part, err) == 0)
			continue;
		if (errno == EMFILE || errno == ENFILE)
			error_hint(err,
			    "%zu of %zu files could be opened; see 'ulimit -n'",
			    (size_t)(part - parts->items), parts->count);
		else if (errno == ENOENT && is_field(part->name))
			error_hint(err, "-H %s (--header) is a header field",
			    shell_word(part->name, "'NAME: VALUE'", word));
		else if (errno == ENOENT && strchr(part->name, ',') != NULL)
			error_hint(err,
			    "what may follow a comma is type=, name=, cid=, "
			    "encoding= or inline; see --help=attach");
		return error_context(err, "%s", option_of(part));
	}
	part = &parts->answered;
	if (part->name == NULL || open_part(part, err) == 0)
		return 0;
	error_hint(err, "a Message-ID is written <LEFT@RIGHT>");
	return error_context(err, "--in-reply-to");
}

static void
close_part(struct message_part *part)
{
	if (part->fd > STDERR_FILENO)
		close(part->fd);
	part->fd = -1;
}

void
parts_close(struct parts *parts)
{
	size_t i;

	for (i = 0; i < parts->count; i++)
		close_part(&parts->items[i]);
	if (parts->answered.name != NULL)
		close_part(&parts->answered);
}

size_t
parts_files(const struct parts *parts)
{
	size_t i, n = parts->answered.name != NULL;

	for (i = 0; i < parts->count; i++)
		n += parts->items[i].fd != -1;
	return n;
}
