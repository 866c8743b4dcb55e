/* json: the report for scripts; jansson is opened when it is asked for. */
#include "report/report.h"

#include <dlfcn.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/printable.h"

/* The symbols that we use, typed by jansson's own header. */
struct jansson {
	void *library;
	__typeof__(&json_object) object;
	__typeof__(&json_array) array;
	__typeof__(&json_string) string;
	__typeof__(&json_integer) integer;
	__typeof__(&json_real) real;
	__typeof__(&json_null) null;
	__typeof__(&json_object_set_new) set;
	__typeof__(&json_array_append_new) append;
	__typeof__(&json_dumps) dumps;
	__typeof__(&json_delete) delete;
};

static int
open_jansson(struct jansson *j, struct error *err)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
	    {"json_object", &j->object},
	    {"json_array", &j->array},
	    {"json_string", &j->string},
	    {"json_integer", &j->integer},
	    {"json_real", &j->real},
	    {"json_null", &j->null},
	    {"json_object_set_new", &j->set},
	    {"json_array_append_new", &j->append},
	    {"json_dumps", &j->dumps},
	    {"json_delete", &j->delete},
	};
	void *symbol;
	size_t i;

	j->library = dlopen("libjansson.so.4", RTLD_NOW | RTLD_LOCAL);
	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		symbol = j->library != NULL ? dlsym(j->library, symbols[i].name)
					    : NULL;
		if (symbol == NULL) {
			error_set(err, EX_OSERR,
			    "--json needs libjansson.so.4: %s", dlerror());
			return error_hint(err, "apt-get install libjansson4");
		}
		memcpy(symbols[i].slot, &symbol, sizeof(symbol));
	}
	return 0;
}

int
report_json_available(struct error *err)
{
	struct jansson j;

	return open_jansson(&j, err);
}

/* JSON strings are UTF-8; whatever a server said becomes that. */
static json_t *
text(const struct jansson *j, const char *s)
{
	struct buf b = {0};
	json_t *v;

	if (s == NULL)
		return j->null();
	printable_append(&b, s, strlen(s));
	v = j->string(buf_string(&b));
	buf_clear(&b);
	return v;
}

/* What is not known is null, never "" or 0. */
static json_t *
known_text(const struct jansson *j, const char *s)
{
	return text(j, s != NULL && *s != '\0' ? s : NULL);
}

static json_t *
known_number(const struct jansson *j, int n)
{
	return n != 0 ? j->integer(n) : j->null();
}

static json_t *
server_object(const struct jansson *j, const struct report *r)
{
	json_t *o = j->object(), *tls = j->null();

	if (r->tls_version != NULL) {
		tls = j->object();
		j->set(tls, "version", text(j, r->tls_version));
		j->set(tls, "cipher", text(j, r->tls_cipher));
	}
	j->set(o, "name", known_text(j, r->server));
	j->set(o, "host", known_text(j, r->host));
	j->set(o, "address", known_text(j, r->address));
	j->set(o, "port", known_number(j, (int)r->port));
	j->set(o, "tls", tls);
	return o;
}

static json_t *
lines_array(const struct jansson *j, const char *s)
{
	json_t *lines = j->array();
	struct buf line = {0};
	size_t n;

	for (;; s += n + 1) {
		n = strcspn(s, "\n");
		buf_reset(&line);
		printable_append(&line, s, n);
		j->append(lines, j->string(buf_string(&line)));
		if (s[n] == '\0')
			break;
	}
	buf_clear(&line);
	return lines;
}

static json_t *
recipient_object(const struct jansson *j, const struct smtp_recipient *to)
{
	const struct smtp_result *result = &to->result;
	json_t *o = j->object();

	j->set(o, "address", text(j, to->address));
	j->set(o, "verdict", text(j, smtp_verdict_name(result->verdict)));
	j->set(o, "code", known_number(j, result->code));
	j->set(o, "enhanced", known_text(j, result->enhanced));
	j->set(o, "text", lines_array(j, result->text));
	j->set(o, "phase", text(j, smtp_phase_name(result->phase)));
	return o;
}

static json_t *
answer_object(const struct jansson *j, const struct report_answer *answer)
{
	json_t *o = j->object();

	j->set(o, "command", text(j, answer->command));
	j->set(o, "code", j->integer(answer->code));
	j->set(o, "enhanced", known_text(j, answer->enhanced));
	j->set(o, "text", lines_array(j, answer->text));
	return o;
}

static const char *
queue_id(const struct report *r, char *id, size_t size)
{
	size_t i;

	id[0] = '\0';
	for (i = 0; i < r->recipient_count && id[0] == '\0'; i++)
		if (r->recipients[i].result.verdict == SMTP_ACCEPTED)
			report_queue_id(r->recipients[i].result.text, id, size);
	return id[0] != '\0' ? id : NULL;
}

static void
set_message(const struct jansson *j, json_t *o, const struct report *r)
{
	json_t *list = j->array();
	char id[128];
	size_t i;

	for (i = 0; i < r->recipient_count; i++)
		j->append(list, recipient_object(j, &r->recipients[i]));
	j->set(o, "recipients", list);
	j->set(o, "queue_id", text(j, queue_id(r, id, sizeof(id))));
	j->set(o, "message_id", text(j, r->message_id));
	j->set(o, "saved", text(j, r->saved));
	j->set(o, "bytes", j->integer((json_int_t)r->bytes));
}

static void
set_answers(const struct jansson *j, json_t *o, const struct report *r)
{
	json_t *list = j->array();
	size_t i;

	for (i = 0; i < r->answer_count; i++)
		j->append(list, answer_object(j, &r->answers[i]));
	j->set(o, "answers", list);
}

static json_t *
report_object(const struct jansson *j, const struct report *r)
{
	json_t *o = j->object(), *timings = j->object();
	size_t i;

	for (i = 0; i < REPORT_PHASES; i++)
		if (r->phase_us != NULL && r->phase_us[i] > 0)
			j->set(timings, smtp_phase_name((enum smtp_phase)i),
			    j->real((double)r->phase_us[i] / 1000));
	j->set(o, "version", j->integer(1));
	j->set(o, "outcome", text(j, outcome_name(r->outcome.status)));
	j->set(o, "status", j->integer(r->outcome.status));
	j->set(o, "error", text(j, r->error != NULL ? r->error->text : NULL));
	j->set(o, "server", server_object(j, r));
	if (r->query)
		set_answers(j, o, r);
	else
		set_message(j, o, r);
	j->set(o, "round_trips", j->integer(r->round_trips));
	j->set(o, "timings_ms", timings);
	return o;
}

int
report_json(struct buf *out, const struct report *r, struct error *err)
{
	struct jansson j;
	json_t *o;
	char *dumped;

	if (open_jansson(&j, err) == -1)
		return -1;
	o = report_object(&j, r);
	dumped = j.dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6));
	if (dumped != NULL) {
		buf_puts(out, dumped);
		buf_putc(out, '\n');
	}
	free(dumped);
	if (o->refcount != (size_t)-1 && --o->refcount == 0)
		j.delete(o);
	return 0;
}
