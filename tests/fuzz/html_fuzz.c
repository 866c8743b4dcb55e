/*
 * HTML: the text that is made of it keeps what html.h promises of it, and what
 * refers to nothing stays byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "html/html.h"

/* Growth of the text: "> " and blanks before each line, and a link's URL. */
enum { GROWTH = 60, GROWTH_LEAST = 1000 };

static void
check_text(const struct buf *out, size_t html_len)
{
	const char *t = buf_string(out);
	size_t i;

	MUST(fuzz_utf8(t, out->len), "no UTF-8");
	MUST(!fuzz_control(t, out->len, "\n"), "a control");
	MUST(out->len <= html_len * GROWTH + GROWTH_LEAST, "%zu octets of %zu",
	    out->len, html_len);
	if (out->len == 0)
		return;
	MUST(t[out->len - 1] == '\n', "no line end at the end");
	MUST(t[0] != '\n', "a blank first line");
	for (i = 1; i < out->len; i++) {
		MUST(t[i] != '\n' || t[i - 1] != ' ', "a blank at a line end");
		MUST(t[i] != '\n' || t[i - 1] != '\n' || i + 1 < out->len,
		    "a blank last line");
		MUST(i < 2 || t[i] != '\n' || t[i - 1] != '\n' ||
			t[i - 2] != '\n',
		    "two blank lines");
	}
}

static size_t
times(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
check_references(const char *html, size_t n)
{
	struct html_reference refs[] = {{.name = "a.png", .cid = "qqq1@x.test"},
	    {.name = "dir/b c.png", .cid = "qqq2@x.test"}};
	struct buf out = {0}, unanswered = {0};
	size_t i;

	MUST(html_refer(html, n, refs, 2, &out, &unanswered) == 0, "no room");
	if (refs[0].count + refs[1].count == 0)
		fuzz_same("the HTML that refers to nothing", html, n, out.data,
		    out.len);
	for (i = 0; i < 2 && memchr(html, '\0', n) == NULL; i++)
		MUST(times(buf_string(&out), refs[i].cid) ==
			refs[i].count + times(html, refs[i].cid),
		    "%zu references", refs[i].count);
	MUST(unanswered.len <= n, "a URL of %zu octets of %zu", unanswered.len,
	    n);
	buf_clear(&out);
	buf_clear(&unanswered);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	size_t len;
	char *html = fuzz_rest(&f, &len);
	struct arena arena = {0};
	struct buf out = {0};
	const char *charset;

	MUST(html_to_text(html, len, &out) == 0, "no room");
	if (out.len > 0)
		fuzz_same("the NUL behind", "", 1, out.data + out.len, 1);
	check_text(&out, len);
	check_references(html, len);
	charset = html_charset(&arena, html, len);
	MUST(charset == NULL || !fuzz_control(charset, strlen(charset), ""),
	    "a control in the charset");
	buf_clear(&out);
	arena_clear(&arena);
	free(html);
	return 0;
}
