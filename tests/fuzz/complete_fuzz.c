/*
 * A complete message: whatever the bytes are, it is refused, or what goes out
 * is legal mail with the fields it needs and without Bcc; its parts and its
 * preview can be read, and so can those of the bytes themselves.  As sendmail(8)
 * takes it, with recipients in the call, it is not refused.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "lib/ascii.h"
#include "message/message.h"
#include "message/preview.h"
#include "mime/structure.h"

enum { LINE_LONGEST = 998 };

struct choice {
	struct message_params params;
	struct mime_form form;
	size_t piece;
};

/* RFC 5321 2.3.8, 4.5.3.1.6: CRLF ends each line, nothing else does. */
static void
check_legal(const struct buf *out, bool eight_bit)
{
	size_t i, column = 0;

	MUST(out->len >= 2 && out->data[out->len - 1] == '\n',
	    "the last line has no end");
	for (i = 0; i < out->len; i++) {
		unsigned char c = (unsigned char)out->data[i];

		MUST(c != '\0', "a NUL");
		MUST(c < 0x80 || eight_bit, "8 bits that were not declared");
		MUST(c != '\n', "a bare LF");
		if (c == '\r') {
			MUST(i + 1 < out->len && out->data[i + 1] == '\n',
			    "a bare CR");
			i++;
			column = 0;
		} else {
			MUST(++column <= LINE_LONGEST, "a line over 998");
		}
	}
}

/* The fields of a legal message, by the way of RFC 5322 2.2 and no other. */
static void
check_fields(const struct buf *out, const struct message_params *p)
{
	static const char *const names[] = {
	    "date", "from", "message-id", "bcc", "resent-bcc"};
	bool found[5] = {false};
	const char *line = buf_string(out), *end = line + out->len;
	size_t n, i, k;

	for (; line < end && *line != '\r'; line += n) {
		n = ascii_line(line, (size_t)(end - line));
		k = strcspn(line, ": \t\r");
		for (i = 0; i < 5; i++)
			found[i] |= ascii_equal_n(line, k, names[i]) &&
			    line[k + strspn(line + k, " \t")] == ':';
	}
	MUST(found[0] && found[1], "no Date, or no From");
	MUST(found[2] || p->resend, "no Message-ID");
	MUST(p->keep_bcc || (!found[3] && !found[4]), "Bcc leaves");
}

static void
check_facts(const struct message_facts *facts)
{
	size_t i;
	const char *r = facts->reverse_path;

	MUST(facts->recipient_count > 0, "no recipients");
	for (i = 0; i < facts->recipient_count; i++) {
		const char *m = facts->recipients[i].mailbox;

		MUST(!fuzz_control(m, strlen(m), "") && strchr(m, '@') != NULL,
		    "the recipient %s", m);
	}
	MUST(!fuzz_control(r, strlen(r), ""), "the reverse-path %s", r);
}

static void
check_preview(struct input *in)
{
	struct buf out = {0};
	struct error err;

	MUST(preview_render(in, &out, &err) == 0, "no preview: %s", err.text);
	MUST(fuzz_utf8(out.data, out.len), "a preview that is no UTF-8");
	MUST(!fuzz_control(out.data, out.len, "\n\t"), "a control in it");
	buf_clear(&out);
}

/* The parts that any bytes have. */
static void
check_structure(const char *bytes, size_t n)
{
	struct input_params params = {.fd = fuzz_file(bytes, n), .name = "x"};
	struct input in;
	struct structure s;
	struct error err;
	struct buf content = {0};
	uint64_t size;
	size_t i;

	input_begin(&in, &params);
	if (structure_read(&s, &in, &INPUT_ALL, NULL, 0, &err) == -1)
		fuzz_fail("no structure: %s", err.text);
	MUST(s.count >= 1, "no parts");
	for (i = 0; i < s.count; i++) {
		const struct structure_part *p = &s.parts[i];

		MUST(p->parent == STRUCTURE_NONE ? i == 0 : p->parent < i,
		    "a part before what it is in");
		MUST(p->body.offset <= p->body.end &&
			(p->body.end == UINT64_MAX || p->body.end <= n),
		    "a part that ends beyond the message");
		MUST(p->filename == NULL ||
			!fuzz_control(p->filename, strlen(p->filename), "\t"),
		    "a control in a file's name");
		if (p->kind != STRUCTURE_LEAF)
			continue;
		MUST(fuzz_drain(structure_open(&in, p), 777, &content, &err) ==
			0,
		    "no content: %s", err.text);
		MUST(structure_size(&in, p, &size, &err) == 0 &&
			size == content.len,
		    "a size of %llu, %zu octets", (unsigned long long)size,
		    content.len);
		buf_reset(&content);
	}
	structure_clear(&s);
	check_preview(&in);
	input_end(&in);
	close(params.fd);
	buf_clear(&content);
}

static void
check_stream(struct message *m, const struct choice *c)
{
	const struct message_facts *facts = message_facts(m);
	struct mime_stream stream, again;
	struct buf out = {0}, other = {0};
	struct error err = {0};

	if (message_open(m, &c->form, &stream, &err) == -1) {
		MUST(err.status == EX_DATAERR, "status %d", err.status);
		return;
	}
	MUST(fuzz_drain(stream.source, c->piece, &out, &err) == 0,
	    "it fails on its way: %s", err.text);
	MUST(stream.size == out.len, "a size of %llu, %zu octets",
	    (unsigned long long)stream.size, out.len);
	check_legal(&out, stream.eight_bit || facts->utf8_header);
	MUST(c->form.eight_bit || !stream.eight_bit, "8 bits, not offered");
	MUST(c->form.utf8 || !facts->utf8_header, "UTF-8, not offered");
	check_fields(&out, &c->params);
	if (facts->lasting) {
		MUST(message_open(m, &c->form, &again, &err) == 0 &&
			fuzz_drain(again.source, 4096, &other, &err) == 0,
		    "not a second time: %s", err.text);
		fuzz_same("the second time", out.data, out.len, other.data,
		    other.len);
	}
	check_structure(out.data, out.len);
	buf_clear(&out);
	buf_clear(&other);
}

static void
choose(struct fuzz *f, struct choice *c)
{
	static const char *const bob[] = {"bob@host.test"};
	static const struct message_local local = {
	    .sendmail = true, .domain = "local.test", .qualify = true};
	unsigned how = fuzz_byte(f), form = fuzz_byte(f);

	*c = (struct choice){
	    .params =
		{
		    .ident = {.now = 1763024400,
			.zone_minutes = 60,
			.random = "0123456789abcde",
			.host = "host.test",
			.user = "ann",
			.name = "Ann"},
		    .input_name = "x",
		    .complete = true,
		    .strict = how & 1,
		    .repair = how & 2,
		    .resend = how & 4,
		    .keep_bcc = how & 8,
		    .recipients_from_header = how & 16,
		    .lasting = how & 32,
		},
	    .form = {.eight_bit = form & 1, .utf8 = form & 2},
	    .piece = 1 + (form >> 2) * 50,
	};
	if (how & 64) {
		c->params.local = &local;
		c->params.resend = false;
		c->params.envelope_from = "www-data";
	}
	if (c->params.resend)
		c->params.recipients_from_header = false;
	if (c->params.recipients_from_header)
		return;
	c->params.to = bob;
	c->params.to_count = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	struct choice c;
	struct message *m = NULL;
	struct error err = {0};
	size_t len;
	char *text;

	choose(&f, &c);
	text = fuzz_rest(&f, &len);
	c.params.input_fd = fuzz_file(text, len);
	if (message_new(&c.params, &m, &err) == 0) {
		check_facts(message_facts(m));
		check_stream(m, &c);
		message_free(m);
	} else {
		MUST(c.params.local == NULL || c.params.to_count == 0,
		    "refused under the name sendmail: %s", err.text);
		MUST(err.status == EX_DATAERR || err.status == EX_USAGE ||
			err.status == EX_NOINPUT || err.status == EX_OSERR,
		    "status %d: %s", err.status, err.text);
		MUST(err.text[0] != '\0', "an error without a word");
	}
	close(c.params.input_fd);
	check_structure(text, len);
	free(text);
	return 0;
}
