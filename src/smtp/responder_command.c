/* The commands of a client (RFC 5321 4.1.1), and which of them may come when
 * (4.1.4). */
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"
#include "smtp/responder_internal.h"

struct verb {
	const char *name;
	/* What follows it, blanks at both ends left out; true: an event. */
	bool (*say)(struct responder *, struct responder_event *, char *rest);
};

static bool
reply(struct responder *r, int code, const char *enhanced, const char *text)
{
	responder_reply(r, code, enhanced, text);
	return false;
}

static bool
out_of_order(struct responder *r, const char *text)
{
	return reply(r, 503, "5.5.1", text);
}

static bool
no_argument(struct responder *r, const char *rest)
{
	if (*rest == '\0')
		return true;
	return reply(r, 501, "5.5.4", "the command takes no argument");
}

/* What was said of a message is void: whether there was something. */
static bool
reset(struct responder *r, struct responder_event *e)
{
	const bool mail = r->mail;

	r->mail = r->utf8 = false;
	r->accepted = r->refused = 0;
	if (mail)
		*e = (struct responder_event){.type = RESPONDER_RESET};
	return mail;
}

static bool
say_hello(struct responder *r, struct responder_event *e, const char *rest,
    bool extended)
{
	const bool was = *rest != '\0' && reset(r, e);

	if (*rest == '\0')
		return reply(r, 501, "5.5.4", "a name is needed");
	buf_printf(&r->out, "250%c%s\r\n", extended ? '-' : ' ', r->name);
	if (!extended)
		return was;
	buf_puts(&r->out, "250-PIPELINING\r\n250-SIZE");
	if (r->size_max > 0)
		buf_printf(&r->out, " %llu", (unsigned long long)r->size_max);
	buf_puts(&r->out,
	    "\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 HELP\r\n");
	return was;
}

static bool
say_ehlo(struct responder *r, struct responder_event *e, char *rest)
{
	return say_hello(r, e, rest, true);
}

static bool
say_helo(struct responder *r, struct responder_event *e, char *rest)
{
	return say_hello(r, e, rest, false);
}

/* Behind "FROM:" or "TO:"; NULL: it is not there. */
static char *
behind(char *rest, const char *word)
{
	if (!ascii_begins(rest, word))
		return NULL;
	rest += strlen(word);
	rest += strspn(rest, " \t");
	return *rest == ':' ? rest + 1 : NULL;
}

static bool
say_mail(struct responder *r, struct responder_event *e, char *rest)
{
	char *path = behind(rest, "FROM");

	if (r->mail)
		return out_of_order(r, "MAIL was said before");
	if (path == NULL)
		return reply(r, 501, "5.5.2", "it is MAIL FROM:<address>");
	e->type = RESPONDER_MAIL;
	if (!responder_read_path(r, path, e))
		return false;
	if (r->size_max > 0 && e->size > r->size_max)
		return reply(r, 552, "5.3.4", "the message is too large");
	responder_ask(r, e, RESPONDER_MAIL);
	return true;
}

static bool
say_rcpt(struct responder *r, struct responder_event *e, char *rest)
{
	char *path = behind(rest, "TO");

	if (!r->mail)
		return out_of_order(r, "MAIL comes first");
	if (path == NULL)
		return reply(r, 501, "5.5.2", "it is RCPT TO:<address>");
	e->type = RESPONDER_RCPT;
	if (!responder_read_path(r, path, e))
		return false;
	if (r->accepted >= RESPONDER_RECIPIENTS_MAX)
		return reply(r, 452, "4.5.3", "too many recipients");
	responder_ask(r, e, RESPONDER_RCPT);
	return true;
}

static bool
say_data(struct responder *r, struct responder_event *e, char *rest)
{
	if (!no_argument(r, rest))
		return false;
	if (!r->mail)
		return out_of_order(r, "MAIL and RCPT come first");
	if (r->accepted == 0)
		return r->refused > 0
		    ? reply(r, 554, "5.5.1", "no valid recipients")
		    : out_of_order(r, "RCPT comes first");
	responder_ask(r, e, RESPONDER_DATA);
	return true;
}

static bool
say_rset(struct responder *r, struct responder_event *e, char *rest)
{
	if (!no_argument(r, rest))
		return false;
	responder_reply(r, 250, "2.0.0", "OK");
	return reset(r, e);
}

static bool
say_noop(struct responder *r, struct responder_event *e, char *rest)
{
	(void)e;
	(void)rest;
	return reply(r, 250, "2.0.0", "OK");
}

static bool
say_quit(struct responder *r, struct responder_event *e, char *rest)
{
	if (!no_argument(r, rest))
		return false;
	responder_reply(r, 221, "2.0.0", "closing");
	r->state = RESPONDER_OVER;
	*e = (struct responder_event){.type = RESPONDER_QUIT};
	return true;
}

/* 3.5.3 */
static bool
say_vrfy(struct responder *r, struct responder_event *e, char *rest)
{
	(void)e;
	if (*rest == '\0')
		return reply(r, 501, "5.5.4", "a name or address is needed");
	return reply(r, 252, "2.1.5",
	    "cannot verify it; RCPT asks the server, and mail will be tried");
}

static bool
say_help(struct responder *r, struct responder_event *e, char *rest)
{
	(void)e;
	(void)rest;
	return reply(r, 214, "2.0.0",
	    "EHLO HELO MAIL RCPT DATA RSET NOOP QUIT VRFY HELP\n"
	    "a message goes to the server that smtpsend is set up with,\n"
	    "or waits in the outbox until that can be reached: see mailq");
}

static bool
say_no(struct responder *r, struct responder_event *e, char *rest)
{
	(void)e;
	(void)rest;
	return reply(r, 502, "5.5.1", "the command is not implemented");
}

static const struct verb verbs[] = {
    {"EHLO", say_ehlo},
    {"HELO", say_helo},
    {"MAIL", say_mail},
    {"RCPT", say_rcpt},
    {"DATA", say_data},
    {"RSET", say_rset},
    {"NOOP", say_noop},
    {"QUIT", say_quit},
    {"VRFY", say_vrfy},
    {"HELP", say_help},
    {"EXPN", say_no},
    {"STARTTLS", say_no},
    {"AUTH", say_no},
    {"BDAT", say_no},
    {"ETRN", say_no},
    {"TURN", say_no},
};

/* Controls have no business in a command, nor has what is not UTF-8. */
static bool
is_text(const struct buf *line)
{
	size_t i;

	for (i = 0; i < line->len; i++) {
		unsigned char c = (unsigned char)line->data[i];

		if ((c < ' ' && c != '\t') || c == 0x7F)
			return false;
	}
	return printable_is_utf8(line->data, line->len);
}

bool
responder_command(struct responder *r, struct responder_event *e)
{
	struct buf *line = &r->line;
	char *rest;
	size_t i, n;

	while (line->len > 0 && ascii_is_blank(line->data[line->len - 1]))
		line->data[--line->len] = '\0';
	if (line->len == 0)
		return reply(r, 500, "5.5.2", "a command is needed");
	if (!is_text(line))
		return reply(r, 500, "5.5.2",
		    "a command is a line of text without controls");
	*e = (struct responder_event){0};
	n = strcspn(line->data, " \t");
	rest = line->data + n;
	rest += strspn(rest, " \t");
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (ascii_equal_n(line->data, n, verbs[i].name))
			return verbs[i].say(r, e, rest);
	return reply(r, 500, "5.5.1", "the command is not recognized");
}
