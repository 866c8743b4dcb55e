#include "command/waiting.h"

#include <string.h>
#include <unistd.h>

#include "command/hints.h"
#include "lib/clock.h"
#include "lib/printable.h"

enum {
	FIRST_US = 2000 * 1000, /* shorter waits show nothing */
	EVERY_US = 1000 * 1000,
	GREETING_US = 5000 * 1000, /* one that comes is here by then */
};

/* Asked only when there is something to be shown. */
static bool
is_shown(struct waiting *w)
{
	const struct settings *s = w->settings;

	if (!w->asked)
		w->shown = !s->report.quiet && s->report.verbose < 2 &&
		    isatty(STDERR_FILENO);
	w->asked = true;
	return w->shown;
}

static void
put_what(const struct waiting *w, enum smtp_phase phase, struct buf *line)
{
	const char *server = target_server(w->target)->text;
	const char *before = "", *behind = "";

	switch (phase) {
	case SMTP_PHASE_CONNECT:
		before = "a connection to ";
		break;
	case SMTP_PHASE_GREETING:
		before = "the greeting of ";
		break;
	case SMTP_PHASE_STARTTLS:
		before = "TLS with ";
		break;
	case SMTP_PHASE_MESSAGE:
		before = "the verdict of ";
		break;
	default:
		behind = smtp_phase_name(phase);
		break;
	}
	buf_puts(line, before);
	printable_append(line, server, strlen(server));
	if (*behind != '\0')
		buf_printf(line, " to answer %s", behind);
}

static void
draw(struct waiting *w, enum smtp_phase phase, int64_t us)
{
	struct outlet *terminal = w->process->output->err;
	struct buf line = {0};

	/* Nobody wants to see later what was awaited. */
	if (outlet_is_behind(terminal))
		return;
	buf_printf(&line, "\r%s: waiting for ", w->process->name);
	put_what(w, phase, &line);
	buf_printf(&line, ", %lld s\033[K", (long long)(us / 1000000));
	outlet_put(terminal, buf_string(&line), line.len);
	buf_clear(&line);
	w->drawn = true;
}

void
waiting_over(struct waiting *w)
{
	static const char wipe[] = "\r\033[K";

	if (w->drawn)
		outlet_put(w->process->output->err, wipe, sizeof(wipe) - 1);
	w->drawn = false;
}

static void
tell_of_signal(struct waiting *w)
{
	if (w->told || !loop_lingers(w->loop))
		return;
	w->told = true;
	if (!is_shown(w))
		return;
	waiting_over(w);
	output_warning(w->settings, w->process,
	    "the message has gone out, waiting for the server's answer; ^C "
	    "again in 2 s leaves it unknown");
}

/* A server that waits for TLS says nothing of it. */
static void
hint_at_tls(struct waiting *w)
{
	struct error err = {0};

	w->hinted = true;
	hints_no_greeting(w->target, w->settings, &err);
	if (err.hint[0] == '\0')
		return;
	waiting_over(w);
	output_warning(w->settings, w->process, "hint: %s", err.hint);
}

static int64_t
watch(void *arg)
{
	struct waiting *w = arg;
	int64_t until = w->also != NULL ? w->also(w->also_arg) : INT64_MAX;
	enum smtp_phase phase;
	int64_t now, since, next;

	tell_of_signal(w);
	since = delivery_awaits(w->delivery, &phase);
	if (since == INT64_MAX || (w->asked && !w->shown))
		return until;
	now = clock_monotonic_us();
	next = since + FIRST_US;
	if (now >= next) {
		if (!is_shown(w))
			return until;
		if (phase == SMTP_PHASE_GREETING && !w->hinted &&
		    now - since >= GREETING_US)
			hint_at_tls(w);
		draw(w, phase, now - since);
		next = now + EVERY_US;
	}
	return next < until ? next : until;
}

void
waiting_begin(struct waiting *w, struct loop *loop)
{
	w->loop = loop;
	loop_watch(loop, watch, w);
}
