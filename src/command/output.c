#include "command/command.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/printable.h"
#include "report/report.h"

void
process_hide(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

int
output_write(int fd, const struct buf *b)
{
	size_t at = 0;
	ssize_t n;

	while (at < b->len) {
		n = write(fd, b->data + at, b->len - at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		at += (size_t)n;
	}
	return 0;
}

void
output_text_error(const struct settings *settings,
    const struct process *process, const struct error *err)
{
	struct buf out = {0};
	struct error shown = *err;

	if (settings->quiet)
		shown.hint[0] = '\0';
	report_error(&out, process->name, &shown);
	output_write(STDERR_FILENO, &out);
	buf_clear(&out);
}

int
output_error(const struct settings *settings, const struct process *process,
    const struct error *err)
{
	struct buf out = {0};
	struct error json_err;
	struct report report = {
	    .outcome = {.status = err->status},
	    .error = err,
	};

	output_text_error(settings, process, err);
	/* A failed write of a report changes nothing. */
	if (settings->json && report_json(&out, &report, &json_err) == 0)
		output_write(STDOUT_FILENO, &out);
	buf_clear(&out);
	return err->status;
}

void
output_warning(const struct settings *settings, const struct process *process,
    const char *fmt, ...)
{
	struct buf text = {0}, out = {0};
	va_list ap;

	if (settings->quiet)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	buf_printf(&out, "%s: ", process->name);
	/* Names of files may hold anything. */
	printable_append(&out, buf_string(&text), text.len);
	buf_putc(&out, '\n');
	buf_clear(&text);
	output_write(STDERR_FILENO, &out);
	buf_clear(&out);
}
