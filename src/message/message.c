/* message: what compose or complete has made, as a source. */
#include "message/message.h"

#include <stdlib.h>
#include <string.h>

#include "lib/charset.h"
#include "lib/memory.h"

#include "message/complete.h"
#include "message/compose.h"
#include "message/draft.h"
#include "message/local.h"
#include "rfc5322/ident.h"

/* A short header. */
enum { HEADER_ROOM = 500 };

static void
set_facts(struct message *m)
{
	const struct draft_input *i;

	m->facts.recipients = m->envelope.recipients;
	m->facts.recipient_count = m->envelope.count;
	m->facts.utf8_envelope |= m->envelope.utf8;
	m->facts.lasting = input_is_lasting(&m->input);
	for (i = m->inputs; i != NULL; i = i->next)
		m->facts.lasting &= input_is_lasting(&i->input);
}

/* A complete message: what stands for chance when there is to be none. */
static int
mix_input(struct message *m, struct message_params *p, struct error *err)
{
	p->lasting = true;
	memset(p->ident.random, 0, sizeof(p->ident.random));
	if (input_keep(&m->input, INPUT_KEPT, err) == -1 ||
	    input_spool(&m->input, err) == -1)
		return -1;
	return draft_mix(&m->input, &p->ident, err);
}

static int
draft(struct message *m, const struct message_params *given, struct error *err)
{
	struct message_params p = *given;
	int r;

	/* The same, and each text that is read is spared a look at it. */
	if (charset_is_utf8(p.charset))
		p.charset = NULL;
	if (p.complete && local_is_sendmail(&p)) {
		p.repair = true;
		p.strict = p.binary = false;
	}
	if (p.complete && p.ident.reproducible && mix_input(m, &p, err) == -1)
		return -1;
	m->facts.binary = p.binary;
	r = p.complete ? complete_draft(m, &p, err) : compose_draft(m, &p, err);
	return r == 0 ? mime_measure(&m->root, err) : -1;
}

int
message_new(
    const struct message_params *p, struct message **out, struct error *err)
{
	struct message *m = memory_alloc(sizeof(*m));
	struct input_params input = {
	    .text = p->body_text,
	    .fd = p->input_fd,
	    .size = p->input_size,
	    .name = p->input_name == NULL && p->body_text != NULL
		? "--body"
		: p->input_name,
	    .wait = p->wait,
	    .temp_dir = p->temp_dir,
	};

	m->envelope.arena = &m->arena;
	buf_reserve(&m->header, HEADER_ROOM);
	input_begin(&m->input, &input);
	if (draft(m, p, err) == -1) {
		message_free(m);
		*out = NULL;
		return -1;
	}
	set_facts(m);
	*out = m;
	return 0;
}

void
message_free(struct message *m)
{
	struct draft_input *i;

	if (m == NULL)
		return;
	for (i = m->inputs; i != NULL; i = i->next)
		input_end(&i->input);
	input_end(&m->input);
	buf_clear(&m->header);
	arena_clear(&m->arena);
	free(m);
}

const struct message_facts *
message_facts(const struct message *m)
{
	return &m->facts;
}

int
message_open(struct message *m, const struct mime_form *form,
    struct mime_stream *stream, struct error *err)
{
	const char *name = m->input.params.name;
	struct mime_form own = *form;

	own.binary &= m->facts.binary;
	if (m->opened && !m->facts.lasting)
		return error_set(err, EX_TEMPFAIL,
		    "%s: came through a pipe and cannot be read "
		    "again",
		    name);
	if (!form->utf8 && (m->facts.utf8_envelope || m->facts.utf8_header)) {
		error_set(err, EX_DATAERR,
		    "%s needs SMTPUTF8, which the server does not offer",
		    m->facts.utf8_envelope ? "an address with letters "
					     "beyond ASCII"
					   : "a header in UTF-8");
		return m->utf8_hint != NULL && !m->facts.utf8_envelope
		    ? error_hint(err, "%s", m->utf8_hint)
		    : -1;
	}
	if (mime_open(&m->root, &m->header, &own, stream, err) == -1)
		return -1;
	/* 8-bit bytes in the header are 8-bit bytes in the message. */
	stream->eight_bit |=
	    m->facts.utf8_header && form->eight_bit && !stream->binary;
	m->facts.changed = stream->note;
	m->opened = true;
	return 0;
}
