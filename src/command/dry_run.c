/* dry_run: the bytes that would go out, on standard output. */
#include "command/command.h"

#include <string.h>
#include <unistd.h>

#include "command/offline.h"
#include "lib/ascii.h"

static bool
is_switched_off(const struct settings *s, const char *keyword)
{
	size_t i;

	for (i = 0; i < s->server.without.count; i++)
		if (ascii_equal(s->server.without.items[i], keyword))
			return true;
	return false;
}

/* The form for a server that offers these extensions and no others. */
static int
read_form(const struct settings *s, struct arena *a, struct mime_form *form,
    struct error *err)
{
	const char *at = s->delivery.dry_run, *keyword;
	size_t n;

	*form = (struct mime_form){0};
	for (; *at != '\0'; at += n + (at[n] != '\0')) {
		n = strcspn(at, ",");
		keyword = arena_strndup(a, at, n);
		if (n > 0 && !smtp_capability_known(keyword)) {
			error_set(err, EX_USAGE,
			    "--dry-run: '%s' is no extension that smtpsend "
			    "uses",
			    keyword);
			return error_hint(err,
			    "8BITMIME and SMTPUTF8 are those that make a "
			    "difference to the message, with --binary "
			    "BINARYMIME too");
		}
		if (is_switched_off(s, keyword))
			continue;
		form->eight_bit |= ascii_equal(keyword, "8BITMIME");
		form->binary |= ascii_equal(keyword, "BINARYMIME");
		form->utf8 |= ascii_equal(keyword, "SMTPUTF8");
	}
	return 0;
}

static int
open_message(struct message *m, const struct mime_form *form, struct arena *a,
    struct mime_stream *stream, struct error *err)
{
	if (message_open(m, form, stream, err) == 0)
		return 0;
	if (err->status == EX_DATAERR && !(form->eight_bit && form->utf8))
		error_hint(err,
		    "%s%sthe server is taken to be one without extensions; "
		    "--dry-run=8BITMIME,SMTPUTF8 names those that it has",
		    arena_strdup(a, err->hint),
		    err->hint[0] != '\0' ? "\n" : "");
	return -1;
}

static void
show_envelope(struct offline *r, uint64_t size)
{
	struct buf out = {0};

	offline_envelope(r, &out);
	buf_printf(&out, "size: %llu\n", (unsigned long long)size);
	output_tell(r->process, &out);
	buf_clear(&out);
}

static void
show(struct offline *r, uint64_t size)
{
	const struct message_facts *facts = message_facts(r->message);

	if (facts->changed != NULL)
		output_warning(
		    r->settings, r->process, "note: %s", facts->changed);
	if (r->settings->report.verbose > 0)
		show_envelope(r, size);
}

int
dry_run(const struct settings *settings, const struct process *process)
{
	struct offline r = {0};
	struct mime_stream stream = {0};
	struct mime_form form;
	struct error err;
	uint64_t size;
	int status = EX_OK;

	if (offline_prepare(&r, settings, process, &err) == -1 ||
	    read_form(settings, &r.arena, &form, &err) == -1 ||
	    open_message(r.message, &form, &r.arena, &stream, &err) == -1 ||
	    offline_write(&r, stream.source, process->output->out,
		"standard output", &size, &err) == -1)
		status = output_error(settings, process, &err);
	else
		show(&r, size);
	source_free(stream.source);
	offline_clear(&r);
	return status;
}
