/*
 * Replies and capabilities: the same whatever the pieces they come in, never
 * beyond their bounds, and what RFC 5321 4.2 calls a reply is one.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "smtp/capability.h"
#include "smtp/reply.h"

/* The session's buffer: a line that is longer ends it before. */
enum { IN_MAX = SMTP_REPLY_MAX + 2 };

struct reading {
	struct smtp_reply reply;
	int state;   /* what smtp_reply_parse said last */
	size_t used; /* octets */
};

static void
read_in_pieces(
    struct reading *r, const char *bytes, size_t n, size_t piece, bool abridge)
{
	size_t have = 0, used;
	char *copy;

	smtp_reply_init(&r->reply);
	r->reply.abridge = abridge;
	while (have < n && r->state == 0) {
		have = n - have < piece ? n : have + piece;
		if (have - r->used > IN_MAX)
			return;
		/* Of its own size: what is read behind it is seen. */
		copy = malloc(have > r->used ? have - r->used : 1);
		memcpy(copy, bytes + r->used, have - r->used);
		r->state =
		    smtp_reply_parse(&r->reply, copy, have - r->used, &used);
		MUST(used <= have - r->used, "more was used than there is");
		r->used += used;
		free(copy);
	}
}

/* The code of the reply that the bytes begin with, 0 if none does. */
static int
code_of(const char *bytes, size_t n)
{
	const char *lf = memchr(bytes, '\n', n);
	size_t len = lf == NULL ? 0 : (size_t)(lf - bytes);

	if (len > 0 && bytes[len - 1] == '\r')
		len--;
	if (len < 3 || strspn(bytes, "0123456789") != 3 || bytes[0] < '2' ||
	    bytes[0] > '5' || (len > 3 && bytes[3] != ' ' && bytes[3] != '-'))
		return 0;
	return atoi(bytes);
}

static void
check_capabilities(const struct smtp_reply *reply)
{
	static const char *const without[] = {"SIZE", "auth"};
	struct smtp_capabilities all, some;

	smtp_capability_read(&all, reply, NULL, 0);
	smtp_capability_read(&some, reply, without, 2);
	MUST(some.set == (all.set & ~(unsigned)(SMTP_SIZE | SMTP_AUTH)),
	    "without SIZE and AUTH: %x of %x", some.set, all.set);
	MUST(all.set & SMTP_SIZE || all.size_max == 0, "a size without SIZE");
	MUST(all.set & SMTP_AUTH || all.mechanisms == 0,
	    "mechanisms without AUTH");
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	unsigned how = fuzz_byte(&f);
	size_t piece = 1 + fuzz_byte(&f) % 50, len;
	char *text = fuzz_rest(&f, &len);
	struct reading whole = {0}, pieces = {0};
	const struct smtp_reply *a = &whole.reply, *b = &pieces.reply;

	read_in_pieces(&whole, text, len, SIZE_MAX, how & 1);
	read_in_pieces(&pieces, text, len, piece, how & 1);
	MUST(whole.state == pieces.state, "it depends on the pieces: %d, %d",
	    whole.state, pieces.state);
	MUST(a->text.len <= SMTP_REPLY_MAX, "beyond the maximum");
	if (whole.state == 1) {
		MUST(whole.used == pieces.used, "%zu octets, %zu in pieces",
		    whole.used, pieces.used);
		MUST(a->code == b->code && a->lines == b->lines &&
			strcmp(a->enhanced, b->enhanced) == 0,
		    "another code in pieces");
		fuzz_same("the text in pieces", a->text.data, a->text.len,
		    b->text.data, b->text.len);
		MUST(a->code == code_of(text, len), "code %d", a->code);
		MUST(memchr(buf_string(&a->text), '\0', a->text.len) == NULL,
		    "a NUL in the text");
		check_capabilities(a);
	} else if (whole.state == 0) {
		MUST(memchr(text, '\n', len) == NULL || code_of(text, len) > 0,
		    "no reply, and it was not seen");
	} else {
		MUST(a->fault != NULL, "no reply, and no reason");
	}
	smtp_reply_clear(&whole.reply);
	smtp_reply_clear(&pieces.reply);
	free(text);
	return 0;
}
