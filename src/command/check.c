#include "command/check.h"

bool
check_is_asked(const struct settings *s)
{
	return s->action == ACTION_CHECK;
}

bool
check_has_content(const struct settings *s)
{
	const struct settings_message *m = &s->message;

	return m->file != NULL || m->on_stdin || m->body != NULL ||
	    m->body_file != NULL || m->html != NULL || m->calendar != NULL ||
	    m->attach.count > 0 || m->inlined.count > 0 || m->forward.count > 0;
}

void
check_tell(const struct settings *settings, const struct process *process,
    struct report *r)
{
	struct buf answers = {0}, told = {0};
	struct error err;
	size_t i;

	report_check(&answers, &told, r, settings->report.verbose > 0);
	if (settings->local.face) {
		buf_reset(&answers);
		for (i = 0; i < r->recipient_count; i++)
			report_verified(&answers, r, &r->recipients[i]);
	}
	output_tell(process, &told);
	if (!settings->report.json)
		(void)output_print(process, &answers);
	if (!settings->report.json && output_finish(process, &err) == -1 &&
	    err.status == EX_IOERR) {
		output_text_error(settings, process, &err);
		if (r->outcome.status == EX_OK)
			r->outcome.status = err.status;
	}
	buf_clear(&answers);
	buf_clear(&told);
}
