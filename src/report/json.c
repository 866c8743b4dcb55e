/* json: the report for scripts; jansson is opened when it is asked for. */
#include "report/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/library.h"
#include "lib/printable.h"
#include "report/accounts.h"
#include "report/info.h"

#define SONAME "libjansson.so.4"

LIBRARY_NOTE("json", "reports in JSON (--json)", "required", SONAME);

#define JSON_FUNCTIONS(X)   \
	X(array)            \
	X(array_append_new) \
	X(delete)           \
	X(dumps)            \
	X(integer)          \
	X(null)             \
	X(object)           \
	X(object_set_new)   \
	X(real)             \
	X(string)

/* The functions of jansson without the prefix. */
struct jansson {
#define MEMBER(name) __typeof__(&json_##name) name;
	JSON_FUNCTIONS(MEMBER)
#undef MEMBER
	/* Their own names are macros. */
	__typeof__(&json_true) yes;
	__typeof__(&json_false) no;
	bool failed; /* no memory: what was made is not whole */
};

static int
open_jansson(struct jansson *j, struct error *err)
{
#define ROW(name) {"json_" #name, offsetof(struct jansson, name)},
	static const struct library_row rows[] = {
	    JSON_FUNCTIONS(ROW){"json_true", offsetof(struct jansson, yes)},
	    {"json_false", offsetof(struct jansson, no)},
	};
#undef ROW
	const struct library library = {
	    .soname = SONAME,
	    .package = "jansson (Debian: libjansson4)",
	    .rows = rows,
	    .row_count = sizeof(rows) / sizeof(rows[0]),
	};

	if (library_open(&library, j, err) == -1)
		return error_context(err, "--json");
	return 0;
}

int
report_json_available(struct error *err)
{
	struct jansson j;

	return open_jansson(&j, err);
}

static void
set(struct jansson *j, json_t *object, const char *key, json_t *value)
{
	j->failed |= j->object_set_new(object, key, value) == -1;
}

static void
append(struct jansson *j, json_t *array, json_t *value)
{
	j->failed |= j->array_append_new(array, value) == -1;
}

/* JSON strings are UTF-8; whatever a server said becomes that. */
static json_t *
text(const struct jansson *j, const char *s)
{
	struct buf b = {0};
	json_t *v;

	if (s == NULL)
		return j->null();
	printable_append(&b, s, strlen(s));
	v = j->string(buf_string(&b));
	buf_clear(&b);
	return v;
}

/* What is not known is null, never "" or 0. */
static json_t *
known_text(const struct jansson *j, const char *s)
{
	return text(j, s != NULL && *s != '\0' ? s : NULL);
}

static json_t *
known_number(const struct jansson *j, int n)
{
	return n != 0 ? j->integer(n) : j->null();
}

static json_t *
boolean(struct jansson *j, bool value)
{
	return value ? j->yes() : j->no();
}

static json_t *
server_object(struct jansson *j, const struct report *r)
{
	json_t *o = j->object(), *tls = j->null();
	char time[REPORT_TIME_SIZE];

	if (r->tls_version != NULL) {
		tls = j->object();
		set(j, tls, "version", text(j, r->tls_version));
		set(j, tls, "cipher", text(j, r->tls_cipher));
		set(j, tls, "verified",
		    boolean(j, r->tls_unverified[0] == '\0'));
		set(j, tls, "reason", known_text(j, r->tls_unverified));
		set(j, tls, "resumed", boolean(j, r->tls_resumed));
		report_time(r->tls_expires, time);
		set(j, tls, "expires", known_text(j, time));
		set(j, tls, "days",
		    r->tls_expires >= 0
			? j->integer(report_days(r->tls_expires, r->now))
			: j->null());
		set(j, tls, "trust", text(j, r->tls_trust));
		set(j, tls, "pin", known_text(j, r->tls_pin));
		set(j, tls, "client_certificate", text(j, r->tls_own));
	}
	set(j, o, "name", known_text(j, r->server));
	set(j, o, "account", text(j, r->account));
	set(j, o, "host", known_text(j, r->host));
	set(j, o, "address", known_text(j, r->address));
	set(j, o, "port", known_number(j, (int)r->port));
	set(j, o, "proxy", text(j, r->proxy));
	set(j, o, "tls", tls);
	return o;
}

static json_t *
tried_array(struct jansson *j, const struct report *r)
{
	json_t *list = j->array(), *o;
	size_t i;

	for (i = 0; i < r->tried_count; i++) {
		const struct report_tried *t = &r->tried[i];

		o = j->object();
		set(j, o, "name", text(j, t->server));
		set(j, o, "account", text(j, t->account));
		set(j, o, "address", known_text(j, t->address));
		set(j, o, "error", text(j, t->error->text));
		set(j, o, "status", j->integer(t->error->status));
		set(j, o, "then",
		    text(j,
			t->clear_next	   ? "without TLS"
			    : t->bare_next ? "without certificate"
					   : "next server"));
		append(j, list, o);
	}
	return list;
}

static json_t *
pieces_array(struct jansson *j, const char *s, const char *between)
{
	json_t *pieces = j->array();
	struct buf piece = {0};
	size_t n;

	for (;; s += n + 1) {
		n = strcspn(s, between);
		buf_reset(&piece);
		printable_append(&piece, s, n);
		append(j, pieces, j->string(buf_string(&piece)));
		if (s[n] == '\0')
			break;
	}
	buf_clear(&piece);
	return pieces;
}

static json_t *
lines_array(struct jansson *j, const char *s)
{
	return pieces_array(j, s, "\n");
}

/* The lines of a reply without the enhanced code that each begins with. */
static json_t *
reply_array(struct jansson *j, const char *s, const char *enhanced)
{
	const size_t n = strlen(enhanced);
	struct buf bare = {0};
	size_t len;
	json_t *lines;

	for (;; s += len + 1) {
		if (n > 0 && strncmp(s, enhanced, n) == 0 &&
		    strchr(" \n", s[n]) != NULL)
			s += n + (s[n] == ' ');
		len = strcspn(s, "\n");
		buf_append(&bare, s, len);
		if (s[len] == '\0')
			break;
		buf_putc(&bare, '\n');
	}
	lines = lines_array(j, buf_string(&bare));
	buf_clear(&bare);
	return lines;
}

/* A word for scripts: none has a blank. */
static const char *
verdict_word(enum smtp_verdict verdict)
{
	return verdict == SMTP_NOT_SENT ? "not-sent"
					: smtp_verdict_name(verdict);
}

static json_t *
hints_array(struct jansson *j, const struct report *r)
{
	const char *step = r->error != NULL ? r->error->hint : "";

	if (*step == '\0')
		step = report_next_step(r);
	return step != NULL && *step != '\0' ? lines_array(j, step)
					     : j->array();
}

static json_t *
words_array(struct jansson *j, const char *s)
{
	return *s != '\0' ? pieces_array(j, s, " ") : j->array();
}

/* What was asked for; a question mark: it may have been left out. */
static json_t *
parameters_array(struct jansson *j, const struct smtp_parameters *list)
{
	const struct smtp_parameter *p;
	json_t *all = j->array();
	struct buf one = {0};
	size_t i;

	for (i = 0; list != NULL && i < list->count; i++) {
		p = &list->items[i];
		buf_reset(&one);
		buf_printf(&one, "%s%s%s%s", p->demanded ? "" : "?", p->keyword,
		    p->value != NULL ? "=" : "",
		    p->value != NULL ? p->value : "");
		append(j, all, j->string(buf_string(&one)));
	}
	buf_clear(&one);
	return all;
}

static json_t *
recipient_object(struct jansson *j, const struct smtp_recipient *to)
{
	const struct smtp_result *result = &to->result;
	json_t *o = j->object();

	set(j, o, "address", text(j, to->address));
	set(j, o, "verdict", text(j, verdict_word(result->verdict)));
	set(j, o, "code", known_number(j, result->code));
	set(j, o, "enhanced", known_text(j, result->enhanced));
	set(j, o, "text", reply_array(j, result->text, result->enhanced));
	set(j, o, "phase", text(j, smtp_result_step(result)));
	set(j, o, "parameters", parameters_array(j, &to->parameters));
	return o;
}

static json_t *
answer_object(struct jansson *j, const struct report_answer *answer)
{
	json_t *o = j->object();

	set(j, o, "command", text(j, answer->command));
	set(j, o, "code", j->integer(answer->code));
	set(j, o, "enhanced", known_text(j, answer->enhanced));
	set(j, o, "text", reply_array(j, answer->text, answer->enhanced));
	return o;
}

static const char *
queue_id(const struct report *r, char *id, size_t size)
{
	size_t i;

	id[0] = '\0';
	for (i = 0; i < r->recipient_count && id[0] == '\0'; i++)
		if (r->recipients[i].result.verdict == SMTP_ACCEPTED)
			report_queue_id(r->recipients[i].result.text, id, size);
	return id[0] != '\0' ? id : NULL;
}

static json_t *
timings_object(struct jansson *j, const struct report *r)
{
	json_t *o = j->object();
	size_t i;

	for (i = 0; i < REPORT_PHASES; i++)
		if (r->phase_us != NULL && r->phase_us[i] > 0)
			set(j, o, smtp_phase_name((enum smtp_phase)i),
			    j->real((double)r->phase_us[i] / 1000));
	return o;
}

/* Writes the value and frees it. */
static void
put(struct jansson *j, struct buf *out, json_t *value)
{
	char *dumped = j->dumps(
	    value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

	if (dumped != NULL)
		buf_puts(out, dumped);
	else
		j->failed = true;
	free(dumped);
	if (value != NULL && value->refcount != (size_t)-1 &&
	    --value->refcount == 0)
		j->delete (value);
}

/* A member of the outermost object.  Each is made, written and freed by
 * itself: of ten thousand recipients there is never more than one. */
static void
member(struct jansson *j, struct buf *out, const char *key, json_t *value)
{
	buf_printf(out, ",\"%s\":", key);
	put(j, out, value);
}

static void
put_recipients(struct jansson *j, struct buf *out, const struct report *r)
{
	size_t i;

	buf_puts(out, ",\"recipients\":[");
	for (i = 0; i < r->recipient_count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		put(j, out, recipient_object(j, &r->recipients[i]));
	}
	buf_putc(out, ']');
}

static void
put_answers(struct jansson *j, struct buf *out, const struct report *r)
{
	size_t i;

	buf_puts(out, ",\"answers\":[");
	for (i = 0; i < r->answer_count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		put(j, out, answer_object(j, &r->answers[i]));
	}
	buf_putc(out, ']');
}

/* null: it was not said. */
static json_t *
said_array(struct jansson *j, const char *s)
{
	return *s != '\0' ? lines_array(j, s) : j->null();
}

static json_t *
addresses_array(struct jansson *j, const struct report_info *info)
{
	const struct report_address *a;
	json_t *all = j->array(), *o;
	size_t i;

	for (i = 0; i < info->address_count; i++) {
		a = &info->addresses[i];
		o = j->object();
		set(j, o, "address", text(j, a->address));
		set(j, o, "port", j->integer(a->port));
		set(j, o, "connected", boolean(j, a->connected));
		set(j, o, "error", text(j, a->error));
		append(j, all, o);
	}
	return all;
}

static json_t *
chain_array(struct jansson *j, const struct report_info *info)
{
	const struct report_certificate *c;
	json_t *all = j->array(), *o, *names;
	char time[REPORT_TIME_SIZE];
	size_t i, k;

	for (i = 0; i < info->chain_count; i++) {
		c = &info->chain[i];
		o = j->object();
		names = j->array();
		for (k = 0; k < c->name_count; k++)
			append(j, names, text(j, c->names[k]));
		set(j, o, "subject", known_text(j, c->subject));
		set(j, o, "names", names);
		set(j, o, "issuer", known_text(j, c->issuer));
		report_time(c->begins, time);
		set(j, o, "begins", known_text(j, time));
		report_time(c->expires, time);
		set(j, o, "expires", known_text(j, time));
		set(j, o, "days",
		    c->expires >= 0 ? j->integer(c->days) : j->null());
		append(j, all, o);
	}
	return all;
}

static json_t *
certificate_object(struct jansson *j, const struct report *r)
{
	const struct report_info *info = r->info;
	json_t *o;

	if (r->tls_version == NULL)
		return j->null();
	o = j->object();
	set(j, o, "verified", boolean(j, info->unverified == NULL));
	set(j, o, "reason", text(j, info->unverified));
	set(j, o, "key_exchange", known_text(j, info->key_exchange));
	set(j, o, "pin", known_text(j, info->pin));
	set(j, o, "chain", chain_array(j, info));
	return o;
}

static json_t *
limits_object(struct jansson *j, const struct report_info *info)
{
	json_t *o = j->object();

	/* What no integer holds limits nothing. */
	set(j, o, "size",
	    info->size_max > 0 && info->size_max <= INT64_MAX
		? j->integer((json_int_t)info->size_max)
		: j->null());
	set(j, o, "recipients", known_number(j, (int)info->rcpt_max));
	set(j, o, "messages", known_number(j, (int)info->mail_max));
	set(j, o, "domains", known_number(j, (int)info->rcpt_domain_max));
	return o;
}

static void
put_info(struct jansson *j, struct buf *out, const struct report *r)
{
	const struct report_info *info = r->info;

	member(j, out, "addresses", addresses_array(j, info));
	member(j, out, "greeting", said_array(j, info->greeting));
	member(j, out, "ehlo_clear", said_array(j, info->clear));
	member(j, out, "ehlo_tls", said_array(j, info->secured));
	member(j, out, "identity", certificate_object(j, r));
	member(j, out, "used", words_array(j, info->used));
	member(j, out, "on_request", words_array(j, info->on_request));
	member(j, out, "mechanisms", words_array(j, info->mechanisms));
	member(j, out, "mechanism", text(j, info->mechanism));
	member(j, out, "signed_in", boolean(j, info->signed_in));
	member(j, out, "limits", limits_object(j, info));
	member(j, out, "message_round_trips",
	    known_number(j, (int)info->message_trips));
}

static void
put_report(struct jansson *j, struct buf *out, const struct report *r)
{
	char id[128];

	buf_puts(out, "{\"version\":1");
	member(j, out, "outcome", text(j, outcome_name(r->outcome.status)));
	member(j, out, "status", j->integer(r->outcome.status));
	member(
	    j, out, "error", text(j, r->error != NULL ? r->error->text : NULL));
	member(j, out, "hints", hints_array(j, r));
	member(j, out, "server", server_object(j, r));
	member(j, out, "tried", tried_array(j, r));
	if (r->info != NULL) {
		put_info(j, out, r);
	} else if (r->query) {
		put_answers(j, out, r);
	} else {
		put_recipients(j, out, r);
		member(
		    j, out, "parameters", parameters_array(j, r->parameters));
		member(
		    j, out, "queue_id", text(j, queue_id(r, id, sizeof(id))));
		member(j, out, "message_id", text(j, r->message_id));
		member(j, out, "saved", text(j, r->saved));
		member(j, out, "check", boolean(j, r->check));
		member(j, out, "bytes", j->integer((json_int_t)r->bytes));
	}
	member(j, out, "round_trips", j->integer(r->round_trips));
	member(j, out, "timings_ms", timings_object(j, r));
	buf_puts(out, "}\n");
}

static void
put_reply(
    struct jansson *j, struct buf *out, const struct report_answer *answer)
{
	buf_puts(out, "{\"version\":1");
	member(j, out, "line", known_number(j, (int)answer->line));
	member(j, out, "command", text(j, answer->command));
	member(j, out, "code", known_number(j, answer->code));
	member(j, out, "enhanced", known_text(j, answer->enhanced));
	member(j, out, "text",
	    answer->text != NULL
		? reply_array(j, answer->text, answer->enhanced)
		: j->array());
	member(j, out, "error", text(j, answer->error));
	buf_puts(out, "}\n");
}

int
report_json_reply(
    struct buf *out, const struct report_answer *answer, struct error *err)
{
	size_t from = out->len;
	struct jansson j = {0};

	if (open_jansson(&j, err) == -1)
		return -1;
	put_reply(&j, out, answer);
	if (!j.failed)
		return 0;
	out->len = from;
	return error_set(err, EX_OSERR, "--json: out of memory");
}

int
report_json(struct buf *out, const struct report *r, struct error *err)
{
	size_t from = out->len;
	struct jansson j = {0};

	if (open_jansson(&j, err) == -1)
		return -1;
	put_report(&j, out, r);
	if (!j.failed)
		return 0;
	out->len = from;
	return error_set(err, EX_OSERR, "--json: out of memory");
}

static json_t *
names_array(struct jansson *j, const struct report_names *names)
{
	json_t *list = j->array();
	size_t i;

	for (i = 0; i < names->count; i++)
		append(j, list, text(j, names->items[i]));
	return list;
}

static json_t *
account_object(struct jansson *j, const struct report_account *a)
{
	json_t *o = j->object();

	set(j, o, "name", text(j, a->name));
	set(j, o, "used", boolean(j, a->used));
	set(j, o, "from", names_array(j, &a->from));
	set(j, o, "servers", names_array(j, &a->servers));
	set(j, o, "user", text(j, a->user));
	set(j, o, "mechanism", text(j, a->mechanism));
	set(j, o, "secret", text(j, a->secret));
	set(j, o, "state", text(j, a->state));
	set(j, o, "problems", names_array(j, &a->problems));
	return o;
}

int
report_json_accounts(struct buf *out, const struct report_account *accounts,
    size_t n, struct error *err)
{
	struct jansson j = {0};
	json_t *list;
	size_t i;

	if (open_jansson(&j, err) == -1)
		return -1;
	list = j.array();
	for (i = 0; i < n; i++)
		append(&j, list, account_object(&j, &accounts[i]));
	buf_puts(out, "{\"version\":1");
	member(&j, out, "accounts", list);
	buf_puts(out, "}\n");
	return j.failed ? error_set(err, EX_OSERR, "--json: out of memory") : 0;
}
