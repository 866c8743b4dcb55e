/* answer: see answer.h. */
#include "message/answer.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"

#include "message/leaf.h"
#include "message/repair.h"
#include "rfc5322/header.h"
#include "rfc5322/ident.h"
#include "rfc5322/words.h"

enum { REFERENCES_MAX = 64 }; /* of a longer thread: its first, and the last */

struct idents {
	const char **items;
	size_t count;
};

/* The message identifiers in the value of a field, whatever else is there. */
static void
collect(struct arena *a, const struct header_field *f, struct idents *out)
{
	struct buf text = {0};
	const char *p, *close, *id;
	size_t most = 1;

	header_unfold(f, &text);
	for (p = buf_string(&text); *p != '\0'; p++)
		most += *p == '<';
	out->items = arena_alloc(a, most * sizeof(*out->items));
	out->count = 0;
	for (p = buf_string(&text); (p = strchr(p, '<')) != NULL;) {
		close = strchr(p, '>');
		if (close == NULL)
			break;
		id = arena_strndup(a, p, (size_t)(close - p) + 1);
		if (ident_is_message_id(id) && strlen(id) <= IDENT_MAX)
			out->items[out->count++] = id;
		p++;
	}
	buf_clear(&text);
}

/* The thread so far, and the message itself at its end. */
static const char *
thread(struct arena *a, const struct idents *before, const char *id)
{
	struct buf text = {0};
	const char *result;
	size_t i;

	for (i = 0; i < before->count; i++) {
		if (strcmp(before->items[i], id) == 0 ||
		    (i > 0 && before->count - i >= REFERENCES_MAX - 1))
			continue;
		buf_printf(&text, "%s ", before->items[i]);
	}
	buf_puts(&text, id);
	result = arena_strdup(a, buf_string(&text));
	buf_clear(&text);
	return result;
}

static const char *
skip_re(const char *p)
{
	p += strspn(p, " \t");
	while (ascii_equal_n(p, strlen(p) < 3 ? strlen(p) : 3, "Re:"))
		p += 3 + strspn(p + 3, " \t");
	return p;
}

/* "Re: " and the subject without the "Re:" that it has.  What is not all
 * understood is passed on as it stands. */
static void
read_subject(struct message *m, const struct header_field *f,
    const char *charset, struct answer *out)
{
	struct buf value = {0}, text = {0};
	const char *raw;

	header_unfold(f, &value);
	raw = skip_re(buf_string(&value));
	out->subject_encoded = !words_decode_whole(&text, raw, strlen(raw)) &&
	    (strstr(raw, "=?") != NULL || charset == NULL ||
		charset_decode(charset, strlen(charset), raw, strlen(raw),
		    &text) != CHARSET_WHOLE);
	if (out->subject_encoded) {
		buf_reset(&text);
		repair_text(&text, raw, strlen(raw));
	}
	out->subject =
	    arena_printf(&m->arena, "Re: %s", skip_re(buf_string(&text)));
	buf_clear(&value);
	buf_clear(&text);
}

static int
read_message(struct message *m, const struct input *in, const char *charset,
    struct answer *out, struct error *err)
{
	static const char *const names[] = {
	    "Message-ID", "References", "In-Reply-To", "Subject"};
	struct header_field found[4] = {{0}}, f;
	struct idents id = {0}, before = {0};
	const char *p = buf_string(&in->kept), *end = p + in->kept.len;
	size_t i;

	if (in->kept.len >= 5 && memcmp(p, "From ", 5) == 0)
		p += ascii_line(p, in->kept.len);
	for (; p < end && header_parse(p, end, &f); p = f.next)
		for (i = 0; i < 4; i++)
			if (found[i].name == NULL &&
			    ascii_equal_n(f.name, f.name_len, names[i]))
				found[i] = f;
	if (found[0].name != NULL)
		collect(&m->arena, &found[0], &id);
	if (id.count == 0) {
		error_set(err, EX_DATAERR, "%s: no Message-ID to refer to",
		    in->params.name);
		return error_hint(err,
		    "--in-reply-to '<ID>' names the message that is answered");
	}
	if (found[1].name != NULL)
		collect(&m->arena, &found[1], &before);
	else if (found[2].name != NULL)
		collect(&m->arena, &found[2], &before);
	/* Several parents and no thread: RFC 5322 3.6.4 takes none over. */
	if (found[1].name == NULL && before.count > 1)
		before.count = 0;
	out->in_reply_to = id.items[0];
	out->references = thread(&m->arena, &before, id.items[0]);
	if (found[3].name != NULL)
		read_subject(m, &found[3], charset, out);
	return 0;
}

int
answer_read(struct message *m, const struct message_params *p,
    struct answer *out, struct error *err)
{
	struct input_params params;
	struct input *in;

	*out = (struct answer){0};
	if (p->in_reply_to != NULL) {
		if (ident_option(&m->arena, "--in-reply-to", p->in_reply_to,
			&out->in_reply_to, err) == -1)
			return -1;
		out->references = out->in_reply_to;
		return 0;
	}
	if (p->answered == NULL)
		return 0;
	params = (struct input_params){.text = p->answered->text,
	    .fd = p->answered->fd,
	    .name = p->answered->name,
	    .wait = p->wait};
	in = draft_input(m, &params);
	if (input_skip_mark(in, err) == -1 || leaf_read_header(in, err) == -1)
		return -1;
	in->ended = true; /* the rest is nobody's concern */
	return read_message(m, in, p->charset, out, err);
}
