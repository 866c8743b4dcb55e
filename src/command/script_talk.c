#include "command/script_talk.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/memory.h"

#include "command/target_known.h"
#include "command/waiting.h"
#include "delivery/loop.h"

static void
print(struct script_talk *t, const struct report_answer *answer)
{
	struct buf out = {0};
	struct error err;

	if (t->settings->report.json)
		(void)report_json_reply(&out, answer, &err);
	else if (answer->text != NULL)
		report_reply(
		    &out, "", answer->code, answer->text, strlen(answer->text));
	/* Whether it can be printed is seen at the end. */
	(void)output_print(t->process, &out);
	buf_clear(&out);
}

static void
print_reply(struct script_talk *t, const struct script_step *step,
    const struct smtp_reply *reply)
{
	struct report_answer answer = {
	    .command = step != NULL ? script_shown(step) : NULL,
	    .line = step != NULL ? step->line : 0,
	    .code = reply->code,
	    .text = buf_string(&reply->text),
	};

	memcpy(answer.enhanced, reply->enhanced, sizeof(answer.enhanced));
	print(t, &answer);
}

/* What is no reply: with --json an object of its own. */
static void
print_failure(struct script_talk *t, const struct script_step *step, int code)
{
	if (t->settings->report.json)
		print(t,
		    &(struct report_answer){
			.command = step != NULL ? script_shown(step) : NULL,
			.line = step != NULL ? step->line : 0,
			.code = code,
			.error = t->rule.error.text});
}

static void
begin_message(struct script_talk *t, struct smtp_session *s,
    const struct script_step *step)
{
	t->message = (struct smtp_transaction){
	    .body = script_body_source(step->body, step->kind == SCRIPT_DATA),
	    .size = SMTP_SIZE_UNKNOWN,
	    .texts = &t->texts,
	    .message_only = true,
	    .stuffed = step->body->stuffed,
	    .bdat = step->kind == SCRIPT_BDAT,
	};
	t->sending = true;
	smtp_session_send(s, &t->message);
}

/* Waits without a look at the server, whose bytes stay where they are. */
static int
pause_for(struct script_talk *t, int64_t ms, struct error *err)
{
	struct wait_limits wait = process_wait(t->process);
	int64_t until = clock_monotonic_us() + ms * 1000;
	enum wait_end ended;

	if (wait.deadline_us == 0 || until < wait.deadline_us)
		wait.deadline_us = until;
	ended = wait_poll(&wait, NULL, 0);
	if (ended == WAIT_LATE && wait.deadline_us == until)
		return 0;
	return wait_error(&wait, ended, "!sleep", err);
}

static void
fail(struct script_talk *t, const struct error *err)
{
	t->rule.error = *err;
	if (err->status > EX_SIGNAL)
		error_set(&t->rule.error, err->status, "cancelled");
	script_end(&t->rule, err->status);
	/* A deadline or a signal is no time for good-byes. */
	t->rule.broken_off = err->status != EX_DATAERR;
}

int
script_talk_check(const struct script_talk *t, const struct script_step *step,
    struct error *err)
{
	if (step->kind != SCRIPT_AUTH ||
	    route_credentials(&t->target.route) != NULL)
		return 0;
	error_set(err, EX_USAGE, "%s:%llu: %s needs a user", t->script.name,
	    (unsigned long long)step->line, step->text);
	return error_hint(err, "--user NAME, with --password-file FILE");
}

/* Says it; true when it waits for nothing. */
static bool
say(struct script_talk *t, struct delivery *d, struct script_step *step)
{
	struct smtp_session *s = delivery_session(d);
	struct error err;

	/* The answer to a challenge of AUTH is nobody's business. */
	if (t->rule.challenged && step->kind == SCRIPT_COMMAND)
		step->shown = "********";
	else if (t->rule.challenged && step->kind == SCRIPT_SEND)
		step->shown = "!send ********";

	switch (step->kind) {
	case SCRIPT_COMMAND:
		script_raw_said(&t->rule.raw, step->text);
		smtp_session_say(s, step->text, step->shown, step->flight);
		return false;
	case SCRIPT_STARTTLS:
		smtp_session_starttls(s, SMTP_STARTTLS_MUST);
		return false;
	case SCRIPT_AUTH:
		if (script_talk_check(t, step, &err) == -1) {
			fail(t, &err);
			return true;
		}
		smtp_session_auth(s, route_credentials(&t->target.route),
		    step->mechanism != NULL ? step->mechanism
					    : t->settings->auth.mechanism);
		return false;
	case SCRIPT_DATA:
	case SCRIPT_BDAT:
		begin_message(t, s, step);
		return false;
	case SCRIPT_EXPECT:
		smtp_session_await(s, step->flight);
		return false;
	case SCRIPT_SEND:
		script_raw_sent(&t->rule.raw, step->bytes, step->length);
		smtp_session_put(s, step->bytes, step->length,
		    step->shown != NULL, step->flight);
		return false;
	case SCRIPT_END: /* all of it is sent before what follows */
		smtp_session_put(s, "", 0, false, false);
		return false;
	case SCRIPT_SLEEP:
		if (pause_for(t, step->pause_ms, &err) == -1) {
			fail(t, &err);
		}
		return true;
	case SCRIPT_DROP:
		t->rule.over = t->rule.broken_off = true;
		return true;
	}
	return true;
}

static void
prompt(const struct script_talk *t)
{
	static const char text[] = "smtpsend> ";
	struct outlet terminal;
	int fd;

	if (!t->prompted || t->settings->report.quiet)
		return;
	fd = open("/dev/tty", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return;
	outlet_begin(&terminal, fd);
	outlet_put(&terminal, text, sizeof(text) - 1);
	outlet_end(&terminal);
	close(fd);
}

int
script_talk_read(struct script_talk *t, struct error *err)
{
	struct script_step step;
	int n = script_next(&t->script, &step, err);

	if (n != 1)
		return n;
	t->steps = memory_realloc(t->steps, t->count + 1, sizeof(*t->steps));
	t->steps[t->count] =
	    arena_alloc(&t->script.arena, sizeof(*t->steps[0]));
	*t->steps[t->count++] = step;
	return 1;
}

/* The next step, or NULL: there is none, or what stands there is wrong.  At a
 * terminal a line that is wrong is told, and the next one is read. */
static struct script_step *
next_step(struct script_talk *t)
{
	struct error err;
	int n;

	if (t->at < t->count)
		return t->steps[t->at];
	while (t->script.live) {
		if (!t->flight)
			prompt(t);
		n = script_talk_read(t, &err);
		if (n == 1 && script_talk_check(t, t->steps[t->at], &err) == 0)
			return t->steps[t->at];
		if (n == 0)
			return NULL;
		if (n == 1)
			t->count--;
		if (!t->prompted || t->script.failed) {
			fail(t, &err);
			return NULL;
		}
		output_text_error(t->settings, t->process, &err);
	}
	return NULL;
}

/* Whether a step is over when all work was made, and not by a reply. */
static bool
ends_with_work(const struct script_step *step)
{
	return step->kind == SCRIPT_SEND || step->kind == SCRIPT_END ||
	    step->kind == SCRIPT_STARTTLS || step->kind == SCRIPT_AUTH;
}

static void
pass_made(struct script_talk *t)
{
	while (t->first < t->made && ends_with_work(t->steps[t->first]))
		t->first++;
}

static bool
is_waiting(const struct script_talk *t)
{
	return t->first < t->said;
}

/* Goes on as far as is possible without an answer. */
static void
advance(struct script_talk *t, struct delivery *d)
{
	struct script_step *step;
	struct script_heard *next;

	if (!smtp_session_takes_work(delivery_session(d)))
		return;
	while (!t->rule.over && (t->flight || !is_waiting(t))) {
		/* Of what comes live nobody knows yet what is expected. */
		if (t->script.live && !t->flight)
			script_judge(&t->rule);
		step = t->rule.over ? NULL : next_step(t);
		if (step != NULL && step->kind == SCRIPT_EXPECT && !t->flight &&
		    (next = script_unexpected(&t->rule)) != NULL) {
			t->first = t->said = ++t->at;
			script_expect(&t->rule, step, next);
			continue;
		}
		if (!t->flight)
			script_judge(&t->rule);
		if (step == NULL || t->rule.over)
			break;
		if (!t->flight && step->kind != SCRIPT_EXPECT)
			script_forget(&t->rule);
		t->flight = step->flight;
		t->at++;
		if (say(t, d, step))
			t->first = t->at;
		t->said = t->at;
	}
	if (!t->rule.over && !is_waiting(t))
		t->rule.over = true;
}

/* The server closes: what is said of it is said at once. */
static void
hear_last(struct script_talk *t)
{
	struct script_heard *h = script_unexpected(&t->rule);
	const struct script_step *next =
	    t->at < t->count ? t->steps[t->at] : NULL;

	while (next != NULL && next->kind == SCRIPT_EXPECT && h != NULL) {
		script_expect(&t->rule, next, h);
		next = ++t->at < t->count ? t->steps[t->at] : NULL;
		h = script_unexpected(&t->rule);
	}
	script_judge(&t->rule);
	t->rule.over = t->rule.broken_off = true;
}

/* A reply to the step that waits longest. */
static void
take_reply(struct script_talk *t, const struct smtp_event *event)
{
	struct script_step *step;

	/* Bytes have no reply, and those of a flight need not be out yet. */
	while (is_waiting(t) && t->steps[t->first]->kind == SCRIPT_SEND)
		t->first++;
	step = is_waiting(t) ? t->steps[t->first] : NULL;
	print_reply(t, step, event->reply);
	if (step == NULL)
		return;
	script_hear(&t->rule, step, event);
	if (step->kind == SCRIPT_EXPECT) {
		t->first++;
		script_expect(
		    &t->rule, step, &t->rule.heard[t->rule.heard_count - 1]);
	} else if (step->kind == SCRIPT_COMMAND) {
		t->first++;
	}
	pass_made(t);
	/* Whatever was still to be said: it ends here.  What waits may still be
	 * answered before the server closes. */
	if (event->reply->code == 421 && !is_waiting(t))
		hear_last(t);
}

static void
message_over(struct script_talk *t, struct delivery *d)
{
	source_free(t->message.body);
	t->message.body = NULL;
	t->sending = false;
	if (!smtp_session_takes_work(delivery_session(d)))
		return; /* it was given up, and why is told next */
	t->first++;
	pass_made(t);
}

/* Lost where the server may have the message. */
static bool
is_unknown(const struct script_talk *t, const struct smtp_event *event)
{
	return t->message.message_sent && !t->message.answered &&
	    event->error->reply != 421;
}

static void
take_end(struct script_talk *t, const struct smtp_event *event)
{
	const struct script_step *step =
	    is_waiting(t) ? t->steps[t->first] : NULL;
	int status = event->error->status;

	if (t->rule.over)
		return;
	if (step != NULL && script_is_verb(step, "QUIT")) {
		t->rule.over = true; /* its fate changes nothing */
		return;
	}
	t->lost = true;
	if (is_unknown(t, event))
		status = EX_UNKNOWN;
	t->rule.error = *event->error;
	if (step != NULL)
		error_context(&t->rule.error, "%s:%llu", t->script.name,
		    (unsigned long long)step->line);
	script_end(&t->rule, status);
	/* Another code is that of a reply that was printed. */
	if (event->result->code == 0 ||
	    event->result->code >= SMTP_CODE_UNPARSABLE)
		print_failure(t, step, event->result->code);
}

static void
take_event(
    struct script_talk *t, struct delivery *d, const struct smtp_event *event)
{
	switch (event->type) {
	case SMTP_REPLY:
		if (event->phase == SMTP_PHASE_QUIT || t->rule.over)
			return;
		take_reply(t, event);
		break;
	case SMTP_WANT_WORK:
		t->made = t->said;
		pass_made(t);
		break;
	case SMTP_DONE:
		message_over(t, d);
		break;
	case SMTP_CLOSED:
		if (event->error != NULL)
			take_end(t, event);
		t->rule.over = t->rule.broken_off = true;
		return;
	case SMTP_READY:
		break;
	default:
		return;
	}
	advance(t, d);
}

void
script_talk(struct script_talk *t)
{
	const struct wait_limits wait = process_wait(t->process);
	struct delivery *d =
	    delivery_new(&t->target.route, &t->target.connection);
	struct loop *loop = loop_new(&wait);
	struct waiting waiting = {
	    .settings = t->settings,
	    .process = t->process,
	    .target = &t->target,
	    .delivery = d,
	};
	struct smtp_event event;
	bool quit = false;

	loop_add(loop, d);
	waiting_begin(&waiting, loop);
	while (!(t->rule.over && t->rule.broken_off) &&
	    !(t->closed = loop_next(loop, &event) == NULL)) {
		waiting_over(&waiting);
		trace_event(&t->trace, d, &event);
		take_event(t, d, &event);
		if (t->rule.over && !t->rule.broken_off && !quit) {
			quit = true;
			smtp_session_quit(delivery_session(d));
		}
	}
	if (!t->closed)
		trace_event(&t->trace, d,
		    &(struct smtp_event){
			.type = SMTP_NOTE, .text = "closed by us"});
	peer_add(&t->peer, d);
	target_known_keep(&t->target, t->settings, t->process, d);
	waiting_over(&waiting);
	loop_free(loop);
	delivery_free(d);
	source_free(t->message.body);
}
