/* Composed messages: their header, their recipients, the form of their text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "message/message.h"
#include "message_testutil.h"

static void
a_composed_message_has_its_fields_in_order(void **state)
{
	static const char *const cc[] = {"c@d.test"};
	static const char *const bcc[] = {"hidden@d.test"};
	static const char *const reply[] = {"Desk <desk@d.test>"};
	static const char *const headers[] = {"X-One: 1", "X-Two:  two "};
	struct message_params p = testmail_params();
	struct buf out = {0};
	struct message *m;

	(void)state;
	testmail_to_bob(&p);
	p.cc = cc;
	p.bcc = bcc;
	p.reply_to = reply;
	p.headers = headers;
	p.cc_count = p.bcc_count = p.reply_to_count = 1;
	p.header_count = 2;
	p.subject = "Hello";
	p.body_text = "Hi\n.\nbye";
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_string_equal(buf_string(&out),
	    "Date: Thu, 13 Nov 2025 10:00:00 +0100\r\n"
	    "From: Ann O'Nym <ann@host.test>\r\n"
	    "To: bob@host.test\r\n"
	    "Cc: c@d.test\r\n"
	    "Reply-To: Desk <desk@d.test>\r\n"
	    "Subject: Hello\r\n"
	    "Message-ID: <20251113090000.qrstuvwxyzbcdefg@host.test>\r\n"
	    "X-One: 1\r\n"
	    "X-Two: two\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Hi\r\n.\r\nbye\r\n");
	assert_int_equal(message_facts(m)->recipient_count, 3);
	assert_string_equal(
	    message_facts(m)->recipients[2].mailbox, "hidden@d.test");
	assert_string_equal(message_facts(m)->reverse_path, "ann@host.test");
	assert_string_equal(message_facts(m)->message_id,
	    "<20251113090000.qrstuvwxyzbcdefg@host.test>");
	assert_true(message_facts(m)->lasting);
	message_free(m);
	buf_clear(&out);
}

static void
recipients_are_listed_once(void **state)
{
	static const char *const to[] = {"a@B.test, b@b.test", "a@b.test"};
	static const char *const cc[] = {"A@b.test,b@b.test"};
	struct message_params p = testmail_params();
	const struct message_facts *f;
	struct buf out = {0};
	struct message *m;

	(void)state;
	p.to = to;
	p.cc = cc;
	p.to_count = 2;
	p.cc_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	f = message_facts(m);
	assert_int_equal(f->recipient_count, 3);
	assert_string_equal(f->recipients[0].mailbox, "a@B.test");
	assert_string_equal(f->recipients[2].mailbox, "A@b.test");
	message_free(m);
	buf_clear(&out);
}

static void
who_is_named_twice_stays_in_the_header(void **state)
{
	static const char *const to[] = {"a@b.test, a@b.test, b@b.test"};
	static const char *const last[] = {"a@b.test, b@b.test, a@b.test"};
	static const char *const cc[] = {"a@b.test, c@b.test"};
	struct message_params p = testmail_params();
	struct buf out = {0};
	struct message *m;

	(void)state;
	p.to = to;
	p.cc = cc;
	p.to_count = p.cc_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_int_equal(message_facts(m)->recipient_count, 3);
	assert_true(testmail_has(&out, "To: a@b.test, a@b.test, b@b.test\r\n"));
	message_free(m);
	buf_reset(&out);
	p.to = last;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_int_equal(message_facts(m)->recipient_count, 3);
	assert_true(testmail_has(&out, "To: a@b.test, b@b.test, a@b.test\r\n"));
	assert_true(testmail_has(&out, "Cc: a@b.test, c@b.test\r\n"));
	message_free(m);
	buf_clear(&out);
}

/* Who is named again gets what is said of him, once. */
static void
parameters_of_a_recipient_are_those_that_were_said(void **state)
{
	static const char *const to[] = {
	    "a@b.test, Bob <c@d.test>;notify=never", "\"e;f=g\"@h.test"};
	static const char *const cc[] = {
	    "A@b.test;x=1, a@B.test;notify=delay,failure", "c@d.test"};
	static const char *const bcc[] = {"C <c@D.test>;notify=success"};
	struct message_params p = testmail_params();
	const struct message_facts *f;
	struct message *m;
	struct buf out = {0};

	(void)state;
	p.to = to;
	p.to_count = 2;
	p.cc = cc;
	p.cc_count = 2;
	testmail_send(&p, &testmail_plain, &out, &m);
	f = message_facts(m);
	assert_int_equal(f->recipient_count, 4);
	assert_string_equal(
	    f->recipients[0].parameters[0].value, "delay,failure");
	assert_string_equal(f->recipients[1].parameters[0].keyword, "notify");
	assert_string_equal(f->recipients[1].parameters[0].value, "never");
	assert_null(f->recipients[1].parameters[1].keyword);
	assert_null(f->recipients[2].parameters);
	assert_string_equal(f->recipients[3].parameters[0].keyword, "x");
	assert_true(testmail_has(
	    &out, "To: a@b.test, Bob <c@d.test>, \"e;f=g\"@h.test\r\n"));
	assert_true(testmail_has(&out, "Cc: A@b.test, a@B.test, c@d.test\r\n"));
	message_free(m);
	p.bcc = bcc;
	p.bcc_count = 1;
	testmail_refused(
	    &p, EX_USAGE, "c@d.test: named twice, with different parameters");
	buf_clear(&out);
}

static void
a_word_with_parameters_is_a_mailbox_at_this_host(void **state)
{
	static const char *const word[] = {"alice;notify=never"};
	static const char *const mixed[] = {"alice;notify=never", "a@b.test"};
	struct message_params p = testmail_params();
	struct message *m;
	struct buf out = {0};

	(void)state;
	p.to = word;
	p.to_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_string_equal(message_facts(m)->recipients[0].local, "alice");
	message_free(m);
	p.to = mixed;
	p.to_count = 2;
	testmail_refused(&p, EX_USAGE, "beside addresses that have them");
	buf_clear(&out);
}

static void
thousands_of_recipients_keep_their_order(void **state)
{
	struct message_params p = testmail_params();
	const char *texts[1] = {NULL};
	struct buf list = {0}, out = {0};
	struct message *m;
	char name[40];
	size_t i;

	(void)state;
	for (i = 0; i < 6000; i++)
		buf_printf(&list, "u%zu@host.test,", i % 5000);
	texts[0] = buf_string(&list);
	p.to = texts;
	p.to_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_int_equal(message_facts(m)->recipient_count, 5000);
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "u%zu@host.test", i);
		assert_string_equal(
		    message_facts(m)->recipients[i].mailbox, name);
	}
	testmail_check_legal(&out, false);
	message_free(m);
	buf_clear(&list);
	buf_clear(&out);
}

static void
bcc_alone_makes_no_to_field(void **state)
{
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	p.bcc = testmail_bob;
	p.bcc_count = 1;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_false(testmail_has(&out, "bob"));
	assert_false(testmail_has(&out, "To:"));
	p.keep_bcc = true;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "\r\nBcc: bob@host.test\r\n"));
	buf_clear(&out);
}

static void
a_message_for_nobody_is_refused(void **state)
{
	static const char *const nobody[] = {"undisclosed-recipients:;", ""};
	struct message_params p = testmail_params();

	(void)state;
	testmail_refused(&p, EX_USAGE, "no recipients");
	p.to = nobody;
	p.to_count = 2;
	testmail_refused(&p, EX_USAGE, "no recipients");
}

static void
groups_are_written_as_groups(void **state)
{
	static const char *const to[] = {"Empty:;, A Team: a@h.test, B "
					 "<b@h.test>;, c@h.test, Last:;"};
	struct message_params p = testmail_params();
	struct buf out = {0};
	struct message *m;

	(void)state;
	p.to = to;
	p.to_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_true(testmail_has(&out,
	    "\r\nTo: Empty:;, A Team: a@h.test, B "
	    "<b@h.test>;, c@h.test, Last:;\r\n"));
	assert_int_equal(message_facts(m)->recipient_count, 3);
	message_free(m);
	buf_clear(&out);
}

static void
a_given_field_replaces_ours(void **state)
{
	static const char *const headers[] = {
	    "date: Mon, 1 Jan 2024 00:00:00 +0000",
	    "FROM: Other <other@o.test>",
	    "To: list@l.test",
	    "Bcc: quiet@q.test",
	    "subject: theirs",
	    "message-id: <x@y>",
	    "Content-Type: text/html",
	    "Reply-To: =?utf-8?Q?J=C3=B6rg?= <j@j.test>",
	};
	struct message_params p = testmail_params();
	struct buf out = {0};
	struct message *m;

	(void)state;
	testmail_to_bob(&p);
	p.subject = "ours";
	p.from = "me@host.test";
	p.headers = headers;
	p.header_count = sizeof(headers) / sizeof(headers[0]);
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_int_equal(testmail_count_fields(&out), 9);
	assert_memory_equal(out.data, "date: Mon, 1 Jan 2024", 20);
	assert_true(testmail_has(&out, "\r\nFrom: Other <other@o.test>\r\n"));
	assert_true(testmail_has(&out, "\r\nTo: list@l.test\r\n"));
	assert_true(testmail_has(&out, "\r\nsubject: theirs\r\n"));
	assert_true(testmail_has(&out, "\r\nMessage-ID: <x@y>\r\n"));
	assert_true(testmail_has(&out,
	    "\r\nContent-Type: text/html; "
	    "charset=us-ascii\r\n"));
	assert_true(testmail_has(&out,
	    "\r\nReply-To: =?UTF-8?B?SsO2cmc=?= "
	    "<j@j.test>\r\n"));
	assert_false(testmail_has(&out, "quiet"));
	assert_int_equal(message_facts(m)->recipient_count, 3);
	assert_string_equal(message_facts(m)->reverse_path, "me@host.test");
	assert_string_equal(message_facts(m)->message_id, "<x@y>");
	message_free(m);
	buf_clear(&out);
}

static void
several_authors_have_a_sender(void **state)
{
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.from = "a@h.test, b@h.test";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out,
	    "From: a@h.test, b@h.test\r\n"
	    "Sender: a@h.test\r\n"));
	buf_clear(&out);
	p.from = "We: a@h.test, b@h.test;";
	testmail_refused(&p, EX_USAGE, "--from: a group is no author");
}

static void
bad_given_fields_are_refused(void **state)
{
	static const char *const rows[] = {
	    "no colon",
	    ": no name",
	    "a b: c",
	    "\xc3\xbc: c",
	    "A: b\nC: d",
	    "A: b\r",
	    "A\n: b",
	    "A: \xff",
	    "Message-ID: x",
	    "Message-ID: <a b@c>",
	    "Date:",
	    "To:",
	    "From: a@@b",
	    "From: x:a@h.test;",
	    "Resent-Bcc: a@b.c",
	    "Content-Type: \xc3\xbc",
	    "Sender: a@h.test, b@h.test",
	    "Content-Transfer-Encoding: x-uue",
	};
	struct message_params p = testmail_params();
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.header_count = 1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p.headers = &rows[i];
		if (strcmp(rows[i], "To:") == 0)
			testmail_refused(&p, EX_USAGE, "missing");
		else
			testmail_refused(&p, EX_USAGE, "");
	}
}

static void
a_field_of_which_there_is_one_is_not_given_twice(void **state)
{
	static const char *const twice[] = {"Subject: a", "SUBJECT: b"};
	static const char *const many[] = {"X-A: a", "X-A: b"};
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.headers = twice;
	p.header_count = 2;
	testmail_refused(&p, EX_USAGE, "twice");
	p.headers = many;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "X-A: a\r\nX-A: b\r\n"));
	buf_clear(&out);
}

static const char *const hostile[] = {
    "a\nBcc: x@y.test",
    "a\r\nX: y",
    "a\rb",
    "\n",
    "x\r\n\r\nbody",
    "\r",
};

static void
line_breaks_in_options_are_refused(void **state)
{
	struct message_params p;
	size_t i, field;

	(void)state;
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		for (field = 0; field < 8; field++) {
			const char *const *list = &hostile[i];

			p = testmail_params();
			testmail_to_bob(&p);
			if (field == 0)
				p.subject = *list;
			if (field == 1)
				p.from = *list;
			if (field == 2)
				p.to = list;
			if (field == 3)
				p.cc = list, p.cc_count = 1;
			if (field == 4)
				p.bcc = list, p.bcc_count = 1;
			if (field == 5)
				p.reply_to = list, p.reply_to_count = 1;
			if (field == 6)
				p.headers = list, p.header_count = 1;
			if (field == 7)
				p.envelope_from = *list;
			testmail_refused(&p, EX_USAGE, "");
		}
	}
}

static void
no_subject_changes_the_number_of_fields(void **state)
{
	struct message_params p = testmail_params();
	struct buf out = {0};
	uint64_t random = 17;
	char subject[301];
	const char *header[1] = {NULL};
	struct buf given = {0};
	struct error err;
	struct message *m;
	size_t round, i, n;

	(void)state;
	testmail_to_bob(&p);
	p.subject = subject;
	p.header_count = 1;
	for (round = 0; round < 3000; round++) {
		n = 1 + testmail_random(&random, 300);
		for (i = 0; i < n; i++)
			subject[i] = (char)(1 +
			    testmail_random(&random, round % 2 ? 127 : 255));
		subject[n] = '\0';
		buf_reset(&given);
		buf_printf(&given, "X-Given: %s", subject);
		header[0] = buf_string(&given);
		p.headers = header;
		p.charset = round % 3 == 0 ? "ISO-8859-1" : "UTF-8";
		if (message_new(&p, &m, &err) == -1) {
			assert_int_equal(err.status, EX_USAGE);
			continue;
		}
		message_free(m);
		testmail_send(&p, &testmail_plain, &out, NULL);
		assert_int_equal(testmail_count_fields(&out), 9);
		testmail_check_legal(&out, false);
	}
	buf_clear(&given);
	buf_clear(&out);
}

static void
text_of_options_is_encoded_for_the_header(void **state)
{
	static const char *const to[] = {"J\xf6rg <j@h.test>"};
	static const char *const header[] = {"X-N: \xe4"};
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	p.charset = "ISO-8859-1";
	p.subject = "Gr\xfc\xdf"
		    "e";
	p.to = to;
	p.headers = header;
	p.to_count = p.header_count = 1;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(
	    testmail_has(&out, "To: =?UTF-8?B?SsO2cmc=?= <j@h.test>\r\n"));
	assert_true(testmail_has(&out, "Subject: =?UTF-8?"));
	assert_true(testmail_has(&out, "X-N: =?UTF-8?"));
	p.charset = "UTF-8";
	testmail_refused(&p, EX_USAGE, "byte");
	p.charset = "no-such-charset";
	testmail_refused(&p, EX_USAGE, "no-such-charset");
	p.charset = "UTF-16";
	testmail_refused(&p, EX_USAGE, "UTF-16");
	p.charset = "ISO-8859-1//TRANSLIT";
	testmail_refused(&p, EX_USAGE, "TRANSLIT");
	buf_clear(&out);
}

static void
a_body_is_labelled_truly_and_encoded_by_need(void **state)
{
	static const struct {
		const char *charset, *text;
		bool eight_bit;
		const char *label, *encoding, *body;
	} rows[] = {
	    {NULL, "", false, "us-ascii", "7bit", ""},
	    {"KOI8-R", "a\n", false, "us-ascii", "7bit", "a\r\n"},
	    {"UTF-8", "ein Gr\xc3\xbc\xc3\x9f zu viel\n", false, "utf-8",
		"quoted-printable", "ein Gr=C3=BC=C3=9F zu viel\r\n"},
	    {"UTF-8",
		"Gr\xc3\xbc\xc3\x9f"
		"e",
		true, "utf-8", "8bit",
		"Gr\xc3\xbc\xc3\x9f"
		"e\r\n"},
	    {"C", "\xc3\xbc\xc3\xbc\n", false, "utf-8", "base64",
		"w7zDvA0K\r\n"},
	    {"ANSI_X3.4-1968", "\xc3\xbc\xc3\xbc\n", false, "utf-8", "base64",
		"w7zDvA0K\r\n"},
	    {"ISO-8859-1", "\xfc, and some more text\n", false, "ISO-8859-1",
		"quoted-printable", "=FC, and some more text\r\n"},
	    {"CP1252", "\x80 and some more text\n", false, "windows-1252",
		"quoted-printable", "=80 and some more text\r\n"},
	    {"ISO-2022-JP", "\x1b$B$\"\x1b(B\n", false, "ISO-2022-JP", "7bit",
		"\x1b$B$\"\x1b(B\r\n"},
	    {"ISO-2022-JP", "ascii\n", false, "us-ascii", "7bit", "ascii\r\n"},
	    {NULL, "a\rb", true, "us-ascii", "quoted-printable", "a=0Db\r\n"},
	    {NULL, "trailing  \n", true, "us-ascii", "7bit", "trailing  \r\n"},
	    {NULL, "From me\n", true, "us-ascii", "7bit", "From me\r\n"},
	};
	struct message_params p = testmail_params();
	struct mime_form form = {0};
	struct buf out = {0};
	char line[100];
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p.charset = rows[i].charset;
		p.body_text = rows[i].text;
		form.eight_bit = rows[i].eight_bit;
		testmail_send(&p, &form, &out, NULL);
		snprintf(line, sizeof(line), "; charset=%s\r\n", rows[i].label);
		assert_true(testmail_has(&out, line));
		snprintf(line, sizeof(line),
		    "Content-Transfer-Encoding: %s\r\n", rows[i].encoding);
		assert_true(testmail_has(&out, line));
		assert_string_equal(testmail_body(&out), rows[i].body);
	}
	buf_clear(&out);
}

static void
a_body_that_is_not_in_its_charset_is_refused(void **state)
{
	static const char nul[] = "a\nb\0c\n";
	struct message_params p = testmail_params();

	(void)state;
	testmail_to_bob(&p);
	p.body_text = "abc\xff\n";
	testmail_refused(&p, EX_DATAERR, "--body: byte 4 is not UTF-8");
	p.charset = "EUC-JP";
	testmail_refused(&p, EX_DATAERR, "--body: byte 4 is not EUC-JP");
	p.body_text = NULL;
	p.input_fd = testmail_file(nul, sizeof(nul) - 1);
	testmail_refused(&p, EX_DATAERR, "standard input: line 2: NUL");
	close(p.input_fd);
}

static void
given_mime_fields_must_be_true(void **state)
{
	static const char *const base64[] = {
	    "Content-Transfer-Encoding: base64",
	    "Content-Type: text/plain; charset=utf-8"};
	static const char *const parts[] = {
	    "Content-Type: multipart/mixed; boundary=x"};
	static const char *const ascii[] = {
	    "Content-Type: text/plain; charset=us-ascii"};
	static const char *const latin[] = {
	    "Content-Type: text/plain; charset=ISO-8859-1"};
	struct message_params p = testmail_params();
	struct mime_stream stream;
	struct buf out = {0};
	struct error err;
	struct message *m;

	(void)state;
	testmail_to_bob(&p);
	p.header_count = 2;
	p.headers = base64;
	p.body_text = "w7zDvA0K\n";
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(
	    testmail_has(&out, "\r\nContent-Transfer-Encoding: base64\r\n"));
	assert_string_equal(testmail_body(&out), "w7zDvA0K\r\n");
	p.body_text = "\xc3\xbc";
	testmail_refused(&p, EX_DATAERR, "not base64");
	p.header_count = 1;
	p.headers = ascii;
	testmail_refused(&p, EX_DATAERR, "US-ASCII");
	p.headers = latin;
	p.body_text = "\xfc";
	testmail_send(&p, &testmail_full, &out, NULL);
	assert_true(testmail_has(&out, "text/plain; charset=ISO-8859-1\r\n"));
	p.headers = parts;
	p.body_text = "--x\n\n\xc3\xbc\n--x--\n";
	testmail_send(&p, &testmail_full, &out, NULL);
	assert_true(testmail_has(&out, "Content-Transfer-Encoding: 8bit\r\n"));
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_int_equal(message_open(m, &testmail_plain, &stream, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	message_free(m);
	buf_clear(&out);
}

static void
a_message_id_longer_than_a_line_is_refused(void **state)
{
	struct message_params p = testmail_params();
	struct buf given = {0}, out = {0};
	const char *header[1];
	int i;

	(void)state;
	testmail_to_bob(&p);
	buf_puts(&given, "Message-ID: <");
	for (i = 0; i < 998 - 12 - 4; i++)
		buf_putc(&given, 'x');
	buf_puts(&given, "@y>");
	header[0] = buf_string(&given);
	p.headers = header;
	p.header_count = 1;
	testmail_send(&p, &testmail_plain, &out, NULL);
	testmail_check_legal(&out, false);
	buf_reset(&out);
	buf_printf(&out, "Message-ID: <x%s", buf_string(&given) + 13);
	header[0] = buf_string(&out);
	testmail_refused(&p, EX_USAGE, "longer than a line can be (998");
	buf_clear(&given);
	buf_clear(&out);
}

static void
a_name_of_ascii_in_a_given_field_means_ascii(void **state)
{
	static const char *const names[] = {
	    "us-ascii", "ASCII", "646", "\"ansi_x3.4-1968\"", "c (comment)"};
	struct message_params p = testmail_params();
	struct buf given = {0}, out = {0};
	const char *header[1];
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.headers = header;
	p.header_count = 1;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_reset(&given);
		buf_printf(
		    &given, "Content-Type: text/plain; charset=%s", names[i]);
		header[0] = buf_string(&given);
		p.body_text = "a\n\xc3\xbc\n";
		testmail_refused(&p, EX_DATAERR, "line 2");
		testmail_refused(&p, EX_DATAERR, "US-ASCII");
		p.body_text = "abc\n";
		testmail_send(&p, &testmail_plain, &out, NULL);
		assert_true(testmail_has(&out, names[i]));
	}
	header[0] = "Content-Type: text/plain; charset=UTF8";
	p.body_text = "\xc3\xbc\n";
	testmail_send(&p, &testmail_full, &out, NULL);
	buf_clear(&given);
	buf_clear(&out);
}

static void
a_content_type_is_what_its_grammar_says(void **state)
{
	static const struct {
		const char *value, *words;
	} rows[] = {
	    {"text", "unexpected end at character 5"},
	    {"text/", "unexpected end at character 6"},
	    {"/plain", "unexpected '/' at character 1"},
	    {"text plain", "unexpected 'p' at character 6"},
	    {"text/plain charset=utf-8", "unexpected 'c' at character 12"},
	    {"text/plain;", "unexpected end at character 12"},
	    {"text/plain;; a=b", "unexpected ';' at character 12"},
	    {"text/plain; charset", "unexpected end at character 20"},
	    {"text/plain; charset=", "unexpected end at character 21"},
	    {"text/plain; charset=\"\"", "no charset at character 13"},
	    {"text/plain; charset=;a=b", "unexpected ';' at character 21"},
	    {"text/plain; name=\"x", "unclosed '\"' at character 18"},
	    {"text/plain; name=\"x\"y", "unexpected 'y' at character 21"},
	    {"text/plain; name=a@b", "unexpected '@' at character 19"},
	    {"text/plain; name=x (open", "unclosed '(' at character 20"},
	    {"text/plain; charset=a; Charset=b", "second charset"},
	    {"text/plain; charset*=utf-8''utf-8",
		"not written charset=NAME at character 13"},
	    {"text/plain; charset*0=utf-8",
		"not written charset=NAME at character 13"},
	    {"multipart/mixed", "boundary"},
	    {"multipart/mixed; boundary=\"\"", "boundary"},
	    {"multipart/mixed; boundary=a; boundary=a", "second boundary"},
	    {"multipart/mixed; boundary=\"a \"", "boundary"},
	    {"multipart/mixed; boundary=\"a%b\"", "boundary"},
	};
	struct message_params p = testmail_params();
	struct buf given = {0};
	const char *header[1];
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.headers = header;
	p.header_count = 1;
	p.body_text = "x";
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&given);
		buf_printf(&given, "content-type: %s", rows[i].value);
		header[0] = buf_string(&given);
		testmail_refused(&p, EX_USAGE, rows[i].words);
	}
	buf_clear(&given);
}

static void
a_content_type_may_have_comments_and_quotes(void **state)
{
	static const struct {
		const char *value, *out;
	} rows[] = {
	    {"(a) text (b) / (c) html (d)",
		"(a) text (b) / (c) html (d); charset=utf-8"},
	    {"text/plain(charset=latin1)",
		"text/plain(charset=latin1); charset=utf-8"},
	    {"text/plain; format = flowed ; x=\"charset=\\\"a\"",
		"text/plain; format = flowed ; x=\"charset=\\\"a\"; "
		"charset=utf-8"},
	    {"text/html;charset=\"utf\\-8\"", "text/html;charset=\"utf\\-8\""},
	    {"application/json", "application/json"},
	    {"MULTIPART/Mixed; boundary=\"a b'()+_,-./:=?\"",
		"MULTIPART/Mixed; boundary=\"a b'()+_,-./:=?\""},
	};
	struct message_params p = testmail_params();
	struct buf given = {0}, out = {0};
	const char *header[1];
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.headers = header;
	p.header_count = 1;
	p.body_text = "\xc3\xbc\n";
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&given);
		buf_printf(&given, "Content-Type: %s", rows[i].value);
		header[0] = buf_string(&given);
		testmail_send(&p, &testmail_full, &out, NULL);
		buf_reset(&given);
		buf_printf(&given, "\r\nContent-Type: %s\r\n", rows[i].out);
		assert_true(testmail_has(&out, buf_string(&given)));
	}
	buf_clear(&given);
	buf_clear(&out);
}

static void
what_is_encoded_already_gets_no_charset_from_us(void **state)
{
	static const char *const alone[] = {"Content-Transfer-Encoding: "
					    "base64"};
	static const char *const typed[] = {
	    "Content-Transfer-Encoding: base64", "Content-Type: text/html"};
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.body_text = "w7zDvA0K\n";
	p.headers = alone;
	p.header_count = 1;
	testmail_refused(&p, EX_USAGE, "needs a Content-Type");
	p.headers = typed;
	p.header_count = 2;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "\r\nContent-Type: text/html\r\n"));
	buf_clear(&out);
}

static void
a_given_date_is_one(void **state)
{
	static const char *const bad[] = {"Date: yesterday",
	    "Date: Tue, 13 Nov 2025 10:00:00 +0100",
	    "Resent-Date: 2025-11-13 10:00:00"};
	static const char *const good[] = {
	    "Date: Thu, 13 Nov 2025 10:00:00 +0100 (CET)",
	    "Resent-Date: 13 Nov 2025 10:00 +0100"};
	struct message_params p = testmail_params();
	struct buf out = {0};
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	p.header_count = 1;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		p.headers = &bad[i];
		testmail_refused(&p, EX_USAGE, "not a date");
	}
	p.headers = good;
	p.header_count = 2;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, good[0]));
	buf_clear(&out);
}

static void
a_long_run_of_blanks_is_encoded(void **state)
{
	const char *name[1], *header[1];
	struct message_params p = testmail_params();
	struct buf text = {0}, out = {0};
	size_t run, k;

	(void)state;
	p.to = name;
	p.headers = header;
	p.to_count = p.header_count = 1;
	for (run = 1; run < 1100; run += 7) {
		buf_reset(&text);
		buf_puts(&text, "X-A:\"a");
		for (k = 0; k < run; k++)
			buf_putc(&text, k % 9 == 1 ? '\t' : ' ');
		for (k = 0; k < 1 + run * 31 % 950; k++)
			buf_putc(&text, 'b');
		for (k = 0; k < run; k++)
			buf_putc(&text, ' ');
		buf_puts(&text, "\" <b@h.test>");
		header[0] = buf_string(&text);
		p.subject = name[0] = header[0] + 4;
		testmail_send(&p, &testmail_plain, &out, NULL);
		testmail_check_legal(&out, false);
		p.subject = "                        ";
		testmail_send(&p, &testmail_plain, &out, NULL);
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_field_that_cannot_be_folded_is_named(void **state)
{
	struct message_params p = testmail_params();
	struct buf text = {0};
	const char *headers[1];
	int i;

	(void)state;
	testmail_to_bob(&p);
	buf_puts(&text, "X-Id: =?");
	for (i = 0; i < 1000; i++)
		buf_putc(&text, 'x');
	headers[0] = buf_string(&text);
	p.headers = headers;
	p.header_count = 1;
	testmail_refused(&p, EX_USAGE, "X-Id: too long a word");
	buf_clear(&text);
}

/* What looks like an encoded word is one only where the user can mean it. */
static void
encoded_words_are_text_but_in_given_fields(void **state)
{
	static const char *const headers[] = {"X-A: =?utf-8?q?b?="};
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.subject = "a =?utf-8?q?b?= c";
	p.headers = headers;
	p.header_count = 1;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(
	    &out, "Subject: a =?UTF-8?B?PT91dGYtOD9xP2I/PQ==?= c\r\n"));
	assert_true(testmail_has(&out, "X-A: =?utf-8?q?b?=\r\n"));
	buf_clear(&out);
}

static void
no_content_type_hides_our_charset(void **state)
{
	static const char alphabet[] = "text/plain;charset=\"x\\\"();= ";
	struct message_params p = testmail_params();
	struct buf given = {0}, out = {0};
	const char *header[1], *at;
	uint64_t random = 3;
	size_t round, k, good = 0;
	struct message *m;
	struct error err;

	(void)state;
	testmail_to_bob(&p);
	p.headers = header;
	p.header_count = 1;
	for (round = 0; round < 30000; round++) {
		buf_reset(&given);
		buf_puts(&given, "Content-Type: text/plain; a=b");
		for (k = testmail_random(&random, 9); k > 0; k--)
			buf_putc(&given,
			    alphabet[testmail_random(
				&random, sizeof(alphabet) - 1)]);
		header[0] = buf_string(&given);
		if (message_new(&p, &m, &err) == -1) {
			assert_int_equal(err.status, EX_USAGE);
			continue;
		}
		message_free(m);
		good++;
		testmail_send(&p, &testmail_plain, &out, NULL);
		at = strstr(buf_string(&out), "; charset=us-ascii\r\n");
		assert_non_null(at);
		buf_reset(&given);
		buf_append(&given, buf_string(&out), (size_t)(at - out.data));
		/* outside of quotes and comments */
		for (at = strstr(buf_string(&given), "Content-T"), k = 0;
		     *at != '\0'; at++) {
			if (*at == '\\' && k > 0)
				at++;
			else if (*at == '"' && k < 2)
				k ^= 1;
			else if (*at == '(' && k != 1)
				k += 2;
			else if (*at == ')' && k >= 2)
				k -= 2;
		}
		assert_int_equal(k, 0);
	}
	assert_in_range(good, 1000, 29000);
	buf_clear(&given);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_composed_message_has_its_fields_in_order),
	    cmocka_unit_test(recipients_are_listed_once),
	    cmocka_unit_test(who_is_named_twice_stays_in_the_header),
	    cmocka_unit_test(
		parameters_of_a_recipient_are_those_that_were_said),
	    cmocka_unit_test(a_word_with_parameters_is_a_mailbox_at_this_host),
	    cmocka_unit_test(thousands_of_recipients_keep_their_order),
	    cmocka_unit_test(bcc_alone_makes_no_to_field),
	    cmocka_unit_test(a_message_for_nobody_is_refused),
	    cmocka_unit_test(groups_are_written_as_groups),
	    cmocka_unit_test(a_given_field_replaces_ours),
	    cmocka_unit_test(several_authors_have_a_sender),
	    cmocka_unit_test(bad_given_fields_are_refused),
	    cmocka_unit_test(a_field_of_which_there_is_one_is_not_given_twice),
	    cmocka_unit_test(line_breaks_in_options_are_refused),
	    cmocka_unit_test(no_subject_changes_the_number_of_fields),
	    cmocka_unit_test(text_of_options_is_encoded_for_the_header),
	    cmocka_unit_test(a_body_is_labelled_truly_and_encoded_by_need),
	    cmocka_unit_test(a_body_that_is_not_in_its_charset_is_refused),
	    cmocka_unit_test(given_mime_fields_must_be_true),
	    cmocka_unit_test(a_message_id_longer_than_a_line_is_refused),
	    cmocka_unit_test(a_name_of_ascii_in_a_given_field_means_ascii),
	    cmocka_unit_test(a_content_type_is_what_its_grammar_says),
	    cmocka_unit_test(a_content_type_may_have_comments_and_quotes),
	    cmocka_unit_test(what_is_encoded_already_gets_no_charset_from_us),
	    cmocka_unit_test(a_given_date_is_one),
	    cmocka_unit_test(a_long_run_of_blanks_is_encoded),
	    cmocka_unit_test(a_field_that_cannot_be_folded_is_named),
	    cmocka_unit_test(encoded_words_are_text_but_in_given_fields),
	    cmocka_unit_test(no_content_type_hides_our_charset),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
