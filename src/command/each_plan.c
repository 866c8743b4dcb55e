#include "command/each_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/memory.h"
#include "lib/siphash.h"

#include "command/each_options.h"
#include "options/missing.h"
#include "options/nearest.h"
#include "options/option.h"

enum {
	TEXT_MAX = 64 * 1024 * 1024, /* octets of a body, or of its template */
	VALUE_MAX = 16 * 1024 * 1024,
	CONTENTS_MAX = 64, /* files that are kept in memory */
};

static void
add_hash(struct plan *p, const char *text, size_t n)
{
	unsigned char secret[SIPHASH_SECRET] = {0};

	memcpy(secret, &p->hash, sizeof(p->hash));
	p->hash = siphash(secret, text, n);
}

/* With what may be meant. */
static int
no_column(struct plan *p, const char *name, size_t len, struct error *err)
{
	const struct value *columns = &p->records->columns;
	struct nearest near = {.word = arena_strndup(&p->arena, name, len)};
	char quoted[OPTION_QUOTED_SIZE];
	const char *only;
	size_t i;

	for (i = 0; i < columns->count; i++)
		nearest_offer(&near, columns->members[i].name);
	error_set(err, EX_DATAERR, "%s has no column %s", p->records->name,
	    option_quote(near.word, quoted));
	only = columns->count == 1 ? strpbrk(columns->members[0].name, ",;\t|")
				   : NULL;
	if (only == NULL)
		return nearest_suggest(err, "", near.best);
	return error_hint(err,
	    *only == '\t'
		? "its first row is one column: --delimiter tab divides it"
		: "its first row is one column: --delimiter '%c' divides it",
	    *only);
}

static bool
has_column(const struct plan *p, const char *name, size_t len)
{
	return value_member(&p->records->columns, name, len) != NULL;
}

/* A column that no record has is a slip; what a line of JSON lacks is empty. */
static int
check_names(struct plan *p, const struct template *t, const char *name,
    struct error *err)
{
	const struct template_name *names;
	size_t n, i;

	if (p->records->form != RECORDS_CSV)
		return 0;
	names = template_names(t, &n);
	for (i = 0; i < n; i++) {
		if (has_column(p, names[i].name, names[i].len) &&
		    !names[i].dotted)
			continue;
		if (names[i].dotted)
			error_set(err, EX_DATAERR,
			    "%s has no columns with parts behind a dot",
			    p->records->name);
		else
			no_column(p, names[i].name, names[i].len, err);
		return error_context(err, "%s: line %llu, column %llu", name,
		    (unsigned long long)names[i].line,
		    (unsigned long long)names[i].column);
	}
	return 0;
}

/* What no option names as a template. */
static int
check_columns(struct plan *p, struct error *err)
{
	const char *key = p->settings->many.key;

	if (p->settings->many.dir != NULL && records_are_complete(p->records))
		return error_set(err, EX_USAGE,
		    "--each-dir: of no use to messages, which name no files");
	if (key != NULL && strcmp(key, "row") != 0) {
		if (records_are_complete(p->records))
			return error_set(err, EX_USAGE,
			    "--key: messages have no columns; their number is "
			    "'row'");
		if (p->records->form == RECORDS_CSV &&
		    !has_column(p, key, strlen(key))) {
			no_column(p, key, strlen(key), err);
			return error_context(err, "--key");
		}
	}
	if (p->records->form != RECORDS_CSV || p->names_recipients ||
	    has_column(p, "to", 2) || has_column(p, "email", 5))
		return 0;
	no_column(p, "email", 5, err);
	error_context(err, "no recipients");
	if (err->hint[0] != '\0')
		return -1;
	return error_hint(err, "--to '{{name}}' says where they stand");
}

/* *out is to be freed in either case. */
static int
compile(struct plan *p, const struct buf *text, const char *name,
    struct template **out, struct error *err)
{
	add_hash(p, buf_string(text), text->len);
	if (template_new(buf_string(text), text->len, name, out, err) == -1)
		return -1;
	return check_names(p, *out, name, err);
}

static bool
has_tags(const char *text)
{
	return text != NULL && strstr(text, "{{") != NULL;
}

static enum each_shape
shape_of(const struct option_row *row)
{
	static const struct {
		const char *names;
		enum each_shape shape;
	} shapes[] = {
	    {" to cc bcc from reply-to envelope-from mail-auth ",
		SHAPE_ADDRESSES},
	    {" header ", SHAPE_FIELD},
	    {" attach inline ", SHAPE_PART},
	};
	struct buf name = BUF_WITH_MAX(80);
	enum each_shape shape = SHAPE_ANY;
	size_t i;

	if (row == NULL)
		return SHAPE_ADDRESSES;
	buf_printf(&name, " %s ", row->name);
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strstr(shapes[i].names, buf_string(&name)) != NULL)
			shape = shapes[i].shape;
	buf_clear(&name);
	return shape;
}

static bool
takes_words(const struct option_row *row)
{
	static const char *const names[] = {"to", "cc", "bcc", "subject"};
	size_t i;

	for (i = 0; row != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(row->name, names[i]) == 0)
			return true;
	return row == NULL;
}

static int
add_text(struct plan *p, const struct option_row *row, size_t index,
    const char *text, struct error *err)
{
	struct plan_text *t;

	add_hash(p, text, strlen(text));
	if (!has_tags(text))
		return 0;
	t = &p->texts[p->count++];
	*t = (struct plan_text){.row = row,
	    .index = index,
	    .name = row != NULL ? arena_printf(&p->arena, "--%s", row->name)
				: "recipient",
	    .shape = shape_of(row),
	    .words = takes_words(row),
	    .addresses = each_shape_has_addresses(shape_of(row), text),
	    .file = row != NULL && row->completion == COMPLETE_FILE};
	return template_new(text, strlen(text), t->name, &t->template, err) ==
		-1
	    ? -1
	    : check_names(p, t->template, t->name, err);
}

static int
add_texts(struct plan *p, const struct option_row *row,
    const struct strings *list, struct error *err)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (add_text(p, row, i, list->items[i], err) == -1)
			return -1;
	return 0;
}

/* The body has a place of its own. */
static bool
is_text(const struct option_row *row)
{
	return option_is_of_message(row) && strcmp(row->name, "body") != 0 &&
	    strcmp(row->name, "message") != 0;
}

/* What each message reads has to be there for each of them.  Templates are kept
 * in memory, and what has tags becomes a name later. */
static int
check_file(const struct option_row *row, const char *file, struct error *err)
{
	return file == NULL || has_tags(file)
	    ? 0
	    : each_options_check(row, file, err);
}

static int
check_files(struct plan *p, struct error *err)
{
	const char *s = (const char *)p->settings;
	const struct option_row *row = NULL;
	const struct strings *list;
	size_t i;

	while ((row = option_next(row)) != NULL) {
		if (row->completion != COMPLETE_FILE || !is_text(row) ||
		    strcmp(row->name, "html") == 0 ||
		    strcmp(row->name, "body-file") == 0)
			continue;
		list = (const void *)(s + row->offset);
		if (row->type != OPTION_LIST &&
		    check_file(row, *(const char *const *)(const void *)list,
			err) == -1)
			return -1;
		for (i = 0; row->type == OPTION_LIST && i < list->count; i++)
			if (check_file(row, list->items[i], err) == -1)
				return -1;
	}
	return 0;
}

static int
make_texts(struct plan *p, struct error *err)
{
	const struct settings *s = p->settings;
	const struct option_row *row = NULL;
	const struct strings *list;
	const char *text;
	size_t n = s->message.operands.count;

	while ((row = option_next(row)) != NULL)
		if (is_text(row))
			n += row->type == OPTION_LIST
			    ? ((const struct strings *)(const void
				       *)((const char *)s + row->offset))
				  ->count
			    : 1;
	p->texts = arena_alloc(&p->arena, n * sizeof(*p->texts));
	while ((row = option_next(row)) != NULL) {
		if (!is_text(row))
			continue;
		list = (const void *)((const char *)s + row->offset);
		text = *(const char *const *)(const void *)list;
		if (row->type == OPTION_LIST
			? add_texts(p, row, list, err) == -1
			: text != NULL && add_text(p, row, 0, text, err) == -1)
			return -1;
	}
	return add_texts(p, NULL, &s->message.operands, err);
}

/* Everything there is, or -1. */
static int
read_text(struct plan *p, int fd, const char *name, struct buf *text,
    struct error *err)
{
	const struct wait_limits wait = process_wait(p->process);

	if (wait_read_all(&wait, fd, name, text, err) == -1)
		return -1;
	if (memchr(buf_string(text), '\0', text->len) != NULL)
		return error_set(err, EX_DATAERR, "%s: NUL byte", name);
	return 0;
}

static void
free_content(struct plan_content *c)
{
	template_free(c->template);
	buf_clear(&c->text);
	free(c->name);
	free(c);
}

/* Records may name any number of files: the newest ones are kept. */
static void
keep_content(struct plan *p, struct plan_content *c)
{
	struct plan_content **at = &p->contents;
	size_t n = 1;

	c->next = p->contents;
	p->contents = c;
	for (; *at != NULL && n <= CONTENTS_MAX; at = &(*at)->next)
		n++;
	if (*at != NULL) {
		free_content(*at);
		*at = NULL;
	}
}

int
plan_content_open(
    struct plan *p, const char *file, struct template **out, struct error *err)
{
	struct plan_content *c;
	int fd, r;

	for (c = p->contents; c != NULL; c = c->next)
		if (strcmp(c->name, file) == 0) {
			*out = c->template;
			return 0;
		}
	fd = missing_open(file, err);
	if (fd == -1)
		return -1;
	c = memory_alloc(sizeof(*c));
	c->name = memory_strdup(file);
	c->text = BUF_WITH_MAX(TEXT_MAX);
	r = read_text(p, fd, file, &c->text, err);
	close(fd);
	if (r == 0)
		r = compile(p, &c->text, c->name, &c->template, err);
	if (r == -1) {
		free_content(c);
		return -1;
	}
	keep_content(p, c);
	*out = c->template;
	return 0;
}

static bool
list_is_stdin(const struct plan *p)
{
	return p->records->fd == STDIN_FILENO;
}

/* What nothing names comes on standard input, as with one message. */
static int
make_body(struct plan *p, struct error *err)
{
	const struct settings *s = p->settings;
	const char *name = "--body";
	struct template *ignored;

	if (s->message.html != NULL && !has_tags(s->message.html) &&
	    plan_content_open(p, s->message.html, &ignored, err) == -1)
		return error_context(err, "--html");
	if (s->message.body_file != NULL &&
	    !parts_name_stdin(s->message.body_file)) {
		p->body_varies = has_tags(s->message.body_file);
		if (p->body_varies)
			return 0;
		return plan_content_open(
		    p, s->message.body_file, &ignored, err);
	}
	if (s->message.body != NULL) {
		buf_puts(&p->body_text, s->message.body);
	} else {
		if (list_is_stdin(p) && s->message.body_file == NULL) {
			if (s->message.html != NULL)
				return 0;
			error_set(err, EX_USAGE,
			    "the list is on standard input, and nothing names "
			    "the body");
			return error_hint(err,
			    "--body TEXT, or --body-file FILE, is the text");
		}
		if (list_is_stdin(p))
			return error_set(err, EX_USAGE,
			    "standard input can be read for one thing only: "
			    "name another file than '-'");
		if (s->message.html != NULL && isatty(STDIN_FILENO))
			return 0;
		name = "standard input";
		if (isatty(STDIN_FILENO))
			output_warning(s, p->process,
			    "type the message; end with ^D, cancel with ^C");
		if (read_text(p, STDIN_FILENO, name, &p->body_text, err) == -1)
			return -1;
	}
	if (p->body_text.len == 0 && s->message.html != NULL)
		return 0;
	return compile(p, &p->body_text, name, &p->body, err);
}

static int
find_directory(struct plan *p, struct error *err)
{
	const char *dir = p->settings->many.dir;
	char *real;

	if (dir == NULL)
		return 0;
	real = realpath(dir, NULL);
	if (real == NULL) {
		error_set(err, EX_NOINPUT, "--each-dir: %s: %s", dir,
		    strerror(errno));
		return missing_hint(dir, err);
	}
	p->directory = arena_strdup(&p->arena, real);
	free(real);
	return 0;
}

int
plan_make(struct plan *p, const struct settings *s,
    const struct process *process, const struct records *records,
    struct error *err)
{
	const struct settings_message *m = &s->message;

	*p = (struct plan){.settings = s,
	    .process = process,
	    .records = records,
	    .body_text = BUF_WITH_MAX(TEXT_MAX),
	    .text = BUF_WITH_MAX(VALUE_MAX),
	    .plain = BUF_WITH_MAX(VALUE_MAX)};
	p->names_recipients = m->operands.count > 0 ||
	    option_on_argv(s, "to") || option_on_argv(s, "cc") ||
	    option_on_argv(s, "bcc") || option_on_argv(s, "to-file") ||
	    option_on_argv(s, "cc-file") || option_on_argv(s, "bcc-file");
	if (check_columns(p, err) == -1 || check_files(p, err) == -1)
		return -1;
	if (records_are_complete(records))
		return 0;
	return find_directory(p, err) == -1 || make_texts(p, err) == -1
	    ? -1
	    : make_body(p, err);
}

void
plan_clear(struct plan *p)
{
	struct plan_content *c, *next;
	size_t i;

	for (i = 0; i < p->count; i++)
		template_free(p->texts[i].template);
	for (c = p->contents; c != NULL; c = next) {
		next = c->next;
		free_content(c);
	}
	template_free(p->body);
	buf_clear(&p->body_text);
	buf_clear(&p->text);
	buf_clear(&p->plain);
	arena_clear(&p->arena);
}
