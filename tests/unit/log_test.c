/* log_test: the line that a log has of a mail, and where it is written. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "command/log.h"
#include "lib/error.h"
#include "report/log.h"

#define TO(a, ...)                                        \
	(struct smtp_recipient)                           \
	{                                                 \
		.address = (a), .result = { __VA_ARGS__ } \
	}
#define OK(a)                                                             \
	TO(a, .verdict = SMTP_ACCEPTED, .code = 250, .enhanced = "2.0.0", \
	    .text = "2.0.0 Ok: queued as 4F2")
#define NO(a)                                                            \
	TO(a, .verdict = SMTP_REFUSED, .status = EX_NOUSER, .code = 550, \
	    .enhanced = "5.1.1", .text = "5.1.1 no such user")
#define LATER(a)                                                            \
	TO(a, .verdict = SMTP_DEFERRED, .status = EX_TEMPFAIL, .code = 451, \
	    .enhanced = "4.3.0", .text = "4.3.0 later\nor never")
#define LOST(a)                                                \
	TO(a, .verdict = SMTP_DEFERRED, .status = EX_TEMPFAIL, \
	    .text = "connection refused")
#define MAYBE(a)                                             \
	TO(a, .verdict = SMTP_UNKNOWN, .status = EX_UNKNOWN, \
	    .text = "the connection was lost")
#define NOTHING(a) TO(a, .verdict = SMTP_NOT_SENT, .text = "")
#define FORGED "x> status=sent \n\033[2J\"\xff\xe2\x80\xae"

static void
a_line_says_what_became_of_the_mail(void **state)
{
	static const struct {
		struct smtp_recipient to[3];
		size_t count;
		struct log_entry e;
		int level;
		const char *line;
	} cases[] = {
	    {{OK("b@y"), OK("c@y")}, 2,
		{.from = "a@x",
		    .message_id = "<1@x>",
		    .size = 812,
		    .sized = true,
		    .host = "mx.y",
		    .address = "192.0.2.1",
		    .port = 587,
		    .tls = "TLS1.3",
		    .user = "a"},
		LOG_INFO,
		"uid=7 from=<a@x> to=<b@y>,<c@y> nrcpt=2 size=812 "
		"message-id=<1@x> server=mx.y[192.0.2.1]:587 tls=TLS1.3 user=a "
		"status=sent exit=0 dsn=2.0.0 "
		"reply=\"250 2.0.0 Ok: queued as 4F2\""},
	    {{OK("b@y"), NO("c@y"), LATER("d@y")}, 3,
		{.from = "", .status = EX_PARTIAL}, LOG_WARNING,
		"uid=7 from=<> to=<b@y>,<c@y>,<d@y> nrcpt=3 status=partial "
		"exit=1 refused=<c@y> deferred=<d@y> dsn=5.1.1 "
		"reply=\"550 5.1.1 no such user\""},
	    {{NO("c@y")}, 1, {.status = EX_NOUSER}, LOG_ERR,
		"uid=7 to=<c@y> nrcpt=1 status=refused exit=67 dsn=5.1.1 "
		"reply=\"550 5.1.1 no such user\""},
	    {{LATER("c@y")}, 1, {.status = EX_TEMPFAIL, .id = "1k"}, LOG_NOTICE,
		"uid=7 to=<c@y> nrcpt=1 status=deferred exit=75 outbox=1k "
		"dsn=4.3.0 reply=\"451 4.3.0 later\\nor never\""},
	    {{LOST("c@y")}, 1, {.queued = "1k"}, LOG_INFO,
		"uid=7 to=<c@y> nrcpt=1 status=queued exit=0 outbox=1k "
		"reply=\"connection refused\""},
	    {{NOTHING("c@y")}, 1, {.queued = "1k"}, LOG_INFO,
		"uid=7 to=<c@y> nrcpt=1 status=queued exit=0 outbox=1k"},
	    {{OK("b@y"), LATER("c@y")}, 2, {.queued = "1k"}, LOG_INFO,
		"uid=7 to=<b@y>,<c@y> nrcpt=2 status=queued exit=0 "
		"deferred=<c@y> outbox=1k dsn=4.3.0 "
		"reply=\"451 4.3.0 later\\nor never\""},
	    {{MAYBE("b@y"), NO("c@y")}, 2, {.status = EX_UNKNOWN}, LOG_WARNING,
		"uid=7 to=<b@y>,<c@y> nrcpt=2 status=unknown exit=2 "
		"refused=<c@y> reply=\"the connection was lost\""},
	    {{LATER("c@y")}, 1,
		{.status = EX_TEMPFAIL, .id = "1k", .expired = true}, LOG_ERR,
		"uid=7 to=<c@y> nrcpt=1 status=expired exit=75 outbox=1k "
		"dsn=4.3.0 reply=\"451 4.3.0 later\\nor never\""},
	    {{{.address = NULL}}, 0,
		{.status = EX_DATAERR, .why = "no \"header\""}, LOG_ERR,
		"uid=7 status=failed exit=65 "
		"reply=\"no \\x22header\\x22\""},
	    {{TO(FORGED, .verdict = SMTP_REFUSED, .text = FORGED)}, 1,
		{.from = FORGED,
		    .message_id = FORGED,
		    .host = FORGED,
		    .user = FORGED,
		    .status = EX_NOUSER},
		LOG_ERR,
#define SHOWN "x\\x3E\\x20status=sent\\x20\\n\\x1B[2J\\x22\\xFF\\xE2\\x80\\xAE"
#define SHOWN_BARE \
	"x\\x3E\\x20status\\x3Dsent\\x20\\n\\x1B\\x5B2J\\x22\\xFF\\xE2\\x80\\xAE"
		"uid=7 from=<" SHOWN "> to=<" SHOWN
		"> nrcpt=1 message-id=<" SHOWN "> server=" SHOWN_BARE
		" user=" SHOWN_BARE
		" status=refused exit=67 reply=\"x> status=sent \\n\\x1B[2J"
		"\\x22\\xFF\\xE2\\x80\\xAE\""},
	};
	struct log_entry e;
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = cases[i].e;
		e.recipients = cases[i].to;
		e.count = cases[i].count;
		buf_reset(&out);
		log_put(&out, &e, 7, LOG_FILE_MAX);
		assert_string_equal(buf_string(&out), cases[i].line);
		assert_int_equal(log_priority(&e), LOG_MAIL | cases[i].level);
	}
	buf_clear(&out);
}

static void
no_text_takes_the_room_of_others(void **state)
{
	static const size_t limits[] = {LOG_SYSLOG_MAX, LOG_FILE_MAX};
	struct smtp_recipient to[50];
	char text[9000];
	struct log_entry e = {.from = text,
	    .recipients = to,
	    .count = 50,
	    .size = UINT64_MAX,
	    .sized = true,
	    .message_id = text,
	    .host = text,
	    .address = text,
	    .port = 65535,
	    .tls = text,
	    .user = text,
	    .id = "1k1e0t2m2dk55g6v",
	    .status = EX_PARTIAL};
	struct buf out = {0};
	size_t i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		memset(text, k == 0 ? '\x01' : 'e', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		for (i = 0; i < 50; i++)
			to[i] = TO(text, .verdict = SMTP_ACCEPTED + i % 3,
			    .code = 550, .enhanced = "5.111.111", .text = text);
		for (i = 0; i < 2; i++) {
			struct tm tm = {.tm_mday = 4, .tm_mon = 4};

			buf_reset(&out);
			log_put_syslog_head(
			    &out, LOG_MAIL | LOG_ERR, &tm, "smtpsend", 4194304);
			log_put(&out, &e, (uid_t)-2, limits[i]);
			assert_true(out.len <= limits[i]);
			assert_true(out.len > limits[i] / 2);
			assert_non_null(strstr(out.data, " nrcpt=50 size="));
			assert_non_null(strstr(out.data, "...>,... nrcpt="));
			assert_non_null(strstr(out.data, " status=partial "));
			assert_non_null(
			    strstr(out.data, " outbox=1k1e0t2m2dk55g6v "));
			assert_non_null(strstr(out.data, " dsn=5.111.111 "));
			assert_int_equal(out.data[out.len - 1], '"');
		}
	}
	buf_clear(&out);
}

static void
recipients_who_have_no_room_are_counted(void **state)
{
	struct smtp_recipient to[500];
	struct log_entry e = {.recipients = to, .count = 500};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 500; i++)
		to[i] = OK("somebody@example.org");
	log_put(&out, &e, 0, LOG_FILE_MAX);
	assert_non_null(strstr(
	    out.data, "<somebody@example.org>,... nrcpt=500 status=sent"));
	assert_true(out.len < LOG_FILE_MAX / 2);
	buf_clear(&out);
}

static void
the_heads_are_those_that_are_expected(void **state)
{
	struct tm tm = {.tm_year = 126,
	    .tm_mon = 4,
	    .tm_mday = 4,
	    .tm_hour = 9,
	    .tm_min = 8,
	    .tm_sec = 7,
	    .tm_gmtoff = 7200};
	struct buf out = {0};

	(void)state;
	log_put_head(&out, &tm, "smtpsend", 123);
	assert_string_equal(
	    out.data, "2026-05-04T09:08:07+0200 smtpsend[123]: ");
	buf_reset(&out);
	log_put_syslog_head(&out, LOG_MAIL | LOG_INFO, &tm, "sendmail", 1);
	assert_string_equal(out.data, "<22>May  4 09:08:07 sendmail[1]: ");
	buf_clear(&out);
}

/* --- where it goes --------------------------------------------------------*/

static char directory[] = "/tmp/log_test.XXXXXX";

static int
enter(void **state)
{
	(void)state;
	return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : -1;
}

static int
leave(void **state)
{
	static const char *const names[] = {"log", "link", "fifo", "socket"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	return rmdir(directory);
}

static void
a_log_is_a_regular_file_and_only_its_owner_reads_it(void **state)
{
	struct error err;
	struct stat st;
	int fd = log_open_file("log", &err);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);
	close(fd);
	assert_int_equal(symlink("log", "link"), 0);
	assert_int_equal(log_open_file("link", &err), -1);
	assert_string_equal(err.text, "link: is a symbolic link");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(log_open_file("fifo", &err), -1);
	assert_string_equal(err.text, "fifo: is not a regular file");
	fd = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(log_open_file("fifo", &err), -1);
	assert_string_equal(err.text, "fifo: is not a regular file");
	close(fd);
	assert_int_equal(log_open_file("/dev/null", &err), -1);
	assert_string_equal(err.text, "/dev/null: is not a regular file");
	assert_int_equal(log_open_file("missing/log", &err), -1);
	assert_string_equal(err.text, "missing/log: No such file or directory");
}

static void
a_syslog_that_does_not_read_holds_nobody_up(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int there = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd;
	char text[] = "<22>x", got[16];
	struct error err;
	int i;

	(void)state;
	assert_int_equal(log_open_socket("socket", &err), -1);
	assert_string_equal(err.text, "socket: No such file or directory");
	assert_int_equal(bind(there, (struct sockaddr *)&a, sizeof(a)), 0);
	fd = log_open_socket("socket", &err);
	assert_int_not_equal(fd, -1);
	for (i = 0; i < 100000; i++)
		if (write(fd, text, 5) == -1)
			break;
	assert_in_range(i, 1, 99999);
	assert_int_equal(read(there, got, sizeof(got)), 5);
	assert_memory_equal(got, text, 5);
	close(fd);
	close(there);
	assert_int_equal(log_open_socket("socket", &err), -1);
	assert_string_equal(err.text, "socket: Connection refused");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_says_what_became_of_the_mail),
	    cmocka_unit_test(no_text_takes_the_room_of_others),
	    cmocka_unit_test(recipients_who_have_no_room_are_counted),
	    cmocka_unit_test(the_heads_are_those_that_are_expected),
	    cmocka_unit_test(
		a_log_is_a_regular_file_and_only_its_owner_reads_it),
	    cmocka_unit_test(a_syslog_that_does_not_read_holds_nobody_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, enter, leave);
}
