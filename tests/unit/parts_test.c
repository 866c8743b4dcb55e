/* Parts: how they nest, what is true of each, and that nothing is changed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "message/message.h"
#include "message_testutil.h"
#include "mime/boundary.h"
#include "rfc5322/header.h"

#define STEM "=_LCJGEdsSDdQItrkoAA8NsLshCV"

/* A part whose bytes are given as text. */
static struct message_part
text_part(enum message_use use, const char *name, const char *text)
{
	return (struct message_part){
	    .use = use, .fd = -1, .name = name, .text = text};
}

static struct message_params
params_with(const struct message_part *parts, size_t n)
{
	struct message_params p = testmail_params();

	testmail_to_bob(&p);
	p.body_text = "Hi\n";
	p.parts = parts;
	p.part_count = n;
	return p;
}

/* The message from its MIME-Version on. */
static void
check_parts(const struct message_params *p, const struct mime_form *form,
    const char *expected)
{
	static const char version[] = "MIME-Version: 1.0\r\n";
	struct buf out = {0};
	const char *found;

	testmail_send(p, form, &out, NULL);
	testmail_check_legal(&out, form->eight_bit);
	found = strstr(buf_string(&out), version);
	assert_non_null(found);
	assert_string_equal(found + strlen(version), expected);
	buf_clear(&out);
}

static void
an_attachment_makes_a_mixed_message(void **state)
{
	const struct message_part parts[] = {
	    text_part(MESSAGE_ATTACHMENT, "dir/a b.bin", "\x01\xff\r\n"),
	};
	struct message_params p = params_with(parts, 1);

	(void)state;
	check_parts(&p, &testmail_plain,
	    "Content-Type: multipart/mixed; boundary=\"" STEM "a\"\r\n"
	    "\r\n"
	    "--" STEM "a\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Hi\r\n"
	    "\r\n"
	    "--" STEM "a\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Disposition: attachment; filename=\"a b.bin\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "\r\n"
	    "Af8NCg==\r\n"
	    "--" STEM "a--\r\n");
}

static void
parts_nest_as_readers_expect(void **state)
{
	static const char *const order[] = {
	    "multipart/mixed",
	    "multipart/alternative",
	    "text/plain",
	    "multipart/related; type=\"text/html\"",
	    "text/html",
	    "src=\"cid:",
	    ".pic_png@host.test\"",
	    "image/png",
	    "filename=pic.png",
	    ".pic_png@host.test>",
	    "text/calendar; method=REQUEST; charset=utf-8",
	    "application/ics",
	    "filename=x.ics",
	    "filename=one.csv",
	    "filename=two.csv",
	    "message/rfc822",
	    "Subject: forwarded",
	};
	const struct message_part parts[] = {
	    text_part(MESSAGE_FORWARD, "f.eml", "Subject: forwarded\n\nx\n"),
	    text_part(MESSAGE_ATTACHMENT, "one.csv", "1\n"),
	    text_part(MESSAGE_CALENDAR, "x.ics",
		"\xef\xbb\xbf"
		"BEGIN:VCALENDAR\r\nmethod:request\r\nEND:VCALENDAR\r\n"),
	    text_part(MESSAGE_ATTACHMENT, "two.csv", "2\n"),
	    text_part(MESSAGE_RELATED, "img/pic.png", "\x89PNG"),
	    text_part(MESSAGE_HTML, "p.html", "<img src=\"img/pic.png\">"),
	};
	struct message_params p = params_with(parts, 6);
	struct buf out = {0};
	const char *at, *found;
	size_t i;

	(void)state;
	testmail_send(&p, &testmail_plain, &out, NULL);
	for (at = buf_string(&out), i = 0; i < sizeof(order) / sizeof(order[0]);
	     i++) {
		found = strstr(at, order[i]);
		if (found == NULL)
			fail_msg("%s is not there, or too early", order[i]);
		else
			at = found;
	}
	buf_clear(&out);
}

static void
html_alone_gets_a_text_with_its_links(void **state)
{
	const struct message_part parts[] = {
	    text_part(MESSAGE_HTML, "p.html",
		"<p>J\xc3\xb6rg <a href='https://x.test/a'>here</a>"),
	};
	struct message_params p = params_with(parts, 1);
	struct buf out = {0};

	(void)state;
	p.body_text = "";
	p.body_optional = true;
	testmail_send(&p, &testmail_full, &out, NULL);
	assert_true(testmail_has(&out,
	    "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "J\xc3\xb6rg here <https://x.test/a>\r\n"));
	assert_true(testmail_has(&out, "Content-Type: multipart/alternative"));
	/* A multipart with 8-bit parts is 8bit (RFC 2045 6.4). */
	assert_true(
	    testmail_has(&out, "a\"\r\nContent-Transfer-Encoding: 8bit\r\n"));
	/* A text that is given stays. */
	p.body_text = "mine";
	testmail_send(&p, &testmail_full, &out, NULL);
	assert_true(testmail_has(&out, "\r\n\r\nmine\r\n"));
	buf_clear(&out);
}

/* As it was given, or with the host that was added. */
static void
html_may_name_a_content_id_as_it_was_given(void **state)
{
	struct message_part parts[] = {
	    text_part(MESSAGE_HTML, "p.html",
		"<img src=\"cid:logo\"><img src='cid:logo@host.test'>"
		"<img src=a/l.png>"),
	    text_part(MESSAGE_RELATED, "a/l.png", "x"),
	};
	struct message_params p = params_with(parts, 2);
	struct buf out = {0};

	(void)state;
	parts[1].cid = "logo";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out,
	    "<img src=\"cid:logo@host.test\"><img "
	    "src='cid:logo@host.test'><img src=cid:logo@host.test>"));
	assert_true(testmail_has(&out, "Content-ID: <logo@host.test>\r\n"));
	buf_clear(&out);
}

static void
html_is_in_the_charset_that_it_names(void **state)
{
	struct message_part parts[] = {
	    text_part(
		MESSAGE_HTML, "p.html", "<meta charset=iso-8859-1><p>J\xf6rg"),
	};
	struct message_params p = params_with(parts, 1);
	struct buf out = {0};

	(void)state;
	p.body_text = "";
	p.body_optional = true;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "J=C3=B6rg\r\n"));
	assert_true(testmail_has(&out, "text/html; charset=iso-8859-1\r\n"));
	assert_true(testmail_has(&out, "<p>J=F6rg"));
	parts[0].text = "<p>J\xf6rg";
	testmail_refused(&p, EX_DATAERR, "p.html: byte 5 is not UTF-8");
	buf_clear(&out);
}

static void
an_inline_file_without_html_stands_behind_the_text(void **state)
{
	struct message_part parts[] = {
	    text_part(MESSAGE_ATTACHMENT, "a.txt", "a\n"),
	    text_part(MESSAGE_RELATED, "b.txt", "b\n"),
	};
	struct message_params p = params_with(parts, 2);
	struct buf out = {0};
	const char *b;

	(void)state;
	testmail_send(&p, &testmail_plain, &out, NULL);
	b = strstr(buf_string(&out),
	    "Content-Disposition: inline; filename=b.txt\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\nb\r\n");
	assert_non_null(b);
	assert_non_null(strstr(b, "filename=a.txt"));
	assert_false(testmail_has(&out, "multipart/related"));
	buf_clear(&out);
}

/* Attachments arrive byte by byte, or (named so) as text in lines. */
static void
what_an_attachment_is_decides_its_form(void **state)
{
	static const struct {
		const char *name, *text, *type, *encoding, *expected;
	} rows[] = {
	    {"a.txt", "a\n", NULL, NULL,
		"text/plain; charset=us-ascii|base64|YQo="},
	    {"a.txt", "a\r\n", NULL, NULL,
		"text/plain; charset=us-ascii|7bit|a"},
	    {"a.txt", "a", NULL, NULL,
		"text/plain; charset=us-ascii|base64|YQ=="},
	    {"a.txt", "\xc3\xa4\r\n", NULL, NULL,
		"text/plain; charset=utf-8|quoted-printable|=C3=A4"},
	    {"a.txt", "\xe4\r\n", NULL, NULL,
		"application/octet-stream|base64|5A0K"},
	    {"a.txt", "\xe4\n", "text/plain; charset=iso-8859-1", NULL,
		"text/plain; charset=iso-8859-1|base64|5Ao="},
	    {"a.txt", "\xe4\n", "text/plain; charset=iso-8859-1",
		"quoted-printable",
		"text/plain; charset=iso-8859-1|quoted-printable|=E4"},
	    {"a.patch", "+a\n", NULL, "7bit",
		"text/x-diff; charset=us-ascii|7bit|+a"},
	    {"a.pdf", "%PDF\n", NULL, NULL, "application/pdf|base64|JVBERgo="},
	    {"a.pdf", "%P =\n \r\n", NULL, "quoted-printable",
		"application/pdf|quoted-printable|%P =3D=0A=20=0D=0A="},
	    {"a.json", "{}\r\n", NULL, "7bit", "application/json|7bit|{}"},
	    {"A.PDF", "%PDF\n", "image/x-odd", NULL,
		"image/x-odd|base64|JVBERgo="},
	    {"noname", "text\n", NULL, NULL,
		"text/plain; charset=us-ascii|base64|dGV4dAo="},
	    {"noname", "\xff\n", NULL, NULL,
		"application/octet-stream|base64|/wo="},
	    {"m.eml", "Subject: x\n\ny\n", NULL, NULL,
		"message/rfc822|7bit|Subject: x"},
	    {"m.eml", "Subject: x\n\n\xe4\n", NULL, NULL,
		"application/octet-stream|base64|U3ViamVjdDogeAoK5Ao="},
	};
	struct message_part part;
	struct message_params p;
	struct buf out = {0}, expected = {0};
	const char *first, *last;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		part =
		    text_part(MESSAGE_ATTACHMENT, rows[i].name, rows[i].text);
		part.type = rows[i].type;
		part.encoding = rows[i].encoding;
		p = params_with(&part, 1);
		testmail_send(&p, &testmail_plain, &out, NULL);
		first = strchr(rows[i].expected, '|');
		last = strrchr(rows[i].expected, '|');
		buf_reset(&expected);
		buf_printf(&expected,
		    "Content-Type: %.*s\r\n"
		    "Content-Disposition: attachment; filename=%s\r\n"
		    "Content-Transfer-Encoding: %.*s\r\n\r\n%s\r\n",
		    (int)(first - rows[i].expected), rows[i].expected,
		    rows[i].name, (int)(last - first - 1), first + 1, last + 1);
		if (!testmail_has(&out, buf_string(&expected)))
			fail_msg("row %zu: %s\nnot in:\n%s", i,
			    buf_string(&expected), buf_string(&out));
	}
	buf_clear(&out);
	buf_clear(&expected);
}

static void
what_a_part_cannot_be_is_refused(void **state)
{
	static const struct {
		struct message_part part;
		int status;
		const char *words;
	} rows[] = {
	    {{.text = "\xff", .name = "a", .type = "text/plain"}, EX_DATAERR,
		"a: byte 1 is not UTF-8"},
	    {{.text = "x\n\xff", .name = "a", .type = "text/x; charset=utf-8"},
		EX_DATAERR, "a: byte 3 is not UTF-8"},
	    {{.text = "\xc3\xa4",
		 .name = "a",
		 .type = "text/x; charset=us-ascii"},
		EX_DATAERR, "a: line 1: an 8-bit byte, which is not US-ASCII"},
	    {{.text = "a", .name = "a", .type = "text/plain; charset=no-such"},
		EX_USAGE, "no-such"},
	    {{.text = "a", .name = "a", .type = "a/b; c=\"\xc3\xa4\""},
		EX_USAGE, "a: Content-Type: "},
	    {{.text = "a", .name = "a", .type = "text /plain"}, EX_USAGE,
		"a: 'text /plain': no blanks"},
	    {{.text = "a", .name = "a", .type = "text"}, EX_USAGE,
		"a: Content-Type: 'text'"},
	    {{.text = "a", .name = "a", .type = "Multipart/Mixed; boundary=x"},
		EX_USAGE, "a: a file has no type multipart"},
	    {{.text = "a", .name = "a", .encoding = "uuencode"}, EX_USAGE,
		"'uuencode' is no transfer encoding"},
	    {{.text = "\xc3\xa4", .name = "a", .encoding = "7bit"}, EX_DATAERR,
		"a: line 1: 8-bit"},
	    {{.text = "{}\n", .name = "a.json", .encoding = "8bit"}, EX_DATAERR,
		"a.json: its line ends would change in 8bit"},
	    {{.text = "a", .name = "a", .cid = "a b"}, EX_USAGE,
		"'a b@host.test' is no content identifier"},
	    {{.text = "a", .name = "a", .filename = "\xff"}, EX_USAGE,
		"byte 1 (0xFF) is not UTF-8"},
	    {{.text = "a", .name = "a", .filename = "a\nb"}, EX_USAGE,
		"line break"},
	    {{.use = MESSAGE_FORWARD, .text = "no message", .name = "f"},
		EX_DATAERR, "f: line 1 is no header field"},
	    {{.use = MESSAGE_FORWARD, .text = "", .name = "f"}, EX_DATAERR,
		"f: line 1 is no header field"},
	    {{.use = MESSAGE_CALENDAR, .text = "no calendar", .name = "c"},
		EX_DATAERR, "c: no iCalendar object"},
	    {{.use = MESSAGE_CALENDAR,
		 .text = "BEGIN:VCALENDAR\n\xff",
		 .name = "c"},
		EX_DATAERR, "c: byte 17 is not UTF-8"},
	};
	struct message_part part;
	struct message_params p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		part = rows[i].part;
		part.fd = -1;
		p = params_with(&part, 1);
		testmail_refused(&p, rows[i].status, rows[i].words);
	}
}

static void
a_content_id_is_given_once_and_made_of_the_content(void **state)
{
	struct message_part parts[] = {
	    text_part(MESSAGE_HTML, "p.html", "<img src=a.png>"),
	    text_part(MESSAGE_RELATED, "a.png", "1"),
	    text_part(MESSAGE_ATTACHMENT, "b.png", "2"),
	};
	struct message_params p = params_with(parts, 3);
	struct buf out[3] = {{0}};
	struct message *m;

	(void)state;
	testmail_send(&p, &testmail_plain, &out[0], &m);
	assert_null(message_facts(m)->not_shown);
	message_free(m);
	memset(p.ident.random, 1, sizeof(p.ident.random));
	parts[1].text = "2";
	testmail_send(&p, &testmail_plain, &out[1], NULL);
	assert_string_not_equal(strstr(out[0].data, "<img src=cid:"),
	    strstr(out[1].data, "<img src=cid:"));
	parts[0].text = "<img src=c.png>";
	testmail_send(&p, &testmail_plain, &out[2], &m);
	assert_string_equal(message_facts(m)->not_shown, "a.png");
	message_free(m);
	parts[1].cid = "x@host.test";
	parts[2].cid = "x";
	testmail_refused(
	    &p, EX_USAGE, "b.png: its cid=x@host.test is that of a.png, too");
	parts[2] = parts[1];
	testmail_refused(&p, EX_USAGE, "a.png: given twice");
	parts[1].cid = parts[2].cid = "x@y";
	parts[1].name = "b.png";
	testmail_refused(&p, EX_USAGE, "its cid=x@y is that of b.png, too");
	buf_clear(&out[0]);
	buf_clear(&out[1]);
	buf_clear(&out[2]);
}

static void
a_given_type_belongs_to_the_text_unless_it_is_a_multipart(void **state)
{
	static const char *const html[] = {"Content-Type: text/html"};
	static const char *const mixed[] = {
	    "Content-Type: multipart/mixed; boundary=b"};
	const struct message_part parts[] = {
	    text_part(MESSAGE_ATTACHMENT, "a.txt", "a\n"),
	};
	struct message_params p = params_with(parts, 1);
	struct buf out = {0};

	(void)state;
	p.headers = html;
	p.header_count = 1;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(
	    &out, "Content-Type: text/html; charset=us-ascii\r\n"));
	assert_true(testmail_has(&out, "Content-Type: multipart/mixed"));
	p.headers = mixed;
	testmail_refused(&p, EX_USAGE, "the message has other parts, too");
	buf_clear(&out);
}

static void
a_forwarded_message_loses_its_mbox_line_and_bcc_only(void **state)
{
	const struct message_part parts[] = {
	    text_part(MESSAGE_FORWARD, "f",
		"From x Thu Nov 13 10:00:00 2025\n"
		"Subject: s\nBCC : a@b,\n\tc@d\nTo: t@t\n"
		"Resent-Bcc:\r\n e@f\n\n.\rFrom b\n"),
	};
	struct message_params p = params_with(parts, 1);
	struct buf out = {0};

	(void)state;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out,
	    "Content-Type: message/rfc822\r\n"
	    "Content-Disposition: inline\r\n"
	    "\r\n"
	    "Subject: s\r\nTo: t@t\r\n\r\n.\r\nFrom b\r\n\r\n--"));
	buf_clear(&out);
}

/* It must not be encoded as a whole; what is in it may be. */
static void
a_forwarded_message_is_encoded_where_mail_cannot_carry_it(void **state)
{
	struct message_part parts[] = {
	    text_part(MESSAGE_FORWARD, "f", "Subject: s\n\n\xc3\xa4\n"),
	};
	struct message_params p = params_with(parts, 1);
	struct buf out = {0}, text = {0};

	(void)state;
	testmail_send(&p, &testmail_full, &out, NULL);
	assert_true(testmail_has(&out,
	    "inline\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	    "Subject: s\r\n\r\n\xc3\xa4\r\n\r\n--"));
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out,
	    "inline\r\n\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n=C3=A4\r\n\r\n--"));
	buf_puts(&text, "Subject: \xc3\xa4\nBcc: x@y\n\n");
	while (text.len < 3000)
		buf_putc(&text, 'x');
	parts[0].text = buf_string(&text);
	testmail_send(&p, &testmail_full, &out, NULL);
	testmail_check_legal(&out, false);
	assert_true(testmail_has(&out, "\r\nSubject: =?UTF-8?"));
	assert_false(testmail_has(&out, "Bcc"));
	assert_true(testmail_has(&out, "xxx=\r\nxxx"));
	parts[0].text = "From: M\xe9 <a@b.c>\n\nx\n";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(
	    testmail_has(&out, "From: =?unknown-8bit?Q?M=E9?= <a@b.c>"));
	p.charset = "latin1";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "From: =?UTF-8?B?TcOp?= <a@b.c>"));
	p.charset = NULL;
	parts[0].text = "From: <\xe9@b.c>\n\nx\n";
	testmail_refused(&p, EX_DATAERR, "From: 8-bit text that is not UTF-8");
	buf_clear(&text);
	buf_clear(&out);
}

/* What came of it, where a server offers 8BITMIME and SMTPUTF8 or nothing. */
static const char *
forwarded(const char *text, const struct mime_form *form, struct buf *out)
{
	const struct message_part parts[] = {
	    text_part(MESSAGE_FORWARD, "f", text),
	};
	struct message_params p = params_with(parts, 1);
	struct message *m;
	const char *at;
	bool changed;

	testmail_send(&p, form, out, &m);
	changed = message_facts(m)->changed != NULL;
	message_free(m);
	at = strstr(buf_string(out), "Content-Type: message/");
	assert_non_null(at);
	/* The one who did not ask for it is told. */
	if (strstr(at, "=?") == NULL && strstr(at, "quoted-p") == NULL)
		assert_false(changed);
	else
		assert_true(changed);
	return at;
}

static void
a_forwarded_header_that_stays_in_utf8_makes_the_message_global(void **state)
{
	static const char *const rows[][2] = {
	    {"From: \xc3\xbcwe@x.test\n\nx\n",
		"Content-Type: message/global\r\n"
		"Content-Disposition: inline\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\n"
		"From: \xc3\xbcwe@x.test\r\n\r\nx\r\n"},
	    {"Content-Type: message/rfc822\n\nTo: <\xc3\xbc@x.test>\n\nx\n",
		"Content-Type: message/global\r\n"
		"Content-Disposition: inline\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\n"
		"Content-Type: message/global\r\n\r\n"
		"To: <\xc3\xbc@x.test>\r\n\r\nx\r\n"},
	    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
	     "To: \xc3\xbc@x.test\n\nx\n--b--\n",
		"Content-Type: message/global\r\n"
		"Content-Disposition: inline\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\n"
		"Content-Type: multipart/digest; boundary=b\r\n"
		"\r\n--b\r\n"
		"Content-Type: message/global\r\n\r\n"
		"To: \xc3\xbc@x.test\r\n\r\nx\r\n--b--\r\n"},
	};
	struct message_part part;
	struct message_params p;
	struct mime_stream stream;
	struct message *m;
	struct error err = {0};
	struct buf out = {0};
	const char *at;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = forwarded(rows[i][0], &testmail_full, &out);
		if (strncmp(at, rows[i][1], strlen(rows[i][1])) != 0)
			fail_msg("%s", at);
		part = text_part(MESSAGE_FORWARD, "f", rows[i][0]);
		p = params_with(&part, 1);
		assert_int_equal(message_new(&p, &m, &err), 0);
		assert_true(message_facts(m)->utf8_header);
		assert_int_equal(
		    message_open(m, &testmail_plain, &stream, &err), -1);
		assert_int_equal(err.status, EX_DATAERR);
		assert_non_null(strstr(err.hint, "--attach FILE"));
		message_free(m);
	}
	buf_clear(&out);
}

static void
headers_in_a_forwarded_message_are_mended_at_any_depth(void **state)
{
	struct buf out = {0};
	const char *at;

	(void)state;
	at = forwarded("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
		       "Content-Type: message/rfc822\n\n"
		       "From: \"M\xfcller, K\" <k@x.test>\nBcc: hidden@x.test\n"
		       "Content-Type: message/rfc822\n\n"
		       "Subject: \xfc\nResent-Bcc: hidden@x.test\n"
		       "Content-Type: multipart/mixed; boundary=c\n\n--c\n"
		       "Content-Disposition: attachment; filename=\"\xfc\"\n"
		       "\nx\n--c--\n--b--\n",
	    &testmail_plain, &out);
	assert_true(testmail_has(&out,
	    "From: =?unknown-8bit?Q?M=FCller=2C_K?= <k@x.test>\r\n"
	    "Content-Type: message/rfc822\r\n\r\n"
	    "Subject: =?unknown-8bit?Q?=FC?=\r\n"
	    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
	    "Content-Disposition: attachment; filename*=unknown-8bit''%FC\r\n"
	    "\r\nx\r\n"));
	assert_null(strstr(at, "hidden"));
	at = forwarded("Content-Type: message/rfc822\n\n"
		       "Bcc: hidden@x.test\nSubject: s\n\nx\n",
	    &testmail_plain, &out);
	assert_null(strstr(at, "hidden"));
	at = forwarded("Content-Type: message/rfc822\n\n"
		       "From x Thu Nov 13 10:00:00 2025\n"
		       "Bcc: hidden@x.test\nSubject: \xfc\nX: y\n\nx\n",
	    &testmail_plain, &out);
	assert_non_null(strstr(at,
	    "\r\n\r\nSubject: =?unknown-8bit?Q?=FC?=\r\nX: y\r\n\r\nx\r\n"));
	assert_null(strstr(at, "hidden"));
	assert_null(strstr(at, "From x"));
	buf_clear(&out);
}

/* As it stands, or not at all. */
static void
what_is_signed_in_a_forwarded_message_is_not_encoded(void **state)
{
	static const char *const rows[] = {
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n%s--b\r\n"
	    "\r\n%s\r\n--b\r\n\r\nx\r\n--b--\r\n",
	    "Content-Type: application/pkcs7-mime\r\n\r\n%s%s\r\n",
	    "Content-Type: application/x-PKCS7-mime; x=y\r\n\r\n%s%s\r\n",
	    "DKIM-Signature: v=1\r\nSubject: s\r\n\r\n%s%s\r\n",
	    "ARC-Message-Signature: v=1\r\nSubject: s\r\n\r\n%s%s\r\n",
	    "Content-Type: message/rfc822\r\n\r\nDKIM-Signature: v=1\r\n"
	    "\r\n%s%s\r\n",
	    "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"
	    "Content-Type: multipart/signed; boundary=b\r\n\r\n%s--b\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\n%s"
	    "\r\n--b\r\n\r\nx\r\n--b--\r\n\r\n--a--\r\n",
	};
	struct buf text = {0}, line = {0}, out = {0};
	struct message_part part;
	struct message_params p;
	struct mime_stream stream;
	struct message *m;
	struct error err;
	size_t i;

	(void)state;
	while (line.len < 1200)
		buf_putc(&line, 'x');
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&text);
		buf_printf(&text, rows[i], "", "f\xc3\xbcr");
		assert_non_null(strstr(
		    forwarded(text.data, &testmail_full, &out), text.data));
		part = text_part(MESSAGE_FORWARD, "f", text.data);
		p = params_with(&part, 1);
		assert_int_equal(message_new(&p, &m, &err), 0);
		assert_int_equal(
		    message_open(m, &testmail_plain, &stream, &err), -1);
		assert_int_equal(err.status, EX_DATAERR);
		assert_non_null(strstr(err.hint, "signature would break"));
		message_free(m);
		buf_reset(&text);
		buf_printf(&text, rows[i], "", line.data);
		part.text = text.data;
		testmail_refused(&p, EX_DATAERR, "longer than 998 octets");
	}
	buf_clear(&text);
	buf_clear(&line);
	buf_clear(&out);
}

static void
a_part_that_goes_as_it_is_has_no_header_that_may_not(void **state)
{
	static const struct {
		const char *type, *text;
		bool fine, utf8;
	} rows[] = {
	    {"message/rfc822", "Subject: s\n\n\xc3\xbc\n", true, false},
	    {"message/rfc822", "Subject: \xc3\xbc\n\nx\n", false, false},
	    {"message/global", "Subject: \xc3\xbc\n\nx\n", true, true},
	    {"message/global", "Subject: \xfc\n\nx\n", false, false},
	    {"message/global",
		"Content-Type: message/rfc822\n\nSubject: \xc3\xbc\n\nx\n",
		false, false},
	};
	static const char *const fields[] = {
	    "Content-Type: multipart/mixed; boundary=b"};
	struct message_part part = text_part(MESSAGE_ATTACHMENT, "f.eml", NULL);
	struct message_params p = params_with(&part, 1);
	struct message *m;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		part.type = rows[i].type;
		part.text = rows[i].text;
		if (!rows[i].fine) {
			testmail_refused(&p, EX_DATAERR, "8-bit text in a");
			continue;
		}
		assert_int_equal(message_new(&p, &m, &err), 0);
		assert_int_equal(message_facts(m)->utf8_header, rows[i].utf8);
		message_free(m);
	}
	p.part_count = 0;
	p.headers = fields;
	p.header_count = 1;
	p.body_text = "--b\nContent-Disposition: attachment; filename=\xfc\n\n"
		      "x\n--b--\n";
	testmail_refused(&p, EX_DATAERR, "line 2: 8-bit text in a header");
}

/* Whoever knows the boundary that is chosen cannot end a part with it. */
static void
a_boundary_that_occurs_in_the_content_is_not_used(void **state)
{
	struct message_part parts[] = {
	    text_part(MESSAGE_ATTACHMENT, "a.txt", "--" STEM "a--\r\n"),
	    text_part(
		MESSAGE_FORWARD, "f", "Subject: s\n\nsee " STEM "b here\n"),
	};
	struct message_params p = params_with(parts, 2);
	struct buf out = {0};

	(void)state;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_false(testmail_has(&out, "boundary=\"" STEM "a\""));
	assert_true(testmail_has(&out, "boundary=\"=_"));
	buf_clear(&out);
}

static void
a_boundary_is_found_however_the_text_is_cut(void **state)
{
	const struct ident ident = {.random = "0123456789abcdef"};
	struct boundary b;
	char text[200];
	size_t cut, step, i;

	(void)state;
	for (step = 1; step < 70; step++) {
		for (cut = 0; cut < 60; cut += 7) {
			boundary_init(&b, &ident, 0);
			memset(text, '=', sizeof(text));
			memcpy(text + 40 + cut, b.stem, BOUNDARY_STEM);
			boundary_begin(&b);
			for (i = 0; i < sizeof(text); i += step)
				boundary_update(&b, text + i,
				    sizeof(text) - i < step ? sizeof(text) - i
							    : step);
			assert_true(b.found);
			boundary_init(&b, &ident, 1);
			boundary_begin(&b);
			boundary_update(&b, text, sizeof(text));
			assert_false(b.found);
		}
	}
}

static void
an_answer_takes_over_the_thread(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
	    {"Message-ID: <1@a>\nSubject: =?utf-8?q?=C3=A4?=\n\n",
		"Subject: Re: =?UTF-8?B?w6Q=?=\r\n|"
		"In-Reply-To: <1@a>\r\nReferences: <1@a>\r\n"},
	    {"Message-Id:\n <2@a>\nReferences: <0@a>\n\t<1@a>\n"
	     "Subject: RE: re: x\n\n",
		"Subject: Re: x\r\n|"
		"In-Reply-To: <2@a>\r\nReferences: <0@a> <1@a> <2@a>\r\n"},
	    {"From q\nMESSAGE-ID: <2@a>\nIn-Reply-To: Your <1@a>\n\n",
		"In-Reply-To: <2@a>\r\nReferences: <1@a> <2@a>\r\n"},
	    {"Message-ID: <2@a>\nIn-Reply-To: <1@a> <0@a>\n\n",
		"In-Reply-To: <2@a>\r\nReferences: <2@a>\r\n"},
	};
	struct message_part answered = {.fd = -1, .name = "m"};
	struct message_params p = testmail_params();
	struct buf out = {0};
	char *text, *second;
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.answered = &answered;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answered.text = rows[i].text;
		testmail_send(&p, &testmail_plain, &out, NULL);
		text = strdup(rows[i].expected);
		second = strchr(text, '|');
		if (second != NULL)
			*second++ = '\0';
		assert_true(testmail_has(&out, text));
		assert_true(second == NULL || testmail_has(&out, second));
		free(text);
	}
	p.subject = "mine";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "Subject: mine\r\n"));
	answered.text = "Subject: x\n\nMessage-ID: <1@a>\n";
	testmail_refused(&p, EX_DATAERR, "m: no Message-ID to refer to");
	p.answered = NULL;
	p.in_reply_to = "1@a";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(
	    testmail_has(&out, "In-Reply-To: <1@a>\r\nReferences: <1@a>\r\n"));
	p.in_reply_to = "1@a\r\nBcc: x@y";
	testmail_refused(&p, EX_USAGE, "--in-reply-to");
	buf_clear(&out);
}

/* What cannot be decoded is not encoded once more. */
static void
an_answer_has_the_subject_of_the_message(void **state)
{
	static const char *const rows[][3] = {
	    {"=?ks_c_5601-1987?B?vsiz58fPvLy/5A==?=", NULL,
		"=?UTF-8?B?7JWI64WV7ZWY7IS47JqU?="},
	    {"Re: =?ks_c_5601-1987?B?jEE=?=", NULL, "=?UTF-8?B?65iA?="},
	    {"=?no-such?B?jEE=?= x", NULL, "=?no-such?B?jEE=?= x"},
	    {"RE: =?no-such?B?jEE=?=\n =?utf-8?q?=C3=A4?=", NULL,
		"=?no-such?B?jEE=?= =?utf-8?q?=C3=A4?="},
	    {"=?utf-8?B?a*b?=", NULL, "=?utf-8?B?a*b?="},
	    {"=?utf-8?Q?=C3?=", NULL, "=?utf-8?Q?=C3?="},
	    {"=?utf-8?X?abc?=", NULL, "=?utf-8?X?abc?="},
	    {"=?utf-8?Q?=1B[2J?=", NULL, "=?utf-8?Q?=1B[2J?="},
	    {"=?big5?Q?=A4?= \xfc", NULL,
		"=?big5?Q?=A4?= =?unknown-8bit?Q?_=FC?="},
	    {"=?utf-8?Q?=C3?=\n =?UTF8*en?B?vA==?=", NULL, "=?UTF-8?B?w7w=?="},
	    {"f\xfcr dich", NULL, "=?unknown-8bit?Q?f=FCr?= dich"},
	    {"f\xfcr dich", "ISO-8859-1", "=?UTF-8?Q?f=C3=BCr?= dich"},
	    {"=?utf-8?q?=3D=3Fx=3Fq=3Fy=3F=3D?=", NULL,
		"=?UTF-8?B?PT94P3E/eT89?="},
	};
	struct message_part answered = {.fd = -1, .name = "m"};
	struct message_params p = testmail_params();
	struct buf text = {0}, expected = {0}, out = {0};
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.answered = &answered;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&text);
		buf_printf(
		    &text, "Message-ID: <1@a>\nSubject: %s\n\n", rows[i][0]);
		buf_reset(&expected);
		buf_printf(&expected, "\r\nSubject: Re: %s\r\n", rows[i][2]);
		answered.text = buf_string(&text);
		p.charset = rows[i][1];
		testmail_send(&p, &testmail_plain, &out, NULL);
		if (!testmail_has(&out, buf_string(&expected)))
			fail_msg("%s: %s", rows[i][0], out.data);
	}
	buf_clear(&text);
	buf_clear(&expected);
	buf_clear(&out);
}

static void
options_set_the_fields_of_lists_and_alerts(void **state)
{
	static const char *const uris[] = {
	    "https://x.test/u", "mailto:u@x.test"};
	static const char *const own[] = {"Importance: low", "list-id: <a.b>"};
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.list_unsubscribe = uris;
	p.list_unsubscribe_count = 2;
	p.list_id = "News <news.x.test>";
	p.auto_submitted = "auto-generated";
	p.importance = "high";
	p.date = "@0";
	p.message_id = "me@x.test";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(
	    testmail_has(&out, "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"));
	assert_true(testmail_has(&out,
	    "Message-ID: <me@x.test>\r\n"
	    "List-Id: News <news.x.test>\r\n"
	    "List-Unsubscribe: <https://x.test/u>, <mailto:u@x.test>\r\n"
	    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "Importance: high\r\n"));
	p.headers = own;
	p.header_count = 2;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_false(testmail_has(&out, "Importance: high"));
	assert_false(testmail_has(&out, "News"));
	assert_true(testmail_has(&out, "Importance: low\r\nlist-id: <a.b>"));
	p.message_id = "no id";
	testmail_refused(&p, EX_USAGE, "--message-id: 'no id'");
	buf_clear(&out);
}

static void
a_date_of_rfc_5322_goes_out_as_it_was_given(void **state)
{
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.date = "13 Nov 2025 10:00:00 -0000";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "Date: 13 Nov 2025 10:00:00 -0000\r\n"));
	p.date = "2025-11-13 10:00:00";
	testmail_refused(&p, EX_USAGE, "--date");
	buf_clear(&out);
}

static void
a_flowed_text_says_so(void **state)
{
	static const char *const types[] = {
	    "Content-Type: text/plain; delsp=yes",
	    "Content-Type: text/html",
	    "Content-Type: text/plain2",
	};
	struct message_params p = testmail_params();
	struct buf out = {0};
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.flowed = true;
	for (i = 0; i < 3; i++) {
		p.headers = &types[i];
		p.header_count = 1;
		testmail_refused(&p, EX_USAGE, "--flowed is for");
	}
	p.header_count = 0;
	p.body_text = "From here\n"
		      "one two three four five six seven eight nine ten eleven "
		      "twelve thirteen fourteen\n";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "format=flowed"));
	assert_true(testmail_has(&out, "\r\n From here\r\none two"));
	assert_true(testmail_has(&out, "thirteen \r\nfourteen\r\n"));
	buf_clear(&out);
}

/* The same input makes the same message, and another another one. */
static void
a_reproducible_message_depends_on_its_content_alone(void **state)
{
	struct message_part part = text_part(MESSAGE_ATTACHMENT, "a", "1\n");
	struct message_params p = params_with(&part, 1);
	struct buf first = {0}, next = {0};
	struct message *m[2];
	int i;

	(void)state;
	p.ident.reproducible = true;
	testmail_send(&p, &testmail_plain, &first, &m[0]);
	for (i = 0; i < 2; i++) {
		memset(p.ident.random, i, sizeof(p.ident.random));
		testmail_send(&p, &testmail_plain, &next, &m[1]);
		assert_string_equal(buf_string(&first), buf_string(&next));
		message_free(m[1]);
	}
	part.text = "2\n";
	testmail_send(&p, &testmail_plain, &next, &m[1]);
	assert_string_not_equal(
	    message_facts(m[0])->message_id, message_facts(m[1])->message_id);
	message_free(m[0]);
	message_free(m[1]);
	buf_clear(&first);
	buf_clear(&next);
}

/* Fields of the message, and of its second part. */
static void
count_fields(const struct buf *out, size_t *message, size_t *part)
{
	const char *p = buf_string(out), *end = p + out->len;
	struct header_field f;
	const char *delimiter = "\r\n--" STEM "a\r\n";

	*message = testmail_count_fields(out);
	*part = 0;
	p = strstr(p, delimiter);
	assert_non_null(p);
	p = strstr(p + 1, delimiter);
	assert_non_null(p);
	for (p += strlen(delimiter); header_parse(p, end, &f); p = f.next)
		++*part;
	assert_memory_equal(p, "\r\n", 2);
	p = strstr(p, "\r\n--");
	assert_string_equal(p, "\r\n--" STEM "a--\r\n");
}

/* Whatever a value is, it adds no field and no part, or it is refused. */
static void
no_value_changes_the_number_of_fields_or_parts(void **state)
{
	static const char alphabet[] = "\r\n\n \t\"\\;=<>@,:%'*()[]./?-_ab12"
				       "\x01\x7f\x80\xc3\xa4\xe2\x80\xa8";
	enum { FILENAME, NAME, TYPE, CID, LIST_ID, URI, ANSWER, ID, DATE, ALL };
	struct message_part part;
	struct message_params p;
	struct buf out = {0};
	struct error err;
	struct message *m;
	char value[60];
	const char *const list[] = {value};
	size_t round, i, n, sent[ALL] = {0}, fields[2];
	uint64_t random = 23;
	int what;

	(void)state;
	for (round = 0; round < 20000; round++) {
		what = (int)(round % ALL);
		n = testmail_random(&random, sizeof(value));
		for (i = 0; i < n; i++)
			value[i] = alphabet[testmail_random(
			    &random, sizeof(alphabet) - 1)];
		value[n] = '\0';
		if (what == TYPE)
			memcpy(value, "a/b;c=", n < 6 ? n : 6);
		part = text_part(MESSAGE_ATTACHMENT, "a.bin", "x");
		p = params_with(&part, 1);
		part.filename = what == FILENAME ? value : NULL;
		part.name = what == NAME ? value : "a.bin";
		part.type = what == TYPE ? value : "image/x";
		part.cid = what == CID ? value : "1@a";
		p.list_id = what == LIST_ID ? value : "a.b";
		p.list_unsubscribe = what == URI ? list : testmail_bob;
		p.list_unsubscribe_count = 1;
		p.in_reply_to = what == ANSWER ? value : "1@a";
		p.message_id = what == ID ? value : "2@a";
		p.date = what == DATE ? value : "@0";
		if (message_new(&p, &m, &err) == -1) {
			assert_int_equal(err.status, EX_USAGE);
			continue;
		}
		message_free(m);
		sent[what]++;
		testmail_send(&p, &testmail_plain, &out, NULL);
		testmail_check_legal(&out, false);
		count_fields(&out, &fields[0], &fields[1]);
		assert_int_equal(fields[0], 10);
		assert_int_equal(fields[1], 4);
	}
	assert_in_range(sent[FILENAME], 50, 1000);
	assert_in_range(sent[NAME], 50, 1000);
	buf_clear(&out);
}

/* Files, pipes and memory make the same bytes, again and again. */
static void
an_attachment_may_come_from_anywhere(void **state)
{
	struct message_part part = {.name = "a.bin"};
	struct message_params p = params_with(&part, 1);
	struct mime_stream stream;
	struct error err = {0};
	struct buf bytes = {0}, first = {0}, next = {0};
	struct message *m;
	uint64_t seed = 7;
	int way, round;

	(void)state;
	while (bytes.len < 300000)
		buf_putc(&bytes, (char)testmail_random(&seed, 256));
	for (way = 0; way < 2; way++) {
		part.fd = way == 0 ? testmail_file(bytes.data, bytes.len)
				   : testmail_pipe(bytes.data, bytes.len);
		assert_int_equal(message_new(&p, &m, &err), 0);
		assert_true(message_facts(m)->lasting);
		for (round = 0; round < 2; round++) {
			assert_int_equal(
			    message_open(m, &testmail_plain, &stream, &err), 0);
			buf_reset(&next);
			assert_int_equal(
			    testmail_drain(stream.source, 8000, &next, &err),
			    0);
			assert_int_equal(stream.size, next.len);
			testmail_check_legal(&next, false);
			source_free(stream.source);
			if (way == 0 && round == 0)
				buf_append(&first, next.data, next.len);
			assert_int_equal(first.len, next.len);
			assert_memory_equal(first.data, next.data, next.len);
		}
		message_free(m);
		close(part.fd);
	}
	buf_clear(&bytes);
	buf_clear(&first);
	buf_clear(&next);
}

static void
an_attachment_that_shrinks_is_never_sent(void **state)
{
	struct message_part part = {.name = "a.bin"};
	struct message_params p = params_with(&part, 1);
	struct mime_stream stream;
	struct error err = {0};
	struct buf bytes = {0}, out = {0};
	struct message *m;

	(void)state;
	testmail_fill(&bytes, 1 << 20, true);
	buf_putc(&bytes, '\xff');
	part.fd = testmail_file(bytes.data, bytes.len);
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_int_equal(ftruncate(part.fd, 200000), 0);
	assert_int_equal(message_open(m, &testmail_plain, &stream, &err), 0);
	assert_int_equal(testmail_drain(stream.source, 8000, &out, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	assert_non_null(strstr(err.text, "changed while it was read"));
	source_free(stream.source);
	message_free(m);
	close(part.fd);
	buf_clear(&bytes);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_attachment_makes_a_mixed_message),
	    cmocka_unit_test(parts_nest_as_readers_expect),
	    cmocka_unit_test(html_alone_gets_a_text_with_its_links),
	    cmocka_unit_test(html_may_name_a_content_id_as_it_was_given),
	    cmocka_unit_test(html_is_in_the_charset_that_it_names),
	    cmocka_unit_test(
		an_inline_file_without_html_stands_behind_the_text),
	    cmocka_unit_test(what_an_attachment_is_decides_its_form),
	    cmocka_unit_test(what_a_part_cannot_be_is_refused),
	    cmocka_unit_test(
		a_content_id_is_given_once_and_made_of_the_content),
	    cmocka_unit_test(
		a_given_type_belongs_to_the_text_unless_it_is_a_multipart),
	    cmocka_unit_test(
		a_forwarded_message_loses_its_mbox_line_and_bcc_only),
	    cmocka_unit_test(
		a_forwarded_message_is_encoded_where_mail_cannot_carry_it),
	    cmocka_unit_test(
		a_forwarded_header_that_stays_in_utf8_makes_the_message_global),
	    cmocka_unit_test(
		headers_in_a_forwarded_message_are_mended_at_any_depth),
	    cmocka_unit_test(
		what_is_signed_in_a_forwarded_message_is_not_encoded),
	    cmocka_unit_test(
		a_part_that_goes_as_it_is_has_no_header_that_may_not),
	    cmocka_unit_test(a_boundary_that_occurs_in_the_content_is_not_used),
	    cmocka_unit_test(a_boundary_is_found_however_the_text_is_cut),
	    cmocka_unit_test(an_answer_takes_over_the_thread),
	    cmocka_unit_test(an_answer_has_the_subject_of_the_message),
	    cmocka_unit_test(options_set_the_fields_of_lists_and_alerts),
	    cmocka_unit_test(a_date_of_rfc_5322_goes_out_as_it_was_given),
	    cmocka_unit_test(a_flowed_text_says_so),
	    cmocka_unit_test(
		a_reproducible_message_depends_on_its_content_alone),
	    cmocka_unit_test(no_value_changes_the_number_of_fields_or_parts),
	    cmocka_unit_test(an_attachment_may_come_from_anywhere),
	    cmocka_unit_test(an_attachment_that_shrinks_is_never_sent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
