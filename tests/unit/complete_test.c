/* Complete messages: what is added, what is taken out, who gets them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "message/message.h"
#include "message_testutil.h"

static void
a_complete_message_is_passed_on_as_it_is(void **state)
{
	static const char text[] = "Date: yesterday\r\n"
				   "From: a@b.test\r\n"
				   "To:c@d.test,\r\n\t e@f.test\r\n"
				   "Message-Id:  <1@2> \r\n"
				   "Subject : odd \r\n   \r\n  folding\r\n"
				   "\r\n"
				   "body \r\n\r\n";
	struct message_params p = testmail_complete_params(text);
	struct buf out = {0};
	struct message *m;

	(void)state;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_string_equal(buf_string(&out), text);
	assert_int_equal(message_facts(m)->recipient_count, 2);
	assert_string_equal(message_facts(m)->reverse_path, "a@b.test");
	assert_string_equal(message_facts(m)->message_id, "<1@2>");
	message_free(m);
	buf_clear(&out);
}

static void
what_a_complete_message_lacks_is_put_in_front(void **state)
{
	struct message_params p =
	    testmail_complete_params("To: c@h.test\nSubject: x\n\nb");
	struct buf out = {0};
	struct message *m;

	(void)state;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_string_equal(buf_string(&out),
	    "Date: Thu, 13 Nov 2025 10:00:00 +0100\r\n"
	    "Message-ID: <20251113090000.qrstuvwxyzbcdefg@host.test>\r\n"
	    "From: Ann O'Nym <ann@host.test>\r\n"
	    "To: c@h.test\r\nSubject: x\r\n\r\nb\r\n");
	assert_string_equal(
	    message_facts(m)->recipients[0].mailbox, "c@h.test");
	assert_string_equal(message_facts(m)->reverse_path, "ann@host.test");
	message_free(m);
	buf_clear(&out);
}

static void
bcc_never_leaves(void **state)
{
	static const char text[] = "bCC: one@h.test\n"
				   "From: a@b.test\n"
				   "Bcc : two@h.test,\n three@h.test\n"
				   "To: c@d.test\n"
				   "Resent-bcc:\n four@h.test\n"
				   "BCC:five@h.test\n"
				   "\n"
				   "Bcc: stays in the body\n";
	struct message_params p = testmail_complete_params(text);
	struct buf out = {0};
	struct message *m;

	(void)state;
	p.recipients_from_header = false;
	testmail_to_bob(&p);
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_false(testmail_has(&out, "@h.test"));
	assert_int_equal(testmail_count_fields(&out), 4);
	assert_string_equal(testmail_body(&out), "Bcc: stays in the body\r\n");
	assert_int_equal(message_facts(m)->recipient_count, 1);
	message_free(m);
	p.keep_bcc = true;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_int_equal(testmail_count_fields(&out), 8);
	buf_clear(&out);
}

static void
bcc_of_a_header_is_a_recipient(void **state)
{
	struct message_params p =
	    testmail_complete_params("From: a@b.test\n"
				     "Bcc: x@h.test\n"
				     "Cc: G: y@h.test;\n"
				     "To: undisclosed:;\n");
	struct buf out = {0};
	struct message *m;

	(void)state;
	testmail_to_bob(&p);
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_int_equal(message_facts(m)->recipient_count, 3);
	assert_string_equal(
	    message_facts(m)->recipients[0].mailbox, "bob@host.test");
	assert_string_equal(
	    message_facts(m)->recipients[1].mailbox, "x@h.test");
	message_free(m);
	buf_clear(&out);
}

static void
the_newest_resent_block_counts(void **state)
{
	static const char text[] = "Received: by x\n"
				   "Resent-From: R <r@h.test>\n"
				   "Resent-To: new@h.test\n"
				   "Resent-Bcc: secret@h.test\n"
				   "Resent-From: older@h.test\n"
				   "Resent-To: old@h.test\n"
				   "Received: by y\n"
				   "Resent-To: oldest@h.test\n"
				   "Resent-Sender: s@h.test\n"
				   "From: a@b.test\n"
				   "To: first@h.test\n\n";
	struct message_params p = testmail_complete_params(text);
	struct buf out = {0};
	struct message *m;

	(void)state;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_int_equal(message_facts(m)->recipient_count, 2);
	assert_string_equal(
	    message_facts(m)->recipients[0].mailbox, "new@h.test");
	assert_string_equal(
	    message_facts(m)->recipients[1].mailbox, "secret@h.test");
	assert_string_equal(message_facts(m)->reverse_path, "r@h.test");
	assert_false(testmail_has(&out, "secret"));
	message_free(m);
	buf_clear(&out);
}

static void
the_reverse_path_is_the_sender(void **state)
{
	static const struct {
		const char *text, *envelope_from, *from, *expected;
	} rows[] = {
	    {"From: a@h.test, b@h.test\n\n", NULL, NULL, "a@h.test"},
	    {"From: a@h.test\nSender: s@h.test\n", NULL, NULL, "s@h.test"},
	    {"Return-Path: <x@h.test>\nFrom: a@h.test\n", NULL, NULL,
		"a@h.test"},
	    {"From: root (Cron Daemon)\n", NULL, NULL, "root@host.test"},
	    {"From: root <root>\n", NULL, NULL, "root@host.test"},
	    {"From: a@old.test <a@h.test>\n", NULL, NULL, "a@h.test"},
	    {"From: a@h.test\n", "", NULL, ""},
	    {"From: a@h.test\n", "<>", NULL, ""},
	    {"From: broken@@\n", " <> ", NULL, ""},
	    {"From: a@h.test\n", "N <e@h.test>", "f@h.test", "e@h.test"},
	    {"From: a@h.test\n", "bare", NULL, "bare@host.test"},
	    {"From: a@h.test\n", NULL, "f@h.test", "f@h.test"},
	    {"To: x\n", NULL, "f@h.test", "f@h.test"},
	};
	struct message_params p;
	struct buf out = {0};
	struct message *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = testmail_complete_params(rows[i].text);
		p.recipients_from_header = false;
		testmail_to_bob(&p);
		p.envelope_from = rows[i].envelope_from;
		p.from = rows[i].from;
		testmail_send(&p, &testmail_plain, &out, &m);
		assert_string_equal(
		    message_facts(m)->reverse_path, rows[i].expected);
		message_free(m);
	}
	buf_clear(&out);
}

static void
the_shapes_of_a_complete_message(void **state)
{
	static const struct {
		const char *text, *end;
	} rows[] = {
	    {"", "<ann@host.test>\r\n"},
	    {"\n", "<ann@host.test>\r\n\r\n"},
	    {"\n\nx", "<ann@host.test>\r\n\r\n\r\nx\r\n"},
	    {"\r\nTo: body@h.test", "\r\n\r\nTo: body@h.test\r\n"},
	    {"A: b", "<ann@host.test>\r\nA: b\r\n"},
	    {"A: b\n\n", "<ann@host.test>\r\nA: b\r\n\r\n"},
	    {"From me Mon\nA: b\n\n", "<ann@host.test>\r\nA: b\r\n\r\n"},
	    {"From me Mon\r\n\r\nx", "<ann@host.test>\r\n\r\nx\r\n"},
	    {"From : a@h.test\nA: b\n\n",
		"host.test>\r\nFrom : a@h.test\r\nA: b\r\n\r\n"},
	    {"From a@h.test Sun Nov 22 10:00:00 2026\nA: b\n\n",
		"<ann@host.test>\r\nA: b\r\n\r\n"},
	    {"A: b\n\nFrom x\n.\n", "A: b\r\n\r\nFrom x\r\n.\r\n"},
	};
	struct message_params p;
	struct buf out = {0};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = testmail_complete_params(rows[i].text);
		p.recipients_from_header = false;
		testmail_to_bob(&p);
		testmail_send(&p, &testmail_plain, &out, NULL);
		n = strlen(rows[i].end);
		assert_string_equal(out.data + out.len - n, rows[i].end);
	}
	buf_clear(&out);
}

static void
fields_that_do_not_matter_are_not_parsed(void **state)
{
	struct message_params p = testmail_complete_params("From: a@h.test\n"
							   "To: broken@@x <\n"
							   "Subject: =?x\n\n");
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.recipients_from_header = false;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "\r\nTo: broken@@x <\r\n"));
	buf_clear(&out);
}

static void
bad_complete_messages_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
	    {"Hello Bob,\n\nhow\n", "line 1 is no header field: 'Hello"},
	    {" To: x\n", "line 1"},
	    {"To: x@h.test\nno field\n\n", "line 2"},
	    {"From x\nTo: x@h.test\n: y\n", "line 3"},
	    {"To: x@h.test\rCc: y\n", "line 1"},
	    {"A: b\nTo: x@h.test\r\n y\rCc: z\n\n", "line 3"},
	    {"To: x@@h.test\n\n", "To: 'x@@h.test'"},
	    {"To: x@h.test\nSubject: \xff\n", "line 2"},
	    {"To: x@h.test\nFrom: nobody:;\n", "no address in From"},
	    {"To: x@h.test\nFrom: Doe, John <j@h.test>\n",
		"line 2: From: 'Doe, John <j@h.test>': no '@'"},
	    {"To: x@h.test\nFrom: a@h.test\nSender: root, b@h.test\n",
		"line 3: Sender: 'root, b@h.test': no '@'"},
	};
	struct message_params p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = testmail_complete_params(rows[i].text);
		testmail_refused(&p, EX_DATAERR, rows[i].words);
	}
	p = testmail_complete_params("Subject: x\n\n");
	testmail_refused(&p, EX_USAGE, "no recipients in the header");
	p = testmail_complete_params(NULL);
	p.input_fd = testmail_file("To: x@h.test\n\n\n\0", 16);
	testmail_refused(&p, EX_DATAERR, "line 4: NUL");
	close(p.input_fd);
}

static void
headers_may_be_large_but_not_endless(void **state)
{
	struct message_params p = testmail_params();
	struct buf text = {0}, out = {0};
	size_t i;

	(void)state;
	buf_puts(&text,
	    "To: x@h.test\nFrom: a@h.test\nDate: x\n"
	    "Message-ID: <a@b>\n");
	for (i = 0; i < 10000; i++)
		buf_printf(&text, "X-%zu: some value\n with folding\n", i);
	p.complete = p.recipients_from_header = true;
	p.input_fd = testmail_pipe(text.data, text.len);
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_int_equal(out.len, text.len + 20004);
	close(p.input_fd);
	for (; i < 100001; i++)
		buf_printf(&text, "X: y\n");
	p.input_fd = testmail_file(text.data, text.len);
	testmail_refused(&p, EX_DATAERR, "header fields");
	close(p.input_fd);
	buf_puts(&text, "X: ");
	buf_reset(&text);
	buf_puts(&text, "X: y\n");
	while (text.len < 9 << 20)
		buf_puts(&text,
		    " folding of a very long field that never "
		    "comes to its end, or so it seems\n");
	p.input_fd = testmail_file(text.data, text.len);
	testmail_refused(&p, EX_DATAERR, "header of more than");
	close(p.input_fd);
	buf_clear(&text);
	buf_clear(&out);
}

/* What comes out of the body, read from memory, a file and a pipe. */
static void
check_body(const char *body, size_t n, const char *expected, size_t len)
{
	struct message_params p = testmail_params();
	struct buf text = {0}, out = {0};
	size_t i;

	p.complete = true;
	testmail_to_bob(&p);
	buf_puts(&text, "From: a@b.test\n\n");
	buf_append(&text, body, n);
	for (i = 0; i < 3; i++) {
		p.body_text = i == 0 ? text.data : NULL;
		if (i > 0)
			p.input_fd = i == 1
			    ? testmail_file(text.data, text.len)
			    : testmail_pipe(text.data, text.len);
		testmail_send(&p, &testmail_plain, &out, NULL);
		assert_int_equal(
		    out.len - (size_t)(testmail_body(&out) - out.data), len);
		assert_memory_equal(testmail_body(&out), expected, len);
		testmail_check_legal(&out, false);
		if (i > 0)
			close(p.input_fd);
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
every_line_end_goes_out_as_crlf(void **state)
{
	/* What servers are known to have taken for the end of a message. */
	static const char *const rows[][2] = {
	    {"a\n.\nb", "a\r\n.\r\nb\r\n"},
	    {"a\r.\rb", "a\r\n.\r\nb\r\n"},
	    {"a\r\n.\rb", "a\r\n.\r\nb\r\n"},
	    {"a\r.\nb", "a\r\n.\r\nb\r\n"},
	    {"a\n.\r\nb", "a\r\n.\r\nb\r\n"},
	    {"a\r.\r\nb", "a\r\n.\r\nb\r\n"},
	    {"a\r\n.\nb", "a\r\n.\r\nb\r\n"},
	    {"a\n.\rb", "a\r\n.\r\nb\r\n"},
	    {"a\r\r\n.\r\nb", "a\r\n\r\n.\r\nb\r\n"},
	    {"a\r\n.\r\r\nb", "a\r\n.\r\n\r\nb\r\n"},
	    {"a\n\r.\n\rb", "a\r\n\r\n.\r\n\r\nb\r\n"},
	    {"a\r\n\r.\r\nb", "a\r\n\r\n.\r\nb\r\n"},
	    {"a\n\n.\n\nb", "a\r\n\r\n.\r\n\r\nb\r\n"},
	    {"a\r\r.\r\rb", "a\r\n\r\n.\r\n\r\nb\r\n"},
	    {"a\r\n.\r", "a\r\n.\r\n"},
	    {"\r", "\r\n"},
	    {"\r\r\n\r", "\r\n\r\n\r\n"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_body(rows[i][0], strlen(rows[i][0]), rows[i][1],
		    strlen(rows[i][1]));
}

static void
line_ends_of_a_long_message_do_not_depend_on_where_it_comes_from(void **state)
{
	struct buf text = {0}, expected = {0};
	size_t i;

	(void)state;
	testmail_fill(&text, 3 << 20, false);
	for (i = 0; i < text.len; i++)
		if (i % 7 == 0 && text.data[i] == '\n')
			text.data[i] = '\r';
	for (i = 0; i < text.len; i++) {
		if (text.data[i] != '\r' && text.data[i] != '\n')
			buf_putc(&expected, text.data[i]);
		else if (text.data[i] == '\r' || i == 0 ||
		    text.data[i - 1] != '\r')
			buf_puts(&expected, "\r\n");
	}
	if (expected.data[expected.len - 1] != '\n')
		buf_puts(&expected, "\r\n");
	check_body(text.data, text.len, expected.data, expected.len);
	buf_clear(&text);
	buf_clear(&expected);
}

static void
strict_takes_line_ends_of_one_kind_only(void **state)
{
	static const struct {
		const char *text, *words; /* NULL: fine */
	} rows[] = {
	    {"To: x@h.test\n\na\nb\n", NULL},
	    {"To: x@h.test\r\n\r\na\r\nb", NULL},
	    {"To: x@h.test\r\n\r\n", NULL},
	    {"To: x@h.test", NULL},
	    {"To: x@h.test\n\na", NULL},
	    {"From x\r\nTo: x@h.test\n\na\n", NULL},
	    {"To: x@h.test\n\na\r\nb\n", "line 3: another line end"},
	    {"To: x@h.test\r\n\na\n", "line 2: another line end"},
	    {"To: x@h.test\r\n\r\na\r\nb\nc\n", "line 4: another"},
	    {"To: x@h.test\n\na\nb\rc\nd\r\n", "line 4: a CR"},
	    {"To: x@h.test\n\nb\n\r", "line 4: a CR"},
	};
	struct message_params p;
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = testmail_complete_params(rows[i].text);
		p.strict = true;
		if (rows[i].words == NULL)
			testmail_send(&p, &testmail_plain, &out, NULL);
		else
			testmail_refused(&p, EX_DATAERR, rows[i].words);
		p.strict = false;
		testmail_send(&p, &testmail_plain, &out, NULL);
	}
	buf_clear(&out);
}

static struct message *
long_from_a_pipe(struct message_params *p, const char *end, struct error *err)
{
	struct message *m;
	struct buf text = {0};

	buf_puts(&text, "To: x@h.test\n\n");
	while (text.len < 3 << 20)
		buf_puts(&text, "a line of text, and then the next\n");
	buf_puts(&text, end);
	p->body_text = NULL;
	p->input_fd = testmail_pipe(text.data, text.len);
	assert_int_equal(message_new(p, &m, err), *end == '\0' ? 0 : -1);
	close(p->input_fd);
	buf_clear(&text);
	return m;
}

static void
a_pipe_can_be_made_to_last(void **state)
{
	struct message_params p = testmail_complete_params(NULL);
	struct mime_stream stream;
	struct error err = {0};
	struct message *m;
	struct buf out = {0};
	size_t i;

	(void)state;
	p.lasting = true;
	m = long_from_a_pipe(&p, "", &err);
	assert_true(message_facts(m)->lasting);
	for (i = 0; i < 2; i++) {
		buf_reset(&out);
		assert_int_equal(
		    message_open(m, &testmail_plain, &stream, &err), 0);
		assert_int_equal(
		    testmail_drain(stream.source, 65536, &out, &err), 0);
		assert_int_equal(out.len, stream.size);
		source_free(stream.source);
	}
	message_free(m);
	p.lasting = false;
	p.strict = true;
	m = long_from_a_pipe(&p, "odd\r\n", &err);
	assert_null(m);
	assert_non_null(strstr(err.text, "another line end"));
	buf_clear(&out);
}

#define ORIGINAL                                                \
	"Received: by x\r\nResent-To: old@h.test\r\n"           \
	"Date: then\r\nFrom: a@b.test\r\nMessage-ID: <1@2>\r\n" \
	"To: all@h.test\r\n\r\nbody\r\n"

static void
a_resent_message_has_a_block_on_top_and_is_the_same_below(void **state)
{
	static const char *const cc[] = {"Zo\xc3\xa9 <z@h.test>, y@h.test"};
	struct message_params p = testmail_complete_params(ORIGINAL);
	struct buf out = {0};
	struct message *m;

	(void)state;
	p.recipients_from_header = false;
	p.resend = true;
	testmail_to_bob(&p);
	p.cc = cc;
	p.cc_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_string_equal(buf_string(&out),
	    "Resent-Date: Thu, 13 Nov 2025 10:00:00 +0100\r\n"
	    "Resent-From: Ann O'Nym <ann@host.test>\r\n"
	    "Resent-To: bob@host.test\r\n"
	    "Resent-Cc: =?UTF-8?Q?Zo=C3=A9?= <z@h.test>, y@h.test\r\n"
	    "Resent-Message-ID: "
	    "<20251113090000.qrstuvwxyzbcdefg@host.test>\r\n" ORIGINAL);
	assert_int_equal(message_facts(m)->recipient_count, 3);
	assert_string_equal(message_facts(m)->reverse_path, "ann@host.test");
	assert_string_equal(message_facts(m)->message_id, "<1@2>");
	message_free(m);
	buf_clear(&out);
}

static void
a_message_can_be_resent_to_hidden_recipients(void **state)
{
	struct message_params p =
	    testmail_complete_params("From mbox\n" ORIGINAL);
	struct buf out = {0};
	struct message *m;

	(void)state;
	p.recipients_from_header = false;
	p.resend = true;
	p.from = "r@h.test, s@h.test";
	p.envelope_from = "back@h.test";
	p.bcc = testmail_bob;
	p.bcc_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_true(testmail_has(&out,
	    "+0100\r\nResent-From: r@h.test, s@h.test\r\n"
	    "Resent-Sender: r@h.test\r\n"
	    "Resent-To: undisclosed-recipients:;\r\nResent-Message-ID: <"));
	assert_false(testmail_has(&out, "bob"));
	assert_true(testmail_has(&out, ">\r\n" ORIGINAL));
	assert_string_equal(message_facts(m)->reverse_path, "back@h.test");
	message_free(m);
	p.envelope_from = NULL;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_string_equal(message_facts(m)->reverse_path, "r@h.test");
	message_free(m);
	buf_clear(&out);
}

static void
what_is_resent_gets_no_message_id_but_a_date_and_an_author(void **state)
{
	struct message_params p = testmail_complete_params("To: c\n\nb");
	struct buf out = {0};
	struct message *m;

	(void)state;
	p.recipients_from_header = false;
	p.resend = true;
	testmail_to_bob(&p);
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_true(testmail_has(&out, "\r\nDate: Thu"));
	assert_true(testmail_has(&out, "\r\nFrom: Ann"));
	assert_false(testmail_has(&out, "\r\nMessage-ID:"));
	assert_string_equal(message_facts(m)->message_id,
	    "<20251113090000.qrstuvwxyzbcdefg@host.test>");
	message_free(m);
	p.recipients_from_header = true;
	testmail_refused(&p, EX_USAGE, "to whom");
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_complete_message_is_passed_on_as_it_is),
	    cmocka_unit_test(what_a_complete_message_lacks_is_put_in_front),
	    cmocka_unit_test(bcc_never_leaves),
	    cmocka_unit_test(bcc_of_a_header_is_a_recipient),
	    cmocka_unit_test(the_newest_resent_block_counts),
	    cmocka_unit_test(the_reverse_path_is_the_sender),
	    cmocka_unit_test(the_shapes_of_a_complete_message),
	    cmocka_unit_test(fields_that_do_not_matter_are_not_parsed),
	    cmocka_unit_test(bad_complete_messages_are_refused_with_the_line),
	    cmocka_unit_test(headers_may_be_large_but_not_endless),
	    cmocka_unit_test(every_line_end_goes_out_as_crlf),
	    cmocka_unit_test(
		line_ends_of_a_long_message_do_not_depend_on_where_it_comes_from),
	    cmocka_unit_test(strict_takes_line_ends_of_one_kind_only),
	    cmocka_unit_test(a_pipe_can_be_made_to_last),
	    cmocka_unit_test(
		a_resent_message_has_a_block_on_top_and_is_the_same_below),
	    cmocka_unit_test(a_message_can_be_resent_to_hidden_recipients),
	    cmocka_unit_test(
		what_is_resent_gets_no_message_id_but_a_date_and_an_author),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
