#include "command/enqueue.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "command/hooks.h"
#include "command/log.h"
#include "command/marked.h"
#include "command/target.h"
#include "lib/json.h"
#include "lib/url.h"
#include "lib/wait.h"
#include "options/account_new.h"
#include "options/elsewhere.h"
#include "options/option.h"
#include "options/rows.h"
#include "report/report.h"

int
enqueue_open(struct outbox *o, const struct settings *s, struct arena *a,
    bool make, struct error *err)
{
	struct spool_places places = {0};

	if (spool_places(s, a, &places, err) == 0)
		return spool_open(o, &places, 0, make, err);
	(void)spool_open(o, &places, 0, false, err);
	return -1;
}

int
enqueue_is_for_system(
    const struct settings *s, struct arena *a, struct error *err)
{
	struct spool_places places;

	if (spool_places(s, a, &places, err) == -1)
		return -1;
	return marked_wanted(s, &places, err);
}

/* --- what is kept of the call ---------------------------------------------*/

static int
take_servers(
    struct account_new *words, const struct settings *s, struct error *err)
{
	const enum option_layer layer =
	    option_origin(s, option_by_name("server"))->layer;
	/* Files will be there; a variable need not. */
	const bool kept = layer >= LAYER_ENVIRONMENT || layer == LAYER_FALLBACK;
	const char *name;
	size_t i, len;

	for (i = 0; kept && i < s->server.names.count; i++) {
		name = s->server.names.items[i];
		if (url_password(name, &len) != NULL)
			return error_set(err, EX_USAGE,
			    "--server: a password in a URL is not kept in the "
			    "outbox");
		if (strncasecmp(name, "fd:", 3) == 0)
			return error_set(err, EX_USAGE,
			    "--server: a descriptor will not be there when "
			    "the message is sent");
		if (elsewhere_server(words->arena, name, &name, err) == -1)
			return error_context(err, "--server");
		account_new_add(words, "server", name);
	}
	return 0;
}

/* What was said of the envelope in that layer or one above it. */
static int
take_envelope(struct account_new *words, const struct settings *s,
    enum option_layer least, struct error *err)
{
	const struct option_row *row;
	size_t i;

	for (i = 0; i < section_envelope.count; i++) {
		row = &section_envelope.rows[i];
		if (option_origin(s, row)->layer >= least &&
		    account_new_take(words, s, row, err) == -1)
			return -1;
	}
	return 0;
}

/* What cannot be had again is refused, as what would be kept for others to
 * see. */
static int
take_words(struct account_new *words, const struct settings *s, bool marked,
    struct error *err)
{
	if (s->account != NULL && !marked)
		account_new_add(words, "account", s->account);
	if (s->auth.password_fd != NULL)
		return error_set(err, EX_USAGE,
		    "--password-fd: it will not be there when the message is "
		    "sent; --password-file will");
	/* Who is put off later would get it alone, and so would the others. */
	if (s->delivery.all_or_nothing)
		return error_set(err, EX_USAGE,
		    "--all-or-nothing: what waits is for each recipient by "
		    "himself");
	/* The user's file will not be read by the system's flush. */
	if (marked)
		return take_envelope(words, s, LAYER_USER_FILE, err);
	if (take_servers(words, s, err) == -1 ||
	    account_new_take_given(words, s, LAYER_ENVIRONMENT, err) == -1)
		return -1;
	return take_envelope(words, s, LAYER_ENVIRONMENT, err);
}

static int
put_options(const struct settings *s, bool marked, struct arena *a,
    struct buf *out, struct error *err)
{
	struct account_new *words = arena_alloc(a, sizeof(*words));
	const char *word;
	size_t i;

	words->arena = a;
	if (take_words(words, s, marked, err) == -1)
		return -1;
	buf_printf(out, "{%s\"words\":[", marked ? "\"system\":true," : "");
	for (i = 0; i < words->count; i++) {
		const struct config_setting *w = &words->settings[i];

		word = w->value != NULL
		    ? arena_printf(a, "--%s=%s", w->name, w->value)
		    : arena_printf(a, "--%s", w->name);
		if (i > 0)
			buf_putc(out, ',');
		json_quote(out, word, strlen(word));
	}
	buf_putc(out, ']');
	if (s->envelope.dsn_if_offered)
		buf_puts(out, ",\"dsn\":\"if-offered\"");
	if (s->local.config_file != NULL) {
		buf_puts(out, ",\"config\":");
		json_quote(
		    out, s->local.config_file, strlen(s->local.config_file));
	}
	buf_putc(out, '}');
	return 0;
}

int
enqueue_options(const struct settings *s, struct arena *a, struct buf *out,
    struct error *err)
{
	return put_options(s, false, a, out, err);
}

/* As they stand behind an address (rfc5322/address.h). */
static const char *
parameters_text(const struct address *to, struct arena *a)
{
	const struct address_parameter *p = to->parameters;
	struct buf text = {0};
	const char *kept;

	for (; p != NULL && p->keyword != NULL; p++) {
		buf_printf(&text, ";%s", p->keyword);
		if (p->value != NULL)
			buf_printf(&text, "=\"%s\"", p->value);
	}
	kept = arena_strdup(a, buf_string(&text));
	buf_clear(&text);
	return kept;
}

static void
put_recipients(const struct mail *m, const bool *wanted,
    struct outbox_envelope *envelope, struct arena *a)
{
	struct outbox_recipient *to = arena_alloc(a, m->count * sizeof(*to));
	size_t i, n = 0;

	for (i = 0; i < m->count; i++)
		if (wanted == NULL || wanted[i])
			to[n++] = (struct outbox_recipient){
			    .address = m->facts->recipients[i].mailbox,
			    .parameters =
				parameters_text(&m->facts->recipients[i], a)};
	envelope->recipients = to;
	envelope->count = n;
}

/* --- the message ----------------------------------------------------------*/

static int
write_all(struct outbox_new *new, struct source *source,
    const struct process *process, struct error *err)
{
	const struct wait_limits wait = process_wait(process);
	char bytes[64 * 1024];
	ssize_t n;

	for (;;) {
		n = source_read(source, bytes, sizeof(bytes), err);
		if (n == SOURCE_AGAIN) {
			if (wait_readable(
				&wait, source->fd, "the input", err) == -1)
				return -1;
			continue;
		}
		if (n <= 0)
			return (int)n;
		if (outbox_write(new, bytes, (size_t)n, err) == -1 ||
		    wait_interrupted(&wait, "the message", err) == -1)
			return -1;
	}
}

/* In a form that any server takes: how it goes is seen when it is sent. */
static int
write_message(struct outbox_new *new, struct mail *m,
    const struct process *process, bool complete, struct error *err)
{
	const struct mime_form form = {.eight_bit = complete,
	    .utf8 =
		complete || m->facts->utf8_envelope || m->facts->utf8_header};
	struct mime_stream stream;
	int r;

	if (message_open(m->message, &form, &stream, err) == -1)
		return -1;
	r = stream.size == MIME_SIZE_UNKNOWN
	    ? 0
	    : outbox_expect(new, stream.size, err);
	if (r == 0)
		r = write_all(new, stream.source, process, err);
	source_free(stream.source);
	return r;
}

static int
put(struct outbox *o, bool marked, const struct settings *s,
    const struct process *process, struct mail *m,
    const struct enqueue_rest *rest, const char **id, struct error *err)
{
	const bool complete = s->message.files.count > 0 || s->message.on_stdin;
	struct outbox_envelope envelope = {.time = (int64_t)time(NULL),
	    .reverse_path = m->facts->reverse_path};
	struct outbox_new new;
	struct buf options = {0};
	int r;

	if (put_options(s, marked, &m->arena, &options, err) == -1) {
		buf_clear(&options);
		return -1;
	}
	envelope.options = arena_strdup(&m->arena, buf_string(&options));
	buf_clear(&options);
	put_recipients(m, rest->wanted, &envelope, &m->arena);
	if (outbox_begin_in(o, rest->place, &new, &envelope, err) == -1)
		return -1;
	r = write_message(&new, m, process, complete, err) == -1
	    ? -1
	    : enqueue_finish(&new, m, rest, envelope.time, err);
	*id = arena_strdup(&m->arena, new.id);
	m->size = new.size;
	outbox_abandon(&new);
	return r;
}

/* It is safe, but nobody sends it: at home root's flush does not look. */
static void
warn_without_spool(const struct settings *s, const struct process *process,
    const struct spool_places *places)
{
	if (!places->in_spool && s->outbox.directory == NULL &&
	    marked_needed(s))
		output_warning(s, process,
		    "warning: this waits until you can send it yourself: you "
		    "may not read the system's configuration, and there is no "
		    "spool from which root's flush would send it; root can "
		    "make one: install -d -o root -m 1733 %s",
		    spool_standard);
}

static int
open_and_put(const struct settings *s, const struct process *process,
    struct mail *m, const struct enqueue_rest *rest, const char **id,
    struct error *err)
{
	struct outbox o = {.base = -1, .dirs = {-1, -1, -1, -1}, .lock = -1};
	struct spool_places places;
	int marked = -1, r = -1;

	if (spool_places(s, &m->arena, &places, err) == 0)
		marked = marked_wanted(s, &places, err);
	if (marked != -1)
		r = spool_open(&o, &places, 0, true, err);
	if (r == 0)
		r = put(&o, marked, s, process, m, rest, id, err);
	if (r == 0)
		warn_without_spool(s, process, &places);
	outbox_close(&o);
	return r == 0
	    ? 0
	    : error_context(
		  err, rest->place == OUTBOX_QUEUE ? "not queued" : "not kept");
}

static int
put_all(const struct settings *s, const struct process *process, struct mail *m,
    const char **id, struct error *err)
{
	const struct enqueue_rest all = {.place = OUTBOX_QUEUE};

	return open_and_put(s, process, m, &all, id, err);
}

/* The deadline was for the sending, and has passed, maybe.  A signal that came
 * while the verdict was awaited was for it, too: some may have the message, and
 * what is kept for the others is all there is for them. */
static struct process
to_the_end(const struct process *process)
{
	struct process p = *process;

	p.deadline_us = 0;
	p.signal = NULL;
	return p;
}

int
enqueue_rest(const struct settings *s, const struct process *process,
    struct mail *m, const struct enqueue_rest *rest, const char **id,
    struct error *err)
{
	const struct process p = to_the_end(process);

	return open_and_put(s, &p, m, rest, id, err);
}

static void
tell_json(const struct process *process, struct mail *m, const char *id,
    bool for_system)
{
	struct report r = {0};
	struct buf out = {0};
	struct error err;
	size_t i;

	for (i = 0; i < m->count; i++)
		m->recipients[i].result =
		    (struct smtp_result){.verdict = SMTP_NOT_SENT, .text = ""};
	mail_report(m, &r);
	r.outcome.status = EX_OK;
	r.queued = id;
	r.for_system = for_system;
	if (report_json(&out, &r, &err) == 0)
		(void)output_print(process, &out);
	buf_clear(&out);
}

static void
tell(const struct settings *s, const struct process *process, struct mail *m,
    const char *id, bool for_system)
{
	struct buf out = {0};

	if (s->report.verbose > 0) {
		buf_printf(&out, "%s: queued as %s for %zu recipient%s%s\n",
		    process->name, id, m->count, m->count == 1 ? "" : "s",
		    for_system ? ", to be sent by the system's flush" : "");
		output_tell(process, &out);
	}
	buf_clear(&out);
	if (s->report.json)
		tell_json(process, m, id, for_system);
}

/* id: NULL: it is not queued, and why; else that may be why it only is. */
static void
write_log(const struct settings *s, const struct process *process,
    const struct mail *m, const char *id, const struct error *why)
{
	struct log log = {.settings = s, .process = process};
	struct log_entry e = {.queued = id,
	    .size = m->size,
	    .sized = id != NULL,
	    .status = id == NULL ? why->status : EX_OK,
	    .why = why->text};

	log_write_mail(&log, m, &e);
	log_close(&log);
}

void
enqueue_tell_why(const struct settings *s, const struct process *process,
    const struct error *why, const char *id)
{
	output_warning(
	    s, process, "%s; the message is queued as %s", why->text, id);
}

int
enqueue_instead(const struct settings *s, const struct process *process,
    const struct error *why)
{
	struct mail mail = {0};
	struct error err;
	const char *id;
	int status = EX_OK;

	if (mail_compose(&mail, s, process, &err) == -1 ||
	    put_all(s, process, &mail, &id, &err) == -1) {
		output_text_error(s, process, why);
		status = output_error(s, process, &err);
		write_log(s, process, &mail, NULL, &err);
	} else {
		enqueue_tell_why(s, process, why, id);
		write_log(s, process, &mail, id, why);
	}
	mail_clear(&mail);
	return status;
}

/* What becomes of a message that is sent now. */
static int
check_use(const struct settings *s, struct error *err)
{
	static const char *const names[] = {"save", "on-commit", "on-success",
	    "on-failure", "transcript", "timing", "hexdump"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (option_on_argv(s, names[i]))
			return error_set(err, EX_USAGE, "--%s: of no use to %s",
			    names[i],
			    s->outbox.queue
				? "--queue, which sends nothing"
				: "a message that only the system's flush "
				  "can send");
	return 0;
}

/* What can be known to be wrong is told now; but who calls sendmail(8) drops
 * what is not taken, and somebody will put it right. */
int
enqueue_get_id(const struct settings *s, const struct process *process,
    char kept[OUTBOX_ID_SIZE])
{
	struct target target = {0};
	struct mail mail = {0};
	struct error err, why = {0};
	const char *id;
	int status = EX_OK, marked;

	marked = enqueue_is_for_system(s, &mail.arena, &err);
	if (marked == -1 || check_use(s, &err) == -1 ||
	    (s->report.json && report_json_available(&err) == -1) ||
	    (marked == 0 && target_init(&target, s, &why) == -1 &&
		!s->local.face)) {
		if (why.status != 0)
			err = why;
		status = output_error(s, process, &err);
		write_log(s, process, &mail, NULL, &err);
	} else if (mail_compose(&mail, s, process, &err) == -1 ||
	    put_all(s, process, &mail, &id, &err) == -1) {
		status = output_error(s, process, &err);
		write_log(s, process, &mail, NULL, &err);
	} else {
		tell(s, process, &mail, id, marked == 1);
		if (why.status != 0)
			enqueue_tell_why(s, process, &why, id);
		write_log(s, process, &mail, id, &why);
		strcpy(kept, id);
	}
	mail_clear(&mail);
	target_clear(&target);
	return status;
}

int
enqueue_run(const struct settings *s, const struct process *process)
{
	char id[OUTBOX_ID_SIZE];

	return enqueue_get_id(s, process, id);
}
