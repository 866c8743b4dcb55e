#include "command/outbox_news.h"

#include <unistd.h>

#include "command/enqueue.h"

static void
tell(const struct settings *s, const struct process *process,
    const struct outbox_news *n)
{
	const size_t first = n->failed > 0 ? n->failed : n->unknown;
	struct buf text = {0};

	buf_printf(&text, "%zu message%s of the outbox %s", first,
	    first == 1 ? "" : "s",
	    n->failed > 0    ? "failed"
		: first == 1 ? "is unknown"
			     : "are unknown");
	if (n->failed > 0 && n->unknown > 0)
		buf_printf(&text, ", %zu %s unknown", n->unknown,
		    n->unknown == 1 ? "is" : "are");
	output_warning(s, process, "note: %s; smtpsend --outbox shows %s",
	    buf_string(&text), n->failed + n->unknown == 1 ? "it" : "them");
	buf_clear(&text);
}

void
outbox_tell_news(const struct settings *s, const struct process *process)
{
	struct outbox outbox;
	struct arena arena = {0};
	struct outbox_news news;
	struct error err;

	if (s->report.quiet || !isatty(STDERR_FILENO))
		return;
	if (enqueue_open(&outbox, s, &arena, false, &err) == 0 &&
	    outbox_has_news(&outbox, &news))
		tell(s, process, &news);
	outbox_close(&outbox);
	arena_clear(&arena);
}
