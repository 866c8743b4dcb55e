#include "command/script_rule.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "report/outcome.h"
#include "smtp/session.h"

void
script_forget(struct script_rule *r)
{
	while (r->heard_count > 0)
		free(r->heard[--r->heard_count].text);
	r->judged = 0;
}

/* The last reply to an exchange is what counts of it. */
static bool
replaces(const struct script_rule *r, const struct script_step *step)
{
	const struct script_heard *last;

	if (r->heard_count == 0)
		return false;
	last = &r->heard[r->heard_count - 1];
	return last->step == step &&
	    (step->kind == SCRIPT_AUTH ||
		(last->phase == SMTP_PHASE_DATA && last->code < 400));
}

void
script_hear(struct script_rule *r, const struct script_step *step,
    const struct smtp_event *event)
{
	const struct smtp_transaction *tx = event->transaction;
	const bool whole = tx == NULL || tx->message_sent;
	struct script_heard *h;

	if (replaces(r, step)) {
		h = &r->heard[r->heard_count - 1];
		free(h->text);
	} else {
		r->heard = memory_realloc(
		    r->heard, r->heard_count + 1, sizeof(*r->heard));
		h = &r->heard[r->heard_count++];
	}
	*h = (struct script_heard){.step = step,
	    .code = event->reply->code,
	    .phase = event->phase,
	    .text = memory_strdup(buf_string(&event->reply->text))};
	memcpy(h->enhanced, event->reply->enhanced, sizeof(h->enhanced));
	r->challenged = h->code == 334 && step->kind != SCRIPT_AUTH;
	if (event->phase == SMTP_PHASE_COMMAND)
		script_raw_heard(&r->raw,
		    step->kind == SCRIPT_COMMAND ? step->text : NULL, h->code);
	/* A yes that comes before its end is none. */
	if (event->phase == SMTP_PHASE_MESSAGE && whole && h->code / 100 == 2)
		r->accepted = true;
}

void
script_end(struct script_rule *r, int status)
{
	r->over = true;
	r->status = status;
}

static int
status_of(const struct script_heard *h)
{
	if (h->code < 400)
		return EX_OK;
	if (h->code >= 500 && script_is_verb(h->step, "AUTH"))
		return EX_NOPERM;
	return outcome_of_reply(h->code);
}

/* Why a reply ends the run, or (--keep-going) decides on its status. */
static void
blame(struct script_rule *r, const struct script_heard *h, int status,
    const char *expected)
{
	struct error *err = &r->error;

	if (r->open) {
		r->status = status; /* it was seen, and the last one counts */
		return;
	}
	if (r->status != EX_OK)
		return;
	error_set(
	    err, status, "%s: %d %s", script_shown(h->step), h->code, h->text);
	if (expected != NULL)
		error_context(err, "expected %s", expected);
	error_context(
	    err, "%s:%llu", r->name, (unsigned long long)h->step->line);
	err->reply = h->code;
	memcpy(err->enhanced, h->enhanced, sizeof(err->enhanced));
	r->status = status;
}

/* The stop rule: 221 and 421 end the run, and so do 4yz and 5yz. */
static void
judge(struct script_rule *r, const struct script_heard *h)
{
	int status = status_of(h);

	if (script_is_verb(h->step, "QUIT")) { /* its fate changes nothing */
		r->over = r->broken_off = true;
		return;
	}
	if (status != EX_OK)
		blame(r, h, status, NULL);
	else if (r->open)
		r->status = EX_OK;
	r->over = h->code == 221 || h->code == 421 ||
	    (status != EX_OK && !r->open && !r->keep_going);
	r->broken_off = h->code == 221 || h->code == 421;
}

void
script_judge(struct script_rule *r)
{
	const struct script_heard *h;

	while (r->judged < r->heard_count && !r->over) {
		h = &r->heard[r->judged++];
		if (!h->expected)
			judge(r, h);
	}
}

struct script_heard *
script_unexpected(const struct script_rule *r)
{
	size_t i;

	for (i = 0; i < r->heard_count; i++)
		if (!r->heard[i].expected)
			return &r->heard[i];
	return NULL;
}

void
script_expect(struct script_rule *r, const struct script_step *step,
    struct script_heard *h)
{
	int status = status_of(h);

	h->expected = true;
	if (script_expects(step, h->code)) {
		if (r->open)
			r->status = EX_OK;
		r->over = r->broken_off = h->code == 221 || h->code == 421;
		return;
	}
	blame(r, h, status != EX_OK ? status : EX_PROTOCOL, step->codes);
	r->over = !r->open && !r->keep_going;
	r->broken_off = h->code == 221 || h->code == 421;
	r->over |= r->broken_off;
}
