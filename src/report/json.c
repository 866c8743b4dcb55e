/* json: the report for scripts; jansson is opened when it is asked for. */
#include "report/report.h"

#include <string.h>

#include "lib/printable.h"
#include "report/accounts.h"
#include "report/info.h"
#include "report/json.h"

int
report_json_available(struct error *err)
{
	struct jansson j;

	return jansson_open(&j, "--json", err);
}

static json_t *
server_object(struct jansson *j, const struct report *r)
{
	json_t *o = j->object(), *tls = j->null();
	char time[REPORT_TIME_SIZE];

	if (r->tls_version != NULL) {
		tls = j->object();
		jansson_set(j, tls, "version", jansson_text(j, r->tls_version));
		jansson_set(j, tls, "cipher", jansson_text(j, r->tls_cipher));
		jansson_set(j, tls, "verified",
		    jansson_boolean(j, r->tls_unverified[0] == '\0'));
		jansson_set(
		    j, tls, "reason", jansson_known_text(j, r->tls_unverified));
		jansson_set(
		    j, tls, "resumed", jansson_boolean(j, r->tls_resumed));
		report_time(r->tls_expires, time);
		jansson_set(j, tls, "expires", jansson_known_text(j, time));
		jansson_set(j, tls, "days",
		    r->tls_expires >= 0
			? j->integer(report_days(r->tls_expires, r->now))
			: j->null());
		jansson_set(j, tls, "trust", jansson_text(j, r->tls_trust));
		jansson_set(j, tls, "pin", jansson_known_text(j, r->tls_pin));
		jansson_set(
		    j, tls, "client_certificate", jansson_text(j, r->tls_own));
	}
	jansson_set(j, o, "name", jansson_known_text(j, r->server));
	jansson_set(j, o, "account", jansson_text(j, r->account));
	jansson_set(j, o, "host", jansson_known_text(j, r->host));
	jansson_set(j, o, "address", jansson_known_text(j, r->address));
	jansson_set(j, o, "port", jansson_known_number(j, (int)r->port));
	jansson_set(j, o, "proxy", jansson_text(j, r->proxy));
	jansson_set(j, o, "tls", tls);
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
		jansson_set(j, o, "name", jansson_text(j, t->server));
		jansson_set(j, o, "account", jansson_text(j, t->account));
		jansson_set(j, o, "address", jansson_known_text(j, t->address));
		jansson_set(j, o, "error", jansson_text(j, t->error->text));
		jansson_set(j, o, "status", j->integer(t->error->status));
		jansson_set(j, o, "then",
		    jansson_text(j,
			t->clear_next	   ? "without TLS"
			    : t->bare_next ? "without certificate"
					   : "next server"));
		jansson_append(j, list, o);
	}
	return list;
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
	lines = jansson_lines(j, buf_string(&bare));
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
	return step != NULL && *step != '\0' ? jansson_lines(j, step)
					     : j->array();
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
		jansson_append(j, all, j->string(buf_string(&one)));
	}
	buf_clear(&one);
	return all;
}

static json_t *
recipient_object(struct jansson *j, const struct smtp_recipient *to)
{
	const struct smtp_result *result = &to->result;
	json_t *o = j->object();

	jansson_set(j, o, "address", jansson_text(j, to->address));
	jansson_set(
	    j, o, "verdict", jansson_text(j, verdict_word(result->verdict)));
	jansson_set(j, o, "code", jansson_known_number(j, result->code));
	jansson_set(j, o, "enhanced", jansson_known_text(j, result->enhanced));
	jansson_set(
	    j, o, "text", reply_array(j, result->text, result->enhanced));
	jansson_set(j, o, "phase", jansson_text(j, smtp_result_step(result)));
	jansson_set(j, o, "parameters", parameters_array(j, &to->parameters));
	return o;
}

static json_t *
answer_object(struct jansson *j, const struct report_answer *answer)
{
	json_t *o = j->object();

	jansson_set(j, o, "command", jansson_text(j, answer->command));
	jansson_set(j, o, "code", j->integer(answer->code));
	jansson_set(j, o, "enhanced", jansson_known_text(j, answer->enhanced));
	jansson_set(
	    j, o, "text", reply_array(j, answer->text, answer->enhanced));
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
			jansson_set(j, o, smtp_phase_name((enum smtp_phase)i),
			    j->real((double)r->phase_us[i] / 1000));
	return o;
}

void
json_put_recipients(struct jansson *j, struct buf *out,
    const struct smtp_recipient *recipients, size_t count)
{
	size_t i;

	buf_puts(out, ",\"recipients\":[");
	for (i = 0; i < count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		jansson_put(j, out, recipient_object(j, &recipients[i]));
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
		jansson_put(j, out, answer_object(j, &r->answers[i]));
	}
	buf_putc(out, ']');
}

static void
put_report(struct jansson *j, struct buf *out, const struct report *r)
{
	char id[128];

	buf_puts(out, "{\"version\":1");
	jansson_member(j, out, "outcome",
	    jansson_text(
		j, r->expired ? "expired" : outcome_name(r->outcome.status)));
	jansson_member(j, out, "status", j->integer(r->outcome.status));
	jansson_member(j, out, "error",
	    jansson_text(j, r->error != NULL ? r->error->text : NULL));
	jansson_member(j, out, "hints", hints_array(j, r));
	jansson_member(j, out, "server", server_object(j, r));
	jansson_member(j, out, "tried", tried_array(j, r));
	if (r->info != NULL) {
		json_put_info(j, out, r);
	} else if (r->query) {
		put_answers(j, out, r);
	} else {
		json_put_recipients(j, out, r->recipients, r->recipient_count);
		jansson_member(
		    j, out, "parameters", parameters_array(j, r->parameters));
		jansson_member(j, out, "queue_id",
		    jansson_text(j, queue_id(r, id, sizeof(id))));
		jansson_member(
		    j, out, "message_id", jansson_text(j, r->message_id));
		jansson_member(j, out, "saved", jansson_text(j, r->saved));
		jansson_member(j, out, "queued", jansson_text(j, r->queued));
		jansson_member(j, out, "queued_for_system",
		    jansson_boolean(j, r->for_system));
		jansson_member(j, out, "check", jansson_boolean(j, r->check));
		jansson_member(
		    j, out, "bytes", j->integer((json_int_t)r->bytes));
	}
	jansson_member(j, out, "round_trips", j->integer(r->round_trips));
	jansson_member(j, out, "timings_ms", timings_object(j, r));
	buf_puts(out, "}\n");
}

static void
put_reply(
    struct jansson *j, struct buf *out, const struct report_answer *answer)
{
	buf_puts(out, "{\"version\":1");
	jansson_member(
	    j, out, "line", jansson_known_number(j, (int)answer->line));
	jansson_member(j, out, "command", jansson_text(j, answer->command));
	jansson_member(j, out, "code", jansson_known_number(j, answer->code));
	jansson_member(
	    j, out, "enhanced", jansson_known_text(j, answer->enhanced));
	jansson_member(j, out, "text",
	    answer->text != NULL
		? reply_array(j, answer->text, answer->enhanced)
		: j->array());
	jansson_member(j, out, "error", jansson_text(j, answer->error));
	buf_puts(out, "}\n");
}

int
report_json_reply(
    struct buf *out, const struct report_answer *answer, struct error *err)
{
	size_t from = out->len;
	struct jansson j = {0};

	if (jansson_open(&j, "--json", err) == -1)
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

	if (jansson_open(&j, "--json", err) == -1)
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
		jansson_append(j, list, jansson_text(j, names->items[i]));
	return list;
}

static json_t *
account_object(struct jansson *j, const struct report_account *a)
{
	json_t *o = j->object();
	char expiry[32];

	jansson_set(j, o, "name", jansson_text(j, a->name));
	jansson_set(j, o, "used", jansson_boolean(j, a->used));
	jansson_set(j, o, "from", names_array(j, &a->from));
	jansson_set(j, o, "servers", names_array(j, &a->servers));
	jansson_set(j, o, "user", jansson_text(j, a->user));
	jansson_set(j, o, "mechanism", jansson_text(j, a->mechanism));
	jansson_set(j, o, "secret", jansson_text(j, a->secret));
	jansson_set(j, o, "sign_in", jansson_text(j, a->sign_in));
	jansson_set(j, o, "expires", jansson_text(j, report_expiry(a, expiry)));
	jansson_set(j, o, "renewable",
	    a->sign_in != NULL ? jansson_boolean(j, a->renewable) : j->null());
	jansson_set(j, o, "state", jansson_text(j, a->state));
	jansson_set(j, o, "problems", names_array(j, &a->problems));
	return o;
}

int
report_json_accounts(struct buf *out, const struct report_account *accounts,
    size_t n, struct error *err)
{
	struct jansson j = {0};
	json_t *list;
	size_t i;

	if (jansson_open(&j, "--json", err) == -1)
		return -1;
	list = j.array();
	for (i = 0; i < n; i++)
		jansson_append(&j, list, account_object(&j, &accounts[i]));
	buf_puts(out, "{\"version\":1");
	jansson_member(&j, out, "accounts", list);
	buf_puts(out, "}\n");
	return j.failed ? error_set(err, EX_OSERR, "--json: out of memory") : 0;
}
