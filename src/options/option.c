/* option: see option.h. */
#include "options/option.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"
#include "lib/url.h"
#include "options/nearest.h"

/* A choice is stored as an int, whatever its enum. */
_Static_assert(sizeof(enum settings_tls_mode) == sizeof(int), "enums are ints");

union value {
	bool flag;
	uint64_t number;
	int64_t duration;
	int choice;
	const char *text;
};

static const char *
quote(const char *text, char out[OPTION_QUOTED_SIZE])
{
	struct buf b = BUF_WITH_MAX(OPTION_QUOTED_SIZE - 6);
	size_t len = strlen(text), n = len;

	/* What does not fit is cut, between characters. */
	while (printable_append(&b, text, n) == -1) {
		n = n > OPTION_QUOTED_SIZE ? OPTION_QUOTED_SIZE : n - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
		buf_reset(&b);
	}
	snprintf(out, OPTION_QUOTED_SIZE, "'%s%s'", buf_string(&b),
	    n < len ? "..." : "");
	buf_clear(&b);
	return out;
}

const char *
option_quote(const char *text, char out[OPTION_QUOTED_SIZE])
{
	struct buf masked = BUF_WITH_MAX(0);
	const char *password = NULL;
	size_t len;

	if (url_begins(text))
		password = url_password(text, &len);
	if (password == NULL)
		return quote(text, out);
	buf_append(&masked, text, (size_t)(password - text));
	buf_printf(&masked, "***%s", password + len);
	quote(buf_string(&masked), out);
	buf_clear(&masked);
	return out;
}

int
option_error(struct error *err, const struct option_row *row,
    const struct option_origin *origin, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	switch (origin->layer) {
	case LAYER_ARGV:
	case LAYER_RECORD:
		return error_set(err,
		    origin->layer == LAYER_ARGV ? EX_USAGE : EX_DATAERR,
		    "--%s: %s", row->name, text);
	case LAYER_ENVIRONMENT:
	case LAYER_FALLBACK:
		return error_set(err, EX_CONFIG, "%s: %s", origin->text, text);
	default:
		return error_set(err, EX_CONFIG, "%s: %s: %s", origin->text,
		    row->name, text);
	}
}

void
option_blame(const struct settings *s, struct error *err)
{
	const struct option_origin *origin;
	const struct option_row *row;
	struct error blamed;
	char name[64];
	size_t n = strcspn(err->text, ": ");
	const char *value = err->text + n;

	value += *value == ':';
	value += *value == ' ';
	if (*value != '\'' || n < 3 || n >= sizeof(name))
		return;
	snprintf(name, n - 1, "%s", err->text + 2);
	row = strncmp(err->text, "--", 2) == 0 ? option_by_name(name) : NULL;
	if (row == NULL || row->type == OPTION_ACTION || s->origins == NULL)
		return;
	origin = option_origin(s, row);
	if (origin->layer >= LAYER_ARGV || origin->text == NULL)
		return;
	option_error(&blamed, row, origin, "%s", value);
	error_hint(&blamed, "%s", err->hint);
	if (err->status != EX_USAGE)
		blamed.status = err->status;
	*err = blamed;
}

const struct option_origin *
option_origin(const struct settings *s, const struct option_row *row)
{
	return &s->origins[option_number(row)];
}

bool
option_on_argv(const struct settings *s, const char *name)
{
	return option_origin(s, option_by_name(name))->layer >= LAYER_ARGV;
}

/* The index of text in the choices, or -1. */
static int
parse_choice(const struct option_row *row, const char *text,
    const struct option_origin *origin, struct error *err)
{
	struct nearest near = {.word = text};
	struct buf list = BUF_WITH_MAX(400);
	char quoted[OPTION_QUOTED_SIZE];
	int i;

	for (i = 0; row->choices[i] != NULL; i++) {
		if (strcmp(row->choices[i], text) == 0) {
			buf_clear(&list);
			return i;
		}
		nearest_offer(&near, row->choices[i]);
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", row->choices[i]);
	}
	option_error(err, row, origin, "%s is none of %s",
	    option_quote(text, quoted), buf_string(&list));
	buf_clear(&list);
	return nearest_suggest(err, "", near.best);
}

/* What may hold a secret is not shown. */
static const char *
quote_value(const struct option_row *row, const char *text,
    char out[OPTION_QUOTED_SIZE])
{
	size_t len;

	if (row->type == OPTION_SECRET)
		return "the secret";
	if (text[0] != '\0' && row->secret == SECRET_COMMAND)
		return "the command";
	if (row->secret == SECRET_PASSWORD && url_password(text, &len) != NULL)
		return "the server's URL";
	return option_quote(text, out);
}

/* A template may become anything; what it is not is judged later. */
static bool
may_be_template(const struct option_row *row, const char *text,
    const struct option_origin *origin)
{
	return origin->layer == LAYER_ARGV && strstr(text, "{{") != NULL &&
	    option_is_of_message(row);
}

/* What the text, or that there is none, stands for. */
static int
judge(const struct option_row *row, const char *text, union value *out,
    const struct option_origin *origin, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE];
	struct error why;
	int r = 0;

	if (text == NULL && row->argument != NULL && !row->optional)
		return option_error(
		    err, row, origin, "needs a value: %s", row->argument);
	if (text == NULL)
		return 0;
	if (row->choices != NULL) {
		out->choice = parse_choice(row, text, origin, err);
		if (out->choice == -1)
			return -1;
	}
	switch (row->type) {
	case OPTION_FLAG:
		r = value_flag(text, &out->flag, err);
		break;
	case OPTION_COUNT:
		r = value_number(text, &out->number, err);
		break;
	case OPTION_NUMBER:
		r = row->check != NULL ? row->check(text, err) : 0;
		r = r == 0 ? value_number(text, &out->number, err) : -1;
		break;
	case OPTION_DURATION:
		r = value_duration(text, &out->duration, err);
		break;
	case OPTION_CHOICE:
		break;
	case OPTION_STRING:
	case OPTION_LIST:
	case OPTION_SECRET:
	case OPTION_ACTION:
		r = (row->check != NULL ? row->check : value_line)(text, err);
		out->text = text;
		break;
	}
	if (r == 0)
		return 0;
	why = *err;
	option_error(err, row, origin, "%s %s", quote_value(row, text, quoted),
	    why.text);
	return error_hint(err, "%s", why.hint);
}

static int
parse(const struct option_row *row, const char *text, union value *out,
    const struct option_origin *origin, struct error *err)
{
	if (text != NULL && may_be_template(row, text, origin)) {
		out->text = text;
		return 0;
	}
	if (judge(row, text, out, origin, err) == 0)
		return 0;
	if (text != NULL && origin->layer == LAYER_ARGV &&
	    strstr(text, "{{") != NULL && option_composes(row))
		error_hint(err,
		    "it takes no {{name}}; \"options\" in a line of JSON sets "
		    "it for one message");
	return -1;
}

int
option_judge(const struct option_row *row, const char *value,
    const struct option_origin *origin, struct error *err)
{
	union value parsed;

	return may_be_template(row, value, origin)
	    ? judge(row, value, &parsed, origin, err)
	    : 0;
}

int
option_check(const struct option_row *row, const char *value,
    const struct option_origin *origin, struct error *err)
{
	union value parsed;

	return parse(row, value, &parsed, origin, err);
}

static size_t
field_size(const struct option_row *row)
{
	switch (row->type) {
	case OPTION_FLAG:
		return sizeof(bool);
	case OPTION_COUNT:
		return sizeof(unsigned);
	case OPTION_NUMBER:
		return sizeof(uint64_t);
	case OPTION_DURATION:
		return sizeof(int64_t);
	case OPTION_STRING:
		return sizeof(const char *);
	case OPTION_LIST:
		return sizeof(struct strings);
	case OPTION_CHOICE:
		return sizeof(int);
	case OPTION_SECRET:
		return sizeof(struct secret);
	case OPTION_ACTION:
		break;
	}
	return 0;
}

static void
clear(struct settings *s, const struct option_row *row)
{
	void *field = (char *)s + row->offset;

	if (row->type == OPTION_SECRET)
		secret_clear(field);
	memset(field, 0, field_size(row));
	s->origins[option_number(row)] =
	    (struct option_origin){LAYER_NONE, NULL};
}

/* 1: another one of the group is in force; 0: none (any more); -1: conflict. */
static int
yield_to_group(struct settings *s, const struct option_row *row,
    const struct option_origin *origin, struct error *err)
{
	const struct option_row *other = NULL;
	const struct option_origin *theirs;

	if (row->group == GROUP_NONE)
		return 0;
	while ((other = option_next(other)) != NULL) {
		if (other == row || other->group != row->group)
			continue;
		theirs = option_origin(s, other);
		if (theirs->layer == LAYER_NONE)
			continue;
		if (theirs->layer > origin->layer)
			return 1;
		if (theirs->layer == origin->layer)
			return option_error(err, row, origin,
			    "cannot be combined with %s%s",
			    origin->layer >= LAYER_ARGV ? "--" : "",
			    other->name);
		clear(s, other);
	}
	return 0;
}

static void
store(struct settings *s, const struct option_row *row,
    const union value *value, bool given)
{
	void *field = (char *)s + row->offset;
	unsigned count;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)field = given ? value->flag : true;
		break;
	case OPTION_COUNT:
		count = value->number < 100 ? (unsigned)value->number : 100;
		*(unsigned *)field = given ? count : *(unsigned *)field + 1;
		break;
	case OPTION_NUMBER:
		*(uint64_t *)field = value->number;
		break;
	case OPTION_DURATION:
		*(int64_t *)field = value->duration;
		break;
	case OPTION_CHOICE:
		memcpy(field, &value->choice, sizeof(value->choice));
		break;
	case OPTION_STRING:
		*(const char **)field = arena_strdup(&s->arena, value->text);
		break;
	case OPTION_LIST:
		strings_append(field, &s->arena, value->text);
		break;
	case OPTION_SECRET:
		secret_set(field, value->text, strlen(value->text));
		break;
	case OPTION_ACTION:
		break;
	}
}

int
option_expand(struct settings *s, const struct option_row *row,
    const struct option_origin *origin, const char **value, struct error *err)
{
	const char *file = *value;
	char quoted[OPTION_QUOTED_SIZE];

	if (file == NULL ||
	    (row->completion != COMPLETE_FILE &&
		row->completion != COMPLETE_HOST))
		return 0;
	if (row->completion == COMPLETE_HOST) {
		file += ascii_begins(file, "lmtp+") ? 5 : 0;
		if (!ascii_begins(file, "unix:"))
			return 0;
		file += 5;
	}
	if (strncmp(file, "~/", 2) != 0)
		return 0;
	if (s->home == NULL) {
		option_error(err, row, origin, "%s: HOME is not set",
		    option_quote(*value, quoted));
		return error_hint(err, "./~/ is a directory of that name");
	}
	*value = arena_printf(&s->arena, "%.*s%s%s", (int)(file - *value),
	    *value, s->home, file + 1);
	return 0;
}

int
option_set(struct settings *s, const struct option_row *row, const char *text,
    const struct option_origin *origin, struct error *err)
{
	struct option_origin *ours = &s->origins[option_number(row)];
	union value value = {0};
	int yield;

	if (text == NULL)
		text = row->omitted;
	if (parse(row, text, &value, origin, err) == -1)
		return -1;
	if (ours->layer > origin->layer)
		return 0;
	if (row->once && ours->layer == LAYER_ARGV &&
	    origin->layer == LAYER_ARGV)
		return option_error(
		    err, row, origin, "given twice, and only one can be used");
	if (option_expand(s, row, origin, &value.text, err) == -1)
		return -1;
	/* A flag that is switched off is in nobody's way. */
	if (row->type != OPTION_FLAG || text == NULL || value.flag) {
		yield = yield_to_group(s, row, origin, err);
		if (yield != 0)
			return yield == 1 ? 0 : -1;
	}
	if (ours->layer < origin->layer)
		clear(s, row);
	store(s, row, &value, text != NULL);
	*ours = *origin;
	return 0;
}

int
option_set_defaults(struct settings *s, struct error *err)
{
	static const struct option_origin origin = {LAYER_DEFAULT, "default"};
	const struct option_row *row = NULL;

	while ((row = option_next(row)) != NULL)
		if (row->initial != NULL &&
		    option_set(s, row, row->initial, &origin, err) == -1)
			return -1;
	return 0;
}

void
option_copy(struct settings *to, const struct settings *from,
    const struct option_row *row)
{
	memcpy((char *)to + row->offset, (const char *)from + row->offset,
	    field_size(row));
	to->origins[option_number(row)] = *option_origin(from, row);
}
