/* flush_settings: what holds for the messages of one group; see flush.h. */
#include "command/flush.h"

#include <string.h>

#include "command/marked.h"
#include "lib/json.h"
#include "options/option.h"
#include "options/options.h"
#include "options/rows.h"

struct words {
	struct arena *arena;
	char **argv;
	size_t count, capacity;
	const char *config_file; /* in place of the usual ones; NULL: those */
	bool dsn_if_offered;
};

static void
add_word(struct words *w, const char *text)
{
	w->argv = arena_grown(
	    w->arena, w->argv, w->count, &w->capacity, sizeof(*w->argv));
	w->argv[w->count] = text != NULL ? arena_strdup(w->arena, text) : NULL;
	w->count++;
}

static bool
take_word(void *arg, const struct json_value *v)
{
	struct words *w = arg;

	if (strcmp(v->name, "words") == 0 && v->kind == JSON_A_TEXT && v->item)
		add_word(w, arena_strndup(w->arena, v->text, v->len));
	if (strcmp(v->name, "config") == 0 && v->kind == JSON_A_TEXT)
		w->config_file = arena_strndup(w->arena, v->text, v->len);
	if (strcmp(v->name, "dsn") == 0)
		w->dsn_if_offered = true;
	return true;
}

/* As a call to send would have them. */
static int
read_settings(const struct flush *f, const struct flush_group *group,
    struct arena *a, struct settings *out, struct error *err)
{
	const struct settings *all = f->call;
	const struct process *process = f->process;
	struct options_origin origin = *process->origin;
	struct words w = {.arena = a};

	memset(out, 0, sizeof(*out));
	add_word(&w, process->name);
	if (group->options[0] != '\0' &&
	    json_walk(group->options, strlen(group->options), take_word, &w) ==
		-1)
		return error_set(err, EX_DATAERR,
		    "what was to be known of its server cannot be read");
	add_word(&w, "--body=");
	add_word(&w, "--");
	add_word(&w, "postmaster@localhost");
	origin.argc = (int)w.count;
	add_word(&w, NULL);
	origin.argv = w.argv;
	if (w.config_file != NULL) {
		origin.system_file = w.config_file;
		origin.no_user_file = true;
	}
	if (options_read(&origin, out, err) == -1)
		return -1;
	out->report = all->report;
	out->envelope.dsn_if_offered = w.dsn_if_offered;
	out->delivery.deadline_ms = all->delivery.deadline_ms;
	if (!f->beside)
		return 0;
	/* These are about another mail. */
	out->report.transcript = NULL;
	out->report.json = out->report.hexdump = out->report.timing = false;
	return 0;
}

int
flush_settings(const struct flush *f, const struct flush_group *group,
    struct arena *a, struct settings *out, struct error *err)
{
	if (f->system == NULL)
		return read_settings(f, group, a, out, err);
	memset(out, 0, sizeof(*out));
	if (f->system->error.status == 0)
		return marked_settings(
		    &f->system->settings, group->options, a, out, err);
	*err = f->system->error;
	return -1;
}

bool
flush_call_demands(const struct flush *f, const struct settings *s,
    const struct outbox_envelope *e)
{
	static const char *const dsn[] = {
	    "dsn-notify", "dsn-return", "envelope-id"};
	const bool if_offered = s->envelope.dsn_if_offered;
	const struct option_section *all = &section_envelope;
	/* Of a marked one the user's file is part of the call (marked.h). */
	const enum option_layer call =
	    f->system != NULL ? LAYER_USER_FILE : LAYER_ENVIRONMENT;
	size_t i, k, least = if_offered ? sizeof(dsn) / sizeof(dsn[0]) : 0;

	for (i = 0; i < all->count; i++) {
		for (k = 0; k < least; k++)
			if (strcmp(all->rows[i].name, dsn[k]) == 0)
				break;
		if (k == least &&
		    option_origin(s, &all->rows[i])->layer >= call)
			return true;
	}
	for (i = 0; i < e->count && !if_offered; i++)
		if (e->recipients[i].parameters[0] != '\0')
			return true;
	return false;
}
