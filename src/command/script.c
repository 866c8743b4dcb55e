/* script: SMTP commands as somebody wrote them (smtpsend-script(7)): each reply
 * is printed, and the first that refuses ends it. */
#include "command/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/memory.h"

#include "command/script_talk.h"
#include "options/option.h"

static int
report(struct script_talk *t)
{
	const bool accepted = t->rule.accepted || t->rule.raw.accepted;
	const bool verbose = t->settings->report.verbose > 0;
	struct report p = {.query = true};
	struct buf way = {0};
	struct error err;

	peer_report(&t->peer, &t->target, t->process, &p);
	peer_warn(&p, t->settings, t->process);
	/* Whatever went wrong behind it: a message was taken, or may be. */
	if (script_raw_unknown(&t->rule.raw, t->lost))
		t->rule.status = EX_UNKNOWN;
	else if (accepted && t->rule.status >= EX_USAGE)
		t->rule.status = EX_PARTIAL;
	if (output_finish(t->process, &err) == -1 && err.status == EX_IOERR &&
	    t->rule.error.status == 0) {
		t->rule.error = err;
		if (!accepted && t->rule.status == EX_OK)
			t->rule.status = EX_IOERR;
	}
	if (t->rule.error.status != 0) {
		if (t->lost || t->rule.error.reply != 0)
			target_explain(&t->target, t->settings, &t->rule.error);
		output_text_error(t->settings, t->process, &t->rule.error);
	}
	if (verbose || t->lost)
		report_way(&way, &p, verbose);
	output_tell(t->process, &way);
	buf_clear(&way);
	if (t->settings->report.timing)
		output_timing(t->process, &p);
	return t->rule.status;
}

static bool
takes_tls(const struct script_talk *t)
{
	const struct route *r = &t->target.route;
	bool secured = false;
	size_t i;

	for (i = 0; i < r->count; i++)
		secured |= r->hops[i].tls == CONNECTION_TLS_IMPLICIT;
	for (i = 0; i < t->count; i++)
		secured |= t->steps[i]->kind == SCRIPT_STARTTLS;
	return secured;
}

static int
prepare(struct script_talk *t, struct error *err)
{
	const struct settings *s = t->settings;
	struct script_params params = {
	    .path = s->action_arguments.items[0],
	    .live = t->rule.open,
	    .wait = process_wait(t->process),
	    .temp_dir = getenv("TMPDIR"),
	    .home = s->home,
	};
	bool signs_in = false;
	size_t i;
	int n;

	/* Who says its lines as it likes may take its time. */
	if (t->rule.open)
		params.wait.timeout_ms = 0;
	if ((s->report.json && report_json_available(err) == -1) ||
	    target_init(&t->target, s, err) == -1 ||
	    script_open(&t->script, &params, err) == -1)
		return -1;
	while (!t->script.live && (n = script_talk_read(t, err)) != 0)
		if (n == -1)
			return -1;
	for (i = 0; i < t->count; i++) {
		if (script_talk_check(t, t->steps[i], err) == -1)
			return -1;
		signs_in |= t->steps[i]->kind == SCRIPT_AUTH;
	}
	t->rule.name = t->script.name;
	if (trace_open(&t->trace, s, t->process, err) == -1)
		return -1;
	t->target.connection.smtp.as_said = true;
	if (!signs_in && !t->script.live && option_on_argv(s, "user"))
		return error_set(err, EX_USAGE,
		    "--user: of no use to a script that does not say AUTH");
	if (!signs_in && !t->script.live)
		return target_ready_unsigned(
		    &t->target, s, t->process, takes_tls(t), err);
	return target_ready(&t->target, s, t->process, err);
}

/* Memory ran out: a message that is out may have been taken. */
static int
exhausted(void *arg)
{
	const struct script_talk *t = arg;

	if (t->sending && t->message.committed)
		return EX_UNKNOWN;
	return t->rule.accepted ? EX_PARTIAL : EX_TEMPFAIL;
}

static void
run_clear(struct script_talk *t)
{
	script_forget(&t->rule);
	free(t->rule.heard);
	free(t->steps);
	script_close(&t->script);
	trace_close(&t->trace);
	target_clear(&t->target);
	smtp_texts_clear(&t->texts);
}

int
script_run(const struct settings *settings, const struct process *process)
{
	const struct strings *files = &settings->action_arguments;
	struct script_talk t = {.settings = settings, .process = process};
	bool terminal =
	    strcmp(files->items[0], "-") == 0 && isatty(STDIN_FILENO);
	struct error err;
	int status;

	t.prompted = terminal;
	t.rule.keep_going = settings->script.keep_going;
	t.rule.open = terminal || settings->script.keep_open;
	t.script.fd = t.script.input.spool = -1;
	t.texts.arena = &t.script.arena;
	if (files->count > 1) {
		error_set(&err, EX_USAGE, "--script: one script at a time");
		status = output_error(settings, process, &err);
	} else if (prepare(&t, &err) == -1) {
		status = output_error(settings, process, &err);
	} else {
		memory_on_exhaustion(exhausted, &t);
		script_talk(&t);
		status = report(&t);
		memory_on_exhaustion(NULL, NULL);
	}
	run_clear(&t);
	return status;
}
