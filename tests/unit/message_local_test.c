/* Complete messages as sendmail(8) is handed them: for whom, and what goes
 * out. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "message/message.h"
#include "message_testutil.h"
#include "rfc5322/aliases.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What all have that lack it. */
#define DATE "Date: Thu, 13 Nov 2025 10:00:00 +0100\r\n"
#define ID "Message-ID: <20251113090000.qrstuvwxyzbcdefg@host.test>\r\n"
#define FROM "From: Ann O'Nym <ann@local.test>\r\n"
#define ADDED DATE ID FROM
#define OWN "Date: d\r\nMessage-ID: <1@2>\r\n"

static const char aliases_text[] = "root: ann, Bob <bob@far.test>\n"
				   "bob: bob@far.test\n"
				   "pipe: |/bin/cat\n"
				   "list: :include:/etc/list\n"
				   "one: two\ntwo: three\nthree: one\n";

struct row {
	const char *text;
	size_t n;	      /* 0: strlen */
	const char *operands; /* one; NULL: none, and -t */
	bool header_too;
	const char *envelope; /* reverse-path: recipients; or an error */
	const char *out;
};

/* The call: sendmail -f www-data. */
static void
call(const struct row *row, struct message_params *p,
    struct message_local *local, const char *const *operand)
{
	*p = testmail_params();
	p->complete = true;
	p->input_name = "standard input";
	p->input_fd =
	    testmail_file(row->text, row->n > 0 ? row->n : strlen(row->text));
	p->envelope_from = "www-data";
	p->to = operand;
	p->to_count = row->operands != NULL;
	local->sendmail = true;
	local->qualify = true;
	local->domain = "local.test";
	local->header_too = row->header_too || row->operands == NULL;
	p->local = local;
}

static void
put_envelope(const struct message *m, struct buf *out)
{
	const struct message_facts *facts = message_facts(m);
	size_t i;

	buf_reset(out);
	buf_printf(out, "%s:", facts->reverse_path);
	for (i = 0; i < facts->recipient_count; i++)
		buf_printf(out, " %s", facts->recipients[i].mailbox);
}

static void
check(const struct row *row, const struct aliases *aliases,
    const struct mime_form *form)
{
	struct message_local local = {.aliases = aliases};
	const char *operand[1] = {row->operands};
	struct buf out = {0}, envelope = {0};
	struct message_params p;
	struct message *m;

	call(row, &p, &local, operand);
	testmail_send(&p, form, &out, &m);
	put_envelope(m, &envelope);
	testmail_check_legal(&out, form->eight_bit);
	if (row->envelope != NULL)
		assert_string_equal(buf_string(&envelope), row->envelope);
	assert_string_equal(buf_string(&out), row->out);
	message_free(m);
	close(p.input_fd);
	buf_clear(&out);
	buf_clear(&envelope);
}

static void
check_rows(const struct row *rows, size_t count, const struct mime_form *form)
{
	struct aliases aliases = {.domain = "local.test"};
	struct arena a = {0};
	struct error err;
	size_t i;

	assert_int_equal(aliases_read(&aliases, &a, "/etc/aliases",
			     aliases_text, strlen(aliases_text), &err),
	    0);
	for (i = 0; i < count; i++)
		check(&rows[i], &aliases, form);
	arena_clear(&a);
}

static void
recipients_are_those_of_operands_or_header_by_bare_names_too(void **state)
{
	static const struct row rows[] = {
	    {"hi\n", 0, "carl", false, "www-data@local.test: carl@local.test",
		ADDED "\r\nhi\r\n"},
	    /* cron hands over a list in one word */
	    {"hi\n", 0, "carl,ann@x.test, Bob <bob@x.test>,carl", false,
		"www-data@local.test: carl@local.test ann@x.test bob@x.test",
		ADDED "\r\nhi\r\n"},
	    /* without -t the header names none */
	    {OWN "From: a\nTo: b\nCc: c\nBcc: d\n\nx", 0, "\"e f\"", false,
		"www-data@local.test: \"e f\"@local.test",
		OWN "From: a@local.test\r\nTo: b@local.test\r\n"
		    "Cc: c@local.test\r\n\r\nx\r\n"},
	    {OWN "From: a\nTo: b\nCc: x@y.test, c\nBcc: d\n\nx", 0, NULL, false,
		"www-data@local.test: b@local.test x@y.test c@local.test "
		"d@local.test",
		OWN "From: a@local.test\r\nTo: b@local.test\r\n"
		    "Cc: x@y.test, c@local.test\r\n\r\nx\r\n"},
	    /* -t with operands: both, each once */
	    {OWN "From: a\nTo: b\nBcc: d, e\n\nx", 0, "e,b@local.test", true,
		"www-data@local.test: e@local.test b@local.test d@local.test",
		OWN "From: a@local.test\r\nTo: b@local.test\r\n\r\nx\r\n"},
	    {OWN "From: a\nTo: b\nResent-From: r\nResent-To: t, u (v)\n"
		 "Resent-Bcc: w\n\n",
		0, NULL, false,
		"www-data@local.test: t@local.test u@local.test w@local.test",
		OWN "From: a@local.test\r\nTo: b@local.test\r\n"
		    "Resent-From: r@local.test\r\n"
		    "Resent-To: t@local.test, u@local.test (v)\r\n\r\n"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_plain);
}

static void
aliases_are_followed_for_the_envelope_alone(void **state)
{
	static const struct row rows[] = {
	    {OWN "From: root (Cron Daemon)\nTo: root\n\nx\n", 0, "root,bob",
		false, "www-data@local.test: ann@local.test bob@far.test",
		OWN "From: root@local.test (Cron Daemon)\r\n"
		    "To: root@local.test\r\n\r\nx\r\n"},
	    {OWN "From: root\nTo: root@elsewhere.test\nBcc: Root\n\nx\n", 0,
		NULL, false,
		"www-data@local.test: root@elsewhere.test ann@local.test "
		"bob@far.test",
		OWN "From: root@local.test\r\n"
		    "To: root@elsewhere.test\r\n\r\nx\r\n"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_plain);
}

static void
names_in_the_header_get_their_domain_and_nothing_else_changes(void **state)
{
	static const struct row rows[] = {
	    {OWN "From: root (Cron\n Daemon), \"Foo, Bar\" <foo>\n"
		 "Sender:www\n"
		 "To: G: a, b@x.test,\r\n\tc (x);, \"d e\" , f . g\n"
		 "Cc: Bad Name\nReply-To: =?utf-8?q?J=C3=B6rg?= < j > , k\n"
		 "X-To: root\nErrors-To: root\nTo : undisclosed:;\n"
		 "Subject: to root\n\n",
		0, "x", false, NULL,
		OWN "From: root@local.test (Cron\r\n Daemon), \"Foo, Bar\" "
		    "<foo@local.test>\r\n"
		    "Sender:www@local.test\r\n"
		    "To: G: a@local.test, b@x.test,\r\n"
		    "\tc@local.test (x);, \"d e\"@local.test , "
		    "f . g@local.test\r\n"
		    "Cc: Bad Name\r\n"
		    "Reply-To: =?utf-8?q?J=C3=B6rg?= < j@local.test > , "
		    "k@local.test\r\n"
		    "X-To: root\r\nErrors-To: root\r\nTo : undisclosed:;\r\n"
		    "Subject: to root\r\n\r\n"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_plain);
}

static void
what_begins_with_no_header_is_a_body(void **state)
{
	static const struct row rows[] = {
	    {"", 0, "x", false, NULL, ADDED},
	    {"\n", 0, "x", false, NULL, ADDED "\r\n"},
	    {"hi", 0, "x", false, NULL, ADDED "\r\nhi\r\n"},
	    {"hi there: x\n\nmore\n", 0, "x", false, NULL,
		ADDED "\r\nhi there: x\r\n\r\nmore\r\n"},
	    {" hi: x\nSubject: none\n", 0, "x", false, NULL,
		ADDED "\r\n hi: x\r\nSubject: none\r\n"},
	    {"\nSubject: none\n", 0, "x", false, NULL,
		ADDED "\r\nSubject: none\r\n"},
	    {"Subject: s", 0, "x", false, NULL, ADDED "Subject: s\r\n"},
	    {"Subject: s\r\n\r\n", 0, "x", false, NULL,
		ADDED "Subject: s\r\n\r\n"},
	    {"Subject: s\nno empty line\nmore\n", 0, "x", false, NULL,
		ADDED "Subject: s\r\n\r\nno empty line\r\nmore\r\n"},
	    {"From root Mon Jan  1 00:00:00 2024\nSubject: s\n\nx\n\n"
	     "From root Mon Jan  1 00:00:00 2024\nSubject: t\n",
		0, "x", false, NULL,
		ADDED "Subject: s\r\n\r\nx\r\n\r\n"
		      "From root Mon Jan  1 00:00:00 2024\r\n"
		      "Subject: t\r\n"},
	    {"From root Mon Jan  1 00:00:00 2024\nhi\n", 0, "x", false, NULL,
		ADDED "\r\nhi\r\n"},
	    {"Auto-Submitted: auto-generated\nX-Cron-Env: <A=b>\n\nx\n.\ny\n",
		0, "x", false, NULL,
		ADDED "Auto-Submitted: auto-generated\r\nX-Cron-Env: <A=b>\r\n"
		      "\r\nx\r\n.\r\ny\r\n"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_plain);
}

static void
a_cr_of_its_own_ends_no_field_and_no_header(void **state)
{
	static const struct row rows[] = {
	    {"Subject: s\r\r\nX: a\rBcc: v@x.test\r\r\n\r\r\nb\rc\r\n", 0, "x",
		false, "www-data@local.test: x@local.test",
		ADDED "Subject: s\r\nX: a Bcc: v@x.test\r\n\r\nb\r\nc\r\n"},
	    {"Subject: s\r\n t\r\nX:y\r\n\r\nb\n\rc\r", 0, "x", false, NULL,
		ADDED "Subject: s\r\n t\r\nX:y\r\n\r\nb\r\n\r\nc\r\n"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_plain);
}

static void
text_of_8_bits_is_labelled_and_headers_are_encoded(void **state)
{
	static const struct row rows[] = {
	    {"Subject: gr\xc3\xbc\xc3\x9f\x65\n\nh\xc3\xbc\n", 0, "x", false,
		NULL,
		ADDED "Subject: =?UTF-8?B?Z3LDvMOfZQ==?=\r\n"
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: 8bit\r\n\r\nh\xc3\xbc\r\n"},
	    {OWN "From: J\xf6rg <j>\nSubject: gr\xfc\xdf\x65\n\nh\xfc\n", 0,
		"x", false, NULL,
		OWN "From: =?unknown-8bit?Q?J=F6rg?= <j@local.test>\r\n"
		    "Subject: =?unknown-8bit?Q?gr=FC=DFe?=\r\n"
		    "MIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=unknown-8bit\r\n"
		    "Content-Transfer-Encoding: 8bit\r\n\r\nh\xfc\r\n"},
	    /* PHP's mail() has no more */
	    {"Content-Type: text/html; charset=UTF-8\n\n\xc3\xbc\n", 0, "x",
		false, NULL,
		ADDED "Content-Type: text/html; charset=UTF-8\r\n"
		      "MIME-Version: 1.0\r\n"
		      "Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n"},
	    {"MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
	     "Content-Transfer-Encoding: 8-bit\n\n\xc3\xbc\n",
		0, "x", false, NULL,
		ADDED "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=UTF-8\r\n"
		      "Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n"},
	    /* where no encoded word can stand */
	    {"Date: d\nFrom: a@b.test\nMessage-ID: <\xfc@b.test>\n\nx\n", 0,
		"x", false, NULL,
		"Date: d\r\nFrom: a@b.test\r\nMessage-ID: <?@b.test>\r\n\r\n"
		"x\r\n"},
	};
	static const struct row encoded[] = {
	    {"MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
	     "Content-Transfer-Encoding: utf-8\n\n"
	     "h\xc3\xbc h\xc3\xbc and more of it\n",
		0, "x", false, NULL,
		ADDED "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=UTF-8\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "h=C3=BC h=C3=BC and more of it\r\n"},
	    {"h\xc3\xbc h\xc3\xbc and more of it\n", 0, "x", false, NULL,
		ADDED "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "h=C3=BC h=C3=BC and more of it\r\n"}};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_full);
	check_rows(encoded, LENGTH(encoded), &testmail_plain);
}

static void
a_nul_is_encoded(void **state)
{
	static const char text[] = "X: a\0b\n\nx\0 and more text, more text\n";
	static const char unknown[] = "Content-Type: text/plain\n"
				      "Content-Transfer-Encoding: 8-bit\n\n"
				      "x\0 and more text, more text\n";
	const struct row rows[] = {
	    {text, sizeof(text) - 1, "x", false, NULL,
		ADDED "X: ab\r\nMIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=us-ascii\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "x=00 and more text, more text\r\n"},
	    {unknown, sizeof(unknown) - 1, "x", false, NULL,
		ADDED "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=us-ascii\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "x=00 and more text, more text\r\n"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_plain);
}

/* What goes out for a text, and who gets it by -t. */
static void
send(const struct buf *text, size_t recipients, struct buf *out)
{
	const struct row row = {.text = text->data, .n = text->len};
	struct message_local local = {0};
	struct message_params p;
	struct message *m;

	call(&row, &p, &local, NULL);
	testmail_send(&p, &testmail_plain, out, &m);
	testmail_check_legal(out, false);
	assert_int_equal(message_facts(m)->recipient_count, recipients);
	message_free(m);
	close(p.input_fd);
}

static void
lines_that_are_too_long_are_not_refused(void **state)
{
	static const char *const heads[] = {"", "Content-Type: text/html\n",
	    "Content-Transfer-Encoding: utf-8\n",
	    "Content-Type: multipart/mixed\n",
	    "Content-Type: message/delivery-status\n"};
	struct buf text = {0}, out = {0};
	size_t i, k;

	(void)state;
	for (i = 0; i < LENGTH(heads); i++) {
		buf_reset(&text);
		buf_printf(&text, "To: x\n%s\nbegin ", heads[i]);
		for (k = 0; k < 5000; k++)
			buf_putc(&text, 'x');
		buf_puts(&text, " end\n");
		send(&text, 1, &out);
		assert_true(testmail_has(
		    &out, "Content-Transfer-Encoding: quoted-printable"));
		assert_true(testmail_has(&out, "\r\nbegin "));
		assert_true(testmail_has(&out, " end\r\n"));
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
fields_that_are_too_long_are_folded(void **state)
{
	struct buf text = {0}, out = {0};
	size_t i;

	(void)state;
	buf_puts(&text, "To:a0");
	for (i = 1; i < 500; i++)
		buf_printf(&text, ",a%zu", i);
	buf_puts(&text, "\nReferences: <");
	for (i = 0; i < 3000; i++)
		buf_putc(&text, 'r');
	buf_puts(&text, "@x>\nSubject:");
	for (i = 0; i < 3000; i++)
		buf_putc(&text, 's');
	buf_puts(&text, "\n\nx\n");
	send(&text, 500, &out);
	for (i = 0; i < 500; i++) {
		buf_reset(&text);
		buf_printf(&text, "a%zu@local.test%s", i, i < 499 ? "," : "");
		assert_true(testmail_has(&out, buf_string(&text)));
	}
	assert_true(testmail_has(&out, "\r\n\r\nx\r\n"));
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_text_of_one_long_line_is_a_body(void **state)
{
	struct buf text = {0}, out = {0};
	const struct row row = {.operands = "x"};
	const char *operand[1] = {"x"};
	struct message_local local = {0};
	struct row whole = row;
	struct message_params p;
	size_t i;

	(void)state;
	for (i = 0; i < (9 << 20); i++)
		buf_putc(&text, 'x');
	whole.text = text.data;
	whole.n = text.len;
	call(&whole, &p, &local, operand);
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(out.len > text.len);
	testmail_check_legal(&out, false);
	close(p.input_fd);
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_field_with_nothing_in_it_is_missing(void **state)
{
	static const struct row rows[] = {
	    {"From:\nSubject: s\nDate: \nTo:\nMessage-ID:\n \n\nx\n", 0, "x",
		false, "www-data@local.test: x@local.test",
		ADDED "Subject: s\r\nTo:\r\n\r\nx\r\n"},
	    {OWN "From: \nTo: a@b\nFrom: c\n\nx\n", 0, NULL, false,
		"www-data@local.test: a@b",
		OWN "To: a@b\r\nFrom: c@local.test\r\n\r\nx\r\n"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows), &testmail_plain);
}

static void
the_author_is_who_calls(void **state)
{
	static const struct {
		const char *from, *full_name, *charset, *expected;
	} rows[] = {
	    {NULL, NULL, NULL, "From: Ann O'Nym <ann@local.test>\r\n"},
	    {NULL, "", NULL, "From: Ann O'Nym <ann@local.test>\r\n"},
	    {NULL, "Some One", NULL, "From: Some One <ann@local.test>\r\n"},
	    {"www-data", "Doe, J.", NULL,
		"From: \"Doe, J.\" <www-data@local.test>\r\n"},
	    {"w@x.test", NULL, NULL, "From: w@x.test\r\n"},
	    {"w@x.test", "J\xc3\xb6rg", NULL,
		"From: =?UTF-8?B?SsO2cmc=?= <w@x.test>\r\n"},
	    {"w@x.test", "J\xf6rg", "ISO-8859-1",
		"From: =?UTF-8?B?SsO2cmc=?= <w@x.test>\r\n"},
	    {"w@x.test", "J\xf6rg", NULL,
		"From: =?UTF-8?B?Su+/vXJn?= <w@x.test>\r\n"},
	};
	static const struct row hi = {.text = "hi\n", .operands = "x"};
	const char *operand[1] = {"x"};
	struct message_params p;
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct message_local local = {.full_name = rows[i].full_name};

		call(&hi, &p, &local, operand);
		p.from = rows[i].from;
		p.charset = rows[i].charset;
		testmail_send(&p, &testmail_plain, &out, NULL);
		if (!testmail_has(&out, rows[i].expected))
			fail_msg("%s: %s", rows[i].expected, buf_string(&out));
		close(p.input_fd);
	}
	buf_clear(&out);
}

static void
the_reverse_path_is_a_name_an_address_or_none(void **state)
{
	static const char *const rows[][2] = {{"root", "root@local.test:"},
	    {"", ":"}, {"<>", ":"}, {"a@b.test", "a@b.test:"},
	    {"<www data>", NULL}, {"\"www data\"", "\"www data\"@local.test:"},
	    {"Bob <bob>", "bob@local.test:"},
	    /* that of the header */
	    {NULL, "foo@local.test:"}};
	static const struct row hi = {
	    .text = "From: foo (Foo)\n\nhi\n", .operands = "x"};
	const char *operand[1] = {"x"};
	struct message_local local = {0};
	struct message_params p;
	struct buf out = {0};
	struct message *m;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		call(&hi, &p, &local, operand);
		p.envelope_from = rows[i][0];
		if (rows[i][1] == NULL) {
			testmail_refused(&p, EX_USAGE, "--envelope-from");
			close(p.input_fd);
			continue;
		}
		testmail_send(&p, &testmail_plain, &out, &m);
		put_envelope(m, &out);
		assert_memory_equal(
		    buf_string(&out), rows[i][1], strlen(rows[i][1]));
		message_free(m);
		close(p.input_fd);
	}
	buf_clear(&out);
}

static void
what_cannot_be_had_is_refused_before_anything_is_sent(void **state)
{
	static const struct {
		const char *text, *operand, *full_name;
		int status;
		const char *words;
	} rows[] = {
	    {"To: \n\nx", NULL, NULL, EX_USAGE,
		"no recipients in the header of standard input"},
	    {"hi\n", NULL, NULL, EX_USAGE, "no recipients in the header"},
	    {"To: a b\n\nx", NULL, NULL, EX_DATAERR,
		"standard input: line 1: To: 'a b': unexpected 'b'"},
	    {"From: a\nTo: b,\n m\xfcl@x.test\n\nx", NULL, NULL, EX_DATAERR,
		"standard input: line 2: To: 8-bit text that is not UTF-8 in "
		"an address"},
	    {"To: ann\nBcc: a@b\xfc.test\n\nx", "x", NULL, EX_DATAERR,
		"standard input: line 2: Bcc: 8-bit text"},
	    {"To: J\xfcrg\n\nx", NULL, NULL, EX_DATAERR,
		"standard input: line 1: To: a name, and no address: "
		"'=?unknown-8bit?Q?J=FCrg?='"},
	    {"To: b, =?utf-8?q?J=C3=BCrg?=\n\nx", NULL, NULL, EX_DATAERR,
		"line 1: To: a name, and no address: '=?utf-8?q?J=C3=BCrg?='"},
	    {"hi\n", "pipe", NULL, EX_CONFIG, "/etc/aliases:3: 'pipe'"},
	    {"To: list\n\n", NULL, NULL, EX_CONFIG, "/etc/aliases:4: 'list'"},
	    {"Bcc: one\n\n", NULL, NULL, EX_CONFIG, "/etc/aliases:7: 'three'"},
	    {"hi\n", "a@b@c", NULL, EX_USAGE, "unexpected '@'"},
	    {"hi\n", "x;notify=never", NULL, EX_USAGE, "unexpected ';'"},
	    {"hi\n", "x\nBcc: y", NULL, EX_USAGE, "line break"},
	    {"hi\n", "x", "A\nBcc: y", EX_USAGE, "full name"},
	};
	struct aliases aliases = {.domain = "local.test"};
	struct arena a = {0};
	struct error err;
	size_t i;

	(void)state;
	assert_int_equal(aliases_read(&aliases, &a, "/etc/aliases",
			     aliases_text, strlen(aliases_text), &err),
	    0);
	for (i = 0; i < LENGTH(rows); i++) {
		struct message_local local = {
		    .aliases = &aliases, .full_name = rows[i].full_name};
		const struct row row = {.text = rows[i].text,
		    .operands = rows[i].operand,
		    .header_too = strstr(rows[i].text, "Bcc: a@b\xfc") != NULL};
		const char *operand[1] = {rows[i].operand};
		struct message_params p;

		call(&row, &p, &local, operand);
		testmail_refused(&p, rows[i].status, rows[i].words);
		close(p.input_fd);
	}
	arena_clear(&a);
}

static void
aliases_alone_change_nothing_else(void **state)
{
	struct aliases aliases = {.domain = "host.test"};
	struct message_local local = {.aliases = &aliases};
	struct message_params p = testmail_params();
	const char *root[1] = {"root;notify=never"};
	const char *two[2] = {"root", "a@b.test"};
	struct arena a = {0};
	struct buf out = {0};
	struct error err;
	struct message *m;

	(void)state;
	assert_int_equal(aliases_read(&aliases, &a, "aliases", aliases_text,
			     strlen(aliases_text), &err),
	    0);
	p.local = &local;
	p.body_text = "hi\n";
	p.to = root;
	p.to_count = 1;
	testmail_send(&p, &testmail_plain, &out, &m);
	assert_true(testmail_has(&out, "\r\nTo: root@host.test\r\n"));
	assert_int_equal(message_facts(m)->recipient_count, 2);
	assert_string_equal(
	    message_facts(m)->recipients[0].mailbox, "ann@host.test");
	assert_string_equal(
	    message_facts(m)->recipients[1].mailbox, "bob@far.test");
	assert_string_equal(
	    message_facts(m)->recipients[1].parameters[0].keyword, "notify");
	message_free(m);
	p.to = two;
	p.to_count = 2;
	testmail_refused(&p, EX_USAGE, "recipient 'root': no '@' and domain");
	p.complete = true;
	p.to_count = 1;
	testmail_refused(&p, EX_DATAERR, "line 1 is no header field: 'hi'");
	arena_clear(&a);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		recipients_are_those_of_operands_or_header_by_bare_names_too),
	    cmocka_unit_test(aliases_are_followed_for_the_envelope_alone),
	    cmocka_unit_test(
		names_in_the_header_get_their_domain_and_nothing_else_changes),
	    cmocka_unit_test(what_begins_with_no_header_is_a_body),
	    cmocka_unit_test(a_cr_of_its_own_ends_no_field_and_no_header),
	    cmocka_unit_test(
		text_of_8_bits_is_labelled_and_headers_are_encoded),
	    cmocka_unit_test(a_nul_is_encoded),
	    cmocka_unit_test(lines_that_are_too_long_are_not_refused),
	    cmocka_unit_test(fields_that_are_too_long_are_folded),
	    cmocka_unit_test(a_text_of_one_long_line_is_a_body),
	    cmocka_unit_test(a_field_with_nothing_in_it_is_missing),
	    cmocka_unit_test(the_author_is_who_calls),
	    cmocka_unit_test(the_reverse_path_is_a_name_an_address_or_none),
	    cmocka_unit_test(
		what_cannot_be_had_is_refused_before_anything_is_sent),
	    cmocka_unit_test(aliases_alone_change_nothing_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
