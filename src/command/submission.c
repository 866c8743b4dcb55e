#include "command/submission.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "command/enqueue.h"
#include "command/identity.h"
#include "command/local.h"
#include "lib/ascii.h"
#include "options/option.h"
#include "rfc5322/lexer.h"

static const char name[] = "the message";

static void
answer(struct answer *out, int code, const char *enhanced, const char *text)
{
	*out = (struct answer){code, enhanced, text};
}

static const char *
temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && *dir != '\0' ? dir : "/tmp";
}

/* --- MAIL ---------------------------------------------------------------- */

/* xtext (RFC 3461 4), which was judged. */
static const char *
decoded(struct arena *a, const char *xtext)
{
	char *text = arena_alloc(a, strlen(xtext) + 1), *to = text;

	for (; *xtext != '\0'; xtext++)
		if (*xtext == '+') {
			*to++ = (char)ascii_hex(xtext + 1, 2);
			xtext += 2;
		} else {
			*to++ = *xtext;
		}
	return text;
}

static const char *
lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *p;

	for (p = copy; *p != '\0'; p++)
		*p = ascii_lower(*p);
	return copy;
}

/* As if the call had said it, so that the outbox keeps it. */
static int
set(struct submission *sub, const char *option, const char *value,
    struct error *err)
{
	static const struct option_origin origin = {LAYER_ARGV, "MAIL"};

	return option_set(
	    &sub->settings, option_by_name(option), value, &origin, err);
}

/* Those of the session, with what is of this message only. */
static int
make_settings(struct submission *sub, const struct settings *all,
    const struct responder_event *mail, struct error *err)
{
	static const char *input[] = {"-"};
	struct settings *s = &sub->settings;
	size_t size = option_count() * sizeof(*s->origins);

	*s = *all;
	s->arena = (struct arena){0};
	s->origins = arena_alloc(&s->arena, size);
	memcpy(s->origins, all->origins, size);
	s->message.files = (struct strings){input, 1};
	s->message.file = NULL;
	s->message.on_stdin = false;
	s->message.envelope_from =
	    mail->path[0] != '\0' ? arena_strdup(&s->arena, mail->path) : "<>";
	s->local.header_too = false;
	/* What waits and asks for no more than others goes along with them. */
	s->envelope.dsn_if_offered = mail->ret != NULL || mail->envid != NULL;
	if ((mail->ret != NULL &&
		set(sub, "dsn-return", lower(&s->arena, mail->ret), err) ==
		    -1) ||
	    (mail->envid != NULL &&
		set(sub, "envelope-id", decoded(&s->arena, mail->envid), err) ==
		    -1))
		return -1;
	return 0;
}

static int
make_local(struct submission *sub, struct error *err)
{
	const struct message_local *found;
	struct message_local *local;

	sub->charset = identity_charset(&sub->arena);
	if (identity_read(&sub->ident, sub->settings.message.from == NULL,
		&sub->arena, err) == -1 ||
	    local_set_host(&sub->settings, &sub->arena, &sub->ident, err) ==
		-1 ||
	    local_fill(&sub->settings, &sub->ident, &sub->arena, &found, err) ==
		-1)
		return -1;
	if (found == NULL)
		return 0;
	local = arena_alloc(&sub->arena, sizeof(*local));
	*local = *found;
	local->parameters = true;
	sub->local = local;
	return 0;
}

/* As an operand that is one address, whatever is in it. */
static const char *
operand(struct arena *a, const struct responder_event *rcpt)
{
	struct buf text = {0};
	const char *kept;

	buf_printf(&text, "<%s>", rcpt->path);
	if (rcpt->notify != NULL)
		buf_printf(&text, ";NOTIFY=\"%s\"", lower(a, rcpt->notify));
	/* That of RFC 6533 is the address itself, which goes out anyway. */
	if (rcpt->orcpt != NULL && !ascii_begins(rcpt->orcpt, "utf-8;")) {
		const char *orcpt = decoded(a, rcpt->orcpt);

		buf_puts(&text, ";ORCPT=");
		lexer_put_quoted(&text, orcpt, strlen(orcpt));
	}
	kept = arena_strdup(a, buf_string(&text));
	buf_clear(&text);
	return kept;
}

/* A message to one recipient, and nothing in it, to have both judged. */
static int
compose_question(struct submission *sub, struct mail *mail, const char *to,
    struct error *err)
{
	const struct compose_own own = {.ident = sub->ident,
	    .local = sub->local,
	    .charset = sub->charset,
	    .complete = true,
	    .text = "From: postmaster@localhost\n\n",
	    .fd = -1,
	    .name = name};
	struct settings s = sub->settings;
	const char *operands[] = {to};

	s.message.operands = (struct strings){operands, 1};
	s.message.bcc = s.message.standing_bcc = (struct strings){0};
	s.message.bcc_file = s.message.standing_bcc_file = (struct strings){0};
	return mail_compose_own(mail, &s, sub->process, &own, err);
}

/* Whether a message of the size that was said can be sent and kept. */
static bool
has_room(const struct relay *relay, uint64_t size, struct answer *out)
{
	const struct smtp_capabilities *c =
	    relay != NULL ? relay_capabilities(relay) : NULL;
	struct statvfs fs;

	if (c != NULL && c->size_max > 0 && size > c->size_max) {
		answer(
		    out, 552, "5.3.4", "the server takes no message so large");
		return false;
	}
	if (size > SPILL_KEPT && statvfs(temp_dir(), &fs) == 0 &&
	    size / fs.f_frsize >= fs.f_bavail) {
		answer(out, 452, "4.3.1", "no room for a message so large");
		return false;
	}
	return true;
}

static void
stopped(const struct relay *relay, struct answer *out)
{
	if (relay != NULL && relay->signal != 0)
		answer(out, 421, "4.3.2", "stopped by a signal");
}

void
submission_begin(struct submission *sub, const struct settings *settings,
    const struct process *process, struct relay *relay,
    const struct responder_event *event, struct answer *out)
{
	struct mail mail = {0};
	struct error err;

	*sub = (struct submission){.process = process, .spill = SPILL_NONE};
	sub->hooks = (struct hooks){
	    .settings = &sub->settings, .process = process, .mail = &sub->mail};
	if (make_settings(sub, settings, event, &err) == -1) {
		submission_answer_error(&sub->arena, &err, true, out);
	} else if (make_local(sub, &err) == -1) {
		submission_answer_error(&sub->arena, &err, false, out);
	} else if (compose_question(sub, &mail, "<x@mail.invalid>", &err) ==
	    -1) {
		submission_answer_error(&sub->arena, &err, true, out);
		if (out->code == 553)
			out->enhanced = "5.1.7";
	} else {
		if (relay != NULL)
			(void)relay_connect(relay);
		if (has_room(relay, event->size, out))
			answer(out, 250, "2.1.0", "OK");
		stopped(relay, out);
	}
	mail_clear(&mail);
}

/* --- RCPT ---------------------------------------------------------------- */

/* The first of those that are put off, or of those that are not. */
static const struct smtp_result *
first_of(const struct submission *sub, const struct mail *mail, bool later)
{
	const struct smtp_result *r;
	size_t i;

	for (i = 0; i < mail->count; i++) {
		r = &mail->recipients[i].result;
		if (enqueue_is_for_later(&sub->settings, r) == later)
			return r;
	}
	return NULL;
}

static void
refuse(struct submission *sub, const struct smtp_result *r, struct answer *out)
{
	int code = r->verdict == SMTP_DEFERRED ? 451
	    : r->status == EX_DATAERR	       ? 553
					       : 550;

	if (r->code >= 400 && r->code < 600)
		code = r->code;
	answer(out, code, arena_strdup(&sub->arena, r->enhanced),
	    arena_strdup(&sub->arena, r->text));
}

/* A name that stands for several is taken if one of them is. */
static void
answer_question(
    struct submission *sub, const struct mail *mail, struct answer *out)
{
	const struct smtp_result *later = first_of(sub, mail, true),
				 *other = first_of(sub, mail, false);
	size_t i;

	for (i = 0; i < mail->count; i++)
		if (mail->recipients[i].result.verdict == SMTP_ACCEPTED)
			break;
	if (i < mail->count)
		answer(out, 250, "2.1.5", "OK");
	else if (later != NULL && sub->settings.outbox.on_failure)
		answer(out, 250, "2.1.5",
		    "OK, but it may wait in the outbox for some time");
	else if (later != NULL)
		refuse(sub, later, out);
	else if (other != NULL)
		refuse(sub, other, out);
	else
		answer(out, 550, "5.1.1", "it stands for nobody");
}

void
submission_ask(struct submission *sub, struct relay *relay,
    const struct responder_event *event, struct answer *out)
{
	const char *to = operand(&sub->arena, event);
	struct mail mail = {0};
	struct error err;

	sub->settings.envelope.dsn_if_offered |=
	    event->notify != NULL || event->orcpt != NULL;
	if (compose_question(sub, &mail, to, &err) == -1) {
		submission_answer_error(&sub->arena, &err, true, out);
	} else if (relay == NULL) {
		answer(out, 250, "2.1.5", "OK, it will wait in the outbox");
	} else {
		relay_send(relay, &mail, true);
		answer_question(sub, &mail, out);
		stopped(relay, out);
	}
	if (out->code / 100 == 2)
		strings_add(&sub->recipients, &sub->arena, to);
	mail_clear(&mail);
}

/* --- the message --------------------------------------------------------- */

void
submission_add(struct submission *sub, const char *bytes, size_t n)
{
	if (sub->error.status != 0 ||
	    spill_append(
		&sub->spill, bytes, n, temp_dir(), name, &sub->error) == 0)
		return;
	/* Whoever else needs the room may have it now. */
	spill_reset(&sub->spill);
}

static int
compose(struct submission *sub, struct error *err)
{
	struct mail *mail = &sub->mail;
	struct spill *spill = &sub->spill;
	const struct compose_own own = {.ident = sub->ident,
	    .local = sub->local,
	    .charset = sub->charset,
	    .complete = true,
	    .text = spill->fd == -1 ? buf_string(&spill->text) : NULL,
	    .fd = spill->fd,
	    .name = name};

	if (spill->fd == -1 && spill->text.len > 0 &&
	    memchr(spill->text.data, '\0', spill->text.len) != NULL)
		return error_set(
		    err, EX_DATAERR, "the message has a NUL octet in it");
	sub->settings.message.operands = sub->recipients;
	if (mail_compose_own(mail, &sub->settings, sub->process, &own, err) ==
		-1 ||
	    save_prepare(&mail->save, &sub->settings, &mail->arena,
		sub->process, err) == -1)
		return -1;
	/* What goes there is our side of the dialogue. */
	if (mail->save.kind == SAVE_STREAM)
		mail->save.kind = SAVE_NOTHING;
	return 0;
}

static void
all_wait(struct mail *mail)
{
	size_t i;

	for (i = 0; i < mail->count; i++)
		mail->recipients[i].result =
		    (struct smtp_result){.verdict = SMTP_DEFERRED,
			.status = EX_TEMPFAIL,
			.text = "no server could be asked"};
}

static void
deliver(struct submission *sub, struct relay *relay, struct answer *out)
{
	struct mail *mail = &sub->mail;
	int came;

	if (relay != NULL) {
		relay->hooks = &sub->hooks;
		relay_send(relay, mail, false);
		relay->hooks = NULL;
	} else {
		all_wait(mail);
	}
	/* It was heeded, or the verdict was awaited in spite of it; what is to
	 * be kept now is. */
	came = process_swap_signal(0);
	mail_save(mail);
	if (mail->save_error.status != 0)
		output_text_error(
		    &sub->settings, sub->process, &mail->save_error);
	submission_settle(sub, relay, out);
	if (came != 0)
		(void)process_swap_signal(came);
}

void
submission_end(struct submission *sub, struct relay *relay, struct answer *out)
{
	struct error *err = &sub->error;

	if (err->status != 0 || spill_complete(&sub->spill, name, err) == -1 ||
	    compose(sub, err) == -1) {
		sub->status = err->status;
		submission_answer_error(&sub->arena, err, false, out);
	} else {
		deliver(sub, relay, out);
	}
}

static void
write_log(struct submission *sub, struct log *log)
{
	struct log_entry e = {.size = sub->spill.size,
	    .sized = true,
	    .queued = sub->queued,
	    .status = sub->status,
	    .why = sub->error.text};

	log_write_mail(log, &sub->mail, &e);
}

void
submission_told(struct submission *sub, struct relay *relay, struct log *log)
{
	struct report r = {0};

	write_log(sub, log);
	if (sub->mail.facts != NULL)
		mail_report(&sub->mail, &r);
	if (relay != NULL)
		peer_report(&relay->peer, &relay->target, sub->process, &r);
	r.queued = sub->queued;
	r.outcome.status = sub->status;
	if (sub->error.status != 0)
		r.error = &sub->error;
	/* A message that only waits has no fate yet. */
	if (relay != NULL || sub->error.status != 0)
		hooks_end(&sub->hooks, &r);
}

void
submission_clear(struct submission *sub)
{
	hooks_clear(&sub->hooks);
	mail_clear(&sub->mail);
	spill_clear(&sub->spill);
	arena_clear(&sub->settings.arena);
	arena_clear(&sub->arena);
}
