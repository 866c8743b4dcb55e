#include "command/offline.h"

#include <stdlib.h>
#include <string.h>

#include "command/compose.h"
#include "command/each.h"
#include "lib/memory.h"

static int
pick_one(struct offline *r, struct error *err)
{
	struct each *e = memory_alloc(sizeof(*e));

	r->each = e;
	if (each_begin(e, r->settings, r->process, err) == -1 ||
	    each_open_journal(e, NULL, NULL, err) == -1 ||
	    each_pick(e, &r->one, err) == -1)
		return -1;
	r->message = r->one->composed.message;
	r->parameters = r->one->parameters;
	return 0;
}

int
offline_prepare(struct offline *r, const struct settings *settings,
    const struct process *process, struct error *err)
{
	const struct message_facts *facts;
	struct smtp_parameters ignored;
	size_t i;

	*r = (struct offline){.settings = settings, .process = process};
	if (target_init(&r->target, settings, err) == -1)
		return -1;
	if (settings_are_for_many(settings))
		return pick_one(r, err);
	if (parameters_read(&r->parameters, settings, &r->arena, err) == -1 ||
	    compose_message(settings, process, &r->arena, &r->message, err) ==
		-1)
		return -1;
	facts = message_facts(r->message);
	for (i = 0; i < facts->recipient_count; i++)
		if (parameters_of(&r->parameters, &facts->recipients[i],
			&r->arena, &ignored, err) == -1)
			return -1;
	return 0;
}

void
offline_clear(struct offline *r)
{
	if (r->each == NULL)
		message_free(r->message);
	if (r->one != NULL)
		each_message_free(r->each, r->one);
	if (r->each != NULL)
		each_end(r->each);
	free(r->each);
	target_clear(&r->target);
	arena_clear(&r->arena);
}

static int
write_all(struct outlet *out, const struct wait_limits *wait, const char *name,
    const char *bytes, size_t n, struct error *err)
{
	if (outlet_put(out, bytes, n) == 0 &&
	    outlet_finish(&out, 1, wait, name, err) == -1) {
		outlet_drop(out);
		return -1;
	}
	if (out->error == 0)
		return 0;
	return error_set(err, EX_IOERR, "cannot write to %s: %s", name,
	    strerror(out->error));
}

int
offline_write(const struct offline *r, struct source *source,
    struct outlet *out, const char *name, uint64_t *size, struct error *err)
{
	struct wait_limits wait = process_wait(r->process);
	char bytes[16 * 1024];
	ssize_t n;

	for (*size = 0;; *size += (uint64_t)n) {
		while ((n = source_read(source, bytes, sizeof(bytes), err)) ==
		    SOURCE_AGAIN)
			if (wait_readable(
				&wait, source->fd, "the input", err) == -1)
				return -1;
		if (n <= 0)
			return (int)n;
		if (write_all(out, &wait, name, bytes, (size_t)n, err) == -1)
			return -1;
	}
}

static void
put_parameters(struct buf *out, const struct smtp_parameters *list)
{
	const struct smtp_parameter *p = list->items;
	size_t i;

	for (i = 0; i < list->count; i++, p++)
		buf_printf(out, " %s%s%s", p->keyword,
		    p->value != NULL ? "=" : "",
		    p->value != NULL ? p->value : "");
	buf_putc(out, '\n');
}

void
offline_envelope(struct offline *r, struct buf *out)
{
	const struct message_facts *facts = message_facts(r->message);
	struct smtp_parameters of;
	struct error ignored;
	size_t i;

	buf_printf(out, "reverse-path: <%s>", facts->reverse_path);
	put_parameters(out, &r->parameters.mail);
	for (i = 0; i < facts->recipient_count; i++) {
		buf_printf(
		    out, "recipient: <%s>", facts->recipients[i].mailbox);
		(void)parameters_of(&r->parameters, &facts->recipients[i],
		    &r->arena, &of, &ignored);
		put_parameters(out, &of);
	}
}
