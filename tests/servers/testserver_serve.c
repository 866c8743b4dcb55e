/* A small ESMTP and LMTP server that puts what it gets into a directory. */
#include "testserver.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dialogue.h"
#include "testserver_auth.h"

#define COMMAND_MAX 12288
#define LARGE ((size_t)64 * 1024 - 16) /* with all else, just within a reply */
#define REPLIES_MAX ((size_t)1024 * 1024)

enum phase {
	PHASE_HANDSHAKE,
	PHASE_COMMAND,
	PHASE_AUTH, /* a response to a challenge is to come */
	PHASE_DATA,
	PHASE_CHUNK,
	PHASE_START_TLS, /* when the replies have gone */
	PHASE_END	 /* when the replies have gone */
};

struct client {
	struct wire *wire;
	enum phase phase;
	bool more; /* input may be had without poll() */
	bool local;
	bool gone;
	char in[INPUT_MAX];
	size_t in_n;
	char *out;
	size_t out_start;
	size_t out_n; /* from out_start */
	bool greeted;
	bool mail; /* a transaction is open */
	bool utf8;
	char *from;
	char **to;
	size_t to_n;
	char *user; /* authenticated */
	char *mechanism;
	struct exchange *exchange;
	struct auth_peer peer;
	char *response; /* the last one, as it came */
	FILE *message;
	char *message_path;
	uint64_t message_n;
	struct undot undot;
	uint64_t chunk_left;
	bool chunk_last;
	bool chunk_unwanted;
};

struct server {
	const struct options *options;
	const struct tls_identity *identity;
	struct client **clients;
	size_t client_n;
	struct auth_params auth;
	uint64_t stored;
	uint64_t accepted;
};

/* Commands get what stands behind the verb and one blank. */
struct command {
	const char *verb;
	void (*run)(struct server *, struct client *, char *);
};

static bool
list_has(const struct list *list, const char *item)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (strcasecmp(list->items[i], item) == 0)
			return true;
	}
	return false;
}

static bool
offered(const struct server *s, const char *keyword)
{
	return !list_has(&s->options->no, keyword);
}

static bool
faulty(const struct server *s, const char *fault)
{
	return list_has(&s->options->faults, fault);
}

static bool
fault_listed(const void *options, const char *fault)
{
	return list_has(&((const struct options *)options)->faults, fault);
}

static void
out_add(struct client *c, const char *text, size_t n)
{
	if (c->out_start > 0) {
		memmove(c->out, c->out + c->out_start, c->out_n);
		c->out_start = 0;
	}
	c->out = must(realloc(c->out, c->out_n + n));
	memcpy(c->out + c->out_n, text, n);
	c->out_n += n;
}

static void out_printf(struct client *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
out_printf(struct client *c, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		abort();
	out_add(c, text, (size_t)n);
	free(text);
}

/* What AUTH had, once more, as lines in front of the last one of a reply. */
static void
secret_repeat(struct server *s, struct client *c, int code)
{
	const char *user = s->options->user, *secret = s->options->token;
	char *text = NULL, *at;
	int half = 0;

	if (c->response == NULL)
		return;
	if (secret == NULL)
		secret = user == NULL ? "" : strchr(user, ':') + 1;
	if (faulty(s, "repeat-plain"))
		text = must(strdup(secret));
	else if (faulty(s, "repeat-base64"))
		text = base64_text(secret, strlen(secret));
	else if (faulty(s, "repeat-capitals")) {
		text = must(strdup(secret));
		for (at = text; *at != '\0'; at++)
			*at = (char)toupper((unsigned char)*at);
	} else if (faulty(s, "repeat-response"))
		text = must(strdup(c->response));
	else if (faulty(s, "repeat-cut")) {
		half = (int)strlen(c->response) / 2;
		text = must(strdup(c->response + half));
	} else
		return;
	if (half > 0)
		out_printf(c, "%03d-%.*s\r\n", code, half, c->response);
	out_printf(c, "%03d-%s\r\n", code, text);
	free(text);
}

static void
reply_add(struct server *s, struct client *c, int code, char mark,
    const char *enhanced, const char *format, va_list args)
{
	char text[1024], line[1200];
	int n;

	vsnprintf(text, sizeof(text), format, args);
	if (!offered(s, "ENHANCEDSTATUSCODES"))
		enhanced = "";
	if (mark == ' ')
		secret_repeat(s, c, code);
	n = snprintf(line, sizeof(line), "%03d%c%s%s%s\r\n", code, mark,
	    enhanced, *enhanced == '\0' ? "" : " ", text);
	out_add(c, line, (size_t)n);
}

static void reply(struct server *, struct client *, int, const char *,
    const char *, ...) __attribute__((format(printf, 5, 6)));
static void reply_line(struct server *, struct client *, int, const char *,
    const char *, ...) __attribute__((format(printf, 5, 6)));

static void
reply(struct server *s, struct client *c, int code, const char *enhanced,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	reply_add(s, c, code, ' ', enhanced, format, args);
	va_end(args);
}

/* One line of a reply that goes on. */
static void
reply_line(struct server *s, struct client *c, int code, const char *enhanced,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	reply_add(s, c, code, '-', enhanced, format, args);
	va_end(args);
}

static void
message_forget(struct client *c)
{
	if (c->message != NULL)
		fclose(c->message);
	if (c->message_path != NULL)
		unlink(c->message_path);
	free(c->message_path);
	c->message = NULL;
	c->message_path = NULL;
	c->message_n = 0;
}

static void
transaction_forget(struct client *c)
{
	size_t i;

	message_forget(c);
	for (i = 0; i < c->to_n; i++)
		free(c->to[i]);
	free(c->to);
	free(c->from);
	c->to = NULL;
	c->to_n = 0;
	c->from = NULL;
	c->mail = c->utf8 = false;
}

static void
session_forget(struct client *c)
{
	transaction_forget(c);
	exchange_free(c->exchange);
	free(c->user);
	free(c->mechanism);
	free(c->response);
	c->exchange = NULL;
	c->user = c->mechanism = c->response = NULL;
	c->greeted = false;
}

static void
client_free(struct client *c)
{
	session_forget(c);
	wire_free(c->wire, WIRE_CLOSE);
	free(c->out);
	free(c);
}

static bool
message_begin(struct server *s, struct client *c)
{
	if (asprintf(&c->message_path, "%s/.%ld.%" PRIu64, s->options->serve,
		(long)getpid(), s->accepted++) < 0)
		abort();
	c->message = fopen(c->message_path, "we");
	c->message_n = 0;
	return c->message != NULL;
}

static void
message_add(struct client *c, const char *bytes, size_t n)
{
	c->message_n += n;
	if (c->message != NULL)
		fwrite(bytes, 1, n, c->message);
}

/* The envelope is there before the message is. */
static bool
message_store(struct server *s, struct client *c, const char *via)
{
	const char *dir = s->options->serve;
	char path[4096], *text;
	size_t n, i;
	FILE *envelope;
	bool good;

	if (c->message == NULL)
		return false;
	good = ferror(c->message) == 0;
	good = fclose(c->message) == 0 && good;
	c->message = NULL;
	if (!good)
		return false;
	do
		snprintf(
		    path, sizeof(path), "%s/%" PRIu64 ".eml", dir, ++s->stored);
	while (access(path, F_OK) == 0);
	envelope = must(open_memstream(&text, &n));
	fprintf(envelope, "from: %s\n", c->from);
	for (i = 0; i < c->to_n; i++)
		fprintf(envelope, "to: %s\n", c->to[i]);
	fprintf(envelope, "tls: %s\n", wire_tls_version(c->wire));
	if (wire_tls_resumed(c->wire))
		fputs("resumed: yes\n", envelope);
	fprintf(envelope, "user: %s\n", c->user == NULL ? "" : c->user);
	fprintf(envelope, "auth: %s\n", c->user == NULL ? "" : c->mechanism);
	fprintf(envelope, "via: %s\n", via);
	fclose(envelope);
	strcpy(strrchr(path, '.'), ".envelope");
	good = file_write(path, text, n) == 0;
	free(text);
	strcpy(strrchr(path, '.'), ".eml");
	good = good && rename(c->message_path, path) == 0;
	if (good) {
		free(c->message_path);
		c->message_path = NULL;
	}
	return good;
}

static void
message_end(struct server *s, struct client *c, const char *via)
{
	size_t i, count = s->options->lmtp ? c->to_n : 1;
	bool large =
	    s->options->size > 0 && c->message_n > (uint64_t)s->options->size;
	bool good = !large && message_store(s, c, via);

	for (i = 0; i < count; i++) {
		if (large)
			reply(s, c, 552, "5.3.4", "message too large");
		else if (!good)
			reply(s, c, 451, "4.3.0", "cannot store the message");
		else
			reply(s, c, 250, "2.0.0", "queued as %" PRIu64,
			    s->stored);
	}
	transaction_forget(c);
	c->phase = PHASE_COMMAND;
}

static bool
auth_allowed(const struct server *s, const struct client *c)
{
	return (s->options->user != NULL || s->options->mechanisms != NULL) &&
	    offered(s, "AUTH") &&
	    (c->local || strcmp(wire_tls_version(c->wire), "none") != 0);
}

static bool
starttls_allowed(const struct server *s, const struct client *c)
{
	return s->identity != NULL && offered(s, "STARTTLS") &&
	    strcmp(wire_tls_version(c->wire), "none") == 0;
}

/* A channel to bind to has only TLS. */
static bool
mechanism_fits(const struct client *c, const char *name, size_t n)
{
	return c->peer.binding_n > 0 || n < 5 ||
	    strncasecmp(name + n - 5, "-PLUS", 5) != 0;
}

/* Calls of these: what is offered, word for word; *n is the length of one. */
static const char *
mechanism_next(
    const struct server *s, const struct client *c, const char *at, size_t *n)
{
	const char *list = s->options->mechanisms;

	if (at != NULL)
		at += *n;
	else
		at = list != NULL ? list : "PLAIN LOGIN";
	for (;; at += *n) {
		at += strspn(at, " ");
		*n = strcspn(at, " ");
		if (*n == 0)
			return NULL;
		if (mechanism_fits(c, at, *n))
			return at;
	}
}

static bool
mechanism_offered(
    const struct server *s, const struct client *c, const char *name)
{
	const char *at = NULL;
	size_t n = 0;

	while ((at = mechanism_next(s, c, at, &n)) != NULL) {
		if (strlen(name) == n && strncasecmp(at, name, n) == 0)
			return true;
	}
	return false;
}

static void
mechanisms_tell(struct server *s, struct client *c)
{
	const char *at = NULL;
	size_t n = 0;

	out_printf(c, "250-AUTH");
	while ((at = mechanism_next(s, c, at, &n)) != NULL)
		out_printf(c, " %.*s", (int)n, at);
	out_printf(c, "\r\n");
}

static void
run_ehlo(struct server *s, struct client *c, char *text)
{
	static const char *const keywords[] = {"PIPELINING", "CHUNKING",
	    "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "HELP", "VRFY",
	    "EXPN"};
	size_t i;

	if (*text == '\0') {
		reply(s, c, 501, "5.5.4", "a name is missing");
		return;
	}
	transaction_forget(c);
	c->greeted = true;
	reply_line(s, c, 250, "", "mx.test greets %s", text);
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (offered(s, keywords[i]))
			reply_line(s, c, 250, "", "%s", keywords[i]);
	}
	if (starttls_allowed(s, c))
		reply_line(s, c, 250, "", "STARTTLS");
	if (auth_allowed(s, c))
		mechanisms_tell(s, c);
	if (!offered(s, "SIZE"))
		reply(s, c, 250, "", "XTEST");
	else if (s->options->size > 0)
		reply(s, c, 250, "", "SIZE %ld", s->options->size);
	else
		reply(s, c, 250, "", "SIZE");
}

static void
run_helo(struct server *s, struct client *c, char *text)
{
	if (*text == '\0') {
		reply(s, c, 501, "5.5.4", "a name is missing");
		return;
	}
	transaction_forget(c);
	c->greeted = true;
	reply(s, c, 250, "", "mx.test");
}

/*
 * Takes "FROM:<path> parameters" apart in place; false when it is not that.
 * A > within a quoted string does not end the path.
 */
static bool
path_parse(char *text, const char *word, char **path, char **parameters)
{
	size_t n = strlen(word);
	bool quoted = false;
	char *at;

	if (strncasecmp(text, word, n) != 0 || text[n] != '<')
		return false;
	*path = at = text + n + 1;
	for (; *at != '\0' && (quoted || *at != '>'); at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '\\' && quoted && at[1] != '\0')
			at++;
		else if (!quoted && (*at == ' ' || *at == '<'))
			return false;
	}
	if (*at != '>' || (at[1] != '\0' && at[1] != ' '))
		return false;
	*parameters = at[1] == ' ' ? at + 2 : at + 1;
	*at = '\0';
	return true;
}

static bool
has_8bit(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			return true;
	}
	return false;
}

/* Replies and returns false when a parameter is not good. */
static bool
mail_parameter(struct server *s, struct client *c, const char *parameter)
{
	char *end;
	uintmax_t size;

	if (strncasecmp(parameter, "SIZE=", 5) == 0 && offered(s, "SIZE")) {
		size = strtoumax(parameter + 5, &end, 10);
		if (parameter[5] < '0' || parameter[5] > '9' || *end != '\0') {
			reply(s, c, 501, "5.5.4", "not a size");
			return false;
		}
		if (s->options->size <= 0 ||
		    size <= (uintmax_t)s->options->size)
			return true;
		reply(s, c, 552, "5.3.4", "message too large");
		return false;
	}
	if (offered(s, "8BITMIME") &&
	    (strcasecmp(parameter, "BODY=8BITMIME") == 0 ||
		strcasecmp(parameter, "BODY=7BIT") == 0))
		return true;
	if (offered(s, "SMTPUTF8") && strcasecmp(parameter, "SMTPUTF8") == 0) {
		c->utf8 = true;
		return true;
	}
	if (auth_allowed(s, c) && strncasecmp(parameter, "AUTH=", 5) == 0)
		return true;
	reply(s, c, 555, "5.5.4", "parameter not known: %s", parameter);
	return false;
}

static void
run_mail(struct server *s, struct client *c, char *text)
{
	char *path, *parameters, *parameter;

	if (!c->greeted || c->mail) {
		reply(s, c, 503, "5.5.1", "not now");
		return;
	}
	if (!path_parse(text, "FROM:", &path, &parameters)) {
		reply(s, c, 501, "5.5.4", "MAIL FROM:<address>");
		return;
	}
	c->utf8 = false;
	while ((parameter = strsep(&parameters, " ")) != NULL) {
		if (*parameter != '\0' && !mail_parameter(s, c, parameter))
			return;
	}
	if (has_8bit(path) && !c->utf8)
		reply(s, c, 553, "5.6.7", "SMTPUTF8 was not said");
	else if (list_has(&s->options->reject, path))
		reply(s, c, 550, "5.7.1", "not from you");
	else if (list_has(&s->options->defer, path))
		reply(s, c, 450, "4.7.1", "not now from you");
	else {
		c->mail = true;
		c->from = must(strdup(path));
		reply(s, c, 250, "2.1.0", "ok");
	}
}

static void
run_rcpt(struct server *s, struct client *c, char *text)
{
	char *path, *parameters;

	if (!c->mail || c->message_path != NULL) {
		reply(s, c, 503, "5.5.1", "MAIL first");
		return;
	}
	if (!path_parse(text, "TO:", &path, &parameters) || *path == '\0') {
		reply(s, c, 501, "5.5.4", "RCPT TO:<address>");
		return;
	}
	if (*parameters != '\0')
		reply(
		    s, c, 555, "5.5.4", "parameter not known: %s", parameters);
	else if (has_8bit(path) && !c->utf8)
		reply(s, c, 553, "5.6.7", "SMTPUTF8 was not said");
	else if (list_has(&s->options->reject, path))
		reply(s, c, 550, "5.1.1", "no such user");
	else if (list_has(&s->options->defer, path))
		reply(s, c, 450, "4.2.1", "mailbox busy");
	else {
		c->to = must(realloc(c->to, (c->to_n + 1) * sizeof(*c->to)));
		c->to[c->to_n++] = must(strdup(path));
		reply(s, c, 250, "2.1.5", "ok");
	}
}

static void
run_data(struct server *s, struct client *c, char *text)
{
	if (*text != '\0')
		reply(s, c, 501, "5.5.4", "DATA takes nothing");
	else if (!c->mail || c->message_path != NULL)
		reply(s, c, 503, "5.5.1", "not now");
	else if (c->to_n == 0)
		reply(s, c, 503, "5.5.1", "no valid recipient");
	else if (!message_begin(s, c)) {
		message_forget(c);
		reply(s, c, 451, "4.3.0", "cannot store a message");
	} else {
		c->undot = (struct undot){0};
		c->phase = PHASE_DATA;
		reply(s, c, 354, "", "go ahead");
	}
}

static void
run_bdat(struct server *s, struct client *c, char *text)
{
	char *end;

	if (!offered(s, "CHUNKING")) {
		reply(s, c, 502, "5.5.1", "not implemented");
		return;
	}
	errno = 0;
	c->chunk_left = strtoumax(text, &end, 10);
	c->chunk_last = strcasecmp(end, " LAST") == 0;
	if (*text < '0' || *text > '9' || errno != 0 ||
	    (*end != '\0' && !c->chunk_last)) {
		/* Nobody knows where the next command begins. */
		reply(s, c, 501, "5.5.4", "BDAT size [LAST]");
		c->phase = PHASE_END;
		return;
	}
	c->chunk_unwanted = c->to_n == 0;
	if (!c->chunk_unwanted && c->message_path == NULL)
		message_begin(s, c);
	c->phase = PHASE_CHUNK;
}

static void
chunk_end(struct server *s, struct client *c)
{
	c->phase = PHASE_COMMAND;
	if (c->chunk_unwanted)
		reply(s, c, 503, "5.5.1", "no valid recipient");
	else if (c->chunk_last)
		message_end(s, c, "BDAT");
	else
		reply(s, c, 250, "2.0.0", "octets received");
}

static void
run_rset(struct server *s, struct client *c, char *text)
{
	(void)text;
	transaction_forget(c);
	reply(s, c, 250, "2.0.0", "ok");
}

static void
run_noop(struct server *s, struct client *c, char *text)
{
	(void)text;
	reply(s, c, 250, "2.0.0", "ok");
}

static void
run_vrfy(struct server *s, struct client *c, char *text)
{
	if (!offered(s, "VRFY"))
		reply(s, c, 502, "5.5.1", "not implemented");
	else if (*text == '\0')
		reply(s, c, 501, "5.5.4", "a name is missing");
	else if (list_has(&s->options->reject, text))
		reply(s, c, 550, "5.1.1", "no such user");
	else if (list_has(&s->options->defer, text))
		reply(s, c, 450, "4.2.1", "mailbox busy");
	else
		reply(s, c, 250, "2.1.5", "<%s>", text);
}

static void
run_expn(struct server *s, struct client *c, char *text)
{
	if (!offered(s, "EXPN"))
		reply(s, c, 502, "5.5.1", "not implemented");
	else if (strncasecmp(text, "list", 4) != 0 ||
	    (text[4] != '\0' && text[4] != '@'))
		reply(s, c, 550, "5.1.1", "no such list");
	else {
		reply_line(s, c, 250, "2.1.5", "<alice@x.test>");
		reply_line(s, c, 250, "2.1.5", "<bob@x.test>");
		reply(s, c, 250, "2.1.5", "<carol@x.test>");
	}
}

static void
run_help(struct server *s, struct client *c, char *text)
{
	if (!offered(s, "HELP"))
		reply(s, c, 502, "5.5.1", "not implemented");
	else if (*text != '\0')
		reply(s, c, 214, "2.0.0", "no more is known about %s", text);
	else {
		reply_line(s, c, 214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT");
		reply(s, c, 214, "2.0.0", "RSET NOOP VRFY EXPN HELP QUIT");
	}
}

static void
run_quit(struct server *s, struct client *c, char *text)
{
	(void)text;
	reply(s, c, 221, "2.0.0", "bye");
	c->phase = PHASE_END;
}

static void
run_starttls(struct server *s, struct client *c, char *text)
{
	if (!starttls_allowed(s, c))
		reply(s, c, 502, "5.5.1", "not implemented");
	else if (*text != '\0')
		reply(s, c, 501, "5.5.4", "STARTTLS takes nothing");
	else {
		reply(s, c, 220, "2.0.0", "go ahead");
		c->phase = PHASE_START_TLS;
	}
}

static void
auth_end(struct client *c)
{
	exchange_free(c->exchange);
	c->exchange = NULL;
	c->phase = PHASE_COMMAND;
}

static void
auth_yes(struct server *s, struct client *c)
{
	c->user =
	    must(strdup(c->exchange->name == NULL ? "" : c->exchange->name));
	free(c->mechanism);
	c->mechanism = must(strdup(c->exchange->mechanism->name));
	auth_end(c);
	reply(s, c, 235, "2.7.0", "welcome");
}

static void
auth_more(struct server *s, struct client *c, const char *text, size_t n)
{
	char *base64 = base64_text(text, n), *large;

	c->phase = PHASE_AUTH;
	if (faulty(s, "large")) {
		large = must(malloc(LARGE + 1));
		memset(large, 'A', LARGE);
		large[LARGE] = '\0';
		free(base64);
		base64 = large;
	} else if (faulty(s, "not-base64"))
		strcpy(base64 = must(realloc(base64, 16)), "!this=is=not!");
	out_add(c, "334 ", 4);
	out_add(c, base64, strlen(base64));
	out_add(c, "\r\n", 2);
	free(base64);
}

static void
auth_verdict(struct server *s, struct client *c, enum auth_verdict verdict)
{
	switch (verdict) {
	case AUTH_MORE:
		auth_more(
		    s, c, c->exchange->challenge, c->exchange->challenge_n);
		break;
	case AUTH_YES:
		auth_yes(s, c);
		break;
	case AUTH_NO:
		auth_end(c);
		reply(s, c, 535, "5.7.8", "authentication failed");
		break;
	case AUTH_MALFORMED:
		auth_end(c);
		reply(s, c, 501, "5.5.2", "not a response of this mechanism");
		break;
	}
}

/* One response of the client. */
static void
auth_step(struct server *s, struct client *c, const char *text)
{
	char decoded[INPUT_MAX + 1] = "";
	ssize_t n = strcmp(text, "=") == 0 ? 0 : base64_bytes(text, decoded);
	enum auth_verdict verdict;
	bool cancelled = strcmp(text, "*") == 0;

	if (!cancelled) {
		free(c->response);
		c->response = must(strdup(text));
	}
	if (faulty(s, "endless")) {
		auth_more(s, c, "", 0);
		return;
	}
	if (faulty(s, "early-yes") ||
	    (cancelled && faulty(s, "yes-to-cancel"))) {
		auth_yes(s, c);
		return;
	}
	if (cancelled || n < 0) {
		auth_end(c);
		reply(
		    s, c, 501, "5.5.2", cancelled ? "cancelled" : "not base64");
		return;
	}
	verdict = exchange_step(c->exchange, decoded, (size_t)n);
	if (verdict != AUTH_MORE && faulty(s, "more-at-end"))
		auth_more(s, c, "", 0);
	else
		auth_verdict(s, c, verdict);
}

static void
run_auth(struct server *s, struct client *c, char *text)
{
	char *mechanism = strsep(&text, " ");

	if (!auth_allowed(s, c))
		reply(s, c, 502, "5.5.1", "not implemented");
	else if (!c->greeted || c->mail || c->user != NULL)
		reply(s, c, 503, "5.5.1", "not now");
	else if (!mechanism_offered(s, c, mechanism) ||
	    (c->exchange = exchange_new(mechanism, &s->auth, &c->peer)) == NULL)
		reply(s, c, 504, "5.5.4", "mechanism not known");
	else if (text != NULL)
		auth_step(s, c, text);
	else
		auth_verdict(s, c, exchange_step(c->exchange, NULL, 0));
}

static const struct command commands[] = {
    {"EHLO", run_ehlo},
    {"HELO", run_helo},
    {"LHLO", run_ehlo},
    {"MAIL", run_mail},
    {"RCPT", run_rcpt},
    {"DATA", run_data},
    {"BDAT", run_bdat},
    {"RSET", run_rset},
    {"NOOP", run_noop},
    {"VRFY", run_vrfy},
    {"EXPN", run_expn},
    {"HELP", run_help},
    {"QUIT", run_quit},
    {"STARTTLS", run_starttls},
    {"AUTH", run_auth},
};

static bool
verb_fits(const struct server *s, const char *verb)
{
	if (strcasecmp(verb, "LHLO") == 0)
		return s->options->lmtp;
	if (strcasecmp(verb, "EHLO") == 0 || strcasecmp(verb, "HELO") == 0)
		return !s->options->lmtp;
	return true;
}

static void
command_run(struct server *s, struct client *c, char *line)
{
	char *text = line, *verb = strsep(&text, " "), none[] = "";
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcasecmp(verb, commands[i].verb) != 0 ||
		    !verb_fits(s, verb))
			continue;
		commands[i].run(s, c, text == NULL ? none : text);
		return;
	}
	reply(s, c, 500, "5.5.1", "command not known");
}

/* Returns false when a line is not complete. */
static bool
line_process(struct server *s, struct client *c)
{
	char line[INPUT_MAX + 1];
	char *lf = memchr(c->in, '\n', c->in_n);
	size_t n, max = c->phase == PHASE_AUTH ? INPUT_MAX - 1 : COMMAND_MAX;

	if (lf == NULL && c->in_n <= max)
		return false;
	if (lf == NULL || (size_t)(lf - c->in) > max) {
		reply(s, c, 500, "5.5.2", "line too long");
		c->phase = PHASE_END;
		return true;
	}
	n = (size_t)(lf - c->in);
	if (n == 0 || c->in[n - 1] != '\r' || memchr(c->in, '\0', n) != NULL) {
		reply(s, c, 500, "5.5.2", "a bare LF or a NUL");
		c->phase = PHASE_END;
		return true;
	}
	memcpy(line, c->in, n - 1);
	line[n - 1] = '\0';
	c->in_n -= n + 1;
	memmove(c->in, lf + 1, c->in_n);
	if (c->phase == PHASE_COMMAND)
		command_run(s, c, line);
	else
		auth_step(s, c, line);
	return true;
}

static void
input_drop(struct client *c, size_t n)
{
	c->in_n -= n;
	memmove(c->in, c->in + n, c->in_n);
}

static void
data_process(struct server *s, struct client *c)
{
	char piece[INPUT_MAX + 1];
	bool done = false;
	size_t taken, n;

	taken = undot(&c->undot, c->in, c->in_n, piece, &n, &done);
	message_add(c, piece, n);
	input_drop(c, taken);
	if (done)
		message_end(s, c, "DATA");
}

static void
chunk_process(struct server *s, struct client *c)
{
	size_t n = c->in_n < c->chunk_left ? c->in_n : (size_t)c->chunk_left;

	if (!c->chunk_unwanted)
		message_add(c, c->in, n);
	c->chunk_left -= n;
	input_drop(c, n);
	if (c->chunk_left == 0)
		chunk_end(s, c);
}

static void
client_process(struct server *s, struct client *c)
{
	for (;;) {
		switch (c->phase) {
		case PHASE_DATA:
			if (c->in_n == 0)
				return;
			data_process(s, c);
			break;
		case PHASE_CHUNK:
			if (c->in_n == 0 && c->chunk_left > 0)
				return;
			chunk_process(s, c);
			break;
		case PHASE_COMMAND:
		case PHASE_AUTH:
			if (!line_process(s, c))
				return;
			break;
		default:
			return;
		}
	}
}

static void
client_write(struct client *c)
{
	ssize_t n;

	while (c->out_n > 0 && !c->gone) {
		n = wire_write(c->wire, c->out + c->out_start, c->out_n);
		if (n == WIRE_AGAIN)
			return;
		if (n < 0)
			c->gone = true;
		else {
			c->out_start += (size_t)n;
			c->out_n -= (size_t)n;
		}
	}
}

static void
client_greet(struct server *s, struct client *c)
{
	reply(s, c, 220, "", "mx.test %s ready",
	    s->options->lmtp ? "LMTP" : "ESMTP");
}

/* Takes what is there; a long message does not keep the others waiting. */
static void
client_read(struct server *s, struct client *c)
{
	int rounds;
	ssize_t n;

	c->more = true;
	for (rounds = 0; rounds < 16; rounds++) {
		if (c->phase >= PHASE_START_TLS || c->out_n > REPLIES_MAX)
			return;
		n = wire_read(
		    c->wire, c->in + c->in_n, sizeof(c->in) - c->in_n);
		if (n == WIRE_AGAIN) {
			c->more = false;
			return;
		}
		if (n <= 0) {
			/* Who closes one way only still gets the replies. */
			c->phase = PHASE_END;
			c->gone = n < 0;
			return;
		}
		c->in_n += (size_t)n;
		client_process(s, c);
	}
}

static void
client_handshake(struct server *s, struct client *c, bool greet)
{
	int status = wire_tls_handshake(c->wire);

	if (status == WIRE_GONE)
		c->gone = true;
	else if (status == 0) {
		c->peer.certificate = wire_tls_certificate(c->wire);
		c->peer.binding = wire_tls_binding(c->wire, &c->peer.binding_n);
		c->phase = PHASE_COMMAND;
		c->more = true;
		if (greet)
			client_greet(s, c);
	}
}

static void
client_step(struct server *s, struct client *c)
{
	bool implicit = s->options->implicit_tls;

	if (c->phase == PHASE_HANDSHAKE)
		client_handshake(s, c, implicit);
	if (c->phase < PHASE_START_TLS && c->phase != PHASE_HANDSHAKE)
		client_read(s, c);
	client_write(c);
	if (c->out_n > 0)
		return;
	if (c->phase == PHASE_END)
		c->gone = true;
	else if (c->phase == PHASE_START_TLS) {
		/* What came in clear behind STARTTLS counts for nothing. */
		c->in_n = 0;
		session_forget(c);
		c->phase = PHASE_HANDSHAKE;
		c->more = false;
		if (wire_tls_start(c->wire, s->identity) < 0)
			c->gone = true;
	}
}

static bool
peer_is_local(int fd)
{
	struct sockaddr_storage peer;
	socklen_t n = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &n) < 0)
		return false;
	if (peer.ss_family == AF_INET)
		return ntohl(((struct sockaddr_in *)&peer)->sin_addr.s_addr) >>
		    24 ==
		    127;
	if (peer.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(
		    &((struct sockaddr_in6 *)&peer)->sin6_addr);
	return peer.ss_family == AF_UNIX;
}

static void
client_add(struct server *s, int fd)
{
	struct client *c = must(calloc(1, sizeof(*c)));

	c->local = peer_is_local(fd);
	c->wire = wire_new(fd, fd);
	c->phase = PHASE_COMMAND;
	s->clients = must(
	    realloc(s->clients, (s->client_n + 1) * sizeof(struct client *)));
	s->clients[s->client_n++] = c;
	if (s->options->implicit_tls) {
		c->phase = PHASE_HANDSHAKE;
		if (wire_tls_start(c->wire, s->identity) < 0)
			c->gone = true;
	} else
		client_greet(s, c);
	client_step(s, c);
}

static short
client_wants(const struct client *c)
{
	short events = 0;

	if (c->phase == PHASE_HANDSHAKE)
		return wire_handshake_wants(c->wire);
	if (c->phase < PHASE_START_TLS && c->out_n <= REPLIES_MAX)
		events |= POLLIN;
	if (c->out_n > 0)
		events |= POLLOUT;
	return events;
}

/* Returns how many clients have gone. */
static size_t
clients_sweep(struct server *s)
{
	size_t from, to = 0, gone;

	for (from = 0; from < s->client_n; from++) {
		if (s->clients[from]->gone)
			client_free(s->clients[from]);
		else
			s->clients[to++] = s->clients[from];
	}
	gone = s->client_n - to;
	s->client_n = to;
	return gone;
}

/* One round of the loop; false when a signal came or the time is over. */
static bool
server_round(struct server *s, int listener, int64_t deadline_ms)
{
	size_t n = s->client_n, i;
	struct pollfd *fds = must(calloc(n + 1, sizeof(*fds)));
	int64_t until_ms = deadline_ms;
	int fd, ready;

	fds[n] = (struct pollfd){.fd = listener, .events = POLLIN};
	for (i = 0; i < n; i++) {
		fds[i].fd = wire_in(s->clients[i]->wire);
		fds[i].events = client_wants(s->clients[i]);
		if (s->clients[i]->more && (fds[i].events & POLLIN) != 0)
			until_ms = 0;
	}
	ready = poll_until(fds, n + 1, until_ms);
	for (i = 0; i < n && ready >= 0; i++) {
		if (fds[i].revents != 0 || s->clients[i]->more)
			client_step(s, s->clients[i]);
	}
	while (ready >= 0 && fds[n].revents != 0 &&
	    (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		client_add(s, fd);
	free(fds);
	return !is_terminated() && (deadline_ms < 0 || now_ms() < deadline_ms);
}

int
serve(const struct options *o, const struct tls_identity *identity)
{
	int64_t deadline_ms =
	    o->limit_s > 0 ? now_ms() + o->limit_s * 1000 : -1;
	struct server s = {
	    .options = o,
	    .identity = identity,
	    .auth = {.user = o->user,
		.token = o->token,
		.nonce = o->nonce,
		.salt = o->salt,
		.iterations = o->iterations,
		.faulty = fault_listed,
		.faults = o},
	};
	int listener;
	size_t i;

	if (mkdir(o->serve, 0755) < 0 && errno != EEXIST) {
		fprintf(
		    stderr, "testserver: %s: %s\n", o->serve, strerror(errno));
		return STATUS_USAGE;
	}
	listener = listen_and_tell(o);
	if (listener < 0)
		return STATUS_USAGE;
	while (server_round(&s, listener, deadline_ms)) {
		if (clients_sweep(&s) > 0 && o->once)
			break;
	}
	for (i = 0; i < s.client_n; i++)
		client_free(s.clients[i]);
	free(s.clients);
	listen_end(o, listener);
	return STATUS_OK;
}
