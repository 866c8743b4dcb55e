#include "command/sendmail_names.h"

#include <string.h>

#include "command/identity.h"
#include "command/local.h"
#include "command/marked.h"
#include "lib/ascii.h"
#include "lib/printable.h"

/* The aliases, and the domain of bare names. */
static int
read_aliases(const struct settings *s, struct arena *a, struct aliases *aliases,
    struct error *err)
{
	struct ident ident;
	bool any;

	return identity_read(&ident, false, a, err) == -1 ||
		local_set_host(s, a, &ident, err) == -1 ||
		local_read_aliases(s, ident.host, a, aliases, &any, err) == -1
	    ? -1
	    : 0;
}

/* --- -bv ------------------------------------------------------------------*/

struct verify {
	struct arena arena;
	struct aliases aliases;
	struct buf out;
	struct strings found; /* whom the server is asked about */
};

/* Whether it stands for something else than itself. */
static bool
is_aliased(const struct address *name, const struct address_list *to)
{
	return to->count != 1 ||
	    !ascii_equal(to->addresses[0].mailbox, name->mailbox);
}

static void
put_expansion(
    struct verify *v, const struct address *name, const struct address_list *to)
{
	struct buf *out = &v->out;
	size_t i;

	printable_append(out, name->mailbox, strlen(name->mailbox));
	buf_puts(out, "... aliased to ");
	for (i = 0; i < to->count; i++) {
		const char *mailbox = to->addresses[i].mailbox;

		buf_puts(out, i > 0 ? ", " : "");
		printable_append(out, mailbox, strlen(mailbox));
	}
	buf_putc(out, '\n');
}

static int
expand(struct verify *v, const char *operand, struct error *err)
{
	const struct address_params params = {
	    .what = "recipient", .domain = v->aliases.domain};
	struct address_list list = {0}, to, one;
	size_t i, k;

	if (address_parse(&v->arena, operand, &params, &list, err) == -1)
		return -1;
	for (i = 0; i < list.count; i++) {
		to = (struct address_list){0};
		one = (struct address_list){
		    .addresses = &list.addresses[i], .count = 1};
		if (aliases_expand(&v->aliases, &v->arena, &one, &to, err) ==
		    -1)
			return -1;
		if (is_aliased(&list.addresses[i], &to))
			put_expansion(v, &list.addresses[i], &to);
		for (k = 0; k < to.count; k++)
			strings_add(
			    &v->found, &v->arena, to.addresses[k].mailbox);
	}
	return 0;
}

static int
expand_all(struct verify *v, const struct settings *s, struct error *err)
{
	const struct strings *operands = &s->message.operands;
	size_t i;

	if (read_aliases(s, &v->arena, &v->aliases, err) == -1)
		return -1;
	for (i = 0; i < operands->count; i++)
		if (expand(v, operands->items[i], err) == -1)
			return -1;
	return 0;
}

/* Another server than the system's knows nothing of its recipients. */
static int
tell_unasked(struct verify *v, const struct process *process)
{
	size_t i;

	buf_reset(&v->out);
	for (i = 0; i < v->found.count; i++) {
		const char *mailbox = v->found.items[i];

		printable_append(&v->out, mailbox, strlen(mailbox));
		buf_puts(&v->out,
		    "... not asked: you may not read what root's flush sends "
		    "with\n");
	}
	(void)output_print(process, &v->out);
	return EX_TEMPFAIL;
}

int
sendmail_verify(const struct settings *s, const struct process *process)
{
	struct verify v = {.arena = {0}};
	struct settings expanded = *s;
	struct error err;
	int status;

	if (expand_all(&v, s, &err) == -1) {
		status = output_error(s, process, &err);
	} else {
		/* With no server this is what can be said. */
		(void)output_print(process, &v.out);
		expanded.message.operands = v.found;
		expanded.local.no_aliases = true;
		status = marked_needed(s) ? tell_unasked(&v, process)
					  : send_run(&expanded, process);
	}
	buf_clear(&v.out);
	arena_clear(&v.arena);
	return status;
}

/* --- -bi ------------------------------------------------------------------*/

int
sendmail_aliases(const struct settings *s, const struct process *process)
{
	struct arena arena = {0};
	struct aliases aliases = {0};
	struct buf out = {0};
	struct error err;
	int r;

	r = read_aliases(s, &arena, &aliases, &err) == -1 ||
		aliases_check(&aliases, &err) == -1
	    ? -1
	    : 0;
	if (r == 0) {
		buf_printf(&out, "%zu alias%s\n", aliases.count,
		    aliases.count == 1 ? "" : "es");
		r = output_text(process, &out, &err);
	}
	buf_clear(&out);
	arena_clear(&arena);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
