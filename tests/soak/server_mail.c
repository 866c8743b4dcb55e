/*
 * server_mail.c: the dialogue, and the log of what was taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

int64_t
server_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

__attribute__((noreturn)) void
server_fail(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned long
draw(struct server *s, unsigned long below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (unsigned long)(s->random >> 11) % below;
}

static bool
chance(struct server *s, unsigned long share)
{
	return share > 0 && draw(s, 1000) < share;
}

/* --- the log --- */

static void
append(struct server *s, const char *line, size_t n)
{
	if (write(s->log, line, n) != (ssize_t)n)
		server_fail("the log");
}

static void
append_closed(struct server *s, const char *why)
{
	char line[64];

	append(
	    s, line, (size_t)snprintf(line, sizeof(line), "closed\t%s\n", why));
}

static void
append_message(struct server *s, const struct client *c)
{
	static const char name[] = "\nMessage-ID:";
	const char *id = "", *p;
	char line[ENTRY_MAX];
	size_t n = 0;

	for (p = c->head; (p = strchr(p, '\n')) != NULL; p++)
		if (strncasecmp(p, name, sizeof(name) - 1) == 0) {
			id = p + sizeof(name) - 1;
			id += strspn(id, " \t\r\n");
			n = strcspn(id, " \t\r\n");
			break;
		}
	n = (size_t)snprintf(line, sizeof(line), "message\t%.*s\t%016llx\t%s\n",
	    (int)n, id, (unsigned long long)c->hash, c->recipients + 1);
	append(s, line, n);
}

void
server_open_log(struct server *s, const char *path)
{
	char last[ENTRY_MAX];
	struct stat st;
	size_t k;

	s->log = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (s->log == -1 || fstat(s->log, &st) == -1)
		server_fail(path);
	k = (size_t)st.st_size < sizeof(last) ? (size_t)st.st_size
					      : sizeof(last);
	if (pread(s->log, last, k, st.st_size - (off_t)k) != (ssize_t)k)
		server_fail(path);
	while (k > 0 && last[k - 1] != '\n') {
		k--;
		st.st_size--;
	}
	if (ftruncate(s->log, st.st_size) == -1)
		server_fail(path);
}

/* There is always room: see server_take(). */
void
server_say(struct server *s, struct client *c, const char *reply)
{
	size_t n = strlen(reply);

	if (c->out_n == 0 && s->delay_ms > 0)
		c->due_ms = server_now_ms() + (int64_t)draw(s, s->delay_ms + 1);
	memcpy(c->out + c->out_n, reply, n);
	c->out_n += n;
}

/* --- a transaction --- */

void
server_reset(struct client *c)
{
	c->mail = c->bad = false;
	c->recipients_n = 0;
	c->head[0] = '\n';
	c->head_n = 1;
	c->recipients[0] = c->recipients[1] = '\0';
	c->hash = 0xcbf29ce484222325;
}

static void
mail(struct server *s, struct client *c)
{
	if (c->mail) {
		server_say(s, c, "503 5.5.1 there is a transaction\r\n");
	} else if (s->limit > 0 && c->messages >= s->limit) {
		append_closed(s, "421");
		server_say(s, c, "421 4.7.0 enough for one connection\r\n");
		c->state = DRAIN;
	} else {
		server_reset(c);
		c->mail = true;
		server_say(s, c, "250 2.1.0 sender ok\r\n");
	}
}

static void
rcpt(struct server *s, struct client *c, const char *line)
{
	const char *at = strchr(line, '<'), *end = strchr(line, '>');
	size_t n = at != NULL && end > at ? (size_t)(end - at) - 1 : 0;

	if (!c->mail || n == 0) {
		server_say(s, c, "503 5.5.1 no MAIL, or nobody\r\n");
	} else if (strncmp(at + 1, "refused", 7) == 0) {
		server_say(s, c, "550 5.1.1 no such user\r\n");
	} else if (c->recipients_n + n + 2 > sizeof(c->recipients)) {
		server_say(s, c, "452 4.5.3 too many recipients\r\n");
	} else if (chance(s, s->defer_recipient)) {
		server_say(s, c, "451 4.3.0 this one later\r\n");
	} else {
		c->recipients[c->recipients_n++] = ' ';
		memcpy(c->recipients + c->recipients_n, at + 1, n);
		c->recipients_n += n;
		c->recipients[c->recipients_n] = '\0';
		server_say(s, c, "250 2.1.5 recipient ok\r\n");
	}
}

static void
octet(struct client *c, char octet)
{
	c->hash = (c->hash ^ (unsigned char)octet) * 0x100000001b3;
	if (c->head_n < sizeof(c->head) - 1)
		c->head[c->head_n++] = octet;
}

static void
vanish(struct server *s, struct client *c, const char *when)
{
	append_closed(s, when);
	c->state = OVER;
}

/* The message is here. */
static void
finish(struct server *s, struct client *c)
{
	bool gone = chance(s, s->vanish);

	c->state = COMMAND;
	c->head[c->head_n] = '\0';
	if (gone && draw(s, 2) == 0) {
		vanish(s, c, "before");
	} else if (chance(s, s->defer_message)) {
		server_say(s, c, "451 4.3.0 later\r\n");
	} else {
		append_message(s, c);
		c->messages++;
		if (gone)
			vanish(s, c, "behind");
		else
			server_say(s, c, "250 2.0.0 taken\r\n");
	}
	server_reset(c);
}

static void
end_chunk(struct server *s, struct client *c)
{
	c->state = COMMAND;
	if (c->bad) {
		server_say(s, c, "503 5.5.1 no valid recipients\r\n");
		if (c->last)
			server_reset(c);
	} else if (c->last) {
		finish(s, c);
	} else {
		server_say(s, c, "250 2.0.0 chunk\r\n");
	}
}

static void
bdat(struct server *s, struct client *c, const char *line)
{
	char *end;

	c->chunk = strtoul(line + 5, &end, 10);
	c->last = strncasecmp(end, " LAST", 5) == 0;
	c->bad |= c->recipients_n == 0;
	c->state = CHUNK;
	if (c->chunk == 0)
		end_chunk(s, c);
}

static void
command(struct server *s, struct client *c, const char *line)
{
	if (strncasecmp(line, "BDAT ", 5) == 0) {
		bdat(s, c, line);
	} else if (strncasecmp(line, "MAIL", 4) == 0) {
		mail(s, c);
	} else if (strncasecmp(line, "RCPT", 4) == 0) {
		rcpt(s, c, line);
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		if (c->recipients_n == 0) {
			server_say(s, c, "503 5.5.1 no valid recipients\r\n");
			return;
		}
		c->state = DATA;
		c->end = 2;
		server_say(s, c, "354 go ahead\r\n");
	} else if (strncasecmp(line, "EHLO", 4) == 0) {
		server_reset(c);
		server_say(s, c, "250-soak.test\r\n");
		if (!s->no_pipelining)
			server_say(s, c, "250-PIPELINING\r\n");
		if (!s->no_chunking)
			server_say(s, c, "250-CHUNKING\r\n");
		server_say(s, c,
		    "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
		    "250 SIZE 10485760\r\n");
	} else if (strncasecmp(line, "RSET", 4) == 0) {
		server_reset(c);
		server_say(s, c, "250 2.0.0 reset\r\n");
	} else if (strncasecmp(line, "HELO", 4) == 0 ||
	    strncasecmp(line, "NOOP", 4) == 0) {
		server_say(s, c, "250 2.0.0 fine\r\n");
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		server_say(s, c, "221 2.0.0 bye\r\n");
		c->state = DRAIN;
	} else {
		server_say(s, c, "502 5.5.2 not here\r\n");
	}
}

/* --- what comes in: each takes some octets, and says how many --- */

static size_t
take_chunk(struct server *s, struct client *c, const char *p, size_t n)
{
	size_t i;

	if (n > c->chunk)
		n = c->chunk;
	for (i = 0; i < n; i++)
		octet(c, p[i]);
	c->chunk -= n;
	if (c->chunk == 0)
		end_chunk(s, c);
	return n;
}

/* A dot that begins a line is not the message's, and behind it CR LF is the end
 * (RFC 5321 4.5.2). */
static size_t
take_data(struct server *s, struct client *c, const char *p, size_t n)
{
	static const char end[] = "\r\n.\r\n";
	size_t i;

	for (i = 0; i < n && c->state == DATA; i++) {
		if (p[i] == end[c->end]) {
			if (++c->end < 3)
				octet(c, p[i]);
			else if (c->end == 5)
				finish(s, c);
			continue;
		}
		if (c->end == 4)
			octet(c, '\r');
		c->end = p[i] == '\r';
		octet(c, p[i]);
	}
	return i;
}

static size_t
take_line(struct server *s, struct client *c, char *p, size_t n)
{
	char *lf = memchr(p, '\n', n);

	if (lf == NULL) {
		if (n == sizeof(c->in))
			c->state = OVER;
		return 0;
	}
	*lf = '\0';
	command(s, c, p);
	return (size_t)(lf - p) + 1;
}

void
server_take(struct server *s, struct client *c)
{
	size_t at = 0, n = 1;

	while (at < c->in_n && n > 0 && sizeof(c->out) - c->out_n > REPLY_MAX) {
		if (c->state == COMMAND)
			n = take_line(s, c, c->in + at, c->in_n - at);
		else if (c->state == CHUNK)
			n = take_chunk(s, c, c->in + at, c->in_n - at);
		else if (c->state == DATA)
			n = take_data(s, c, c->in + at, c->in_n - at);
		else
			n = c->in_n - at;
		at += n;
	}
	c->in_n -= at;
	memmove(c->in, c->in + at, c->in_n);
}
