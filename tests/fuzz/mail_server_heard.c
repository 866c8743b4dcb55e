/* mail_server: what the client has heard. */
#include <string.h>
#include <strings.h>

#include "fuzz/mail_server.h"

static void
pop(struct mail_server *m)
{
	m->asked_first++;
	m->asked_count--;
}

static size_t
taken_of(const struct transfer *t)
{
	size_t i, taken = 0;

	for (i = 0; i < t->count; i++)
		taken += t->to[i].rcpt / 100 == 2;
	return taken;
}

/* With PRDR one for each recipient that was taken, in order, of which a no
 * holds; then one for the others. */
static void
hear_prdr(struct mail_server *m, struct transfer *t, int code)
{
	bool last = t->verdicts == taken_of(t);
	size_t i, taken = 0;

	for (i = 0; i < t->count; i++) {
		if (t->to[i].rcpt / 100 != 2)
			continue;
		if (last ? t->to[i].verdict == 0
			 : taken == t->verdicts && code >= 400)
			t->to[i].verdict = code;
		taken++;
	}
	t->verdicts++;
	if (last)
		pop(m);
}

static bool
begins_prdr(const struct question *q, int code)
{
	const struct transfer *t = q->transfer;

	return code == 353 && q->complete &&
	    (q->kind == ASKED_MESSAGE || q->kind == ASKED_LAST) &&
	    t->prdr_asked && !t->prdr && taken_of(t) > 0;
}

/* A verdict on the whole message; with LMTP one for each recipient that was
 * taken, in order (RFC 2033 4.2). */
static void
hear_verdict(struct mail_server *m, struct transfer *t, int code)
{
	size_t i, taken = 0;

	for (i = 0; i < t->count; i++) {
		if (t->to[i].rcpt / 100 != 2)
			continue;
		if (!m->lmtp || taken == t->verdicts)
			t->to[i].verdict = code;
		taken++;
	}
	t->verdicts++;
	if (!m->lmtp || t->verdicts >= taken)
		pop(m);
}

/* RFC 5321 4.3.2: what may answer what.  22z and 23z speak of the connection
 * and of authentication (4.2.1), and none of a mail. */
static bool
may_answer(enum question_kind kind, int code)
{
	if (kind < ASKED_MAIL)
		return kind == ASKED_STARTTLS || kind == ASKED_AUTH ||
		    code / 100 != 3;
	if (kind == ASKED_DATA)
		return code == 354 || code >= 400;
	return code / 100 != 3 && code / 10 != 22;
}

/* A refusal within the message or chunk: the rest must not be needed. */
static void
hear_early(struct mail_server *m, struct question *q, int code)
{
	if (code < 400) {
		m->broken = true;
		return;
	}
	q->transfer->early = code;
	pop(m);
}

static void
hear_reply(struct mail_server *m, int code)
{
	struct question *q = mail_server_oldest(m);

	m->refused |= code / 100 == 5;
	m->closing |= code == 421;
	if (m->broken)
		return;
	if (q == NULL) {
		m->broken |= code != 421;
		return;
	}
	if (begins_prdr(q, code)) {
		q->transfer->prdr = true;
		return;
	}
	if (!may_answer(q->kind, code)) {
		/* It is for the client to say what RSET's 354 means. */
		m->uncertain |= q->kind == ASKED_OTHER;
		m->broken = true;
		return;
	}
	if (!q->complete) {
		hear_early(m, q, code);
		return;
	}
	switch (q->kind) {
	case ASKED_MAIL:
		q->transfer->mail = code;
		break;
	case ASKED_RCPT:
		q->transfer->to[q->to].rcpt = code;
		break;
	case ASKED_CHUNK:
		if (q->transfer->chunk == 0 && code / 100 != 2)
			q->transfer->chunk = code;
		break;
	case ASKED_MESSAGE:
	case ASKED_LAST:
		if (q->transfer->prdr)
			hear_prdr(m, q->transfer, code);
		else
			hear_verdict(m, q->transfer, code);
		return;
	case ASKED_DATA:
		q->transfer->data = code;
		pop(m);
		if (code == 354) {
			m->in_message = true;
			mail_server_ask(m, ASKED_MESSAGE)->complete = false;
		}
		return;
	case ASKED_OTHER:
		m->rset_refused |= code >= 400;
		break;
	default:
		break;
	}
	pop(m);
}

static void
hear_keyword(struct mail_server *m, const char *text, size_t n)
{
	static const char *const names[] = {"PIPELINING", "CHUNKING", "SIZE",
	    "8BITMIME", "SMTPUTF8", "STARTTLS", "AUTH", "PRDR"};
	size_t i, len;

	for (i = 0; i < 8; i++) {
		len = strlen(names[i]);
		if (n >= len && strncasecmp(text, names[i], len) == 0)
			m->offers |= 1U << i;
	}
}

/* RFC 5321 4.2: three digits, and a space, a hyphen or nothing behind them. */
static void
hear_line(struct mail_server *m, const char *l, size_t n)
{
	struct question *q = mail_server_oldest(m);
	int code;

	if (n < 3 || l[0] < '2' || l[0] > '5' || l[1] < '0' || l[1] > '9' ||
	    l[2] < '0' || l[2] > '9' || (n > 3 && l[3] != ' ' && l[3] != '-')) {
		m->broken = true;
		return;
	}
	code = (l[0] - '0') * 100 + (l[1] - '0') * 10 + (l[2] - '0');
	if (m->code != 0 && m->code != code) {
		m->broken = true;
		return;
	}
	if (q != NULL && q->kind == ASKED_HELLO && m->code == 0)
		m->offers = 0;
	else if (q != NULL && q->kind == ASKED_HELLO && n > 4)
		hear_keyword(m, l + 4, n - 4);
	m->code = code;
	if (n > 3 && l[3] == '-')
		return;
	m->code = 0;
	hear_reply(m, code);
}

void
mail_server_heard(struct mail_server *m, const char *bytes, size_t n)
{
	size_t i, len;

	for (i = 0; i < n; i++) {
		buf_putc(&m->heard, bytes[i]);
		if (bytes[i] != '\n')
			continue;
		len = m->heard.len - 1;
		if (len > 0 && m->heard.data[len - 1] == '\r')
			len--;
		if (!m->broken)
			hear_line(m, m->heard.data, len);
		buf_reset(&m->heard);
	}
}
