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

/* The line of the byte at an offset of the part; 0: it cannot be read. */
static uint64_t
line_at(const struct mime_part *part, uint64_t offset)
{
	uint64_t at = part->range.offset, end = at + offset;
	uint64_t line = part->range.line;
	struct error ignored;
	char piece[8192];
	ssize_t n, i;

	for (; at < end; at += (uint64_t)n) {
		n = end - at < sizeof(piece) ? (ssize_t)(end - at)
					     : (ssize_t)sizeof(piece);
		n = input_read(part->input, at, piece, (size_t)n, &ignored);
		if (n <= 0)
			return 0;
		for (i = 0; i < n; i++)
			line += piece[i] == '\n';
	}
	return line;
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
	return error_hint(err, "it is in line %llu%s",
	    (unsigned long long)line_at(part, t->wrong_at),
	    t->by_option ? "\n--charset NAME says which charset the text is in"
			 : "");
}
