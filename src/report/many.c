#include "report/many.h"

#include "lib/printable.h"
#include "report/json.h"
#include "report/report.h"

void
report_many_text(struct buf *out, const struct report_many *m, bool verbose)
{
	const struct smtp_recipient *to;
	size_t i;

	for (i = 0; i < m->count; i++) {
		to = &m->recipients[i];
		if (!verbose &&
		    (m->again[i] || to->result.verdict == SMTP_ACCEPTED))
			continue;
		buf_printf(out, "%s: %s: ", m->program, m->where);
		report_recipient(out, to);
	}
}

static struct outcome
outcome_so_far(const struct report_many *m)
{
	return outcome_of(m->recipients, m->count);
}

int
report_many_json(
    struct buf *out, const struct report_many *m, struct error *err)
{
	size_t from = out->len, i;
	struct jansson j = {0};
	bool again = false;

	if (jansson_open(&j, "--json", err) == -1)
		return -1;
	for (i = 0; i < m->count; i++)
		again |= m->again[i];
	buf_puts(out, "{\"version\":1");
	jansson_member(&j, out, "record", j.integer((json_int_t)m->record));
	jansson_member(&j, out, "line",
	    m->line > 0 ? j.integer((json_int_t)m->line) : j.null());
	jansson_member(&j, out, "key", jansson_text(&j, m->key));
	jansson_member(&j, out, "outcome",
	    jansson_text(&j,
		m->expired ? "expired"
			   : outcome_name(outcome_so_far(m).status)));
	jansson_member(&j, out, "again", jansson_boolean(&j, again));
	jansson_member(&j, out, "tries", j.integer((json_int_t)m->tries));
	jansson_member(&j, out, "message_id", jansson_text(&j, m->message_id));
	json_put_recipients(&j, out, m->recipients, m->count);
	buf_puts(out, "}\n");
	if (!j.failed)
		return 0;
	out->len = from;
	return error_set(err, EX_OSERR, "--json: out of memory");
}

static void
put_count(struct buf *out, bool *first, uint64_t n, const char *what)
{
	if (n == 0)
		return;
	buf_printf(out, "%s%llu %s", *first ? "; " : ", ",
	    (unsigned long long)n, what);
	*first = false;
}

void
report_many_sum_text(struct buf *out, const struct report_many_sum *s)
{
	bool first = true;

	buf_printf(out, "%s: accepted %llu of %llu message%s", s->program,
	    (unsigned long long)s->accepted, (unsigned long long)s->all,
	    s->all == 1 ? "" : "s");
	put_count(out, &first, s->partial, "for some of their recipients");
	put_count(out, &first, s->refused, "refused");
	put_count(out, &first, s->expired, "expired");
	put_count(out, &first, s->unknown, "unknown");
	put_count(out, &first, s->left, "still to be sent");
	put_count(
	    out, &first, s->bad, s->bad == 1 ? "bad record" : "bad records");
	put_count(out, &first, s->doubles, "skipped");
	if (s->open)
		buf_printf(out, "%s the rest of the list was not read",
		    first ? ";" : ",");
	buf_putc(out, '\n');
}

static void
put_number(struct jansson *j, struct buf *out, const char *name, uint64_t value)
{
	jansson_member(j, out, name, j->integer((json_int_t)value));
}

int
report_many_sum_json(
    struct buf *out, const struct report_many_sum *s, struct error *err)
{
	size_t from = out->len;
	struct jansson j = {0};

	if (jansson_open(&j, "--json", err) == -1)
		return -1;
	buf_puts(out, "{\"version\":1,\"sum\":true");
	jansson_member(
	    &j, out, "outcome", jansson_text(&j, outcome_name(s->status)));
	put_number(&j, out, "status", (uint64_t)s->status);
	jansson_member(&j, out, "error",
	    jansson_text(&j, s->error != NULL ? s->error->text : NULL));
	put_number(&j, out, "messages", s->all);
	put_number(&j, out, "accepted", s->accepted);
	put_number(&j, out, "partial", s->partial);
	put_number(&j, out, "refused", s->refused);
	if (s->expired > 0)
		put_number(&j, out, "expired", s->expired);
	put_number(&j, out, "unknown", s->unknown);
	put_number(&j, out, "left", s->left);
	put_number(&j, out, "bad", s->bad);
	put_number(&j, out, "skipped", s->doubles);
	jansson_member(&j, out, "seconds", j.real(s->seconds));
	buf_puts(out, "}\n");
	if (!j.failed)
		return 0;
	out->len = from;
	return error_set(err, EX_OSERR, "--json: out of memory");
}
