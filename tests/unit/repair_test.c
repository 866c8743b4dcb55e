/* What mail cannot carry is encoded, and all else stays as it is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "content/encode.h"
#include "lib/buf.h"
#include "message/repair.h"
#include "message_testutil.h"
#include "mime/structure.h"

/* The message to bob, from a file, so that it may hold NUL. */
static void
send(const struct buf *text, bool repair, const struct mime_form *form,
    struct buf *out)
{
	struct message_params p = testmail_params();

	p.complete = true;
	p.repair = repair;
	p.input_fd = testmail_file(text->data, text->len);
	testmail_to_bob(&p);
	testmail_send(&p, form, out, NULL);
	close(p.input_fd);
}

#define HEADER "Date: x\r\nFrom: a@b.test\r\nMessage-ID: <1@2>\r\n"

static void
check_rows(
    const char *const (*rows)[2], size_t count, const struct mime_form *form)
{
	struct buf text = {0}, out = {0};
	size_t i;

	for (i = 0; i < count; i++) {
		buf_reset(&text);
		buf_puts(&text, HEADER);
		buf_puts(&text, rows[i][0]);
		send(&text, true, form, &out);
		assert_memory_equal(out.data, HEADER, strlen(HEADER));
		assert_string_equal(out.data + strlen(HEADER), rows[i][1]);
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_text_of_8_bits_is_encoded_for_a_server_without_8bitmime(void **state)
{
	static const char *const rows[][2] = {
	    {"\r\nf\xc3\xbcr dich und mich\r\n",
		"MIME-Version: 1.0\r\nContent-Type: text/plain; "
		"charset=utf-8\r\nContent-Transfer-Encoding: "
		"quoted-printable\r\n\r\nf=C3=BCr dich und mich\r\n"},
	    {"\r\nf\xfcr dich und mich\r\n",
		"MIME-Version: 1.0\r\nContent-Type: text/plain; "
		"charset=unknown-8bit\r\nContent-Transfer-Encoding: "
		"quoted-printable\r\n\r\nf=FCr dich und mich\r\n"},
	    {"MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\nContent-Type:"
	     " text/html; charset=iso-8859-1\nX: y\n\nf\xfcr dich und mich",
		"MIME-Version: 1.0\r\nContent-Type: text/html; "
		"charset=iso-8859-1\r\nX: y\r\nContent-Transfer-Encoding: "
		"quoted-printable\r\n\r\nf=FCr dich und mich\r\n"},
	    {"MIME-Version: 1.0\nContent-Type: multipart/x; boundary=b\n\npre"
	     "\n--b\n\nf\xc3\xbcr dich und mich\n--b\n\nplain\n--b--\nepi\n",
		"MIME-Version: 1.0\r\nContent-Type: multipart/x; boundary=b"
		"\r\n\r\npre\r\n--b\r\nContent-Type: text/plain; "
		"charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
		"f=C3=BCr dich und mich\r\n--b\r\n\r\nplain\r\n--b--\r\nepi\r\n"},
	    /* Bytes stay bytes, and lines are ended once. */
	    {"MIME-Version: 1.0\nContent-Type: multipart/x; boundary=b\n\n"
	     "--b\nContent-Type: text/b\nContent-Transfer-Encoding: binary\n\n"
	     "\xc3\xbc\n\ra\n\n--b\nContent-Type: text/x\n"
	     "Content-Transfer-Encoding: quoted-printable\n\n"
	     "f\xc3\xbcr=0Ddich=0A=3D und mich\n--b--",
		"MIME-Version: 1.0\r\nContent-Type: multipart/x; boundary=b"
		"\r\n\r\n--b\r\nContent-Type: text/b\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\nw7wKDWEK\r\n--b"
		"\r\nContent-Type: text/x\r\nContent-Transfer-Encoding: "
		"quoted-printable\r\n\r\nf=C3=BCr=0Ddich=0A=3D und mich"
		"\r\n--b--\r\n"},
	    /* A header without an empty line behind it. */
	    {"MIME-Version: 1.0\nContent-Type: multipart/x; boundary=b\n\n"
	     "--b\nSubject: =?utf-8?q?x?= \xc3\xbc\n--b--",
		"MIME-Version: 1.0\r\nContent-Type: multipart/x; boundary=b"
		"\r\n\r\n--b\r\nSubject: =?utf-8?q?x?= "
		"=?UTF-8?B?IMO8?=\r\n\r\n--b--\r\n"},
	    {"MIME-Version: 1.0\nContent-Type: multipart/x; boundary=b\n\n"
	     "--b\nSubject: =?utf-8?q?x?= \xc3\xbc",
		"MIME-Version: 1.0\r\nContent-Type: multipart/x; boundary=b"
		"\r\n\r\n--b\r\nSubject: =?utf-8?q?x?= "
		"=?UTF-8?B?IMO8?=\r\n\r\n"},
	    {"Content-Type: multipart/x; boundary=b\n\n"
	     "\xc3\xbc\n--b\n\nplain\n--b--\n\xfc\n",
		"Content-Type: multipart/x; boundary=b\r\nMIME-Version: 1.0"
		"\r\n\r\n--b\r\n\r\nplain\r\n--b--\r\n"},
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]), &testmail_plain);
}

static void
where_8bitmime_is_offered_nothing_of_8_bits_changes(void **state)
{
	static const char *const rows[] = {
	    "\r\nf\xfcr\r\n",
	    "content-transfer-encoding: 8BIT\r\nSubject: x\r\n\r\nf\xfcr\r\n",
	    "Content-Type: multipart/x; boundary=b\r\n\r\n\xc3\xbc\r\n--b\r\n"
	    "X: y\r\nSubject: z\r\n\r\nf\xc3\xbcr\r\n--b\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n\xff\r\n--b--\r\n\xfc"
	    "\r\n",
	    "Content-Transfer-Encoding: x-own\r\n\r\n\xfc\r\n",
	};
	struct buf text = {0}, out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&text);
		buf_puts(&text, HEADER);
		buf_puts(&text, rows[i]);
		send(&text, true, &testmail_full, &out);
		assert_string_equal(out.data, text.data);
	}
	buf_clear(&text);
	buf_clear(&out);
}

/* A header in 8 bits is for SMTPUTF8, whatever 8BITMIME is for. */
static void
the_header_of_a_part_is_encoded_for_every_server(void **state)
{
	struct buf text = {0}, out = {0};

	(void)state;
	buf_puts(&text,
	    HEADER "Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n"
		   "X: \xc3\xbc\r\n\r\nf\xc3\xbcr\r\n--b\r\n"
		   "Y: \xfc\r\n\r\nplain\r\n--b--\r\n");
	send(&text, true, &testmail_full, &out);
	assert_true(testmail_has(
	    &out, "--b\r\nX: =?UTF-8?B?w7w=?=\r\n\r\nf\xc3\xbcr\r\n--b\r\n"));
	assert_true(testmail_has(
	    &out, "--b\r\nY: =?unknown-8bit?Q?=FC?=\r\n\r\nplain\r\n--b--"));
	buf_clear(&text);
	buf_clear(&out);
}

/* What is encoded is the content: the line end before a boundary is not. */
static void
base64_has_no_line_end_that_was_not_there(void **state)
{
	struct buf text = {0}, out = {0};
	int i;

	(void)state;
	buf_puts(
	    &text, HEADER "Content-Type: multipart/x; boundary=b\n\n--b\n\n");
	for (i = 0; i < 57; i++)
		buf_puts(&text, "\xc3\xa9");
	buf_puts(&text, "\n--b\n\n");
	for (i = 0; i < 57; i++)
		buf_puts(&text, "\xc3\xa9");
	buf_puts(&text, "\n\n--b--\n");
	send(&text, true, &testmail_plain, &out);
	assert_true(testmail_has(&out, "qcOp\r\n--b\r\n"));
	assert_true(testmail_has(&out, "qcOp\r\nDQo=\r\n--b--\r\n"));
	buf_clear(&text);
	buf_clear(&out);
}

static void
fields_are_mended_by_what_they_are(void **state)
{
	static const char *const rows[][2] = {
	    {"Subject: plain =?utf-8?q?=C3=BC?=\r\n", NULL},
	    {"subject:  f\xc3\xbcr dich\r\n",
		"subject: =?UTF-8?Q?f=C3=BCr?= dich\r\n"},
	    {"Subject: f\xfcr\r\n dich\r\n",
		"Subject: =?unknown-8bit?Q?f=FCr?= dich\r\n"},
	    {"Subject: =?utf-8?q?=C3=BC?= \xc3\xbc =?utf-8?q?=C3=BC?= x\r\n",
		"Subject: =?utf-8?q?=C3=BC?= =?UTF-8?Q?_=C3=BC_?= "
		"=?utf-8?q?=C3=BC?= x\r\n"},
	    {"Subject: =?utf-8?q?a?= \xfc =?utf-8?q?b?=\r\n",
		"Subject: =?utf-8?q?a?= =?unknown-8bit?Q?_=FC_?= "
		"=?utf-8?q?b?=\r\n"},
	    {"To: Zo\xc3\xa9 <z@h.test>, b@h.test\r\n",
		"To: =?UTF-8?Q?Zo=C3=A9?= <z@h.test>, b@h.test\r\n"},
	    {"To: broken \xc3\xa9 <z@@h.test>\r\n",
		"To: =?UTF-8?B?YnJva2VuIMOp?= <z@@h.test>\r\n"},
	    {"To: Zo\xe9 <z@h.test>, b@h.test\r\n",
		"To: =?unknown-8bit?Q?Zo=E9?= <z@h.test>, b@h.test\r\n"},
	    {"From: \"M\xfcller, \\\"K\" <k@h.test> (B\xfcro (x))\r\n",
		"From: =?unknown-8bit?Q?M=FCller=2C_=22K?= <k@h.test>\r\n "
		"(=?unknown-8bit?Q?B=FCro?= (x))\r\n"},
	    {"Cc: Fr\xfchst\xfc"
	     "ck: =?no-such?q?x?= \xfc<a@b>;\r\n",
		"Cc: =?unknown-8bit?Q?Fr=FChst=FCck?= : =?no-such?q?x?= "
		"=?unknown-8bit?Q?_=FC?=\r\n <a@b>;\r\n"},
	    {"To: k@h.test (K\xe4the)\r\n",
		"To: k@h.test (=?unknown-8bit?Q?K=E4the?=)\r\n"},
	    {"From: \xc3\xbc <\xc3\xbcwe@h.test>\r\n",
		"From: =?UTF-8?B?w7w=?= <\xc3\xbcwe@h.test>\r\n"},
	    {"To: \xc3\xbcwe@h.test, \"\xc3\xbc\"@h.test\r\n",
		"To: \xc3\xbcwe@h.test, \"\xc3\xbc\"@h.test\r\n"},
	    {"Received: from x (M\xfcnchen) by y\r\n",
		"Received: from x (=?unknown-8bit?Q?M=FCnchen?=) by y\r\n"},
	    {"List-Id: B\xfc"
	     "cher <b.h.test>\r\n",
		"List-Id: =?unknown-8bit?Q?B=FCcher?= <b.h.test>\r\n"},
	    {"Content-Disposition: attachment; x=y; filename=\"\xc3\xbc.txt\""
	     "\r\n",
		"Content-Disposition: attachment; x=y; "
		"filename*=utf-8''%C3%BC.txt\r\n"},
	    {"Content-Type: text/plain; name=\xfc.txt; charset=x\r\n",
		"Content-Type: text/plain; name*=unknown-8bit''%FC.txt; "
		"charset=x\r\n"},
	    {"References: <\xc3\xbc@b>\r\n", "References: <\xc3\xbc@b>\r\n"},
	};
	struct buf out = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		assert_int_equal(repair_fields(rows[i][0], strlen(rows[i][0]),
				     "x", NULL, &out, &err),
		    0);
		assert_string_equal(buf_string(&out),
		    rows[i][1] != NULL ? rows[i][1] : rows[i][0]);
	}
	assert_int_equal(
	    repair_fields("To: b <\xfc@b>\r\n", 14, "x", NULL, &out, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	assert_non_null(strstr(err.text, "x: To: 8-bit"));
	assert_int_equal(
	    repair_fields("References: \xfc\r\n", 15, "x", NULL, &out, &err),
	    -1);
	buf_clear(&out);
}

/* Of everything else that is 8-bit the charset is known then. */
static void
text_in_a_named_charset_becomes_utf8(void **state)
{
	static const char *const rows[][3] = {
	    {"ISO-8859-1", "Subject: f\xfcr\r\n",
		"Subject: =?UTF-8?Q?f=C3=BCr?=\r\n"},
	    {"iso-8859-1", "To: Zo\xe9 <z@h.test>\r\n",
		"To: =?UTF-8?Q?Zo=C3=A9?= <z@h.test>\r\n"},
	    {"gb2312", "From: \xc4\xe3\xba\xc3 <z@h.test>\r\n",
		"From: =?UTF-8?B?5L2g5aW9?= <z@h.test>\r\n"},
	    {"latin1", "Content-Type: text/x; name=\xfc\r\n",
		"Content-Type: text/x; name*=utf-8''%C3%BC\r\n"},
	    {"latin1", "References: <\xfc@b>\r\n",
		"References: <\xc3\xbc@b>\r\n"},
	    {"latin1", "Subject: f\xc3\xbcr\r\n",
		"Subject: =?UTF-8?Q?f=C3=BCr?=\r\n"},
	    {"big5", "Subject: f\xfc\r\n",
		"Subject: =?unknown-8bit?Q?f=FC?=\r\n"},
	};
	struct buf out = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		assert_int_equal(repair_fields(rows[i][1], strlen(rows[i][1]),
				     "x", rows[i][0], &out, &err),
		    0);
		assert_string_equal(buf_string(&out), rows[i][2]);
	}
	assert_int_equal(
	    repair_fields("To: <\xfc@b>\r\n", 12, "x", NULL, &out, &err), -1);
	assert_non_null(strstr(err.hint, "--charset NAME"));
	buf_clear(&out);
}

static size_t
count(const struct buf *text, const char *word)
{
	const char *p = text->data;
	size_t n = 0;

	for (; (p = strstr(p, word)) != NULL; p++)
		n++;
	return n;
}

static void
long_lines_of_a_header_are_folded_or_encoded(void **state)
{
	static const char *const names[] = {
	    "Subject: ", "To: ", "References: "};
	struct buf text = {0}, out = {0};
	struct error err;
	size_t i, next;

	(void)state;
	for (i = 0; i < 3; i++) {
		buf_reset(&text);
		buf_reset(&out);
		buf_puts(&text, names[i]);
		while (text.len < 3000)
			buf_puts(&text, "<abcdefghijklm@h.test>, ");
		buf_puts(&text, "<a@b.test>\r\n");
		assert_int_equal(
		    repair_fields(text.data, text.len, "x", NULL, &out, &err),
		    0);
		testmail_check_legal(&out, false);
	}
	buf_reset(&text);
	buf_reset(&out);
	buf_puts(&text, "Subject: ");
	while (text.len < 3000)
		buf_puts(&text, "\xfc");
	buf_puts(&text, "\r\n");
	assert_int_equal(
	    repair_fields(text.data, text.len, "x", NULL, &out, &err), 0);
	testmail_check_legal(&out, false);
	assert_int_equal(count(&out, "?=\r\n "), count(&out, "?Q?") - 1);
	for (i = 0; i < out.len; i = next) {
		next = (size_t)(strchr(out.data + i, '\n') + 1 - out.data);
		assert_true(next - i <= 78 + 2);
	}
	buf_reset(&text);
	buf_reset(&out);
	buf_puts(&text, "Subject: ");
	while (text.len < 3000)
		buf_puts(&text, "word");
	buf_puts(&text, "\r\n");
	assert_int_equal(
	    repair_fields(text.data, text.len, "x", NULL, &out, &err), 0);
	testmail_check_legal(&out, false);
	assert_true(testmail_has(&out, "=?UTF-8?Q?wordword"));
	memcpy(text.data, "Message-ID", 10);
	memset(text.data + 11, 'x', 4);
	text.data[10] = ':';
	assert_int_equal(
	    repair_fields(text.data, text.len, "x", NULL, &out, &err), -1);
	assert_non_null(strstr(err.text, "Message-ID: a line over 998"));
	buf_clear(&text);
	buf_clear(&out);
}

static void
the_header_of_a_message_loses_nul(void **state)
{
	static const char raw[] = HEADER "X: a\0b c\n\0\nSub\0ject: \xc3\xbc\n"
					 "\nbody\0\n";
	struct buf text = {0}, out = {0};

	(void)state;
	buf_append(&text, raw, sizeof(raw) - 1);
	send(&text, true, &testmail_plain, &out);
	assert_string_equal(out.data,
	    HEADER "X: ab c\r\nSubject: =?UTF-8?B?w7w=?=\r\n"
		   "MIME-Version: 1.0\r\n"
		   "Content-Type: text/plain; charset=us-ascii\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		   "body=00\r\n");
	buf_clear(&text);
	buf_clear(&out);
}

/* It ends a line for some programs: what stands behind it could be a Bcc. */
static void
a_cr_alone_in_a_header_is_refused_repair_or_not(void **state)
{
	struct message_params p = testmail_complete_params(
	    HEADER "Subject: x\rBcc: hidden@x.test\nTo: a@x.test\n\nb\n");

	(void)state;
	testmail_refused(&p, EX_DATAERR, "line 4: a CR that is not part");
	p.repair = true;
	testmail_refused(&p, EX_DATAERR, "line 4: a CR that is not part");
	p = testmail_complete_params(
	    "Subject: x\r\r\nTo: a@x.test\r\r\n\r\r\n");
	testmail_refused(&p, EX_DATAERR, "line 1: a CR that is not part");
}

static void
a_mailbox_with_several_messages_is_refused(void **state)
{
	struct message_params p = testmail_complete_params(
	    "From q Sun Nov 22 14:38:21 2026\nFrom: a@b.test\nTo: a@x.test\n\n"
	    "From here on\n\nFrom now on\n\n");
	struct buf out = {0};

	(void)state;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "\r\n\r\nFrom here on\r\n"));
	p = testmail_complete_params(
	    "From q Sun Nov 22 14:38:21 2026\nFrom: a@b.test\nTo: a@x.test\n\n"
	    "one\n\nFrom q Sun Nov 22 14:38:21 2026\nBcc: b@b.test\n\ntwo\n");
	testmail_refused(&p, EX_DATAERR, "line 7: another message begins");
	buf_clear(&out);
}

static void
what_cannot_be_repaired_is_refused_and_says_so(void **state)
{
	struct message_params p = testmail_params();
	struct error err = {0};
	struct message *m;
	struct buf text = {0};
	size_t i;

	(void)state;
	p.complete = true;
	testmail_to_bob(&p);
	buf_puts(&text, "Content-Transfer-Encoding: x-own\nA: b\n\nfirst\n");
	for (i = 0; i < 1100; i++)
		buf_putc(&text, 'x');
	p.body_text = text.data;
	p.repair = true;
	testmail_refused(&p, EX_DATAERR, "line 5 is longer than 998");
	assert_int_equal(message_new(&p, &m, &err), -1);
	assert_non_null(strstr(err.hint, "cannot be encoded"));
	/* Lines are counted behind what was replaced, too. */
	buf_reset(&text);
	buf_puts(&text,
	    "Content-Type: multipart/x; boundary=b\n\n--b\n"
	    "X: \xc3\xbc\n\nf\xc3\xbcr\n--b\n"
	    "Content-Transfer-Encoding: x-own\n\n");
	for (i = 0; i < 1100; i++)
		buf_putc(&text, 'x');
	p.body_text = text.data;
	testmail_refused(&p, EX_DATAERR, "line 10 is longer than 998");
	p.repair = false;
	assert_int_equal(message_new(&p, &m, &err), -1);
	assert_non_null(strstr(err.hint, "--repair"));
	buf_clear(&text);
}

/* --- any message ---------------------------------------------------------- */

static void
random_text(struct buf *out, uint64_t *random, bool nasty)
{
	static const char *const lines[] = {"", "plain", "two words", "--", "-",
	    ".", "=", "tail ", "=20", "QUJD", "f\xc3\xbcr", "\xfc", "\r",
	    "x\ry", "\xe2\x82\xac"};
	static const char *const ends[] = {"\n", "\n", "\r\n", "\r"};
	size_t n = testmail_random(random, 6), i, k;

	for (i = 0; i < n; i++) {
		k = testmail_random(random, nasty ? 15 : 9);
		buf_puts(out, lines[k]);
		if (nasty && testmail_random(random, 7) == 0)
			buf_append(out, "nul\0", 4);
		if (nasty && testmail_random(random, 7) == 0)
			for (k = 0; k < 1200; k++)
				buf_putc(out, "abc =\xc3\xbc"[k % 7]);
		buf_puts(out, ends[testmail_random(random, nasty ? 4 : 2)]);
	}
}

static void
random_fields(struct buf *out, uint64_t *random, bool nasty)
{
	static const char *const fields[] = {"X-A: b\n", "Subject: a\r\n b\r\n",
	    "X-B: f\xc3\xbcr\n",
	    "Content-Disposition: attachment; "
	    "filename=\"\xc3\xbc\"\n",
	    "Content-Description: \xfc =?utf-8?q?x?=\n"};
	size_t n = testmail_random(random, 3), i;

	for (i = 0; i < n; i++)
		buf_puts(out, fields[testmail_random(random, nasty ? 5 : 2)]);
	if (nasty && testmail_random(random, 9) == 0)
		buf_append(out, "X-C: a\0b\n", 9);
	if (!nasty || testmail_random(random, 9) > 0)
		return;
	buf_puts(out, "X-D:");
	for (i = 0; i < 400; i++)
		buf_puts(out, " abc");
	buf_puts(out, "\n");
}

static void
random_part(struct buf *out, uint64_t *random, unsigned depth, bool nasty)
{
	static const char *const types[] = {"", "Content-Type: text/html\n",
	    "Content-Type: image/x; name=y\r\n", "Content-Type: x/y\n"};
	static const char *const encodings[] = {
	    "", "7bit", "8bit", "binary", "base64", "quoted-printable"};
	size_t kind = testmail_random(random, depth < 4 ? 10 : 6), i, n;

	random_fields(out, random, nasty);
	if (kind > 7) {
		buf_puts(out, "Content-Type: message/rfc822\n\n");
		random_part(out, random, depth + 1, nasty);
		return;
	}
	if (kind > 5) {
		buf_printf(out,
		    "Content-Type: multipart/x; boundary=b%u\r\n\r\n", depth);
		random_text(out, random, nasty);
		n = 1 + testmail_random(random, 4);
		for (i = 0; i < n; i++) {
			buf_printf(out, "\n--b%u\n", depth);
			random_part(out, random, depth + 1, nasty);
		}
		if (testmail_random(random, 5) > 0)
			buf_printf(out, "\n--b%u--\r\n", depth);
		else
			return;
		random_text(out, random, nasty);
		return;
	}
	buf_puts(out, types[testmail_random(random, 4)]);
	if (kind > 0)
		buf_printf(
		    out, "Content-Transfer-Encoding: %s\r\n", encodings[kind]);
	buf_puts(out, "\n");
	random_text(out, random, nasty);
}

/* The content with LF line ends, and none at its end. */
static void
content(struct input *in, const struct structure_part *p, struct buf *out)
{
	struct source *s = structure_open(in, p);
	struct buf text = {0};
	struct error err;
	size_t i;

	buf_reset(out);
	assert_int_equal(testmail_drain(s, 4096, &text, &err), 0);
	source_free(s);
	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '\r' &&
		    (i + 1 == text.len || text.data[i + 1] != '\n'))
			buf_putc(out, '\n');
		else if (text.data[i] != '\r')
			buf_putc(out, text.data[i]);
	}
	while (out->len > 0 && out->data[out->len - 1] == '\n')
		out->len--;
	buf_clear(&text);
}

static void
check_same_content(const struct buf *before, const struct buf *after)
{
	struct input_params params = {0};
	struct input in[2];
	struct structure s[2];
	struct buf a = {0}, b = {0};
	struct error err;
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct buf *text = i == 0 ? before : after;

		params.fd = testmail_file(text->data, text->len);
		input_begin(&in[i], &params);
		assert_int_equal(
		    structure_read(&s[i], &in[i], &INPUT_ALL, NULL, 0, &err),
		    0);
	}
	assert_int_equal(s[0].count, s[1].count);
	for (i = 0; i < s[0].count; i++) {
		const struct structure_part *p = &s[0].parts[i];
		const struct structure_part *q = &s[1].parts[i];

		assert_int_equal(p->kind, q->kind);
		assert_int_equal(p->parent, q->parent);
		assert_string_equal(p->type, q->type);
		if ((p->filename == NULL) != (q->filename == NULL))
			fail_msg("file name");
		if (p->filename != NULL)
			assert_string_equal(p->filename, q->filename);
		if (p->kind != STRUCTURE_LEAF)
			continue;
		content(&in[0], p, &a);
		content(&in[1], q, &b);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(buf_string(&a), buf_string(&b), a.len);
	}
	for (i = 0; i < 2; i++) {
		close(in[i].params.fd);
		input_end(&in[i]);
		structure_clear(&s[i]);
	}
	buf_clear(&a);
	buf_clear(&b);
}

static void
any_message_is_legal_afterwards_and_means_the_same(void **state)
{
	struct buf text = {0}, out = {0};
	uint64_t random = 31;
	size_t round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		buf_reset(&text);
		buf_puts(&text, HEADER);
		random_part(&text, &random, 0, true);
		send(&text, true, &testmail_plain, &out);
		testmail_check_legal(&out, false);
		check_same_content(&text, &out);
		send(&text, true, &testmail_full, &out);
		testmail_check_legal(&out, true);
		check_same_content(&text, &out);
	}
	buf_clear(&text);
	buf_clear(&out);
}

/* What the sender sees of it, in both forms. */
static void
try_to_send(const struct buf *text, size_t *sent)
{
	struct message_params p = testmail_params();
	const struct mime_form *forms[] = {&testmail_plain, &testmail_full};
	struct mime_stream stream;
	struct message *m;
	struct buf out = {0};
	struct error err = {0};
	size_t i;

	p.complete = p.repair = true;
	p.input_fd = testmail_file(text->data, text->len);
	testmail_to_bob(&p);
	for (i = 0; message_new(&p, &m, &err) == 0 && i < 2; i++) {
		if (message_open(m, forms[i], &stream, &err) == 0) {
			buf_reset(&out);
			assert_int_equal(
			    testmail_drain(stream.source, 4096, &out, &err), 0);
			assert_int_equal(out.len, stream.size);
			testmail_check_legal(&out, stream.eight_bit);
			source_free(stream.source);
			++*sent;
		}
		message_free(m);
		lseek(p.input_fd, 0, SEEK_SET);
	}
	message_free(m);
	if (i < 2)
		assert_int_equal(err.status, EX_DATAERR);
	close(p.input_fd);
	buf_clear(&out);
}

static void
garbage_is_refused_or_becomes_legal(void **state)
{
	static const char odd[] = "\r\n\n\0: ;=\"-\xfc\xc3\xbc(\tb";
	struct buf text = {0};
	uint64_t random = 41;
	size_t round, i, n, sent = 0;

	(void)state;
	for (round = 0; round < 3000; round++) {
		buf_reset(&text);
		buf_puts(&text, HEADER);
		random_part(&text, &random, 0, round % 2 == 0);
		n = 1 + testmail_random(&random, 8);
		for (i = 0; i < n; i++)
			text.data[testmail_random(&random, text.len)] =
			    odd[testmail_random(&random, sizeof(odd) - 1)];
		try_to_send(&text, &sent);
	}
	assert_true(sent > 2000);
	buf_clear(&text);
}

static void
a_message_that_needs_nothing_stays_as_it_is(void **state)
{
	struct buf text = {0}, with = {0}, without = {0};
	uint64_t random = 37;
	size_t round;

	(void)state;
	for (round = 0; round < 1000; round++) {
		buf_reset(&text);
		buf_puts(&text, HEADER);
		random_part(&text, &random, 0, false);
		send(&text, true, &testmail_plain, &with);
		send(&text, false, &testmail_plain, &without);
		assert_int_equal(with.len, without.len);
		assert_memory_equal(with.data, without.data, with.len);
	}
	buf_clear(&text);
	buf_clear(&with);
	buf_clear(&without);
}

static void
long_messages_are_repaired_from_a_pipe(void **state)
{
	struct message_params p = testmail_params();
	struct buf text = {0}, out = {0};
	struct message *m;
	size_t i;

	(void)state;
	buf_puts(&text, HEADER "Content-Type: multipart/x; boundary=b\r\n\r\n");
	for (i = 0; i < 60; i++) {
		buf_printf(&text, "--b\n%s\n", i % 2 ? "X: \xc3\xbc\n" : "");
		while (text.len < (i + 1) * 60000)
			buf_puts(&text, "a line of text, and the next\n");
		if (i % 3 == 0)
			buf_puts(&text, "\xc3\xbc and more\n");
		if (i % 7 == 0)
			buf_append(&text, "nul\0\n", 5);
	}
	buf_puts(&text, "--b--\n");
	p.complete = true;
	p.repair = true;
	testmail_to_bob(&p);
	p.input_fd = testmail_pipe(text.data, text.len);
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_true(message_facts(m)->lasting);
	testmail_check_legal(&out, false);
	check_same_content(&text, &out);
	message_free(m);
	close(p.input_fd);
	buf_clear(&text);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_text_of_8_bits_is_encoded_for_a_server_without_8bitmime),
	    cmocka_unit_test(
		where_8bitmime_is_offered_nothing_of_8_bits_changes),
	    cmocka_unit_test(the_header_of_a_part_is_encoded_for_every_server),
	    cmocka_unit_test(base64_has_no_line_end_that_was_not_there),
	    cmocka_unit_test(fields_are_mended_by_what_they_are),
	    cmocka_unit_test(text_in_a_named_charset_becomes_utf8),
	    cmocka_unit_test(long_lines_of_a_header_are_folded_or_encoded),
	    cmocka_unit_test(the_header_of_a_message_loses_nul),
	    cmocka_unit_test(a_cr_alone_in_a_header_is_refused_repair_or_not),
	    cmocka_unit_test(a_mailbox_with_several_messages_is_refused),
	    cmocka_unit_test(what_cannot_be_repaired_is_refused_and_says_so),
	    cmocka_unit_test(
		any_message_is_legal_afterwards_and_means_the_same),
	    cmocka_unit_test(garbage_is_refused_or_becomes_legal),
	    cmocka_unit_test(a_message_that_needs_nothing_stays_as_it_is),
	    cmocka_unit_test(long_messages_are_repaired_from_a_pipe),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
