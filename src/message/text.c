/* text: converted to UTF-8 as it goes by, unless it is in UTF-8. */
#include "message/text.h"

#include "lib/charset.h"

struct reading {
	struct charset charset;
	bool converts;
	struct boundary *boundary;
};

static void
read_piece(void *arg, const char *bytes, size_t n)
{
	struct reading *r = arg;

	if (r->converts)
		charset_update(&r->charset, bytes, n);
	boundary_update(r->boundary, bytes, n);
}

int
text_scan(
    struct arena *a, struct mime_part *part, struct text *t, struct error *err)
{
	struct reading r = {.boundary = t->boundary};
	const struct scan *s = &part->scan;
	bool utf8 = t->charset != NULL && charset_is_utf8(t->charset);
	int result;

	r.converts = t->charset != NULL && !utf8;
	boundary_begin(t->boundary);
	if (r.converts &&
	    charset_begin(&r.charset, t->charset, NULL, err) == -1)
		return error_context(err, "%s", part->input->params.name);
	result = draft_scan(part, read_piece, &r, err);
	if (r.converts)
		charset_end(&r.charset);
	if (result == -1 || t->charset == NULL)
		return result;
	t->wrong = utf8 ? s->ill_formed != 0 : r.charset.wrong;
	t->wrong_at = utf8 ? s->ill_formed - 1 : r.charset.done;
	t->label = utf8 ? "utf-8" : charset_label(a, t->charset);
	if (s->count[SCAN_EIGHT_BIT] == 0 && !r.charset.differs)
		t->label = "us-ascii";
	return 0;
}

int
text_check(
    const struct mime_part *part, const struct text *t, struct error *err)
{
	const char *name = part->input->params.name;

	if (t->ascii && part->scan.count[SCAN_EIGHT_BIT] > 0)
		return error_set(err, EX_DATAERR,
		    "%s: line %llu: an 8-bit byte, which is not US-ASCII", name,
		    (unsigned long long)part->scan.first[SCAN_EIGHT_BIT]);
	if (part->scan.count[SCAN_NUL] > 0) {
		error_set(err, EX_DATAERR, "%s: line %llu: NUL byte", name,
		    (unsigned long long)part->scan.first[SCAN_NUL]);
		return error_hint(err,
		    "this is no text for mail; UTF-16 has to be converted to "
		    "UTF-8 first");
	}
	if (!t->wrong)
		return 0;
	error_set(err, EX_DATAERR, "%s: byte %llu is not %s", name,
	    (unsigned long long)t->wrong_at + part->input->skipped + 1,
	    charset_is_utf8(t->charset) ? "UTF-8" : t->charset);
	if (!t->by_option)
		return -1;
	return error_hint(
	    err, "--charset NAME says which charset the text is in");
}
