/* parts: leaves first, then what goes around them. */
#include "message/parts.h"

#include <string.h>

#include "message/attachment.h"
#include "message/body.h"
#include "message/forward.h"
#include "message/leaf.h"
#include "message/rich.h"
#include "mime/boundary.h"
#include "rfc5322/ident.h"

/* Octets of each part that are kept while it is looked at; of all parts
 * together, what may stay in memory until the message is sent. */
enum { KEPT = 64 * 1024, KEPT_ALL = 1024 * 1024 };

struct making {
	struct leaf_context context;
	struct boundary boundary;
	struct input **inputs; /* of the params' parts */
	const char **cids;     /* theirs, as far as they are made */
	size_t kept;	       /* by those that were made */
	const struct fields *fields;
};

struct references {
	struct html_reference *items;
	size_t count;
};

/* Siblings in their order. */
struct siblings {
	struct mime_part *first, **end;
	size_t count;
};

static void
add(struct siblings *s, struct mime_part *p)
{
	if (s->count++ == 0)
		s->end = &s->first;
	*s->end = p;
	s->end = &p->next;
}

/* The siblings as one part: the only one itself, or a multipart around them. */
static int
join(struct making *k, const struct siblings *s, const char *type,
    struct mime_part **out, struct error *err)
{
	struct message *m = k->context.message;
	struct leaf_fields fields = {0};

	*out = s->first;
	if (s->count < 2)
		return 0;
	*out = arena_alloc(&m->arena, sizeof(**out));
	(*out)->children = s->first;
	(*out)->boundary = boundary_next(&k->boundary, &m->arena);
	fields.type = arena_printf(
	    &m->arena, "%s; boundary=\"%s\"", type, (*out)->boundary);
	return leaf_put_fields(m, *out, &fields, err);
}

static int
begin_input(struct making *k, const struct message_part *part,
    struct input **out, struct error *err)
{
	const struct message_params *p = k->context.params;
	struct input_params params = {
	    .text = part->text,
	    .fd = part->fd,
	    .name = part->name,
	    .wait = p->wait,
	    .temp_dir = p->temp_dir,
	};

	*out = draft_input(k->context.message, &params);
	if (input_is_lasting(*out))
		return 0;
	if (input_keep(*out, KEPT, err) == -1)
		return -1;
	return input_spool(*out, err);
}

/* The input of a part whose turn it is, with its beginning. */
static int
take_input(struct making *k, size_t at, struct input **out, struct error *err)
{
	*out = k->inputs[at];
	return input_keep(*out, KEPT, err);
}

/* Many parts need not be in memory all at once. */
static void
leave_input(struct making *k, struct input *in)
{
	k->kept += in->kept.len;
	if (k->kept > KEPT_ALL)
		input_forget(in);
}

static int
mix_parts(struct making *k, struct ident *ident, struct error *err)
{
	const struct message_params *p = k->context.params;
	size_t i, n;

	for (i = 0; i < p->part_count; i++) {
		const struct message_part *part = &p->parts[i];
		const char *const texts[] = {part->name, part->type,
		    part->filename, part->cid, part->encoding};

		for (n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
			ident_mix_text(ident, texts[n]);
		n = part->use * 2 + part->is_inline;
		ident_mix(ident, &n, sizeof(n));
		if (draft_mix(k->inputs[i], ident, err) == -1)
			return -1;
	}
	return draft_mix(&k->context.message->input, ident, err);
}

static int
begin_inputs(struct making *k, struct ident *ident, struct error *err)
{
	const struct message_params *p = k->context.params;
	struct input *body = &k->context.message->input;
	size_t i;

	k->inputs = arena_alloc(&k->context.message->arena,
	    (p->part_count + 1) * sizeof(struct input *));
	k->cids = arena_alloc(
	    &k->context.message->arena, (p->part_count + 1) * sizeof(char *));
	if (input_keep(body, INPUT_KEPT, err) == -1 ||
	    input_spool(body, err) == -1)
		return -1;
	for (i = 0; i < p->part_count; i++)
		if (begin_input(k, &p->parts[i], &k->inputs[i], err) == -1)
			return -1;
	return ident->reproducible ? mix_parts(k, ident, err) : 0;
}

static size_t
index_of(const struct making *k, enum message_use use)
{
	const struct message_params *p = k->context.params;
	size_t i;

	for (i = 0; i < p->part_count && p->parts[i].use != use; i++)
		;
	return i;
}

static bool
has_use(const struct making *k, enum message_use use)
{
	return index_of(k, use) < k->context.params->part_count;
}

/* The Content-ID of a part: the one given, or one that is made, or none.  No two
 * parts have the same (RFC 2045 7). */
static int
take_cid(struct making *k, size_t at, bool needed, const char **cid,
    struct error *err)
{
	const struct message_part *parts = k->context.params->parts;
	size_t i;

	if (leaf_cid(&k->context, &parts[at], cid, err) == -1)
		return -1;
	if (*cid == NULL && needed)
		*cid = rich_cid(&k->context, &parts[at], k->inputs[at]);
	k->cids[at] = *cid;
	for (i = 0; *cid != NULL && i < k->context.params->part_count; i++)
		if (i != at && k->cids[i] != NULL &&
		    strcmp(k->cids[i], *cid) == 0)
			return error_set(err, EX_USAGE,
			    strcmp(parts[i].name, parts[at].name) == 0
				? "%s: given twice"
				: "%s: its cid=%s is that of %s, too",
			    parts[at].name, *cid, parts[i].name);
	return 0;
}

static void
add_reference(struct references *r, const char *name, const char *cid)
{
	r->items[r->count++] = (struct html_reference){name, cid, 0};
}

/* What the HTML may call a part: its file's name, and its Content-ID as it was
 * given or as it is. */
static void
add_references(
    struct making *k, size_t at, const char *cid, struct references *r)
{
	const struct message_part *part = &k->context.params->parts[at];
	struct arena *a = &k->context.message->arena;

	add_reference(r, part->name, cid);
	add_reference(r, arena_printf(a, "cid:%s", cid), cid);
	if (part->cid != NULL)
		add_reference(r, arena_printf(a, "cid:%s", part->cid), cid);
}

/* Where nobody was given it, a file's name may be its Content-ID. */
static void
add_names(struct making *k, struct references *r)
{
	const struct message_part *parts = k->context.params->parts;
	const char *slash, *name;
	size_t i;

	for (i = 0; i < k->context.params->part_count; i++) {
		if (k->cids[i] == NULL || parts[i].cid != NULL)
			continue;
		slash = strrchr(parts[i].name, '/');
		name = slash != NULL ? slash + 1 : parts[i].name;
		add_reference(r,
		    arena_printf(&k->context.message->arena, "cid:%s", name),
		    k->cids[i]);
	}
}

/* What the HTML shows, each with its Content-ID: the one given, or one made of
 * its name and its content. */
static int
make_related(struct making *k, struct siblings *out, struct references *refs,
    struct error *err)
{
	const struct leaf_context *c = &k->context;
	const struct message_params *p = c->params;
	struct message_part part;
	struct mime_part *made;
	struct input *in;
	const char *cid;
	size_t i;

	for (i = 0; i < p->part_count; i++) {
		part = p->parts[i];
		if (part.use != MESSAGE_RELATED)
			continue;
		if (take_input(k, i, &in, err) == -1 ||
		    take_cid(k, i, true, &cid, err) == -1)
			return -1;
		part.is_inline = true;
		if (attachment_make(c, &part, in, cid, &made, err) == -1)
			return -1;
		leave_input(k, in);
		add_references(k, i, cid, refs);
		add(out, made);
	}
	return 0;
}

static bool
is_taken(const struct making *k, const char *cid)
{
	size_t i;

	for (i = 0; i < k->context.params->part_count; i++)
		if (k->cids[i] != NULL && strcmp(k->cids[i], cid) == 0)
			return true;
	return false;
}

/* The HTML may refer to any other file as well; of doubles, to the first. */
static int
refer_to_attachments(
    struct making *k, struct references *refs, struct error *err)
{
	const struct message_params *p = k->context.params;
	struct input *in;
	const char *cid;
	size_t i;

	for (i = 0; i < p->part_count; i++) {
		if ((p->parts[i].use != MESSAGE_ATTACHMENT &&
			p->parts[i].use != MESSAGE_CALENDAR) ||
		    p->parts[i].name == NULL)
			continue;
		if (take_input(k, i, &in, err) == -1 ||
		    take_cid(k, i, false, &cid, err) == -1)
			return -1;
		if (cid == NULL)
			cid = rich_cid(&k->context, &p->parts[i], in);
		input_forget(in);
		if (k->cids[i] == NULL && is_taken(k, cid))
			continue;
		k->cids[i] = cid;
		add_references(k, i, cid, refs);
	}
	return 0;
}

/* Whether the HTML refers to it by one of its names. */
static bool
is_shown(const struct references *refs, const char *cid)
{
	size_t i;

	for (i = 0; i < refs->count; i++)
		if (strcmp(refs->items[i].cid, cid) == 0 &&
		    refs->items[i].count > 0)
			return true;
	return false;
}

/* What was to be shown and is not; who is not referred to and was given no
 * Content-ID needs none. */
static void
settle_references(struct making *k, const struct references *refs)
{
	const struct message_part *parts = k->context.params->parts;
	struct message *m = k->context.message;
	size_t i;

	for (i = 0; i < k->context.params->part_count; i++) {
		if (k->cids[i] == NULL || is_shown(refs, k->cids[i]))
			continue;
		if (parts[i].use != MESSAGE_RELATED) {
			if (parts[i].cid == NULL)
				k->cids[i] = NULL;
		} else if (m->facts.not_shown == NULL) {
			m->facts.not_shown =
			    arena_strdup(&m->arena, parts[i].name);
		}
	}
}

/* The HTML and what it shows. */
static int
make_html(struct making *k, struct mime_part **out, struct mime_part **text,
    struct error *err)
{
	const struct leaf_context *c = &k->context;
	size_t at = index_of(k, MESSAGE_HTML);
	struct siblings shown = {0}, all = {0};
	struct references refs = {0};
	struct mime_part *html, *next;
	struct input *in;

	/* Each part has up to three. */
	refs.items = arena_alloc(&c->message->arena,
	    (3 * c->params->part_count + 1) * sizeof(*refs.items));
	if (make_related(k, &shown, &refs, err) == -1 ||
	    refer_to_attachments(k, &refs, err) == -1)
		return -1;
	add_names(k, &refs);
	if (take_input(k, at, &in, err) == -1 ||
	    rich_html(c, in, refs.items, refs.count, &html, text, err) == -1)
		return -1;
	settle_references(k, &refs);
	add(&all, html);
	for (; shown.first != NULL; shown.first = next) {
		next = shown.first->next;
		shown.first->next = NULL;
		add(&all, shown.first);
	}
	return join(k, &all, "multipart/related; type=\"text/html\"", out, err);
}

/* The same content in several forms, the plainest first (RFC 2046 5.1.4). */
static int
make_text(struct making *k, struct mime_part **out, struct error *err)
{
	const struct leaf_context *c = &k->context;
	const struct input *body = &c->message->input;
	bool none = c->params->body_optional && body->ended &&
	    body->kept.len == 0 && has_use(k, MESSAGE_HTML);
	struct mime_part *text = NULL, *other, **derived = none ? &text : NULL;
	struct siblings forms = {0};
	size_t i;

	if (!none && body_make(c, k->fields, &text, err) == -1)
		return -1;
	other = NULL;
	if (has_use(k, MESSAGE_HTML) &&
	    make_html(k, &other, derived, err) == -1)
		return -1;
	add(&forms, text);
	if (other != NULL)
		add(&forms, other);
	i = index_of(k, MESSAGE_CALENDAR);
	if (i < c->params->part_count) {
		if (rich_calendar(c, k->inputs[i], &other, err) == -1)
			return -1;
		add(&forms, other);
	}
	return join(k, &forms, "multipart/alternative", out, err);
}

static int
make_attachment(
    struct making *k, size_t at, struct mime_part **out, struct error *err)
{
	const struct leaf_context *c = &k->context;
	struct message_part part = c->params->parts[at];
	const char *cid = k->cids[at];
	struct input *in;

	if (part.use == MESSAGE_FORWARD) {
		if (forward_make(c, k->inputs[at], out, err) == -1)
			return -1;
		leave_input(k, k->inputs[at]);
		return 0;
	}
	if (part.use == MESSAGE_CALENDAR) {
		/* For those that save it: RFC 6047 2.4, and what is done. */
		part.type = "application/ics";
		if (part.filename != NULL && *part.filename == '\0')
			part.filename = "invite.ics";
	}
	part.is_inline |= part.use == MESSAGE_RELATED;
	if (take_input(k, at, &in, err) == -1 ||
	    (cid == NULL && take_cid(k, at, false, &cid, err) == -1) ||
	    attachment_make(c, &part, in, cid, out, err) == -1)
		return -1;
	leave_input(k, in);
	return 0;
}

static int
make_mixed(struct making *k, struct mime_part **out, struct error *err)
{
	const struct message_params *p = k->context.params;
	/* In this order; 2: what HTML would have shown. */
	static const enum message_use uses[] = {MESSAGE_RELATED,
	    MESSAGE_CALENDAR, MESSAGE_ATTACHMENT, MESSAGE_FORWARD};
	struct siblings all = {0};
	struct mime_part *made;
	size_t u, i;

	if (make_text(k, &made, err) == -1)
		return -1;
	add(&all, made);
	for (u = 0; u < sizeof(uses) / sizeof(uses[0]); u++) {
		if (uses[u] == MESSAGE_RELATED && has_use(k, MESSAGE_HTML))
			continue;
		for (i = 0; i < p->part_count; i++) {
			if (p->parts[i].use != uses[u])
				continue;
			if (make_attachment(k, i, &made, err) == -1)
				return -1;
			add(&all, made);
		}
	}
	return join(k, &all, "multipart/mixed", out, err);
}

static int
check_params(const struct making *k, struct error *err)
{
	const struct fields *f = k->fields;

	if (k->context.params->part_count == 0 || !f->content_type.composite)
		return 0;
	error_set(err, EX_USAGE,
	    "--header 'Content-Type: %.60s': the message has other parts, too",
	    f->own[FIELD_CONTENT_TYPE]->value);
	return error_hint(err,
	    "with parts of its own making the message gets its type by itself");
}

int
parts_make(struct message *m, const struct message_params *p,
    const struct fields *fields, struct ident *ident, struct error *err)
{
	struct making k = {
	    .context = {.message = m,
		.params = p,
		.ident = ident,
		.boundary = &k.boundary},
	    .fields = fields,
	};
	struct mime_part *root;
	unsigned n;

	if (check_params(&k, err) == -1 || begin_inputs(&k, ident, err) == -1)
		return -1;
	for (n = 0;; n++) {
		if (p->part_count > 0)
			boundary_init(&k.boundary, ident, n);
		memset(k.cids, 0, p->part_count * sizeof(*k.cids));
		if (make_mixed(&k, &root, err) == -1)
			return -1;
		if (!k.boundary.found || k.boundary.used == 0)
			break;
	}
	m->root = *root;
	m->root.next = NULL;
	return 0;
}
