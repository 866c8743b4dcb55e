/* What a client is told of its message when it is known what became of it. */
#include <string.h>

#include "command/enqueue.h"
#include "command/submission.h"

enum { TOLD_MAX = 10 }; /* lines of what was said of recipients */

enum fate { HAS, LATER, UNSURE, NOT, FATES };

struct settling {
	struct submission *sub;
	const struct relay *relay; /* NULL: no server was asked */
	const struct settings *settings;
	const struct process *process;
	struct mail *mail;
	enum fate *fates;
	size_t counts[FATES];
	bool stopped;	/* by a signal, */
	bool cancelled; /* before a server could speak of all who wait */
	struct buf told;
	struct error error; /* of what could not be kept */
};

void
submission_answer_error(struct arena *a, const struct error *err, bool in_mail,
    struct answer *answer)
{
	*answer = (struct answer){.text = arena_strdup(a, err->text)};
	if (err->status > EX_SIGNAL) {
		*answer = (struct answer){421, "4.3.2", "stopped by a signal"};
		return;
	}
	switch (err->status) {
	case EX_USAGE:
	case EX_DATAERR:
		answer->code = in_mail ? 553 : 554;
		answer->enhanced = in_mail ? "5.1.3" : "5.6.0";
		break;
	case EX_CANTCREAT:
	case EX_IOERR:
		answer->code = 452;
		answer->enhanced = "4.3.1";
		break;
	case EX_CONFIG:
		answer->code = 451;
		answer->enhanced = "4.3.5";
		break;
	default:
		answer->code = 451;
		answer->enhanced = "4.3.0";
		break;
	}
}

/* --- what became of whom ------------------------------------------------- */

static enum fate
fate_of(const struct settling *s, const struct smtp_result *r)
{
	if (r->verdict == SMTP_ACCEPTED)
		return HAS;
	if (r->verdict == SMTP_UNKNOWN)
		return UNSURE;
	if (enqueue_is_for_later(s->settings, r) ||
	    (s->stopped && r->status > EX_SIGNAL))
		return LATER;
	return NOT;
}

static bool
is_reply(const struct smtp_result *r)
{
	return r->code >= 200 && r->code < 600;
}

/* The first one of that fate. */
static const struct smtp_result *
result_of(const struct settling *s, enum fate fate)
{
	size_t i;

	for (i = 0; s->fates[i] != fate; i++)
		;
	return &s->mail->recipients[i].result;
}

/* --- what is kept -------------------------------------------------------- */

/* As much of it as a client can be expected to read. */
static void
tell_said(struct settling *s, const char *said)
{
	size_t lines, n;

	for (lines = 0; lines < TOLD_MAX && *said != '\0'; lines++) {
		n = strcspn(said, "\n");
		buf_printf(&s->told, "\n%.*s", (int)n, said);
		said += n + (said[n] == '\n');
	}
	if (*said != '\0')
		buf_puts(&s->told, "\n... see mailq");
}

/* Why they wait, and how long. */
static void
judge_try(const struct settling *s, struct enqueue_rest *rest)
{
	const struct relay *relay = s->relay;

	if (relay == NULL || s->cancelled ||
	    (relay->unusable && !enqueue_is_try(&relay->error)))
		return;
	rest->tried = true;
	rest->unreached = !relay->met;
	rest->why = &relay->error;
}

/* Those of that fate: true if they are safe. */
static bool
keep(struct settling *s, enum fate fate, enum outbox_place place,
    const char *why)
{
	bool *wanted =
	    arena_alloc(&s->mail->arena, s->mail->count * sizeof(*wanted));
	struct enqueue_rest rest = {.wanted = wanted, .place = place};
	struct buf said = {0};
	const char *id;
	size_t i;
	int r;

	if (s->counts[fate] == 0)
		return true;
	for (i = 0; i < s->mail->count; i++)
		wanted[i] = s->fates[i] == fate;
	enqueue_said(s->mail, wanted, &said);
	if (place == OUTBOX_QUEUE)
		judge_try(s, &rest);
	r = enqueue_rest(
	    s->settings, s->process, s->mail, &rest, &id, &s->error);
	if (r == 0 && place == OUTBOX_QUEUE)
		s->sub->queued = id;
	if (r == 0)
		buf_printf(
		    &s->told, "%s%s %s", s->told.len > 0 ? "\n" : "", why, id);
	if (r == 0 && !s->settings->outbox.queue)
		tell_said(s, buf_string(&said));
	buf_clear(&said);
	return r == 0;
}

/* Somebody has it or may have it, and the rest is neither there nor here: it is
 * named, and the client told that it failed, since it would send to all
 * again. */
static void
tell_lost(struct settling *s)
{
	static const char *const heads[FATES] = {[HAS] = "has it",
	    [LATER] = "has it not, or it is queued for him",
	    [UNSURE] = "may have it",
	    [NOT] = "has it not"};
	struct buf told = {0};
	size_t i;

	buf_printf(&told, "%s", s->error.text);
	for (i = 0; i < s->mail->count; i++)
		buf_printf(&told, "\n%s: %s", s->mail->recipients[i].address,
		    heads[s->fates[i]]);
	if (s->told.len > 0)
		buf_printf(&told, "\n%s", buf_string(&s->told));
	buf_reset(&s->told);
	buf_puts(&s->told, buf_string(&told));
	buf_clear(&told);
}

static void
answer(struct answer *out, int code, const char *enhanced, const char *text)
{
	*out = (struct answer){code, enhanced, text};
}

/* What the server said, as it said it. */
static void
pass_on(const struct smtp_result *r, int otherwise, struct answer *out)
{
	answer(out, is_reply(r) ? r->code : otherwise,
	    is_reply(r) ? r->enhanced : "", r->text);
}

static void
keep_all(struct settling *s, struct answer *out)
{
	struct arena *a = &s->sub->arena;
	const bool somebody = s->counts[HAS] + s->counts[UNSURE] > 0;

	if (s->counts[HAS] > 0)
		buf_printf(&s->told, "accepted for %zu of %zu recipients",
		    s->counts[HAS], s->mail->count);
	if (!keep(s, LATER, OUTBOX_QUEUE, "queued as") && !somebody) {
		submission_answer_error(a, &s->error, false, out);
		return;
	}
	s->sub->taken = true;
	if (s->error.status == 0 &&
	    keep(s, UNSURE, OUTBOX_UNKNOWN,
		"nobody knows whether the server took it: it is not sent "
		"again by itself, and kept as") &&
	    keep(s, NOT, OUTBOX_FAILED, "refused, and kept as")) {
		answer(out, 250, "2.0.0", arena_strdup(a, s->told.data));
		return;
	}
	tell_lost(s);
	answer(out, 554, "5.3.0", arena_strdup(a, s->told.data));
}

/* What the report of it says. */
static int
status_of(const struct settling *s)
{
	if (s->sub->queued == NULL)
		return outcome_of(s->mail->recipients, s->mail->count).status;
	return s->counts[UNSURE] > 0 ? EX_UNKNOWN
	    : s->counts[NOT] > 0     ? EX_PARTIAL
				     : EX_OK;
}

void
submission_settle(
    struct submission *sub, const struct relay *relay, struct answer *out)
{
	struct mail *mail = &sub->mail;
	const int signal = relay != NULL ? relay->signal : 0;
	struct settling s = {.sub = sub,
	    .relay = relay,
	    .settings = &sub->settings,
	    .process = sub->process,
	    .mail = mail,
	    .stopped = signal != 0};
	size_t i;

	s.fates = arena_alloc(&mail->arena, mail->count * sizeof(*s.fates));
	for (i = 0; i < mail->count; i++) {
		s.fates[i] = fate_of(&s, &mail->recipients[i].result);
		s.counts[s.fates[i]]++;
		s.cancelled |= s.fates[i] == LATER &&
		    mail->recipients[i].result.status > EX_SIGNAL;
	}
	sub->taken = s.counts[HAS] > 0;
	if (s.counts[HAS] == mail->count)
		pass_on(result_of(&s, HAS), 250, out);
	else if (s.counts[NOT] == mail->count)
		pass_on(result_of(&s, NOT), 554, out);
	else if (signal != 0 && s.counts[HAS] + s.counts[UNSURE] == 0)
		answer(
		    out, 421, "4.3.2", "stopped by a signal, nothing was sent");
	else if (s.counts[LATER] == mail->count && !s.settings->outbox.queue &&
	    !s.settings->outbox.on_failure)
		pass_on(result_of(&s, LATER), 451, out);
	else
		keep_all(&s, out);
	sub->status = status_of(&s);
	buf_clear(&s.told);
}
