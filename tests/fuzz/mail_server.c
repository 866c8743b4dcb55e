/* mail_server: what comes from the client. */
#include "fuzz/mail_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 5321 4.5.3.1.4, and RFC 4954 4 for AUTH. */
enum { LINE_MAX_OCTETS = 512, AUTH_LINE_MAX = 12288 };

void
mail_server_init(struct mail_server *m, struct fuzz *f, bool lmtp)
{
	*m = (struct mail_server){.fuzz = f, .lmtp = lmtp};
	m->obliging = fuzz_byte(f) & 1;
}

void
mail_server_clear(struct mail_server *m)
{
	size_t i;

	for (i = 0; i < m->transfer_count; i++)
		buf_clear(&m->transfers[i].message);
	buf_clear(&m->line);
	buf_clear(&m->says);
	buf_clear(&m->heard);
}

/* Whether somebody of the transfer may yet get the message. */
static bool
hopes(const struct transfer *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->to[i].rcpt < 300 && t->to[i].verdict == 0)
			return true;
	return false;
}

bool
mail_server_owes(const struct mail_server *m)
{
	const struct question *q = &m->asked[m->asked_first];
	size_t i;

	for (i = 0; i < m->asked_count; i++)
		if ((q[i].kind == ASKED_MESSAGE || q[i].kind == ASKED_LAST) &&
		    q[i].complete && hopes(q[i].transfer))
			return true;
	return false;
}

struct question *
mail_server_oldest(struct mail_server *m)
{
	return m->asked_count > 0 ? &m->asked[m->asked_first] : NULL;
}

static struct transfer *
current(struct mail_server *m)
{
	MUST(m->transfer_count > 0, "a command of a transaction before MAIL");
	return &m->transfers[m->transfer_count - 1];
}

struct question *
mail_server_ask(struct mail_server *m, enum question_kind kind)
{
	struct question *q;

	MUST(m->asked_first + m->asked_count < QUESTIONS_MAX,
	    "a session that does not end");
	q = &m->asked[m->asked_first + m->asked_count++];
	*q = (struct question){.kind = kind, .complete = true};
	if (kind >= ASKED_MAIL)
		q->transfer = current(m);
	return q;
}

void
mail_server_greet(struct mail_server *m)
{
	(void)mail_server_ask(m, ASKED_GREETING);
	mail_server_reply(m, ASKED_GREETING, "");
}

/* Whether a command may begin: RFC 2920 3.1, and without PIPELINING nothing
 * but what answers the last reply. */
static void
may_begin(struct mail_server *m)
{
	const struct question *q = mail_server_oldest(m);
	size_t i;

	if (m->broken || m->uncertain)
		return;
	MUST(!m->quit, "something behind QUIT");
	if (q == NULL)
		return;
	MUST(m->offers & OFFERS_PIPELINING,
	    "a command before the reply to the last, without PIPELINING");
	for (i = 0; i < m->asked_count; i++)
		MUST(q[i].kind >= ASKED_MAIL ? q[i].kind != ASKED_DATA
					     : q[i].kind == ASKED_OTHER,
		    "a command behind one that ends a group, kind %d",
		    q[i].kind);
}

static void
offered(const struct mail_server *m, unsigned keyword, const char *line)
{
	MUST(m->offers & keyword || m->broken || m->uncertain,
	    "what was not offered: %s", line);
}

static void
take_mail(struct mail_server *m, const char *line)
{
	struct transfer *t;

	MUST(m->transfer_count < TRANSFERS_MAX, "MAIL again and again");
	t = &m->transfers[m->transfer_count++];
	MUST(sscanf(line, "MAIL FROM:<s%u@x.test>", &t->number) == 1,
	    "another reverse-path: %s", line);
	if (strstr(line, " SIZE=") != NULL)
		offered(m, OFFERS_SIZE, line);
	if (strstr(line, " BODY=") != NULL)
		offered(m, OFFERS_8BITMIME, line);
	t->prdr_asked = m->prdr = strstr(line, " PRDR") != NULL;
	if (m->prdr)
		offered(m, OFFERS_PRDR, line);
	if (strstr(line, " SMTPUTF8") != NULL)
		offered(m, OFFERS_SMTPUTF8, line);
	(void)mail_server_ask(m, ASKED_MAIL);
}

static void
take_rcpt(struct mail_server *m, const char *line)
{
	struct transfer *t = current(m);
	unsigned of, number;

	MUST(sscanf(line, "RCPT TO:<r%u.%u@x.test>", &of, &number) == 2 &&
		of == t->number,
	    "another's recipient: %s", line);
	MUST(t->count < TRANSFER_TO_MAX, "too many RCPT");
	t->to[t->count].number = number;
	mail_server_ask(m, ASKED_RCPT)->to = t->count++;
}

/* BDAT n [LAST]; the octets are next. */
static void
take_bdat(struct mail_server *m, const char *line)
{
	char *end;

	offered(m, OFFERS_CHUNKING, line);
	m->chunk_left = strtoull(line + 5, &end, 10);
	MUST(end > line + 5, "BDAT without a number");
	m->chunk_last = strcmp(end, " LAST") == 0;
	MUST(m->chunk_last || *end == '\0', "not BDAT: %s", line);
	m->in_chunk = true;
	mail_server_ask(m, m->chunk_last ? ASKED_LAST : ASKED_CHUNK)->complete =
	    false;
}

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static enum question_kind
kind_of(const struct mail_server *m, const char *line)
{
	static const struct {
		const char *begin;
		enum question_kind kind;
	} verbs[] = {
	    {"EHLO ", ASKED_HELLO},
	    {"LHLO ", ASKED_HELLO},
	    {"HELO ", ASKED_HELLO},
	    {"STARTTLS", ASKED_STARTTLS},
	    {"AUTH ", ASKED_AUTH},
	    {"QUIT", ASKED_QUIT},
	    {"MAIL ", ASKED_MAIL},
	    {"RCPT ", ASKED_RCPT},
	    {"DATA", ASKED_DATA},
	    {"BDAT ", ASKED_CHUNK},
	};
	size_t i;

	if (m->auth_lines > 0)
		return ASKED_AUTH;
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (begins(line, verbs[i].begin))
			return verbs[i].kind;
	return ASKED_OTHER;
}

static void
take_line(struct mail_server *m, const char *line)
{
	enum question_kind kind = kind_of(m, line);

	MUST(m->line.len <= (kind == ASKED_AUTH || kind == ASKED_OTHER
				    ? AUTH_LINE_MAX
				    : LINE_MAX_OCTETS),
	    "a line of %zu octets", m->line.len);
	if (kind == ASKED_AUTH && begins(line, "AUTH "))
		offered(m, OFFERS_AUTH, line);
	if (kind == ASKED_STARTTLS)
		offered(m, OFFERS_STARTTLS, line);
	if (kind == ASKED_QUIT)
		m->quit = true;
	switch (kind) {
	case ASKED_MAIL:
		take_mail(m, line);
		break;
	case ASKED_RCPT:
		take_rcpt(m, line);
		break;
	case ASKED_CHUNK:
		take_bdat(m, line);
		return; /* the reply comes behind the octets */
	default:
		(void)mail_server_ask(m, kind);
	}
	mail_server_reply(m, kind, line);
}

/* The command, or the message, that is coming is there; what is in flight
 * before its reply is heard may have been answered early. */
static void
completed(struct mail_server *m, struct transfer *t, bool message)
{
	size_t i = m->asked_first + m->asked_count;

	if (message)
		t->whole = true;
	if (i > m->asked_first && !m->asked[i - 1].complete) {
		m->asked[i - 1].complete = true;
		mail_server_reply(m, m->asked[i - 1].kind, "");
	}
}

/* A server may refuse a message, or close, before it has all of it. */
static void
perhaps_early(struct mail_server *m)
{
	static const char *const early[] = {"552 5.3.4 too big",
	    "451 4.3.0 later", "421 4.3.2 closing", "250 2.0.0 queued",
	    "354 go on"};
	size_t way = fuzz_byte(m->fuzz);

	if (way >= 256 - sizeof(early) / sizeof(*early) && !m->hangs_up)
		buf_printf(&m->says, "%s\r\n", early[255 - way]);
}

static size_t
take_chunk(struct mail_server *m, const char *bytes, size_t n)
{
	struct transfer *t = current(m);

	if (n > m->chunk_left)
		n = (size_t)m->chunk_left;
	buf_append(&t->message, bytes, n);
	m->chunk_left -= n;
	if (m->chunk_left == 0) {
		m->in_chunk = false;
		completed(m, t, m->chunk_last);
	}
	return n;
}

/* What comes behind 354, up to the end of a line (RFC 5321 4.5.2); `line` is
 * the line so far. */
static size_t
take_message(struct mail_server *m, const char *bytes, size_t n)
{
	struct transfer *t = current(m);
	const char *lf = memchr(bytes, '\n', n);

	if (lf != NULL)
		n = (size_t)(lf + 1 - bytes);
	buf_append(&m->line, bytes, n);
	if (lf == NULL)
		return n;
	MUST(m->line.len >= 2 && m->line.data[m->line.len - 2] == '\r',
	    "a bare LF in a message");
	if (m->line.len == 3 && m->line.data[0] == '.') {
		m->in_message = false;
		completed(m, t, true);
	} else if (m->line.data[0] == '.') {
		buf_append(&t->message, m->line.data + 1, m->line.len - 1);
	} else {
		buf_append(&t->message, m->line.data, m->line.len);
	}
	buf_reset(&m->line);
	return n;
}

static void
take_command_octet(struct mail_server *m, char c)
{
	if (m->line.len == 0)
		may_begin(m);
	MUST(c != '\0', "NUL in a command");
	MUST(m->line.len < AUTH_LINE_MAX, "a line without end");
	if (m->line.len > 0 && m->line.data[m->line.len - 1] == '\r')
		MUST(c == '\n', "a bare CR in a command");
	else
		MUST(c != '\n', "a bare LF in a command");
	buf_putc(&m->line, c);
	if (c != '\n')
		return;
	m->line.data[m->line.len - 2] = '\0';
	take_line(m, m->line.data);
	buf_reset(&m->line);
}

void
mail_server_take(struct mail_server *m, const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n) {
		if (m->in_chunk) {
			i += take_chunk(m, bytes + i, n - i);
		} else if (m->in_message) {
			i += take_message(m, bytes + i, n - i);
		} else {
			take_command_octet(m, bytes[i++]);
			/* BDAT 0 LAST has no octets. */
			if (m->in_chunk && m->chunk_left == 0)
				(void)take_chunk(m, "", 0);
		}
	}
	if (m->in_chunk || m->in_message)
		perhaps_early(m);
}

void
mail_server_secured(struct mail_server *m)
{
	m->secure = true;
	m->offers = 0;
	m->code = 0;
	buf_reset(&m->heard);
	buf_reset(&m->says);
}
