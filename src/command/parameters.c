#include "command/parameters.h"

#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/xtext.h"

#include "command/identity.h"
#include "options/option.h"
#include "options/value_envelope.h"
#include "rfc5322/date.h"
#include "rfc5322/date_parse.h"

/* A list as it grows; its array has room for all that can come. */
struct adding {
	struct arena *arena;
	struct smtp_parameter *items;
	size_t count;
};

static struct adding
begin(struct arena *a, size_t most)
{
	return (struct adding){
	    a, arena_alloc(a, most * sizeof(struct smtp_parameter)), 0};
}

static const struct smtp_parameter *
find(const struct smtp_parameter *items, size_t count, const char *keyword)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (ascii_equal(items[i].keyword, keyword))
			return &items[i];
	return NULL;
}

static void
add(struct adding *list, const char *keyword, const char *value)
{
	struct smtp_parameter *p = &list->items[list->count++];

	*p = (struct smtp_parameter){
	    .keyword = keyword, .value = value, .demanded = true};
	smtp_parameter_judge(p);
}

/* Of those of DSN (RFC 3461). */
static void
add_dsn(struct adding *list, const struct settings_envelope *e,
    const char *keyword, const char *value)
{
	add(list, keyword, value);
	list->items[list->count - 1].demanded = !e->dsn_if_offered;
}

static const char *
upper(struct arena *a, const char *text, size_t n)
{
	char *copy = arena_strndup(a, text, n);
	size_t i;

	for (i = 0; i < n; i++)
		if (copy[i] >= 'a' && copy[i] <= 'z')
			copy[i] = (char)(copy[i] - ('a' - 'A'));
	return copy;
}

/* An encoded text; NULL: it is longer than any may be. */
static const char *
encoded(struct arena *a, const char *before, const char *text, bool utf8)
{
	struct buf out = BUF_WITH_MAX(VALUE_PARAMETER_MAX);
	const char *result = NULL;

	buf_puts(&out, before);
	if ((utf8 ? xtext_encode_utf8 : xtext_encode)(&out, text) == 0)
		result = arena_strdup(a, buf_string(&out));
	buf_clear(&out);
	return result;
}

/* In a form of date_parse, as RFC 3339 in UTC. */
static int
time_value(struct arena *a, const char *what, const char *text,
    const char **value, int64_t *seconds, struct error *err)
{
	struct date d;
	int zone;

	if (date_parse(what, text, seconds, &zone, err) == -1)
		return -1;
	d = date_from_epoch(*seconds);
	*value = arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year,
	    d.month, d.day, d.hour, d.minute, d.second);
	return 0;
}

/* RFC 7293: the date, and perhaps ;C or ;R behind it. */
static int
valid_since(struct arena *a, const char *what, const char *text,
    const char **value, struct error *err)
{
	size_t n = strcspn(text, ";");
	const char *mode = text + n;
	int64_t seconds;

	if (time_value(
		a, what, arena_strndup(a, text, n), value, &seconds, err) == -1)
		return -1;
	if (*mode == '\0')
		return 0;
	if (!ascii_equal(mode, ";C") && !ascii_equal(mode, ";R"))
		return error_set(err, EX_USAGE,
		    "%s: only ;C or ;R may stand behind the date", what);
	*value = arena_printf(a, "%s%s", *value, upper(a, mode, 2));
	return 0;
}

/* What date_parse and address_parse say of a value from elsewhere. */
static int
blame(const struct settings *s, const char *option, struct error *err)
{
	const struct option_origin *origin =
	    option_origin(s, option_by_name(option));

	if (origin->layer >= LAYER_ARGV || err->status != EX_USAGE)
		return -1;
	err->status = EX_CONFIG;
	return error_context(err, "%s", origin->text);
}

static int
refuse(const struct settings *s, const char *option, struct error *err,
    const char *text)
{
	const struct option_row *row = option_by_name(option);

	return option_error(err, row, option_origin(s, row), "%s", text);
}

static int
add_hold(struct adding *list, const struct settings *s, struct error *err)
{
	const struct settings_envelope *e = &s->envelope;
	struct ident ident;
	const char *until;
	int64_t seconds;

	if (e->hold_for_ms % 1000 != 0 ||
	    e->hold_for_ms / 1000 > VALUE_SECONDS_MAX)
		return refuse(s, "hold-for", err,
		    "not in whole seconds, 999999999 at most");
	if (e->hold_for_ms > 0)
		add(list, "HOLDFOR",
		    arena_printf(list->arena, "%lld",
			(long long)(e->hold_for_ms / 1000)));
	if (e->hold_until == NULL)
		return 0;
	if (time_value(list->arena, "--hold-until", e->hold_until, &until,
		&seconds, err) == -1)
		return blame(s, "hold-until", err);
	if (identity_read(&ident, false, list->arena, err) == -1)
		return -1;
	if (seconds <= ident.now)
		return refuse(s, "hold-until", err,
		    arena_printf(list->arena, "%s is over", until));
	add(list, "HOLDUNTIL", until);
	return 0;
}

/* RFC 4954 5. */
static int
add_auth(struct adding *list, const struct settings *s, struct error *err)
{
	const struct address_params params = {
	    .what = "--mail-auth", .single = true};
	struct address_list parsed = {0};
	const char *text = s->envelope.mail_auth, *value = "<>";

	if (text == NULL)
		return 0;
	if (strcmp(text, "<>") != 0) {
		if (address_parse(list->arena, text, &params, &parsed, err) ==
		    -1)
			return blame(s, "mail-auth", err);
		value = encoded(
		    list->arena, "", parsed.addresses[0].mailbox, false);
		if (parsed.addresses[0].utf8 || value == NULL)
			return refuse(s, "mail-auth", err,
			    "the local part is not ASCII, or far too long");
	}
	add(list, "AUTH", value);
	return 0;
}

static void
add_by(struct adding *list, const char *text)
{
	struct value_deliver_by by;
	struct error ignored;

	if (text == NULL || value_deliver_by(text, &by, &ignored) == -1)
		return;
	add(list, "BY",
	    arena_printf(list->arena, "%lld;%s%s", (long long)by.seconds,
		by.is_return ? "R" : "N", by.trace ? "T" : ""));
}

/* What goes out by itself, or means more than a word. */
static const char *
reserved(const char *keyword)
{
	static const char *const ours[] = {"SIZE", "BODY", "SMTPUTF8", "PRDR"};
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (ascii_equal(keyword, ours[i]))
			return "smtpsend says it by itself, as the message "
			       "needs it";
	return ascii_equal(keyword, "REQUIRETLS")
	    ? "--require-tls asks for it, and for TLS to the server"
	    : NULL;
}

/* Why a keyword cannot be added to those of one command; NULL: it can. */
static const char *
fault_of(const struct adding *list, const char *keyword, unsigned command)
{
	unsigned of = smtp_parameter_of(keyword);

	if (of != 0 && of != command)
		return command == SMTP_OF_MAIL
		    ? "it belongs to a recipient (--rcpt-param)"
		    : "it belongs to MAIL (--mail-param)";
	if (reserved(keyword) != NULL)
		return reserved(keyword);
	/* RFC 4865: one of the two */
	if ((ascii_equal(keyword, "HOLDFOR") &&
		find(list->items, list->count, "HOLDUNTIL") != NULL) ||
	    (ascii_equal(keyword, "HOLDUNTIL") &&
		find(list->items, list->count, "HOLDFOR") != NULL))
		return "HOLDFOR and HOLDUNTIL contradict each other";
	if (find(list->items, list->count, keyword) != NULL)
		return "it is given already";
	return NULL;
}

/* The option has judged the text. */
static int
add_given(struct adding *list, const char *text, unsigned command,
    const struct settings *s, struct error *err)
{
	const char *option =
	    command == SMTP_OF_MAIL ? "mail-param" : "rcpt-param";
	struct arena *a = list->arena;
	struct value_parameter given;
	struct smtp_parameter *p;
	const char *keyword, *fault;

	if (value_parameter(text, &given, err) == -1)
		return -1;
	keyword = upper(a, given.keyword, given.keyword_len);
	fault = fault_of(list, keyword, command);
	if (fault != NULL)
		return refuse(
		    s, option, err, arena_printf(a, "%s: %s", keyword, fault));
	p = &list->items[list->count];
	add(list, keyword, given.value);
	p->demanded = !given.optional;
	if (!given.named)
		return 0;
	p->offer = given.extension_len > 0
	    ? upper(a, given.extension, given.extension_len)
	    : NULL;
	p->extension = p->offer != NULL ? smtp_capability_find(p->offer) : 0;
	if (p->extension != 0)
		p->offer = NULL;
	return 0;
}

static int
read_mail(struct smtp_parameters *out, const struct settings *s,
    struct arena *a, struct error *err)
{
	const struct settings_envelope *e = &s->envelope;
	struct adding list = begin(a, 8 + e->mail_params.count);
	size_t i;

	if (e->ret != NULL)
		add_dsn(&list, e, "RET", upper(a, e->ret, strlen(e->ret)));
	if (e->id != NULL)
		add_dsn(&list, e, "ENVID", encoded(a, "", e->id, false));
	if (e->require_tls)
		add(&list, "REQUIRETLS", NULL);
	add_by(&list, e->deliver_by);
	if (e->priority != NULL)
		add(&list, "MT-PRIORITY", e->priority);
	if (add_hold(&list, s, err) == -1 || add_auth(&list, s, err) == -1)
		return -1;
	for (i = 0; i < e->mail_params.count; i++)
		if (add_given(&list, e->mail_params.items[i], SMTP_OF_MAIL, s,
			err) == -1)
			return -1;
	*out = (struct smtp_parameters){list.items, list.count};
	return 0;
}

int
parameters_read(struct parameters *out, const struct settings *s,
    struct arena *a, struct error *err)
{
	const struct settings_envelope *e = &s->envelope;
	struct adding list = begin(a, 2 + e->rcpt_params.count);
	const char *since;
	size_t i;

	out->dsn_if_offered = e->dsn_if_offered;
	if (read_mail(&out->mail, s, a, err) == -1)
		return -1;
	if (e->notify != NULL)
		add_dsn(
		    &list, e, "NOTIFY", upper(a, e->notify, strlen(e->notify)));
	if (e->valid_since != NULL) {
		if (valid_since(
			a, "--valid-since", e->valid_since, &since, err) == -1)
			return blame(s, "valid-since", err);
		add(&list, "RRVS", since);
	}
	for (i = 0; i < e->rcpt_params.count; i++)
		if (add_given(&list, e->rcpt_params.items[i], SMTP_OF_RCPT, s,
			err) == -1)
			return -1;
	out->rcpt = (struct smtp_parameters){list.items, list.count};
	return 0;
}

static const char *
original(struct arena *a, const char *address, bool utf8)
{
	return encoded(a, utf8 ? "utf-8;" : "rfc822;", address, utf8);
}

/* TYPE;ADDRESS, or an address of mail. */
static const char *
given_original(struct arena *a, const char *text)
{
	size_t n = 0;

	while (ascii_is_letter_or_digit(text[n]) || text[n] == '-')
		n++;
	if (n == 0 || text[n] != ';' || text[n + 1] == '\0')
		return original(
		    a, text, ascii_has_eight_bit(text, strlen(text)));
	return encoded(a, arena_strndup(a, text, n + 1), text + n + 1,
	    ascii_equal_n(text, n, "utf-8"));
}

/* The value as it goes out, or -1 with what is wrong: of the value, where it is
 * judged alike everywhere. */
static int
own_value(struct arena *a, const struct address_parameter *p,
    const char *keyword, const char **out, struct error *err)
{
	value_check *check =
	    ascii_equal(keyword, "NOTIFY") ? value_notify : value_esmtp;
	char quoted[OPTION_QUOTED_SIZE];
	struct error reason;

	if (ascii_equal(keyword, "RRVS"))
		return valid_since(a, p->keyword, p->value, out, err);
	if (ascii_equal(keyword, "ORCPT"))
		*out = given_original(a, p->value);
	else if (check(p->value, &reason) == 0)
		*out = check == value_notify
		    ? upper(a, p->value, strlen(p->value))
		    : p->value;
	else
		return error_set(err, EX_USAGE, "%s: %s %s", p->keyword,
		    option_quote(p->value, quoted), reason.text);
	if (*out != NULL)
		return 0;
	return error_set(err, EX_USAGE, "%s: longer than %d octets", p->keyword,
	    VALUE_PARAMETER_MAX);
}

static int
add_own(struct adding *list, const struct address_parameter *p, bool if_offered,
    struct error *err)
{
	const char *keyword =
	    upper(list->arena, p->keyword, strlen(p->keyword));
	const char *fault = fault_of(list, keyword, SMTP_OF_RCPT),
		   *value = NULL;

	if (fault != NULL)
		return error_set(err, EX_USAGE, "%s: %s", p->keyword, fault);
	if (p->value == NULL && smtp_parameter_of(keyword) != 0)
		return error_set(
		    err, EX_USAGE, "%s: needs a value", p->keyword);
	if (p->value != NULL &&
	    own_value(list->arena, p, keyword, &value, err) == -1)
		return -1;
	add(list, keyword, value);
	if (ascii_equal(keyword, "NOTIFY") || ascii_equal(keyword, "ORCPT"))
		list->items[list->count - 1].demanded = !if_offered;
	return 0;
}

int
parameters_of(const struct parameters *all, const struct address *to,
    struct arena *a, struct smtp_parameters *out, struct error *err)
{
	const struct address_parameter *p;
	const struct smtp_parameter *notify;
	struct adding list;
	size_t own = 0, i;

	*out = all->rcpt;
	for (p = to->parameters; p != NULL && p->keyword != NULL; p++)
		own++;
	if (own == 0 && find(out->items, out->count, "NOTIFY") == NULL)
		return 0;
	list = begin(a, own + all->rcpt.count + 1);
	for (i = 0; i < own; i++)
		if (add_own(&list, &to->parameters[i], all->dsn_if_offered,
			err) == -1)
			return error_context(err, "recipient %s", to->mailbox);
	for (i = 0; i < all->rcpt.count; i++)
		if (find(list.items, own, all->rcpt.items[i].keyword) == NULL)
			list.items[list.count++] = all->rcpt.items[i];
	notify = find(list.items, list.count, "NOTIFY");
	if (notify != NULL && find(list.items, list.count, "ORCPT") == NULL) {
		/* One does not go without the other. */
		list.items[list.count] = *notify;
		list.items[list.count].keyword = "ORCPT";
		list.items[list.count++].value =
		    original(a, to->mailbox, to->utf8);
	}
	*out = (struct smtp_parameters){list.items, list.count};
	return 0;
}

struct smtp_parameters
parameters_of_form(struct smtp_parameter room[2],
    const struct message_facts *facts, const struct mime_stream *stream)
{
	bool binary = stream->binary;
	size_t n = 0;

	if (binary || stream->eight_bit)
		room[n++] = (struct smtp_parameter){.keyword = "BODY",
		    .value = binary ? "BINARYMIME" : "8BITMIME",
		    .extension = binary ? SMTP_BINARYMIME : SMTP_8BITMIME,
		    .demanded = true};
	if (facts->utf8_envelope || facts->utf8_header)
		room[n++] = (struct smtp_parameter){.keyword = "SMTPUTF8",
		    .extension = SMTP_SMTPUTF8,
		    .demanded = true};
	return (struct smtp_parameters){room, n};
}
