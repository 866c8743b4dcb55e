/* flush_tell: what is told of messages of the outbox, to people, to the log and
 * to the hook. */
#include "command/flush.h"

#include "command/hooks.h"
#include "options/option.h"
#include "report/many.h"

/* One that failed. */
struct flush_failure {
	struct flush_failure *next;
	struct flush_told told;
};

void
flush_tell_error(const struct flush *f, const char *id, const struct error *err)
{
	struct error told = *err;

	if (f->beside && f->call->report.verbose == 0)
		return;
	error_context(&told, "%s", id);
	output_text_error(f->settings, f->process, &told);
}

void
flush_tell_expired(const struct flush *f, const char *id)
{
	struct error err;

	error_set(&err, EX_TEMPFAIL, "expired: %s", FLUSH_TOO_LATE);
	flush_tell_error(f, id, &err);
}

static const struct smtp_recipient *
copy_recipients(struct arena *a, const struct flush_told *t)
{
	struct smtp_recipient *to = arena_alloc(a, t->count * sizeof(*to));
	size_t i;

	for (i = 0; i < t->count; i++) {
		struct smtp_result *r = &to[i].result;

		to[i] = (struct smtp_recipient){
		    .address = arena_strdup(a, t->recipients[i].address),
		    .result = t->recipients[i].result};
		if (r->text != NULL)
			r->text = arena_strdup(a, r->text);
		if (r->command != NULL)
			r->command = arena_strdup(a, r->command);
	}
	return to;
}

/* The message is gone from memory when its hook is run. */
static void
keep(struct flush *f, const struct flush_told *t)
{
	struct arena *a = f->arena;
	struct flush_failure *kept = arena_alloc(a, sizeof(*kept));

	kept->told = *t;
	kept->told.id = arena_strdup(a, t->id);
	kept->told.from = arena_strdup(a, t->from);
	if (t->message_id != NULL)
		kept->told.message_id = arena_strdup(a, t->message_id);
	if (t->why != NULL)
		kept->told.why = arena_strdup(a, t->why);
	kept->told.recipients = copy_recipients(a, t);
	kept->next = f->failures;
	f->failures = kept;
}

/* What the call itself says stands above what the message's account says. */
static const struct settings *
hook_settings(const struct flush *f)
{
	return option_on_argv(f->call, "on-failure") ? f->call : f->settings;
}

void
flush_tell(struct flush *f, const struct flush_told *t)
{
	const struct log_entry e = {.from = t->from,
	    .recipients = t->recipients,
	    .count = t->count,
	    .size = t->size,
	    .sized = true,
	    .message_id = t->message_id,
	    .id = t->id,
	    .expired = t->expired,
	    .status = t->status,
	    .why = t->why};

	log_write(f->log, &e);
	if (t->failed && hook_settings(f)->hooks.on_failure != NULL)
		keep(f, t);
}

static void
run_hook(const struct flush *f, const struct flush_told *t)
{
	const struct message_facts facts = {
	    .reverse_path = t->from, .message_id = t->message_id};
	struct mail mail = {.facts = &facts};
	struct hooks hooks = {.settings = hook_settings(f),
	    .process = f->process,
	    .mail = &mail,
	    .outbox_id = t->id};
	struct report r = {.program = f->process->name,
	    .server = "",
	    .host = "",
	    .address = "",
	    .recipients = t->recipients,
	    .recipient_count = t->count,
	    .message_id = t->message_id,
	    .expired = t->expired};
	struct error why;

	r.outcome = outcome_of(t->recipients, t->count);
	r.outcome.status = t->status;
	if (t->why != NULL) {
		error_set(&why, t->status, "%s", t->why);
		r.error = &why;
	}
	hooks_end(&hooks, &r);
	hooks_clear(&hooks);
}

void
flush_run_hooks(struct flush *f)
{
	struct flush_failure *first = NULL, *next;

	/* In the order in which they failed. */
	for (; f->failures != NULL; f->failures = next) {
		next = f->failures->next;
		f->failures->next = first;
		first = f->failures;
	}
	for (; first != NULL; first = first->next) {
		if (*f->process->signal != 0) {
			output_warning(f->settings, f->process,
			    "warning: --on-failure: it could not be run each "
			    "time");
			return;
		}
		run_hook(f, &first->told);
	}
}

/* What became of one group adds up to what became of all. */
void
flush_add_counts(struct flush_counts *all, const struct flush_counts *one)
{
	all->accepted += one->accepted;
	all->partial += one->partial;
	all->refused += one->refused;
	all->expired += one->expired;
	all->unknown += one->unknown;
	all->left += one->left;
	all->bad += one->bad;
	all->also_left += one->also_left;
}

int
flush_tell_sum(const struct flush *f, const struct error *first)
{
	const struct flush_counts *n = &f->counts;
	const struct outcome_many o = {.somebody = f->somebody,
	    .unfinished = n->left + n->also_left > 0 || f->incomplete,
	    .unknown = n->unknown > 0,
	    .refused = n->refused + n->partial + n->expired > 0,
	    .bad = n->bad > 0 ? EX_DATAERR : 0,
	    .why = first->status != 0 ? first->status : EX_TEMPFAIL};
	const struct report_many_sum sum = {.program = f->process->name,
	    .all = n->accepted + n->partial + n->refused + n->expired +
		n->unknown + n->left + n->bad,
	    .accepted = n->accepted,
	    .partial = n->partial,
	    .refused = n->refused,
	    .expired = n->expired,
	    .unknown = n->unknown,
	    .left = n->left,
	    .bad = n->bad,
	    .status = outcome_of_many(&o)};
	struct buf out = {0};
	struct error err;

	if ((sum.status != EX_OK && !f->beside) ||
	    f->call->report.verbose > 0) {
		report_many_sum_text(&out, &sum);
		output_tell(f->process, &out);
		buf_reset(&out);
	}
	if (f->call->report.json && !f->beside &&
	    report_many_sum_json(&out, &sum, &err) == 0)
		(void)output_print(f->process, &out);
	buf_clear(&out);
	return sum.status;
}
