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

static struct question *
oldest(struct mail_server *m)
{
	return m->asked_count > 0 ? &m->asked[m->asked_first] : NULL;
}

static struct transfer *
current(struct mail_server *m)
{
	MUST(m->transfer_count > 0, "a command of a transaction before MAIL");
	return &m->transfers[m->transfer_count - 1];
}

static struct question *
ask(struct mail_server *m, enum question_kind kind)
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

/* --- what is said ---------------------------------------------------------*/

/* What may come instead of what a good server says. */
static const char *const odd[] = {
    "450 4.2.0 not now",
    "550 5.1.1 no",
    "451 4.4.0 later",
    "552 5.3.4 too big",
    "452 4.5.3 too many",
    "552 5.5.3 too many",
    "554 5.0.0 never",
    "503 5.5.1 bad sequence",
    "500 what",
    "501 what",
    "502 what",
    "504 what",
    "454 4.7.0 no",
    "535 5.7.8 no",
    "250 2.0.0 ok",
    "250 2.0.0 ok",
    "251 2.1.5 forwards",
    "252 2.1.5 tries",
    "235 2.7.0 yes",
    "250",
    "250-one\r\n250 two",
    "550-one\r\n550 two",
    "220 2.0.0 ready",
    "221 2.0.0 bye",
    "354 go",
    "350 and?",
    "334 ",
    "334 VXNlcm5hbWU6",
    "250-one\r\n550 two",
    "999 what",
    "25 what",
    "2500 what",
    "25x what",
    "250what",
    " 250 ok",
    "HTTP/1.1 400 Bad Request",
    "250 \x1b[2J\x01\x80",
};

enum {
	ODD_COUNT = sizeof(odd) / sizeof(*odd),
	GOOD = 168, /* of 256 replies, so many are good ones */
	CLOSES = ODD_COUNT,
	SAYS_421,
	SAYS_421_AND_CLOSES,
	KEEPS_SILENT,
	SAYS_IT_TWICE,
	BREAKS_OFF,
	ENDS_IN_LF,
	SAYS_ANYTHING,
	ODD_ALL,
};

/* Says the reply, or something odd instead; the code that was said, 0: none. */
static int
say(struct mail_server *m, const char *good)
{
	size_t way = fuzz_byte(m->fuzz), n;
	const char *text = good, *end = "\r\n";

	if (m->hangs_up)
		return 0;
	way = way < GOOD ? ODD_ALL : (way - GOOD) % ODD_ALL;
	if (way < ODD_COUNT)
		text = odd[way];
	else if (way == SAYS_421 || way == SAYS_421_AND_CLOSES)
		text = "421 4.3.2 closing";
	if (way == CLOSES || way == SAYS_421_AND_CLOSES || way == BREAKS_OFF)
		m->hangs_up = true;
	if (way == KEEPS_SILENT || way == CLOSES) {
		m->silent = true;
		return 0;
	}
	if (way == SAYS_ANYTHING) {
		m->silent = true;
		for (n = fuzz_below(m->fuzz, 32); n > 0; n--)
			buf_putc(&m->says, (char)fuzz_byte(m->fuzz));
		return 0;
	}
	if (way == ENDS_IN_LF)
		end = "\n";
	if (way == BREAKS_OFF) {
		m->silent = true;
		buf_append(
		    &m->says, text, fuzz_below(m->fuzz, strlen(text) + 2));
		return 0;
	}
	if (way == SAYS_IT_TWICE) {
		m->silent = true;
		buf_printf(&m->says, "%s%s", text, end);
	}
	buf_printf(&m->says, "%s%s", text, end);
	return atoi(text);
}

static void
say_hello(struct mail_server *m, bool extended)
{
	static const char *const keywords[] = {"PIPELINING", "CHUNKING",
	    "SIZE 100000", "8BITMIME", "SMTPUTF8", "STARTTLS",
	    "AUTH PLAIN LOGIN", "LIMITS RCPTMAX=2"};
	unsigned without, i;
	struct buf hello = {0};

	buf_puts(&hello, "250-mx.test\r\n");
	if (extended) {
		without = fuzz_byte(m->fuzz);
		for (i = 0; i < 8; i++)
			if (!(without >> i & 1))
				buf_printf(&hello, "250-%s\r\n", keywords[i]);
	}
	buf_puts(&hello, "250 HELP");
	(void)say(m, buf_string(&hello));
	buf_clear(&hello);
}

/* Whether the message, or a part of it, is welcome. */
static bool
welcome(const struct mail_server *m)
{
	return m->obliging || (m->open && m->taken > 0 && !m->chunk_refused);
}

static void
say_verdicts(struct mail_server *m)
{
	bool good = welcome(m);
	size_t n = m->lmtp && m->taken > 1 ? m->taken : 1;

	while (n-- > 0)
		(void)say(m, good ? "250 2.0.0 queued" : "503 5.5.1 no");
	m->open = false;
	m->taken = 0;
	m->chunk_refused = false;
}

static void
say_to_auth(struct mail_server *m, const char *line)
{
	const char *good;

	if (m->auth_lines > 0)
		m->auth_lines--;
	else if (strcmp(line, "AUTH LOGIN") == 0)
		m->auth_lines = 2;
	else if (strcmp(line, "AUTH PLAIN") == 0)
		m->auth_lines = 1;
	good = strcmp(line, "*") == 0 ? "501 5.7.0 as you like"
	    : m->auth_lines > 0	      ? "334 VXNlcm5hbWU6"
				      : "235 2.7.0 welcome";
	if (say(m, good) != 334)
		m->auth_lines = 0;
}

static void
reply_to(struct mail_server *m, enum question_kind kind, const char *line)
{
	bool go_on = welcome(m), nested = m->open && !m->obliging;

	switch (kind) {
	case ASKED_GREETING:
		(void)say(m, "220 mx.test ESMTP");
		break;
	case ASKED_HELLO:
		say_hello(m, line[0] != 'H');
		break;
	case ASKED_STARTTLS:
		(void)say(m, "220 go ahead");
		break;
	case ASKED_AUTH:
		say_to_auth(m, line);
		break;
	case ASKED_OTHER:
		if (say(m, "250 2.0.0 ok") == 250 &&
		    strcmp(line, "RSET") == 0) {
			m->open = false;
			m->taken = 0;
			m->chunk_refused = false;
		}
		break;
	case ASKED_QUIT:
		(void)say(m, "221 2.0.0 bye");
		m->hangs_up = true;
		break;
	case ASKED_MAIL:
		if (say(m, nested ? "503 5.5.1 nested" : "250 2.1.0 ok") /
			100 ==
		    2)
			m->open = true;
		break;
	case ASKED_RCPT:
		m->taken +=
		    say(m,
			m->open || m->obliging ? "250 2.1.5 ok"
					       : "503 5.5.1 MAIL first") /
			100 ==
		    2;
		break;
	case ASKED_DATA:
		(void)say(m, go_on ? "354 go ahead" : "503 5.5.1 no");
		break;
	case ASKED_CHUNK:
		if (say(m, go_on ? "250 2.0.0 chunk" : "503 5.5.1 no") / 100 !=
		    2)
			m->chunk_refused = true;
		break;
	case ASKED_MESSAGE:
	case ASKED_LAST:
		say_verdicts(m);
		break;
	}
}

void
mail_server_greet(struct mail_server *m)
{
	(void)ask(m, ASKED_GREETING);
	reply_to(m, ASKED_GREETING, "");
}

/* --- what comes from the client -------------------------------------------*/

/* Whether a command may begin: RFC 2920 3.1, and without PIPELINING nothing
 * but what answers the last reply. */
static void
may_begin(struct mail_server *m)
{
	const struct question *q = oldest(m);
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
	if (strstr(line, " SMTPUTF8") != NULL)
		offered(m, OFFERS_SMTPUTF8, line);
	(void)ask(m, ASKED_MAIL);
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
	ask(m, ASKED_RCPT)->to = t->count++;
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
	ask(m, m->chunk_last ? ASKED_LAST : ASKED_CHUNK)->complete = false;
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
		(void)ask(m, kind);
	}
	reply_to(m, kind, line);
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
		reply_to(m, m->asked[i - 1].kind, "");
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

/* --- what was heard -------------------------------------------------------*/

static void
pop(struct mail_server *m)
{
	m->asked_first++;
	m->asked_count--;
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
	struct question *q = oldest(m);

	m->refused |= code / 100 == 5;
	m->closing |= code == 421;
	if (m->broken)
		return;
	if (q == NULL) {
		m->broken |= code != 421;
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
		hear_verdict(m, q->transfer, code);
		return;
	case ASKED_DATA:
		q->transfer->data = code;
		pop(m);
		if (code == 354) {
			m->in_message = true;
			ask(m, ASKED_MESSAGE)->complete = false;
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
	    "8BITMIME", "SMTPUTF8", "STARTTLS", "AUTH", "LIMITS"};
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
	struct question *q = oldest(m);
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
