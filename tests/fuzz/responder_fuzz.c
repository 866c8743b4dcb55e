/* The server's side of a session: whatever a client sends, cut as it may be, it is
 * told the same; every reply is one; and the messages are those that a plain
 * reading of RFC 5321 finds. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "smtp/responder.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct run {
	struct buf said, told;
	unsigned answers;
};

/* Of the texts that a server may have. */
static void
answer(struct responder *r, struct run *run, unsigned refuses)
{
	static const char *const texts[] = {"yes", "", "5.1.1 \x1b[2J\n\n\xff",
	    "2.1.5 \xc3\xa4\xc3\xb6", "4.2.2", "\n"};
	const unsigned at = run->answers++;
	const char *text = texts[at % (sizeof(texts) / sizeof(texts[0]))];

	if (r->asked == RESPONDER_DATA)
		responder_answer(r, 354, "", text);
	else if (refuses != 0 && at % (refuses + 1) == refuses)
		responder_answer(r, at % 2 == 0 ? 550 : 450, "", text);
	else
		responder_answer(r, 250, "", text);
}

static void
take(struct run *run, struct responder *r, const struct responder_event *e,
    unsigned refuses)
{
	static const char names[] = "MRDETSQ";

	if (e->type == RESPONDER_TEXT) {
		MUST(e->n > 0, "no octets");
		buf_append(&run->told, e->bytes, e->n);
		return;
	}
	buf_putc(&run->told, names[e->type]);
	if (e->type == RESPONDER_MAIL || e->type == RESPONDER_RCPT) {
		MUST(!fuzz_control(e->path, strlen(e->path), "\t"),
		    "controls in a path");
		MUST(fuzz_utf8(e->path, strlen(e->path)), "a path not UTF-8");
		MUST(strlen(e->path) <= RESPONDER_PATH_MAX, "a long path");
		buf_puts(&run->told, e->path);
	}
	if (e->type <= RESPONDER_END)
		answer(r, run, refuses);
}

static void
play(struct run *run, const char *bytes, size_t n, size_t piece,
    unsigned refuses)
{
	struct responder r;
	struct responder_event e;
	size_t at, len;

	responder_init(&r, "here", 0);
	for (at = 0; at < n; at += len) {
		len = n - at < piece ? n - at : piece;
		responder_receive(&r, bytes + at, len);
		while (responder_event(&r, &e))
			take(run, &r, &e, refuses);
		buf_append(&run->said, r.out.data, r.out.len);
		buf_reset(&r.out);
	}
	responder_clear(&r);
}

static void
check_replies(const struct buf *said)
{
	const char *line = buf_string(said), *end = line + said->len;
	size_t n;

	for (; line < end; line += n + 1) {
		n = strcspn(line, "\n");
		MUST(line[n] == '\n' && n >= 5 && line[n - 1] == '\r',
		    "a reply without its end");
		MUST(n < 512, "a long reply");
		MUST(line[0] >= '2' && line[0] <= '5' &&
			(line[3] == ' ' || line[3] == '-'),
		    "no reply");
		MUST(!fuzz_control(line, n - 1, "") && fuzz_utf8(line, n),
		    "no text");
	}
}

/* Of a whole line, with its end; 0: there is none. */
static size_t
line_length(const char *s, size_t n, bool bare)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] == '\n' && (bare || (i > 0 && s[i - 1] == '\r')))
			return i + 1;
	return 0;
}

/* A message alone, as 4.1.1.4 and 4.5.2 read it: its octets, the end included;
 * 0: it has none. */
static size_t
plain_reading(const char *s, size_t n, bool bare, struct buf *out)
{
	size_t at, len;

	for (at = 0; (len = line_length(s + at, n - at, bare)) > 0; at += len) {
		const char *line = s + at;

		if ((len == 3 && memcmp(line, ".\r\n", 3) == 0) ||
		    (bare && len == 2 && line[0] == '.'))
			return at + len;
		buf_append(out, line + (*line == '.'), len - (*line == '.'));
	}
	return 0;
}

static void
check_message(const char *text, size_t n, bool bare)
{
	static const char *const begins[] = {
	    "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n",
	    "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\n"};
	struct responder r;
	struct responder_event e;
	struct buf found = {0}, expected = {0};
	size_t end = plain_reading(text, n, bare, &expected);
	bool ended = false;

	responder_init(&r, "here", 0);
	responder_receive(&r, begins[bare], strlen(begins[bare]));
	responder_receive(&r, text, n);
	while (!ended && responder_event(&r, &e)) {
		if (e.type == RESPONDER_TEXT)
			buf_append(&found, e.bytes, e.n);
		ended = e.type == RESPONDER_END;
		if (e.type <= RESPONDER_DATA)
			responder_answer(
			    &r, e.type == RESPONDER_DATA ? 354 : 250, "", "");
	}
	MUST(ended == (end > 0), "ended: %d, expected: %zu", ended, end);
	if (ended) {
		fuzz_same("message", found.data, found.len, expected.data,
		    expected.len);
		MUST(r.in.len - r.at == n - end, "it ends elsewhere");
	}
	responder_clear(&r);
	buf_clear(&found);
	buf_clear(&expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	struct run whole = {0}, cut = {0};
	unsigned refuses = fuzz_byte(&f) % 4;
	size_t piece = 1 + fuzz_below(&f, 9), len;
	char *text = fuzz_rest(&f, &len);

	play(&whole, text, len, len + 1, refuses);
	play(&cut, text, len, piece, refuses);
	fuzz_same("replies", whole.said.data, whole.said.len, cut.said.data,
	    cut.said.len);
	fuzz_same("events", whole.told.data, whole.told.len, cut.told.data,
	    cut.told.len);
	check_replies(&whole.said);
	check_message(text, len, false);
	check_message(text, len, true);
	free(text);
	buf_clear(&whole.said);
	buf_clear(&whole.told);
	buf_clear(&cut.said);
	buf_clear(&cut.told);
	return 0;
}
