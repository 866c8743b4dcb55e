/* explain: what codes mean; nobody is asked. */
#include "command/command.h"

#include <string.h>

#include "report/codes.h"

/* Behind a code, a code; but an enhanced one belongs to the reply code before
 * it, and a number among words to the words. */
static bool
begins_another(const struct buf *reply, const char *word)
{
	const char *before = buf_string(reply);

	if (reply->len == 0 || !codes_begin(word))
		return false;
	if (strchr(word, ' ') != NULL)
		return true;
	if (strspn(before, "0123456789. ") < reply->len)
		return false;
	return strchr(word, '.') == NULL || strpbrk(before, ". ") != NULL;
}

static int
explain_one(const struct settings *s, struct buf *out, struct buf *reply,
    struct error *err)
{
	/* A configured server is not the one that said it. */
	const char *server =
	    s->server.on_argv ? s->server.names.items[0] : NULL;

	if (out->len > 0)
		buf_putc(out, '\n');
	if (codes_explain(out, buf_string(reply), server) == -1) {
		error_set(err, EX_USAGE, "--explain: '%.60s' is no code",
		    buf_string(reply));
		return error_hint(err,
		    "a reply code (550), an enhanced status code (5.7.30), "
		    "both, or a line that begins with them");
	}
	buf_reset(reply);
	return 0;
}

/* The words of a reply that was not put in quotes are one reply. */
static int
explain_all(const struct settings *s, struct buf *out, struct error *err)
{
	const struct strings *words = &s->action_arguments;
	struct buf reply = {0};
	int r = 0;
	size_t i;

	for (i = 0; r == 0 && i < words->count; i++) {
		if (begins_another(&reply, words->items[i]))
			r = explain_one(s, out, &reply, err);
		if (reply.len > 0)
			buf_putc(&reply, ' ');
		buf_puts(&reply, words->items[i]);
	}
	if (r == 0)
		r = explain_one(s, out, &reply, err);
	buf_clear(&reply);
	return r;
}

int
explain_run(const struct settings *s, const struct process *process)
{
	struct buf out = {0};
	struct error err;
	int r = explain_all(s, &out, &err);

	if (r == 0)
		r = output_text(process, &out, &err);
	buf_clear(&out);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
