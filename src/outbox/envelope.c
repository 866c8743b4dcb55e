#include "outbox/envelope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/siphash.h"

#define VERSION_MEMBER "{\"smtpsend\":1,\"size\":"
#define OPTIONS_MEMBER ",\"options\":"

static void
put_text(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, ",\"%s\":", name);
	json_quote(out, text, strlen(text));
}

static bool
has_parameters(const struct outbox_recipient *r)
{
	return r->parameters != NULL && r->parameters[0] != '\0';
}

static void
put_recipients(struct buf *out, const struct outbox_envelope *e)
{
	bool parameters = false;
	const char *s;
	size_t i;

	buf_puts(out, ",\"to\":");
	for (i = 0; i < e->count; i++) {
		buf_putc(out, i == 0 ? '[' : ',');
		s = e->recipients[i].address;
		json_quote(out, s, strlen(s));
		parameters |= has_parameters(&e->recipients[i]);
	}
	buf_puts(out, "]");
	if (!parameters)
		return;
	buf_puts(out, ",\"parameters\":");
	for (i = 0; i < e->count; i++) {
		buf_putc(out, i == 0 ? '[' : ',');
		s = has_parameters(&e->recipients[i])
		    ? e->recipients[i].parameters
		    : "";
		json_quote(out, s, strlen(s));
	}
	buf_puts(out, "]");
}

/* A line break in JSON is a blank: none stands in a text. */
static void
put_options(struct buf *out, const char *options)
{
	const char *s;

	buf_puts(out, OPTIONS_MEMBER);
	for (s = options; *s != '\0'; s++)
		buf_putc(out, *s == '\n' || *s == '\r' ? ' ' : *s);
}

void
envelope_write(struct buf *out, const struct outbox_envelope *e)
{
	buf_printf(out, "%*s", ENVELOPE_SEAL, "");
	if (e->part_of[0] != '\0')
		put_text(out, "part_of", e->part_of);
	buf_printf(out, ",\"time\":%lld", (long long)e->time);
	put_text(out, "from", e->reverse_path);
	put_recipients(out, e);
	if (e->options != NULL)
		put_options(out, e->options);
	buf_puts(out, "}\n");
}

void
envelope_seal(char seal[ENVELOPE_SEAL + 1], const char *id, uint64_t size,
    const void *tail, size_t tail_size)
{
	/* No secret: it is there to see accidents. */
	static const unsigned char key[SIPHASH_SECRET] = "smtpsend outbox";

	snprintf(seal, ENVELOPE_SEAL + 1,
	    VERSION_MEMBER "%20llu,\"end\":\"%016llx\",\"id\":\"%s\"",
	    (unsigned long long)size,
	    (unsigned long long)siphash(key, tail, tail_size), id);
}

struct reading {
	struct arena *arena;
	struct outbox_envelope *envelope;
	uint64_t *size;
	struct outbox_recipient *recipients;
	size_t capacity, parameters;
	bool has_size, has_time;
};

static bool
take_id(char id[OUTBOX_ID_SIZE], const struct json_value *v)
{
	if (v->kind != JSON_A_TEXT || !outbox_id_is(v->text))
		return false;
	memcpy(id, v->text, OUTBOX_ID_SIZE);
	return true;
}

static bool
take_recipient(struct reading *r, const struct json_value *v)
{
	struct outbox_envelope *e = r->envelope;

	if (!v->item || v->kind != JSON_A_TEXT)
		return false;
	r->recipients = arena_grown(r->arena, r->recipients, e->count,
	    &r->capacity, sizeof(*r->recipients));
	r->recipients[e->count++] = (struct outbox_recipient){
	    arena_strndup(r->arena, v->text, v->len), ""};
	return true;
}

static bool
take_parameters(struct reading *r, const struct json_value *v)
{
	if (!v->item || v->kind != JSON_A_TEXT ||
	    r->parameters >= r->envelope->count)
		return false;
	r->recipients[r->parameters++].parameters =
	    arena_strndup(r->arena, v->text, v->len);
	return true;
}

static bool
take_number(int64_t *number, bool *known, const struct json_value *v)
{
	if (v->kind != JSON_A_NUMBER)
		return false;
	*number = strtoll(v->text, NULL, 10);
	*known = true;
	return true;
}

/* What another version has put there besides does not matter. */
static bool
take(void *arg, const struct json_value *v)
{
	struct reading *r = arg;
	struct outbox_envelope *e = r->envelope;
	int64_t size;

	if (strcmp(v->name, "id") == 0)
		return take_id(e->id, v);
	if (strcmp(v->name, "part_of") == 0)
		return take_id(e->part_of, v);
	if (strcmp(v->name, "to") == 0)
		return take_recipient(r, v);
	if (strcmp(v->name, "parameters") == 0)
		return take_parameters(r, v);
	if (strcmp(v->name, "time") == 0)
		return take_number(&e->time, &r->has_time, v);
	if (strcmp(v->name, "size") == 0) {
		if (!take_number(&size, &r->has_size, v) || size < 0)
			return false;
		*r->size = (uint64_t)size;
	} else if (strcmp(v->name, "from") == 0) {
		if (v->kind != JSON_A_TEXT)
			return false;
		e->reverse_path = arena_strndup(r->arena, v->text, v->len);
	}
	return true;
}

/* Takes the options off the line, which is the caller's own, and gives what is
 * left.  No text can hold what they begin with: there its quotes have
 * backslashes. */
static size_t
split_options(char *line, size_t n, const char **options)
{
	const size_t begin = sizeof(OPTIONS_MEMBER) - 1;
	char *at = memmem(line, n, OPTIONS_MEMBER, begin);

	*options = NULL;
	if (at == NULL || line[n - 1] != '}')
		return n;
	line[n - 1] = '\0';
	*options = at + begin;
	*at = '}';
	return (size_t)(at - line) + 1;
}

int
envelope_read(const char *line, size_t n, struct arena *arena,
    struct outbox_envelope *e, uint64_t *size)
{
	const size_t version = sizeof(VERSION_MEMBER) - 1;
	struct reading r = {.arena = arena, .envelope = e, .size = size};
	char *copy;

	*e = (struct outbox_envelope){0};
	if (n <= version || memcmp(line, VERSION_MEMBER, version) != 0 ||
	    memchr(line, '\0', n) != NULL)
		return -1;
	copy = arena_memdup(arena, line, n);
	n = split_options(copy, n, &e->options);
	if (json_walk(copy, n, take, &r) == -1 || !r.has_size || !r.has_time ||
	    e->id[0] == '\0' || e->reverse_path == NULL || e->count == 0 ||
	    (r.parameters != 0 && r.parameters != e->count) ||
	    (e->options != NULL && e->options[0] != '{'))
		return -1;
	e->recipients = r.recipients;
	return 0;
}
