#include "command/command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "command/identity.h"
#include "command/sendmail_options.h"
#include "options/option.h"
#include "report/report.h"

/* Two descriptors, but one pipe or terminal: lines must not be mixed. */
static bool
same_reader(const struct outlet *a, const struct outlet *b)
{
	struct stat x, y;

	return (a->may_block || a->is_socket) && fstat(a->fd, &x) == 0 &&
	    fstat(b->fd, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

void
output_begin(struct output *o)
{
	o->out = &o->outlets[0];
	o->err = &o->outlets[1];
	outlet_begin(o->out, STDOUT_FILENO);
	outlet_begin(o->err, STDERR_FILENO);
	if (same_reader(o->out, o->err))
		o->out = o->err;
}

int
output_print(const struct process *process, const struct buf *b)
{
	return outlet_put(process->output->out, buf_string(b), b->len);
}

int
output_tell(const struct process *process, const struct buf *b)
{
	struct buf out = {0};
	int r;

	if (process->sendmail_file == NULL)
		return outlet_put(process->output->err, buf_string(b), b->len);
	sendmail_options_put(
	    &out, buf_string(b), b->len, process->sendmail_file);
	r = outlet_put(process->output->err, buf_string(&out), out.len);
	buf_clear(&out);
	return r;
}

int
output_finish(const struct process *process, struct error *err)
{
	struct wait_limits wait = process_wait(process);
	struct output *o = process->output;
	struct outlet *const both[] = {o->out, o->err};

	if (outlet_finish(both, 2, &wait, "standard output", err) == -1)
		return -1;
	if (o->out->error != 0)
		return error_set(err, EX_IOERR,
		    "cannot write to standard output: %s",
		    strerror(o->out->error));
	return 0;
}

int
output_text(
    const struct process *process, const struct buf *text, struct error *err)
{
	(void)output_print(process, text);
	if (output_finish(process, err) == 0)
		return 0;
	outlet_drop(process->output->out);
	return -1;
}

int
output_end(const struct process *process)
{
	static const char lost[] =
	    ": standard output: what nobody read in time is lost\n";
	struct output *o = process->output;
	struct error err = {0};

	(void)output_finish(process, &err);
	if (outlet_is_behind(o->out) && o->out != o->err) {
		outlet_put(o->err, process->name, strlen(process->name));
		outlet_put(o->err, lost, sizeof(lost) - 1);
	}
	outlet_end(&o->outlets[0]);
	outlet_end(&o->outlets[1]);
	return err.status > EX_SIGNAL ? err.status - EX_SIGNAL : 0;
}

void
output_text_error(const struct settings *settings,
    const struct process *process, const struct error *err)
{
	struct buf out = {0};
	struct error shown = *err;

	if (settings->report.quiet)
		shown.hint[0] = '\0';
	report_error(&out, process->name, &shown);
	output_tell(process, &out);
	buf_clear(&out);
}

int
output_error(const struct settings *settings, const struct process *process,
    const struct error *err)
{
	struct buf out = {0};
	struct error json_err, blamed = *err;
	struct report report = {.error = &blamed};

	option_blame(settings, &blamed);
	report.outcome.status = blamed.status;
	output_text_error(settings, process, &blamed);
	/* A failed write of a report changes nothing. */
	if (settings->report.json && report_json(&out, &report, &json_err) == 0)
		output_print(process, &out);
	buf_clear(&out);
	return blamed.status;
}

static struct report_canvas
canvas(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct report_canvas c = {0};
	struct arena a = {0};
	struct winsize size;

	if (!isatty(STDERR_FILENO))
		return c;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0)
		c.columns = size.ws_col;
	c.utf8 = ascii_equal(identity_charset(&a), "UTF-8");
	c.colour = (no_colour == NULL || *no_colour == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
	arena_clear(&a);
	return c;
}

void
output_timing(const struct process *process, const struct report *report)
{
	struct report drawn = *report;
	struct buf out = {0};

	drawn.canvas = canvas();
	report_timing(&out, &drawn);
	output_tell(process, &out);
	buf_clear(&out);
}

void
output_warning(const struct settings *settings, const struct process *process,
    const char *fmt, ...)
{
	struct buf text = {0}, out = {0};
	va_list ap;

	if (settings->report.quiet)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	buf_printf(&out, "%s: ", process->name);
	/* Names of files may hold anything. */
	printable_append(&out, buf_string(&text), text.len);
	buf_putc(&out, '\n');
	buf_clear(&text);
	output_tell(process, &out);
	buf_clear(&out);
}
