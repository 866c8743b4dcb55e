/* explain: what codes mean, and what is known of providers; nobody is asked. */
#include "command/command.h"

#include <string.h>

#include "command/explain_provider.h"
#include "command/known_providers.h"
#include "options/nearest.h"
#include "report/codes.h"

/* What is told, as it grows. */
struct telling {
	const struct settings *settings;
	struct buf out;
	struct arena arena;
	struct providers providers;
};

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

static void
begin(struct telling *t)
{
	if (t->out.len > 0)
		buf_putc(&t->out, '\n');
}

/* Among the providers, if their table was opened. */
static const char *
nearest_provider(const struct telling *t, const char *word)
{
	struct nearest near = {.word = word};
	size_t i;

	for (i = 0; i < t->providers.count; i++)
		nearest_offer(&near, t->providers.rows[i].id);
	return near.best;
}

static int
explain_code(struct telling *t, struct buf *reply, struct error *err)
{
	const struct settings *s = t->settings;
	/* A configured server is not the one that said it. */
	const char *server =
	    s->server.on_argv ? s->server.names.items[0] : NULL;

	begin(t);
	if (codes_explain(&t->out, buf_string(reply), server) == -1) {
		error_set(err, EX_USAGE,
		    "--explain: '%.60s' is no code, and no provider that is "
		    "known",
		    buf_string(reply));
		nearest_suggest(
		    err, "", nearest_provider(t, buf_string(reply)));
		return error_hint(err,
		    "a reply code (550), an enhanced status code (5.7.30), "
		    "both, or a line that begins with them; or one of "
		    "`smtpsend --explain providers`");
	}
	buf_reset(reply);
	return 0;
}

/* An address that can be shown, and pasted, as it is. */
static const char *
plain_address(const char *word)
{
	const char *p;

	for (p = word; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7f || *p == '"' || *p == '#')
			return NULL;
	return strchr(word, '@') != NULL ? word : NULL;
}

/* Whether the word is a provider's, or `providers`: 1; 0: it is neither; -1. */
static int
explain_word(struct telling *t, const char *word, struct error *err)
{
	const struct provider *p;

	if (codes_begin(word))
		return 0;
	if (t->providers.rows == NULL &&
	    known_providers(t->settings, &t->arena, &t->providers, err) == -1)
		return -1;
	p = known_provider(&t->providers, word, &t->arena);
	if (p == NULL && strcmp(word, "providers") != 0)
		return 0;
	begin(t);
	if (p != NULL)
		explain_provider(&t->out, p, plain_address(word));
	else
		explain_providers(&t->out, &t->providers);
	return 1;
}

/* The words of a reply that was not put in quotes are one reply. */
static int
explain_all(struct telling *t, struct error *err)
{
	const struct strings *words = &t->settings->action_arguments;
	struct buf reply = {0};
	bool in_reply = false;
	int r = 0;
	size_t i;

	for (i = 0; r != -1 && i < words->count; i++) {
		if (begins_another(&reply, words->items[i])) {
			r = explain_code(t, &reply, err);
			in_reply = false;
		}
		if (r != -1 && !in_reply)
			r = explain_word(t, words->items[i], err);
		if (r == 1)
			continue;
		in_reply = true;
		if (reply.len > 0)
			buf_putc(&reply, ' ');
		buf_puts(&reply, words->items[i]);
	}
	if (r != -1 && in_reply)
		r = explain_code(t, &reply, err);
	buf_clear(&reply);
	return r == -1 ? -1 : 0;
}

int
explain_run(const struct settings *s, const struct process *process)
{
	struct telling t = {.settings = s};
	struct error err;
	int r = explain_all(&t, &err);

	if (r == 0)
		r = output_text(process, &t.out, &err);
	buf_clear(&t.out);
	arena_clear(&t.arena);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
