/* script: SMTP commands as somebody wrote them (smtpsend-script(7)): each reply
 * is printed, and the first that refuses ends it. */
#include "command/command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/memory.h"

#include "command/peer.h"
#include "command/script_rule.h"
#include "command/target_proxy.h"
#include "command/trace.h"
#include "command/waiting.h"
#include "delivery/loop.h"
#include "options/option.h"

struct run {
	const struct settings *settings;
	const struct process *process;
	struct script script;
	bool prompted; /* by a person at a terminal */
	struct target target;
	struct trace trace;
	struct peer peer;

	struct script_step **steps; /* all, or those that were read */
	size_t count, at;

	/* What was said and is not answered: steps from `first` to before
	 * `said`, indices into steps. */
	size_t first, said;
	size_t made; /* steps before it have nothing more to be sent */
	bool flight; /* between !pipeline and !end */
	struct smtp_transaction message; /* of DATA or BDAT */
	struct smtp_texts texts;
	bool sending; /* it has begun, and is not over */

	struct script_rule rule; /* of replies, and what came of them */
	bool closed;		 /* all that there was was heard */
	bool lost;		 /* the connection was, or never there */
};

/* --- what is printed ------------------------------------------------------*/

static void
print(struct run *r, const struct report_answer *answer)
{
	struct buf out = {0};
	struct error err;

	if (r->settings->report.json)
		(void)report_json_reply(&out, answer, &err);
	else if (answer->text != NULL)
		report_reply(
		    &out, "", answer->code, answer->text, strlen(answer->text));
	/* Whether it can be printed is seen at the end. */
	(void)output_print(r->process, &out);
	buf_clear(&out);
}

static void
print_reply(struct run *r, const struct script_step *step,
    const struct smtp_reply *reply)
{
	struct report_answer answer = {
	    .command = step != NULL ? script_shown(step) : NULL,
	    .line = step != NULL ? step->line : 0,
	    .code = reply->code,
	    .text = buf_string(&reply->text),
	};

	memcpy(answer.enhanced, reply->enhanced, sizeof(answer.enhanced));
	print(r, &answer);
}

/* What is no reply: with --json an object of its own. */
static void
print_failure(struct run *r, const struct script_step *step, int code)
{
	if (r->settings->report.json)
		print(r,
		    &(struct report_answer){
			.command = step != NULL ? script_shown(step) : NULL,
			.line = step != NULL ? step->line : 0,
			.code = code,
			.error = r->rule.error.text});
}

/* --- what is said ---------------------------------------------------------*/

static void
begin_message(
    struct run *r, struct smtp_session *s, const struct script_step *step)
{
	r->message = (struct smtp_transaction){
	    .body = script_body_source(step->body, step->kind == SCRIPT_DATA),
	    .size = SMTP_SIZE_UNKNOWN,
	    .texts = &r->texts,
	    .message_only = true,
	    .stuffed = step->body->stuffed,
	    .bdat = step->kind == SCRIPT_BDAT,
	};
	r->sending = true;
	smtp_session_send(s, &r->message);
}

/* Waits without a look at the server, whose bytes stay where they are. */
static int
pause_for(struct run *r, int64_t ms, struct error *err)
{
	struct wait_limits wait = process_wait(r->process);
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
fail(struct run *r, const struct error *err)
{
	r->rule.error = *err;
	if (err->status > EX_SIGNAL)
		error_set(&r->rule.error, err->status, "cancelled");
	script_end(&r->rule, err->status);
	/* A deadline or a signal is no time for good-byes. */
	r->rule.broken_off = err->status != EX_DATAERR;
}

static int
check_step(
    const struct run *r, const struct script_step *step, struct error *err)
{
	if (step->kind != SCRIPT_AUTH ||
	    route_credentials(&r->target.route) != NULL)
		return 0;
	error_set(err, EX_USAGE, "%s:%llu: %s needs a user", r->script.name,
	    (unsigned long long)step->line, step->text);
	return error_hint(err, "--user NAME, with --password-file FILE");
}

/* Says it; true when it waits for nothing. */
static bool
say(struct run *r, struct delivery *d, struct script_step *step)
{
	struct smtp_session *s = delivery_session(d);
	struct error err;

	/* The answer to a challenge of AUTH is nobody's business. */
	if (r->rule.challenged && step->kind == SCRIPT_COMMAND)
		step->shown = "********";
	else if (r->rule.challenged && step->kind == SCRIPT_SEND)
		step->shown = "!send ********";

	switch (step->kind) {
	case SCRIPT_COMMAND:
		script_raw_said(&r->rule.raw, step->text);
		smtp_session_say(s, step->text, step->shown, step->flight);
		return false;
	case SCRIPT_STARTTLS:
		smtp_session_starttls(s, SMTP_STARTTLS_MUST);
		return false;
	case SCRIPT_AUTH:
		if (check_step(r, step, &err) == -1) {
			fail(r, &err);
			return true;
		}
		smtp_session_auth(s, route_credentials(&r->target.route),
		    step->mechanism != NULL ? step->mechanism
					    : r->settings->auth.mechanism);
		return false;
	case SCRIPT_DATA:
	case SCRIPT_BDAT:
		begin_message(r, s, step);
		return false;
	case SCRIPT_EXPECT:
		smtp_session_await(s, step->flight);
		return false;
	case SCRIPT_SEND:
		script_raw_sent(&r->rule.raw, step->bytes, step->length);
		smtp_session_put(s, step->bytes, step->length,
		    step->shown != NULL, step->flight);
		return false;
	case SCRIPT_END: /* all of it is sent before what follows */
		smtp_session_put(s, "", 0, false, false);
		return false;
	case SCRIPT_SLEEP:
		if (pause_for(r, step->pause_ms, &err) == -1) {
			fail(r, &err);
		}
		return true;
	case SCRIPT_DROP:
		r->rule.over = r->rule.broken_off = true;
		return true;
	}
	return true;
}

static void
prompt(const struct run *r)
{
	static const char text[] = "smtpsend> ";
	struct outlet terminal;
	int fd;

	if (!r->prompted || r->settings->report.quiet)
		return;
	fd = open("/dev/tty", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1)
		return;
	outlet_begin(&terminal, fd);
	outlet_put(&terminal, text, sizeof(text) - 1);
	outlet_end(&terminal);
	close(fd);
}

static int
read_step(struct run *r, struct error *err)
{
	struct script_step step;
	int n = script_next(&r->script, &step, err);

	if (n != 1)
		return n;
	r->steps = memory_realloc(r->steps, r->count + 1, sizeof(*r->steps));
	r->steps[r->count] =
	    arena_alloc(&r->script.arena, sizeof(*r->steps[0]));
	*r->steps[r->count++] = step;
	return 1;
}

/* The next step, or NULL: there is none, or what stands there is wrong.  At a
 * terminal a line that is wrong is told, and the next one is read. */
static struct script_step *
next_step(struct run *r)
{
	struct error err;
	int n;

	if (r->at < r->count)
		return r->steps[r->at];
	while (r->script.live) {
		if (!r->flight)
			prompt(r);
		n = read_step(r, &err);
		if (n == 1 && check_step(r, r->steps[r->at], &err) == 0)
			return r->steps[r->at];
		if (n == 0)
			return NULL;
		if (n == 1)
			r->count--;
		if (!r->prompted || r->script.failed) {
			fail(r, &err);
			return NULL;
		}
		output_text_error(r->settings, r->process, &err);
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
pass_made(struct run *r)
{
	while (r->first < r->made && ends_with_work(r->steps[r->first]))
		r->first++;
}

static bool
is_waiting(const struct run *r)
{
	return r->first < r->said;
}

/* Goes on as far as is possible without an answer. */
static void
advance(struct run *r, struct delivery *d)
{
	struct script_step *step;
	struct script_heard *next;

	if (!smtp_session_takes_work(delivery_session(d)))
		return;
	while (!r->rule.over && (r->flight || !is_waiting(r))) {
		/* Of what comes live nobody knows yet what is expected. */
		if (r->script.live && !r->flight)
			script_judge(&r->rule);
		step = r->rule.over ? NULL : next_step(r);
		if (step != NULL && step->kind == SCRIPT_EXPECT && !r->flight &&
		    (next = script_unexpected(&r->rule)) != NULL) {
			r->first = r->said = ++r->at;
			script_expect(&r->rule, step, next);
			continue;
		}
		if (!r->flight)
			script_judge(&r->rule);
		if (step == NULL || r->rule.over)
			break;
		if (!r->flight && step->kind != SCRIPT_EXPECT)
			script_forget(&r->rule);
		r->flight = step->flight;
		r->at++;
		if (say(r, d, step))
			r->first = r->at;
		r->said = r->at;
	}
	if (!r->rule.over && !is_waiting(r))
		r->rule.over = true;
}

/* The server closes: what is said of it is said at once. */
static void
hear_last(struct run *r)
{
	struct script_heard *h = script_unexpected(&r->rule);
	const struct script_step *next =
	    r->at < r->count ? r->steps[r->at] : NULL;

	while (next != NULL && next->kind == SCRIPT_EXPECT && h != NULL) {
		script_expect(&r->rule, next, h);
		next = ++r->at < r->count ? r->steps[r->at] : NULL;
		h = script_unexpected(&r->rule);
	}
	script_judge(&r->rule);
	r->rule.over = r->rule.broken_off = true;
}

/* A reply to the step that waits longest. */
static void
take_reply(struct run *r, const struct smtp_event *event)
{
	struct script_step *step;

	/* Bytes have no reply, and those of a flight need not be out yet. */
	while (is_waiting(r) && r->steps[r->first]->kind == SCRIPT_SEND)
		r->first++;
	step = is_waiting(r) ? r->steps[r->first] : NULL;
	print_reply(r, step, event->reply);
	if (step == NULL)
		return;
	script_hear(&r->rule, step, event);
	if (step->kind == SCRIPT_EXPECT) {
		r->first++;
		script_expect(
		    &r->rule, step, &r->rule.heard[r->rule.heard_count - 1]);
	} else if (step->kind == SCRIPT_COMMAND) {
		r->first++;
	}
	pass_made(r);
	/* Whatever was still to be said: it ends here.  What waits may still be
	 * answered before the server closes. */
	if (event->reply->code == 421 && !is_waiting(r))
		hear_last(r);
}

static void
message_over(struct run *r, struct delivery *d)
{
	source_free(r->message.body);
	r->message.body = NULL;
	r->sending = false;
	if (!smtp_session_takes_work(delivery_session(d)))
		return; /* it was given up, and why is told next */
	r->first++;
	pass_made(r);
}

/* Lost where the server may have the message. */
static bool
is_unknown(const struct run *r, const struct smtp_event *event)
{
	return r->message.message_sent && !r->message.answered &&
	    event->error->reply != 421;
}

static void
take_end(struct run *r, const struct smtp_event *event)
{
	const struct script_step *step =
	    is_waiting(r) ? r->steps[r->first] : NULL;
	int status = event->error->status;

	if (r->rule.over)
		return;
	if (step != NULL && script_is_verb(step, "QUIT")) {
		r->rule.over = true; /* its fate changes nothing */
		return;
	}
	r->lost = true;
	if (is_unknown(r, event))
		status = EX_UNKNOWN;
	r->rule.error = *event->error;
	if (step != NULL)
		error_context(&r->rule.error, "%s:%llu", r->script.name,
		    (unsigned long long)step->line);
	script_end(&r->rule, status);
	/* Another code is that of a reply that was printed. */
	if (event->result->code == 0 ||
	    event->result->code >= SMTP_CODE_UNPARSABLE)
		print_failure(r, step, event->result->code);
}

static void
take_event(struct run *r, struct delivery *d, const struct smtp_event *event)
{
	switch (event->type) {
	case SMTP_REPLY:
		if (event->phase == SMTP_PHASE_QUIT || r->rule.over)
			return;
		take_reply(r, event);
		break;
	case SMTP_WANT_WORK:
		r->made = r->said;
		pass_made(r);
		break;
	case SMTP_DONE:
		message_over(r, d);
		break;
	case SMTP_CLOSED:
		if (event->error != NULL)
			take_end(r, event);
		r->rule.over = r->rule.broken_off = true;
		return;
	case SMTP_READY:
		break;
	default:
		return;
	}
	advance(r, d);
}

static void
converse(struct run *r)
{
	const struct wait_limits wait = process_wait(r->process);
	struct delivery *d =
	    delivery_new(&r->target.route, &r->target.connection);
	struct loop *loop = loop_new(&wait);
	struct waiting waiting = {
	    .settings = r->settings,
	    .process = r->process,
	    .target = &r->target,
	    .delivery = d,
	};
	struct smtp_event event;
	bool quit = false;

	loop_add(loop, d);
	waiting_begin(&waiting, loop);
	while (!(r->rule.over && r->rule.broken_off) &&
	    !(r->closed = loop_next(loop, &event) == NULL)) {
		waiting_over(&waiting);
		trace_event(&r->trace, d, &event);
		take_event(r, d, &event);
		if (r->rule.over && !r->rule.broken_off && !quit) {
			quit = true;
			delivery_quit(d);
		}
	}
	if (!r->closed)
		trace_event(&r->trace, d,
		    &(struct smtp_event){
			.type = SMTP_NOTE, .text = "closed by us"});
	peer_add(&r->peer, d);
	waiting_over(&waiting);
	loop_free(loop);
	delivery_free(d);
	source_free(r->message.body);
}

static int
report(struct run *r)
{
	const bool accepted = r->rule.accepted || r->rule.raw.accepted;
	const bool verbose = r->settings->report.verbose > 0;
	struct report p = {.query = true};
	struct buf way = {0};
	struct error err;

	peer_report(&r->peer, &r->target, r->process, &p);
	/* Whatever went wrong behind it: a message was taken, or may be. */
	if (script_raw_unknown(&r->rule.raw, r->lost))
		r->rule.status = EX_UNKNOWN;
	else if (accepted && r->rule.status >= EX_USAGE)
		r->rule.status = EX_PARTIAL;
	if (output_finish(r->process, &err) == -1 && err.status == EX_IOERR &&
	    r->rule.error.status == 0) {
		r->rule.error = err;
		if (!accepted && r->rule.status == EX_OK)
			r->rule.status = EX_IOERR;
	}
	if (r->rule.error.status != 0) {
		if (r->lost || r->rule.error.reply != 0)
			target_explain(&r->target, r->settings, &r->rule.error);
		output_text_error(r->settings, r->process, &r->rule.error);
	}
	if (verbose || r->lost)
		report_way(&way, &p, verbose);
	output_tell(r->process, &way);
	buf_clear(&way);
	if (r->settings->report.timing)
		output_timing(r->process, &p);
	return r->rule.status;
}

static int
prepare(struct run *r, struct error *err)
{
	const struct settings *s = r->settings;
	struct script_params params = {
	    .path = s->action_arguments.items[0],
	    .live = r->rule.open,
	    .wait = process_wait(r->process),
	    .temp_dir = getenv("TMPDIR"),
	};
	bool signs_in = false;
	size_t i;
	int n;

	/* Who says its lines as it likes may take its time. */
	if (r->rule.open)
		params.wait.timeout_ms = 0;
	if ((s->report.json && report_json_available(err) == -1) ||
	    target_init(&r->target, s, err) == -1 ||
	    script_open(&r->script, &params, err) == -1)
		return -1;
	while (!r->script.live && (n = read_step(r, err)) != 0)
		if (n == -1)
			return -1;
	for (i = 0; i < r->count; i++) {
		if (check_step(r, r->steps[i], err) == -1)
			return -1;
		signs_in |= r->steps[i]->kind == SCRIPT_AUTH;
	}
	r->rule.name = r->script.name;
	if (trace_open(&r->trace, s, r->process, err) == -1)
		return -1;
	r->target.connection.smtp.as_said = true;
	if (!signs_in && !r->script.live && option_on_argv(s, "user"))
		return error_set(err, EX_USAGE,
		    "--user: of no use to a script that does not say AUTH");
	if (!signs_in && !r->script.live)
		return target_proxy_ready(&r->target, s, r->process, err);
	return target_ready(&r->target, s, r->process, err);
}

/* Memory ran out: a message that is out may have been taken. */
static int
exhausted(void *arg)
{
	const struct run *r = arg;

	if (r->sending && r->message.committed)
		return EX_UNKNOWN;
	return r->rule.accepted ? EX_PARTIAL : EX_TEMPFAIL;
}

static void
run_clear(struct run *r)
{
	script_forget(&r->rule);
	free(r->rule.heard);
	free(r->steps);
	script_close(&r->script);
	trace_close(&r->trace);
	target_clear(&r->target);
	smtp_texts_clear(&r->texts);
}

int
script_run(const struct settings *settings, const struct process *process)
{
	const struct strings *files = &settings->action_arguments;
	struct run r = {.settings = settings, .process = process};
	bool terminal =
	    strcmp(files->items[0], "-") == 0 && isatty(STDIN_FILENO);
	struct error err;
	int status;

	r.prompted = terminal;
	r.rule.keep_going = settings->script.keep_going;
	r.rule.open = terminal || settings->script.keep_open;
	r.script.fd = r.script.input.spool = -1;
	r.texts.arena = &r.script.arena;
	if (files->count > 1) {
		error_set(&err, EX_USAGE, "--script: one script at a time");
		status = output_error(settings, process, &err);
	} else if (prepare(&r, &err) == -1) {
		status = output_error(settings, process, &err);
	} else {
		memory_on_exhaustion(exhausted, &r);
		converse(&r);
		status = report(&r);
		memory_on_exhaustion(NULL, NULL);
	}
	run_clear(&r);
	return status;
}
