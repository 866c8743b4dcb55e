#include "command/sendmail_smtp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command/enqueue.h"
#include "command/flush.h"
#include "command/identity.h"
#include "command/submission.h"
#include "lib/clock.h"
#include "options/options.h"

enum { PIECE = 64 * 1024 };

struct session {
	const struct settings *call; /* those of the command line */
	const struct settings *settings;
	const struct process *process;
	struct arena arena;
	struct settings own; /* of another account, if `settings` is that */
	struct process its;
	struct responder responder;
	struct relay relay;
	struct relay *asked; /* the relay; NULL: no server is */
	struct log log;
	struct submission submission;
	bool open;    /* there is one */
	bool taken;   /* a message was */
	bool reached; /* a server was */
	size_t queued_count;
	char queued[OUTBOX_ID_SIZE]; /* the last one that was */
	int status;
};

static void
drop(struct session *s)
{
	if (s->open)
		submission_clear(&s->submission);
	s->open = false;
}

/* Who cannot sign in there leaves that to the system's flush. */
static bool
is_for_system(const struct session *s)
{
	struct arena arena = {0};
	struct error err;
	bool is = enqueue_is_for_system(s->settings, &arena, &err) == 1;

	arena_clear(&arena);
	return is;
}

static void
begin_relay(struct session *s)
{
	struct error err;

	s->log.settings = s->settings;
	s->log.process = s->process;
	s->asked = NULL;
	if (is_for_system(s)) {
		relay_init(&s->relay, s->settings, s->process);
		s->relay.log = &s->log;
		return;
	}
	if (relay_begin(&s->relay, s->settings, s->process, &err) == 0) {
		s->relay.log = &s->log;
		if (!s->settings->outbox.queue)
			s->asked = &s->relay;
		return;
	}
	/* Who calls us mostly drops what is not taken. */
	output_text_error(s->settings, s->process, &err);
}

static void
end_relay(struct session *s)
{
	log_close(&s->log);
	relay_end(&s->relay);
	s->reached |= s->relay.reached;
	s->log = (struct log){0};
}

/* As the call would have them if it had this reverse-path. */
static int
read_own(struct session *s, const char *path, struct settings *own)
{
	struct options_origin origin = *s->process->origin;
	char **argv =
	    arena_alloc(&s->arena, ((size_t)origin.argc + 2) * sizeof(*argv));
	struct error err;
	int r;

	memcpy(argv, origin.argv, (size_t)origin.argc * sizeof(*argv));
	argv[origin.argc++] =
	    arena_printf(&s->arena, "--envelope-from=%s", path);
	origin.argv = argv;
	origin.sender_chooses = true;
	r = options_read(&origin, own, &err);
	own->local = s->call->local;
	own->outbox.queue = s->call->outbox.queue;
	own->outbox.on_failure = s->call->outbox.on_failure;
	own->message.from_pattern = NULL;
	own->delivery.all_or_nothing = s->call->delivery.all_or_nothing;
	return r;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Whose account it is goes by the reverse-path, as it does with -f. */
static void
choose_account(struct session *s, const char *path)
{
	struct settings own;

	if (s->call->accounts.count == 0 || path[0] == '\0')
		return;
	if (read_own(s, path, &own) == -1 ||
	    is_same(own.account, s->settings->account)) {
		settings_clear(&own);
		return;
	}
	end_relay(s);
	settings_clear(&s->own);
	s->own = own;
	s->its = *s->process;
	s->its.given = &s->own;
	if (s->own.auth.password.bytes != NULL)
		process_hide();
	s->settings = &s->own;
	s->process = &s->its;
	begin_relay(s);
}

static void
begin(struct session *s, const struct responder_event *e, struct answer *out)
{
	drop(s);
	choose_account(s, e->path);
	submission_begin(
	    &s->submission, s->settings, s->process, s->asked, e, out);
	s->open = true;
}

static int
say(struct session *s, struct error *err)
{
	struct buf *out = &s->responder.out;
	int r = out->len > 0 ? output_print(s->process, out) : 0;

	buf_reset(out);
	return r == 0
	    ? 0
	    : error_set(err, EX_IOERR, "standard output: %s", strerror(errno));
}

static void
note_queued(struct session *s)
{
	if (s->submission.queued == NULL)
		return;
	memcpy(s->queued, s->submission.queued, sizeof(s->queued));
	s->queued_count++;
}

static void
take(struct session *s, const struct responder_event *e)
{
	struct responder *r = &s->responder;
	struct error ignored; /* it fails again at the next word */
	struct answer a = {354, "",
	    "send the message, and a line with a dot and nothing else"};

	switch (e->type) {
	case RESPONDER_MAIL:
		begin(s, e, &a);
		break;
	case RESPONDER_RCPT:
		submission_ask(&s->submission, s->asked, e, &a);
		break;
	case RESPONDER_DATA:
		break;
	case RESPONDER_END:
		submission_end(&s->submission, s->asked, &a);
		s->taken |= s->submission.taken;
		break;
	case RESPONDER_TEXT:
		submission_add(&s->submission, e->bytes, e->n);
		return;
	case RESPONDER_RESET:
	case RESPONDER_QUIT:
		drop(s);
		return;
	}
	responder_answer(r, a.code, a.enhanced, a.text);
	if (e->type != RESPONDER_END)
		return;
	/* A hook may take its time. */
	(void)say(s, &ignored);
	submission_told(&s->submission, s->asked, &s->log);
	note_queued(s);
	drop(s);
}

/* --- the client ---------------------------------------------------------- */

/* Until there is something to read.  What the client has not read yet is written
 * as it reads, and when that is much nothing more is taken from it. */
static int
await_client(struct session *s, struct error *err)
{
	const struct wait_limits wait = process_wait(s->process);
	struct wait_limits step = wait;
	struct outlet *out = s->process->output->out;
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLOUT}};
	enum wait_end end;
	int64_t limit;

	if (wait_is_hurried(&wait, STDIN_FILENO)) {
		limit = clock_monotonic_us() + wait.timeout_ms * 1000;
		if (wait.deadline_us == 0 || limit < wait.deadline_us)
			step.deadline_us = limit;
	}
	for (;;) {
		fds[0].fd = out->waiting.len - out->sent < OUTLET_WAITING_MAX
		    ? STDIN_FILENO
		    : -1;
		fds[1].fd = !outlet_is_behind(out) ? -1
		    : out->again != -1		   ? out->again
						   : out->fd;
		fds[0].revents = fds[1].revents = 0;
		end = wait_poll(&step, fds, 2);
		if (end != WAIT_READY)
			return wait_error(&wait, end, "standard input", err);
		if (fds[1].revents != 0 && outlet_put(out, "", 0) == -1)
			return error_set(err, EX_IOERR, "standard output: %s",
			    strerror(errno));
		if (fds[0].revents != 0)
			return 0;
	}
}

/* 1, 0: the input is over, -1 */
static int
listen_to_client(struct session *s, char bytes[PIECE], struct error *err)
{
	ssize_t n;

	do {
		if (await_client(s, err) == -1)
			return -1;
		n = read(STDIN_FILENO, bytes, PIECE);
	} while (n == -1 && (errno == EINTR || errno == EAGAIN));
	if (n == -1)
		return error_set(
		    err, EX_NOINPUT, "standard input: %s", strerror(errno));
	responder_receive(&s->responder, bytes, (size_t)n);
	return n > 0;
}

/* No word on a message is lost on who says QUIT and does not wait. */
static bool
is_farewell(const struct session *s, const struct responder_event *e)
{
	return e->type == RESPONDER_QUIT &&
	    !outlet_is_behind(s->process->output->out);
}

static int
converse(struct session *s, struct error *err)
{
	struct responder *r = &s->responder;
	struct responder_event e;
	char bytes[PIECE];
	bool asked, farewell;
	int n;

	for (;;) {
		asked = responder_event(r, &e);
		farewell = asked && is_farewell(s, &e);
		if (asked)
			take(s, &e);
		/* Many commands make no event, but each has a reply, which its
		 * client may await before it says more. */
		if (say(s, err) == -1)
			return farewell ? 0 : -1;
		if (asked)
			continue;
		if (responder_is_over(r))
			return 0;
		n = listen_to_client(s, bytes, err);
		if (n == -1)
			return -1;
		if (n == 0 && !responder_in_message(r))
			return 0;
		if (n == 0)
			return error_set(err, EX_NOINPUT,
			    "the input ended in the middle of a message, "
			    "which was sent to nobody");
	}
}

/* The client is told, if it is there. */
static int
end_badly(struct session *s, const struct error *why)
{
	struct error ignored;

	if (why->status > EX_SIGNAL)
		responder_close(&s->responder, "4.3.2", "stopped by a signal");
	else if (why->status == EX_TEMPFAIL)
		responder_close(
		    &s->responder, "4.4.2", "nothing came for too long");
	(void)say(s, &ignored);
	if (why->status <= EX_SIGNAL)
		output_text_error(s->settings, s->process, why);
	return s->taken ? EX_PARTIAL : why->status;
}

/* Whoever waits for the same server goes now, too; but not if that would be asked
 * again at once for many whom it put off. */
static void
flush_others(struct session *s)
{
	if (!s->reached || s->relay.signal != 0 || s->queued_count > 1)
		return;
	flush_beside(s->settings, s->process, s->queued, s->status);
}

int
sendmail_smtp(const struct settings *settings, const struct process *process)
{
	struct session s = {
	    .call = settings, .settings = settings, .process = process};
	struct error err;
	const char *name = identity_host_name(&s.arena);

	begin_relay(&s);
	responder_init(&s.responder, name != NULL ? name : "localhost", 0);
	if (converse(&s, &err) == -1)
		s.status = end_badly(&s, &err);
	else if (s.relay.signal != 0)
		s.status = s.taken ? EX_PARTIAL : EX_SIGNAL + s.relay.signal;
	drop(&s);
	end_relay(&s);
	flush_others(&s);
	settings_clear(&s.own);
	responder_clear(&s.responder);
	arena_clear(&s.arena);
	return s.status;
}
