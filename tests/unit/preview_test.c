/* preview: what is shown of messages of all kinds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "message/preview.h"

#define HEAD "From: me@x.test\nSubject: s\n"
#define SHOWN "From: me@x.test\nSubject: s\n\n"

static void
render(const char *text, struct buf *out)
{
	struct input_params params = {.text = text, .fd = -1, .name = "test"};
	struct input input;
	struct error err;

	buf_reset(out);
	input_begin(&input, &params);
	assert_int_equal(preview_render(&input, out, &err), 0);
	input_end(&input);
}

static void
shows(const char *text, const char *expected)
{
	struct buf out = {0};

	render(text, &out);
	assert_string_equal(buf_string(&out), expected);
	buf_clear(&out);
}

static void
the_fields_that_readers_show_come_in_order_decoded_and_unfolded(void **state)
{
	(void)state;
	shows("Received: from x\n"
	      "Subject: =?utf-8?q?Gr=C3=BC?=\n =?utf-8?q?=C3=9Fe?= to\n you\n"
	      "Date: Tue, 1 Dec 2026 09:30:00 +0100\n"
	      "reply-to: r@x.test\n"
	      "CC: c@x.test\nTo: t@x.test\n"
	      "From: =?iso-8859-1?q?M=FCller?= <me@x.test>\n"
	      "Bcc: eve@x.test\nX-Other: x\n\nhi\n",
	    "From: M\xc3\xbcller <me@x.test>\nTo: t@x.test\nCc: c@x.test\n"
	    "Reply-To: r@x.test\nSubject: Gr\xc3\xbc\xc3\x9f"
	    "e to you\nDate: Tue, 1 Dec 2026 09:30:00 +0100\n\nhi\n");
	shows("Subject: s\n", "Subject: s\n");
	shows("", "");
	shows("\nno header\n", "no header\n");
}

static void
no_control_reaches_the_terminal(void **state)
{
	struct buf out = {0};
	size_t i;

	(void)state;
	render("From: \"\x1b[2J\" <me@x.test>\nSubject: =?utf-8?q?=1B=5B2J_a=7F"
	       "_=C2=9B_=E2=80=AE?=\n"
	       "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n"
	       "\n--a\n\n\x1b]0;x\x07 \x08 a\rb \x7f \xc2\x9b \xe2\x80\xae "
	       "\xff tab\there\n"
	       "--a\nContent-Type: text/html\n\n<p>a&#27;[2J&#155;</p>\x1b\n"
	       "--a\nContent-Type: \x1b/x\n"
	       "Content-Disposition: attachment; filename=\"a\x1b]\x07\"\n\nx\n"
	       "--a--\n",
	    &out);
	for (i = 0; i < out.len; i++)
		assert_true((unsigned char)out.data[i] >= 0x20 ||
		    strchr("\n\t", out.data[i]) != NULL);
	assert_null(memchr(out.data, 0x7f, out.len));
	assert_null(strstr(out.data, "\xc2\x9b"));
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	assert_non_null(strstr(out.data, "\\x1B]0;x\\x07"));
	assert_non_null(strstr(out.data, "tab\there"));
	buf_clear(&out);
}

static void
transfer_encodings_and_charsets_are_undone(void **state)
{
	(void)state;
	shows(HEAD "Content-Type: text/plain; charset=iso-8859-1\n"
		   "Content-Transfer-Encoding: quoted-printable\n\n"
		   "Gr=FC=DF=\ne\n\n--=20\nme\n",
	    SHOWN "Gr\xc3\xbc\xc3\x9f"
		  "e\n\n-- \nme\n");
	shows(HEAD "Content-Type: text/plain; charset=\"utf-8\"\n"
		   "Content-Transfer-Encoding: base64\n\n"
		   "R3LDvMOfZQ0KenfDtmxmDQo=\n",
	    SHOWN "Gr\xc3\xbc\xc3\x9f"
		  "e\nzw\xc3\xb6lf\n");
	/* unknown charsets, and what is not in the one that is named */
	shows(HEAD "Content-Type: text/plain; charset=nonsense\n\na\xc3\xbc\n",
	    SHOWN "a\xc3\xbc\n");
	shows(HEAD "Content-Type: text/plain; charset=utf-8\n\na\xff"
		   "b\n",
	    SHOWN "a\xef\xbf\xbd"
		  "b\n");
	shows(HEAD "\nplain \xc3\xbc without MIME\n",
	    SHOWN "plain \xc3\xbc without MIME\n");
}

static void
lines_of_a_flowed_text_are_joined(void **state)
{
	(void)state;
	shows(HEAD "Content-Type: text/plain; format=Flowed\n\n"
		   "a paragraph \nof two lines\n From me\n> a \n> b\n",
	    SHOWN "a paragraph of two lines\nFrom me\n> a b\n");
	shows(HEAD "Content-Type: text/plain;\n delsp=yes; format=flowed\n\n"
		   "a para \ngraph\n",
	    SHOWN "a paragraph\n");
	shows(HEAD "Content-Type: text/plain; format=fixed\n\na \nb\n",
	    SHOWN "a \nb\n");
}

static void
of_several_forms_the_plain_text_is_shown(void **state)
{
	(void)state;
	shows(HEAD "Content-Type: multipart/alternative; boundary=a\n\n"
		   "preamble\n--a\n\nplain\n"
		   "--a\nContent-Type: text/html\n\n<b>html</b>\n--a--\n",
	    SHOWN "plain\n");
	shows(HEAD "Content-Type: multipart/alternative; boundary=a\n\n"
		   "--a\nContent-Type: text/html\n\n<b>html</b>\n"
		   "--a\n\nplain\n--a--\n",
	    SHOWN "plain\n");
	/* with what the other form shows, and a form that is no text */
	shows(HEAD
	    "Content-Type: multipart/alternative; boundary=a\n\n"
	    "--a\n\nplain\n"
	    "--a\nContent-Type: multipart/related; boundary=b\n\n"
	    "--b\nContent-Type: text/html\n\n<img src=cid:i>\n"
	    "--b\nContent-Type: image/png; name=logo.png\n"
	    "Content-ID: <i>\nContent-Transfer-Encoding: base64\n\neA==\n--b--\n"
	    "--a\nContent-Type: text/calendar\nContent-Transfer-Encoding: base64\n\nQkVHSU4=\n--a--\n",
	    SHOWN "plain\n\n[inline: logo.png, image/png, 1 octet]\n"
		  "[alternative: text/calendar, 5 octets]\n");
	shows(HEAD "Content-Type: multipart/alternative; boundary=a\n\n"
		   "--a\nContent-Type: multipart/related; boundary=b\n\n"
		   "--b\nContent-Type: text/html\n\n<p>only <b>html</b>\n"
		   "--b--\n--a--\n",
	    SHOWN "only html\n");
}

static void
html_alone_is_shown_as_text_in_its_own_charset(void **state)
{
	(void)state;
	shows(HEAD "Content-Type: text/html; charset=iso-8859-1\n\n"
		   "<h1>Gr\xfc\xdf"
		   "e</h1><p>a<br>b</p><script>x</script>\n",
	    SHOWN "Gr\xc3\xbc\xc3\x9f"
		  "e\n\na\nb\n");
	shows(HEAD "Content-Type: text/html\n\n"
		   "<meta charset=iso-8859-1><p>\xfc\n",
	    SHOWN "\xc3\xbc\n");
}

static void
each_attachment_has_a_line_with_name_type_and_size(void **state)
{
	static const char head[] =
	    HEAD "Content-Type: multipart/mixed; boundary=a\n\n--a\n\ntext\n"
		 "--a\nContent-Type: Application/PDF\n"
		 "Content-Disposition: attachment;\n"
		 " filename*=utf-8''gr%C3%BC%C3%9Fe.pdf\n"
		 "Content-Transfer-Encoding: base64\n\n";
	static const char tail[] =
	    "\n--a\nContent-Type: text/plain\n"
	    "Content-Disposition: attachment; filename=a.txt\nContent-Transfer-Encoding: base64\n\nbm90IHNob3du\n"
	    "--a\nContent-Type: image/png\nContent-Disposition: inline\n\n\n"
	    "--a\n\nmore text\n--a--\n";
	struct buf text = {0};
	int i;

	(void)state;
	buf_puts(&text, head);
	for (i = 0; i < 4096; i++)
		buf_puts(&text, "AAAA");
	buf_puts(&text, tail);
	shows(buf_string(&text),
	    SHOWN "text\n\n"
		  "[attachment: gr\xc3\xbc\xc3\x9f"
		  "e.pdf, application/pdf, 12 KiB]\n"
		  "[attachment: a.txt, text/plain, 9 octets]\n"
		  "[inline: image/png, 0 octets]\n\nmore text\n");
	buf_clear(&text);
}

static void
a_forwarded_message_is_indented_with_its_fields(void **state)
{
	(void)state;
	shows(HEAD
	    "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nsee\n"
	    "--a\nContent-Type: message/rfc822\n\n"
	    "From: you@y.test\nSubject: inner\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n"
	    "--b\n\none\n\ntwo\n"
	    "--b\nContent-Type: x/y\nContent-Transfer-Encoding: base64\n\neg==\n--b--\n"
	    "--a\n\nend\n--a--\n",
	    SHOWN "see\n\n"
		  "    From: you@y.test\n    Subject: inner\n\n"
		  "    one\n\n    two\n\n"
		  "    [attachment: x/y, 1 octet]\n\nend\n");
}

static void
messages_in_messages_are_shown_to_some_depth(void **state)
{
	struct buf text = {0}, out = {0};
	const char *p;
	int i, n = 0;

	(void)state;
	for (i = 0; i < 60; i++)
		buf_puts(&text, "Subject: s\nContent-Type: message/rfc822\n\n");
	buf_puts(&text, "Subject: last\n\nhi\n");
	render(buf_string(&text), &out);
	for (p = buf_string(&out); (p = strstr(p, "Subject: s")) != NULL; p++)
		n++;
	assert_int_equal(n, PREVIEW_DEPTH + 1);
	assert_non_null(strstr(buf_string(&out), "not shown]\n"));
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_text_that_is_too_long_is_cut_and_a_line_says_so(void **state)
{
	struct buf text = {0}, out = {0};
	int i;

	(void)state;
	buf_puts(&text, HEAD "\n");
	for (i = 0; i < 300000; i++)
		buf_puts(&text, "123456\n");
	render(buf_string(&text), &out);
	assert_true(out.len < PREVIEW_TEXT_MAX + 1000);
	assert_true(out.len > PREVIEW_TEXT_MAX / 2);
	assert_non_null(strstr(buf_string(&out), "[the text goes on"));
	buf_clear(&text);
	buf_clear(&out);
}

static void
what_is_shown_of_all_parts_is_bounded(void **state)
{
	struct buf text = {0}, out = {0};
	int i, k;

	(void)state;
	buf_puts(&text, HEAD "Content-Type: multipart/mixed; boundary=a\n\n");
	for (i = 0; i < 40; i++) {
		buf_puts(&text, "--a\n\n");
		for (k = 0; k < 10000; k++)
			buf_puts(&text,
			    "\x1b\x1b\x1b\x1b\x1b\x1b\x1b"
			    "\x1b\x1b\x1b\x1b\x1b\x1b\x1b\n");
		buf_puts(&text, "text\n");
	}
	render(buf_string(&text), &out);
	assert_true(out.len < PREVIEW_MAX + 1000);
	assert_non_null(strstr(buf_string(&out), "[the rest is not shown]\n"));
	buf_clear(&text);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_fields_that_readers_show_come_in_order_decoded_and_unfolded),
	    cmocka_unit_test(no_control_reaches_the_terminal),
	    cmocka_unit_test(transfer_encodings_and_charsets_are_undone),
	    cmocka_unit_test(lines_of_a_flowed_text_are_joined),
	    cmocka_unit_test(of_several_forms_the_plain_text_is_shown),
	    cmocka_unit_test(html_alone_is_shown_as_text_in_its_own_charset),
	    cmocka_unit_test(
		each_attachment_has_a_line_with_name_type_and_size),
	    cmocka_unit_test(a_forwarded_message_is_indented_with_its_fields),
	    cmocka_unit_test(messages_in_messages_are_shown_to_some_depth),
	    cmocka_unit_test(a_text_that_is_too_long_is_cut_and_a_line_says_so),
	    cmocka_unit_test(what_is_shown_of_all_parts_is_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
