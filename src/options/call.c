#include "options/call.h"

#include <string.h>

#include "lib/buf.h"

#include "options/option.h"

/* The bits of the call; 0: one that heeds no other option. */
static unsigned
call_of(const struct settings *s)
{
	unsigned message = s->message.files.count > 0 || s->message.on_stdin
	    ? CALL_COMPLETE
	    : CALL_COMPOSED;

	if (s->many.each != NULL)
		message = 0;
	message |= settings_are_for_many(s) ? CALL_MANY : CALL_ONE;

	switch (s->action) {
	case ACTION_SEND:
	case ACTION_EACH:
		return message;
	case ACTION_DRY_RUN:
	case ACTION_PREVIEW:
		return message | CALL_OFFLINE;
	case ACTION_CHECK:
		/* One message is proved by it, never many. */
		return (message & ~(unsigned)CALL_MANY) | CALL_ONE | CALL_CHECK;
	case ACTION_VRFY:
	case ACTION_EXPN:
	case ACTION_ETRN:
	case ACTION_NOOP:
	case ACTION_SERVER_HELP:
		return CALL_QUERY;
	case ACTION_SERVER_INFO:
		return s->action_arguments.count > 0
		    ? CALL_QUERY | CALL_ANONYMOUS
		    : CALL_QUERY;
	case ACTION_SCRIPT:
		return CALL_SCRIPT;
	case ACTION_EXPLAIN:
		return CALL_EXPLAIN;
	case ACTION_ACCOUNTS:
		return CALL_ACCOUNTS;
	case ACTION_IMPORT_MSMTPRC:
		return CALL_IMPORT;
	case ACTION_CONFIGURE:
		return CALL_CONFIGURE;
	case ACTION_FLUSH:
	case ACTION_OUTBOX:
		return CALL_OUTBOX;
	case ACTION_LOGIN:
		return CALL_LOGIN;
	case ACTION_LOGOUT:
	case ACTION_PRINT_TOKEN:
		return CALL_SIGNED;
	case ACTION_USAGE:
	case ACTION_VERSION:
	case ACTION_SHOW_SETTINGS:
	case ACTION_OPTION_HELP:
		break;
	}
	return 0;
}

static bool
is_in_the_way(const struct settings *s, const struct option_row *row)
{
	const void *field = (const char *)s + row->offset;

	/* A flag that is switched off is in nobody's. */
	return row->type != OPTION_FLAG || *(const bool *)field;
}

static void
add_name(struct buf *list, const char *before, const char *name)
{
	buf_printf(list, "%s%s%s", list->len > 0 ? ", " : "", before, name);
}

void
call_composing(const struct settings *s, struct buf *list)
{
	const struct option_row *row = NULL;
	size_t i;

	for (i = 0; (row = option_next(row)) != NULL; i++)
		if (s->origins[i].layer == LAYER_ARGV &&
		    is_in_the_way(s, row) &&
		    (row->applies & CALL_COMPOSED) != 0 &&
		    (row->applies & CALL_COMPLETE) == 0 &&
		    strcmp(row->name, "body-file") != 0)
			add_name(list, "--", row->name);
}

/* What is given and of no use to the call, by name, all for the same reason:
 * *lacking are the bits that the first of them has not, *has those it has. */
static void
list_useless(const struct settings *s, unsigned call, struct buf *list,
    unsigned *lacking, unsigned *has)
{
	const unsigned asks = CALL_QUERY | CALL_SCRIPT | CALL_ACCOUNTS |
	    CALL_LOGIN | CALL_SIGNED | CALL_OUTBOX;
	const struct option_row *row = NULL;
	char quoted[OPTION_QUOTED_SIZE];
	size_t i;

	*has = CALL_MESSAGE;
	*lacking = call & ~*has;
	if (s->message.on_stdin && *lacking != 0)
		add_name(list, "", "-t");
	for (i = 0; (row = option_next(row)) != NULL; i++) {
		if (s->origins[i].layer != LAYER_ARGV || !is_in_the_way(s, row))
			continue;
		if (list->len == 0 && (call & ~row->applies) != 0) {
			*has = row->applies;
			*lacking = call & ~*has;
		}
		if ((*lacking & ~row->applies) != 0)
			add_name(list, "--", row->name);
	}
	/* Operands of a question are in action_arguments, if it has any. */
	for (i = 0; (call & asks) != 0 && i < s->message.operands.count; i++)
		add_name(list, "",
		    option_quote(s->message.operands.items[i], quoted));
}

static const char *
query_name(const struct settings *s)
{
	const struct option_row *row = option_next(NULL);

	while (row->type != OPTION_ACTION || row->action != s->action)
		row = option_next(row);
	return row->name;
}

static int
refuse_for_message(const struct settings *s, const char *useless,
    unsigned lacking, struct error *err)
{
	const char *unsent = s->action == ACTION_PREVIEW ? "preview"
	    : s->action == ACTION_CHECK			 ? "check"
							 : "dry-run";

	if ((lacking & CALL_ONE) != 0 && s->action == ACTION_CHECK) {
		error_set(err, EX_USAGE,
		    "%s: of no use to --check, which asks for one message",
		    useless);
		return error_hint(err, "leave that out");
	}
	if ((lacking & CALL_ONE) != 0) {
		error_set(
		    err, EX_USAGE, "%s is for many messages (--each)", useless);
		return error_hint(err,
		    "--each FILE names their list; leave that out to send one "
		    "message");
	}
	if ((lacking & CALL_MANY) != 0) {
		error_set(err, EX_USAGE,
		    "%s is for one message, and of no use to many (--each)",
		    useless);
		return error_hint(err, "leave that out%s",
		    strcmp(useless, "--save") == 0
			? "; --results FILE keeps what became of each"
			: "");
	}
	if ((lacking & CALL_COMPLETE) != 0) {
		error_set(err, EX_USAGE,
		    "%s: a complete message brings its own header and parts",
		    useless);
		return error_hint(err,
		    "leave that out, or give the text alone with --body-file "
		    "or on standard input");
	}
	if ((lacking & CALL_COMPOSED) != 0) {
		error_set(err, EX_USAGE,
		    "%s is for complete messages (--message)", useless);
		return error_hint(
		    err, "give the message, header and body, with --message");
	}
	error_set(err, EX_USAGE, "%s: of no use to --%s, which sends nothing",
	    useless, unsent);
	return error_hint(err,
	    "leave that out, or leave --%s out to send the message", unsent);
}

static int
refuse(const struct settings *s, const char *useless, unsigned lacking,
    unsigned has, struct error *err)
{
	if (has == CALL_SCRIPT)
		return error_set(
		    err, EX_USAGE, "%s is for scripts (--script)", useless);
	if ((lacking & CALL_EXPLAIN) != 0) {
		error_set(err, EX_USAGE,
		    "%s: of no use to --explain, which asks nobody", useless);
		return error_hint(
		    err, "leave that out; -S says whose code it is");
	}
	if ((lacking &
		(CALL_ACCOUNTS | CALL_IMPORT | CALL_LOGIN | CALL_SIGNED |
		    CALL_OUTBOX)) != 0) {
		error_set(err, EX_USAGE,
		    "%s: of no use to --%s, which sends %s", useless,
		    query_name(s),
		    s->action == ACTION_FLUSH ? "what is in the outbox"
					      : "nothing");
		return error_hint(err, "leave that out");
	}
	if ((lacking & CALL_CONFIGURE) != 0) {
		error_set(err, EX_USAGE,
		    "%s: of no use to --configure, which makes an account",
		    useless);
		return error_hint(err, "leave that out");
	}
	if ((lacking & CALL_SCRIPT) != 0) {
		error_set(err, EX_USAGE,
		    "%s: of no use to --script, whose lines say what is sent",
		    useless);
		return error_hint(err, "leave that out");
	}
	if ((lacking & CALL_QUERY) != 0) {
		error_set(err, EX_USAGE,
		    "%s: of no use to --%s, which asks the server and sends "
		    "no message",
		    useless, query_name(s));
		return error_hint(err,
		    "leave that out, or leave --%s out to send the message",
		    query_name(s));
	}
	if ((lacking & CALL_ANONYMOUS) != 0) {
		error_set(err, EX_USAGE,
		    "%s: of no use to --server-info=anonymous, which does not "
		    "sign in",
		    useless);
		return error_hint(
		    err, "leave that out, or ask with --server-info alone");
	}
	return refuse_for_message(s, useless, lacking, err);
}

bool
call_is_for_message(const struct settings *s)
{
	struct buf list = BUF_WITH_MAX(0);
	unsigned lacking, has;
	bool is;

	list_useless(s, CALL_QUERY, &list, &lacking, &has);
	is = list.len > 0;
	buf_clear(&list);
	return is;
}

static int
check_as(const struct settings *s, unsigned call, struct error *err)
{
	struct buf list = BUF_WITH_MAX(0);
	unsigned lacking, has;
	int r = 0;

	list_useless(s, call, &list, &lacking, &has);
	if (list.len > 0)
		r = refuse(s, buf_string(&list), lacking, has, err);
	buf_clear(&list);
	return r;
}

/* Values that were not judged, since they might have been templates. */
static int
check_values(const struct settings *s, struct error *err)
{
	const struct option_row *row = NULL;
	const struct option_origin *origin = s->origins;
	const struct strings *list;
	const char *text;
	size_t i;

	for (; (row = option_next(row)) != NULL; origin++) {
		if (origin->layer != LAYER_ARGV || !option_is_of_message(row))
			continue;
		list = (const void *)((const char *)s + row->offset);
		text = row->type == OPTION_STRING
		    ? *(const char *const *)(const void *)list
		    : NULL;
		for (i = 0; row->type == OPTION_LIST && i < list->count; i++)
			if (option_judge(row, list->items[i], origin, err) ==
			    -1)
				return -1;
		if (text != NULL && option_judge(row, text, origin, err) == -1)
			return -1;
	}
	return 0;
}

int
call_check(const struct settings *s, struct error *err)
{
	if (check_as(s, call_of(s), err) == -1)
		return -1;
	return s->many.each == NULL ? check_values(s, err) : 0;
}

int
call_check_form(const struct settings *s, bool complete, struct error *err)
{
	return check_as(
	    s, call_of(s) | (complete ? CALL_COMPLETE : CALL_COMPOSED), err);
}
