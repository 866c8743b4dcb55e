#include "command/mail.h"

/* The message is there. */
static int
take_message(struct mail *m, const struct settings *settings, struct error *err)
{
	struct smtp_recipient *r;
	size_t i;

	m->facts = message_facts(m->message);
	if (m->facts->as_written && settings->delivery.save != NULL) {
		error_set(err, EX_USAGE,
		    "--save: no copy can be kept of a message that is binary");
		return error_hint(err, "leave out --save, or --binary");
	}
	m->all_or_nothing = settings->delivery.all_or_nothing;
	m->demands_binary =
	    settings->message.binary == BINARY_MUST && m->facts->binary;
	m->texts.arena = &m->arena;
	m->count = m->facts->recipient_count;
	m->recipients =
	    arena_alloc(&m->arena, m->count * sizeof(*m->recipients));
	for (i = 0; i < m->count; i++) {
		r = &m->recipients[i];
		r->address = m->facts->recipients[i].mailbox;
		if (parameters_of(&m->parameters, &m->facts->recipients[i],
			&m->arena, &r->parameters, err) == -1)
			return -1;
	}
	return 0;
}

int
mail_compose(struct mail *m, const struct settings *settings,
    const struct process *process, struct error *err)
{
	if (parameters_read(&m->parameters, settings, &m->arena, err) == -1 ||
	    compose_message(settings, process, &m->arena, &m->message, err) ==
		-1)
		return -1;
	return take_message(m, settings, err);
}

int
mail_compose_own(struct mail *m, const struct settings *settings,
    const struct process *process, const struct compose_own *own,
    struct error *err)
{
	struct composed composed = {0};
	int r;

	if (parameters_read(&m->parameters, settings, &m->arena, err) == -1)
		return -1;
	r = compose_one(settings, process, own, &m->arena, &composed, err);
	m->message = composed.message;
	return r == -1 ? -1 : take_message(m, settings, err);
}

void
mail_note_form(struct mail *m, const struct smtp_transaction *tx,
    const struct mime_form *form)
{
	size_t i;

	for (i = 0; i < tx->recipient_count && !m->accepted; i++)
		if (tx->recipients[i].result.verdict == SMTP_ACCEPTED) {
			m->accepted = true;
			m->form = *form;
			/* Mailbox files have lines. */
			m->form.binary = false;
		}
}

void
mail_save(struct mail *m)
{
	int status = outcome_of(m->recipients, m->count).status;

	if (m->save.kind == SAVE_NOTHING)
		return;
	if (status == EX_UNKNOWN)
		error_set(&m->save_error, EX_UNKNOWN,
		    "--save: %s: no copy was kept, since nobody knows whether "
		    "the message was accepted",
		    m->save.path);
	else if ((status == EX_OK || status == EX_PARTIAL) &&
	    save_message(&m->save, m->message, &m->form, &m->saved,
		&m->save_error) == -1)
		error_context(
		    &m->save_error, "the message was sent, but no copy kept");
}

void
mail_report(const struct mail *m, struct report *r)
{
	r->recipients = m->recipients;
	r->recipient_count = m->count;
	r->parameters = &m->parameters.mail;
	r->outcome = outcome_of(m->recipients, m->count);
	r->message_id = m->facts->message_id;
	r->saved = m->saved;
}

void
mail_clear(struct mail *m)
{
	smtp_texts_clear(&m->texts);
	save_clear(&m->save);
	message_free(m->message);
	arena_clear(&m->arena);
}
