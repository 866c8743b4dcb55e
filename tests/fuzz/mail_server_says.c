/* mail_server: what it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/mail_server.h"

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
	    "AUTH PLAIN LOGIN", "PRDR"};
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

	if (m->prdr && good && say(m, "353 one by one") == 353)
		for (n = m->taken + 1; n > 1; n--)
			(void)say(m, "250 2.1.5 ok");
	else if (m->prdr && good)
		n = 0; /* it has been said */
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

void
mail_server_reply(
    struct mail_server *m, enum question_kind kind, const char *line)
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
