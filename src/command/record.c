#include "command/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"

#include "report/transcript.h"

int
record_open(struct record *r, const struct settings *s,
    const struct process *process, struct error *err)
{
	*r = (struct record){.settings = s, .process = process, .fd = -1};
	r->open = true;
	r->show = s->verbose > 1;
	if (s->transcript == NULL)
		return 0;
	r->fd = open(s->transcript,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	if (r->fd == -1)
		return error_set(err, EX_CANTCREAT, "--transcript: %s: %s",
		    s->transcript, strerror(errno));
	return 0;
}

void
record_event(struct record *r, const struct smtp_event *event)
{
	struct buf out = {0};
	int64_t elapsed = -1;

	if (!r->show && r->fd == -1)
		return;
	if (r->settings->timing)
		elapsed = clock_monotonic_us() - r->process->start_us;
	transcript_event(&out, event, elapsed);
	if (r->show)
		output_write(STDERR_FILENO, &out);
	if (r->fd != -1 && output_write(r->fd, &out) == -1) {
		/* Never a reason to give a mail up. */
		output_warning(r->settings, r->process,
		    "warning: the transcript could not be written: %s",
		    strerror(errno));
		close(r->fd);
		r->fd = -1;
	}
	buf_clear(&out);
}

void
record_close(struct record *r)
{
	if (r->open && r->fd != -1)
		close(r->fd);
	r->fd = -1;
}
