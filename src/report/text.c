/* text: reports for people. */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

#include "lib/printable.h"
#include "report/steps.h"

static void
puts_printable(struct buf *out, const char *s)
{
	printable_append(out, s, strlen(s));
}

/* Lines of a reply on one line. */
static void
puts_joined(struct buf *out, const char *text)
{
	size_t n;

	for (;; text += n + 1) {
		n = strcspn(text, "\n");
		printable_append(out, text, n);
		if (text[n] == '\0')
			break;
		buf_puts(out, "; ");
	}
}

void
report_error(struct buf *out, const char *program, const struct error *err)
{
	const char *line = err->hint;
	size_t n;

	buf_printf(out, "%s: ", program);
	puts_joined(out, err->text);
	buf_putc(out, '\n');
	while (*line != '\0') {
		n = strcspn(line, "\n");
		buf_printf(out, "%s: hint: ", program);
		printable_append(out, line, n);
		buf_putc(out, '\n');
		line += n + (line[n] != '\0');
	}
}

void
report_reply(
    struct buf *out, const char *prefix, int code, const char *text, size_t n)
{
	const char *end = text + n, *lf;

	for (;; text = lf + 1) {
		lf = memchr(text, '\n', (size_t)(end - text));
		buf_printf(out, "%s%d%c", prefix, code, lf != NULL ? '-' : ' ');
		printable_append(
		    out, text, (size_t)((lf != NULL ? lf : end) - text));
		buf_putc(out, '\n');
		if (lf == NULL)
			break;
	}
}

/* "550 5.1.1 No such user", or our own words where there was no reply. */
static void
puts_result(struct buf *out, const struct smtp_result *r)
{
	if (r->code > 0 && r->code < 600)
		buf_printf(out, "%d%s", r->code, *r->text != '\0' ? " " : "");
	puts_joined(out, r->text);
}

void
report_recipient(struct buf *out, const struct smtp_recipient *to)
{
	puts_printable(out, to->address);
	buf_printf(out, ": %s: ", smtp_verdict_name(to->result.verdict));
	puts_result(out, &to->result);
	buf_putc(out, '\n');
}

void
report_verified(
    struct buf *out, const struct report *r, const struct smtp_recipient *to)
{
	puts_printable(out, to->address);
	if (to->result.verdict == SMTP_ACCEPTED) {
		buf_puts(out, "... deliverable: mailer relay, host ");
		puts_printable(out, r->host[0] != '\0' ? r->host : r->server);
		buf_puts(out, ", user ");
		puts_printable(out, to->address);
	} else {
		buf_printf(out, "... %s: ",
		    to->result.verdict == SMTP_NOT_SENT
			? "not verified"
			: smtp_verdict_name(to->result.verdict));
		puts_result(out, &to->result);
	}
	buf_putc(out, '\n');
}

/* All recipients share one reason, which is not about any of them. */
static bool
one_reason(const struct report *r)
{
	const struct smtp_result *first = &r->recipients[0].result;
	size_t i;

	if (r->outcome.accepted > 0 || r->outcome.unknown > 0 ||
	    first->phase == SMTP_PHASE_RCPT)
		return false;
	for (i = 1; i < r->recipient_count; i++)
		if (r->recipients[i].result.phase != first->phase ||
		    strcmp(r->recipients[i].result.text, first->text) != 0)
			return false;
	return true;
}

static void
reason_line(struct buf *out, const struct report *r)
{
	const struct smtp_result *why = &r->recipients[0].result;

	buf_printf(out, "%s: ", r->program);
	puts_printable(out, r->server);
	buf_printf(out, ": %s %s: ", smtp_result_step(why),
	    smtp_verdict_name(why->verdict));
	puts_result(out, why);
	buf_putc(out, '\n');
}

static bool
was_cancelled(const struct report *r)
{
	return r->error != NULL && r->outcome.status > EX_SIGNAL;
}

/* The reply that took the message, to be shown with the sum. */
static const struct smtp_result *
accepting_reply(const struct report *r)
{
	size_t i;

	for (i = 0; i < r->recipient_count; i++)
		if (r->recipients[i].result.verdict == SMTP_ACCEPTED)
			return &r->recipients[i].result;
	return NULL;
}

static void
sum_line(struct buf *out, const struct report *r)
{
	const struct smtp_result *reply = accepting_reply(r);

	buf_printf(out, "%s: accepted for %zu of %zu recipient%s", r->program,
	    r->outcome.accepted, r->recipient_count,
	    r->recipient_count == 1 ? "" : "s");
	if (r->outcome.unknown > 0)
		buf_printf(out, ", unknown for %zu: it may have been delivered",
		    r->outcome.unknown);
	if (reply != NULL) {
		buf_puts(out, " (");
		puts_printable(out, r->server);
		if (r->proxy != NULL)
			buf_printf(out, " through %s", r->proxy);
		buf_puts(out, ": ");
		puts_result(out, reply);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
}

static void
refusals(struct buf *out, const struct report *r)
{
	const struct smtp_recipient *to;
	size_t i;

	if (r->error != NULL && r->outcome.accepted == 0 && one_reason(r)) {
		report_error(out, r->program, r->error);
		return;
	}
	if (one_reason(r)) {
		reason_line(out, r);
		return;
	}
	for (i = 0; i < r->recipient_count; i++) {
		to = &r->recipients[i];
		if (to->result.verdict == SMTP_ACCEPTED ||
		    (was_cancelled(r) && to->result.verdict == SMTP_NOT_SENT))
			continue;
		buf_printf(out, "%s: ", r->program);
		report_recipient(out, to);
	}
	if (was_cancelled(r)) {
		report_error(out, r->program, r->error);
		return;
	}
	/* A reply that may not be there is not told by its text alone. */
	if (r->error != NULL && r->error->status == EX_PROTOCOL)
		report_error(out, r->program, r->error);
	if (r->recipient_count > 1 || r->outcome.unknown > 0)
		sum_line(out, r);
}

static void
tls_line(
    struct buf *out, const struct report *r, const char *what, const char *text)
{
	buf_printf(out, "%s: ", r->program);
	puts_printable(out, r->server);
	buf_printf(out, ": %s, %s", r->tls_version, what);
	puts_joined(out, text);
	buf_putc(out, '\n');
}

/* What is not as it is expected of a connection that was secured. */
static void
report_tls(struct buf *out, const struct report *r)
{
	const char *trust = r->tls_trust != NULL ? r->tls_trust : "";

	if (r->tls_version == NULL)
		return;
	if (*r->tls_unverified != '\0')
		tls_line(out, r, "unverified: ", r->tls_unverified);
	if (r->tls_resumed)
		tls_line(out, r, "resumed", ", as verified before");
	if (r->tls_cache != NULL)
		tls_line(out, r, "not kept to be resumed: ", r->tls_cache);
	if (strcmp(trust, "first-use") == 0)
		tls_line(out, r, "trusted on first use: sha256//", r->tls_pin);
	if (strcmp(trust, "known-key") == 0)
		tls_line(out, r, "known by its key: sha256//", r->tls_pin);
	if (r->tls_own != NULL && strcmp(r->tls_own, "shown") != 0)
		tls_line(out, r, "our certificate was ",
		    strcmp(r->tls_own, "withheld") == 0 ? r->tls_own
							: "not asked for");
}

static void
put_next(struct buf *out, const struct report_tried *t)
{
	if (t->clear_next) {
		buf_puts(out, "; tried again without TLS\n");
	} else if (t->bare_next) {
		buf_puts(out, "; tried again without our certificate\n");
	} else if (t->next_account != NULL &&
	    (t->account == NULL || strcmp(t->account, t->next_account) != 0)) {
		buf_puts(out, "; tried account ");
		puts_printable(out, t->next_account);
		buf_putc(out, '\n');
	} else {
		buf_puts(out, "; tried the next server\n");
	}
}

void
report_way(struct buf *out, const struct report *r, bool verbose)
{
	size_t i;

	for (i = 0; i < r->tried_count; i++) {
		buf_printf(out, "%s: ", r->program);
		puts_joined(out, r->tried[i].error->text);
		put_next(out, &r->tried[i]);
	}
	if (verbose)
		report_tls(out, r);
}

const char *
report_next_step(const struct report *r)
{
	const struct smtp_result *why;
	const char *step;
	size_t i;

	if (!r->hints || (r->error != NULL && r->error->hint[0] != '\0'))
		return NULL;
	for (i = 0; i < r->recipient_count; i++) {
		why = &r->recipients[i].result;
		if (why->verdict != SMTP_REFUSED &&
		    why->verdict != SMTP_DEFERRED &&
		    why->verdict != SMTP_NOT_SENT)
			continue;
		step =
		    steps_after(why->phase, why->code, why->enhanced, why->text,
			r->host, r->has_user ? STEPS_PASSWORD : STEPS_NOBODY);
		/* Who was not sent to may be so because of another one. */
		if (step != NULL || why->verdict != SMTP_NOT_SENT)
			return step;
	}
	return NULL;
}

void
report_text(struct buf *out, const struct report *r, bool verbose)
{
	const char *step;

	if (r->outcome.accepted == 0 || verbose)
		report_way(out, r, verbose);
	if (r->outcome.accepted < r->recipient_count) {
		refusals(out, r);
		step = report_next_step(r);
		if (step != NULL)
			buf_printf(out, "%s: hint: %s\n", r->program, step);
	} else if (verbose) {
		sum_line(out, r);
	}
}

void
report_check(
    struct buf *answers, struct buf *told, const struct report *r, bool verbose)
{
	const char *step;
	size_t i;

	if (r->outcome.accepted < r->recipient_count && one_reason(r)) {
		report_text(told, r, verbose);
		return;
	}
	if (verbose)
		report_way(told, r, true);
	for (i = 0; i < r->recipient_count; i++)
		report_recipient(answers, &r->recipients[i]);
	if (r->outcome.accepted == r->recipient_count)
		return;
	if (r->error != NULL && r->error->status == EX_PROTOCOL)
		report_error(told, r->program, r->error);
	step = report_next_step(r);
	if (step != NULL)
		buf_printf(told, "%s: hint: %s\n", r->program, step);
}

static size_t
word_length(const char *s)
{
	return strcspn(s, " \t\n()<>;,");
}

/* "2.0.0 Ok: queued as 4F1A", "OK id=1r5Vbx-0001", "Message Queued (ID)",
 * "2.0.0 4AJ3 Message accepted for delivery". */
void
report_queue_id(const char *text, char *out, size_t size)
{
	static const char *const before[] = {
	    "queued as ", "queued (", "Queued (", " id=", "OK id="};
	static const char after[] = " Message accepted for delivery";
	const char *at = NULL, *end;
	size_t i, n;

	for (i = 0; at == NULL && i < sizeof(before) / sizeof(before[0]); i++)
		if ((at = strstr(text, before[i])) != NULL)
			at += strlen(before[i]);
	if (at == NULL && (end = strstr(text, after)) != NULL)
		for (at = end; at > text && at[-1] != ' '; at--)
			;
	n = at != NULL ? word_length(at) : 0;
	while (n > 0 && at[n - 1] == '.')
		n--;
	if (n >= size)
		n = 0;
	if (n > 0)
		memcpy(out, at, n);
	out[n] = '\0';
}
