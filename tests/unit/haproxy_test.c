/* The PROXY header, against what HAProxy's proxy-protocol.txt says of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "transport/haproxy.h"

static const struct transport_peer v4 = {.address = "192.0.2.25",
    .port = 25,
    .local_address = "192.0.2.1",
    .local_port = 40000};
static const struct transport_peer v6 = {.address = "2001:db8::25",
    .port = 25,
    .local_address = "2001:db8::1",
    .local_port = 40000};
static const struct transport_peer none = {.address = "/run/smtp.sock"};

static void
header_is(const char *text, const struct transport_peer *peer,
    const char *bytes, size_t n)
{
	struct haproxy h;
	struct error err;
	struct buf out = {0};

	assert_int_equal(haproxy_parse(&h, text, &err), 0);
	haproxy_header(&h, peer, &out);
	assert_int_equal(out.len, n);
	assert_memory_equal(out.data, bytes, n);
	buf_clear(&out);
}

static void
version_1_is_a_line(void **state)
{
	static const struct {
		const char *text;
		const struct transport_peer *peer;
		const char *line;
	} rows[] = {
	    {"v1", &v4, "PROXY TCP4 192.0.2.1 192.0.2.25 40000 25\r\n"},
	    {"v1", &v6, "PROXY TCP6 2001:db8::1 2001:db8::25 40000 25\r\n"},
	    {"v1", &none, "PROXY UNKNOWN\r\n"},
	    {"v1,local", &v4, "PROXY UNKNOWN\r\n"},
	    {"v1,source=198.51.100.7:4711", &v4,
		"PROXY TCP4 198.51.100.7 192.0.2.25 4711 25\r\n"},
	    {"v1,source=198.51.100.7", &v4,
		"PROXY TCP4 198.51.100.7 192.0.2.25 0 25\r\n"},
	    {"v1,destination=198.51.100.7:587", &v4,
		"PROXY TCP4 192.0.2.1 198.51.100.7 40000 587\r\n"},
	    {"v1,source=[2001:db8::7]:4711", &v6,
		"PROXY TCP6 2001:db8::7 2001:db8::25 4711 25\r\n"},
	    {"v1,source=2001:db8::7", &v6,
		"PROXY TCP6 2001:db8::7 2001:db8::25 0 25\r\n"},
	    {"v1,source=198.51.100.7:1", &v6,
		"PROXY TCP6 ::ffff:198.51.100.7 2001:db8::25 1 25\r\n"},
	    {"v1,source=2001:db8::7", &v4,
		"PROXY TCP6 2001:db8::7 ::ffff:192.0.2.25 0 25\r\n"},
	    {"v1,source=198.51.100.7:65535,destination=198.51.100.8:1", &none,
		"PROXY TCP4 198.51.100.7 198.51.100.8 65535 1\r\n"},
	    /* The longest one. */
	    {"v1,source=[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535,"
	     "destination=[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		&none,
		"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		header_is(rows[i].text, rows[i].peer, rows[i].line,
		    strlen(rows[i].line));
}

static void
text_is(const char *text, const struct transport_peer *peer, const char *line)
{
	struct haproxy h;
	struct error err;
	struct buf out = {0};

	assert_int_equal(haproxy_parse(&h, text, &err), 0);
	haproxy_text(&h, peer, &out);
	assert_string_equal(buf_string(&out), line);
	buf_clear(&out);
}

static void
either_version_can_be_read(void **state)
{
	(void)state;
	text_is(
	    "v1", &v4, "PROXY TCP4 192.0.2.1 192.0.2.25 40000 25 (version 1)");
	text_is("v2", &v6,
	    "PROXY TCP6 2001:db8::1 2001:db8::25 40000 25 (version 2)");
	text_is("v1,local", &v4, "PROXY UNKNOWN (version 1)");
	text_is("v2,local", &v4, "PROXY LOCAL (version 2)");
	text_is("v2", &none, "PROXY UNKNOWN (version 2)");
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(literal) literal, sizeof(literal) - 1

static void
version_2_is_bytes(void **state)
{
	(void)state;
	header_is("v2", &v4,
	    BYTES(SIGNATURE
		"\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x19\x9c\x40\0\x19"));
	header_is("v2,source=198.51.100.7:4711", &v4,
	    BYTES(SIGNATURE
		"\x21\x11\0\x0c\xc6\x33\x64\x07\xc0\0\x02\x19\x12\x67\0\x19"));
	header_is("v2", &v6,
	    BYTES(SIGNATURE "\x21\x21\0\x24"
			    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
			    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x25"
			    "\x9c\x40\0\x19"));
	header_is("v2,source=198.51.100.7:4711", &v6,
	    BYTES(SIGNATURE "\x21\x21\0\x24"
			    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x07"
			    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x25"
			    "\x12\x67\0\x19"));
	header_is("v2,local", &v4, BYTES(SIGNATURE "\x20\0\0\0"));
	header_is("v2", &none, BYTES(SIGNATURE "\x21\0\0\0"));
}

static void
what_is_no_header_is_refused(void **state)
{
	static const char *const wrong[] = {"", "v", "v3", "1", "2", "V1",
	    "v11", "v1,", "v1;local", "v1,LOCAL", "v1,local,local",
	    "v1,local,source=192.0.2.1:1", "v1,source=", "v1,source=:25",
	    "v1,source=192.0.2.1:", "v1,source=192.0.2.1:65536",
	    "v1,source=192.0.2.1:-1", "v1,source=192.0.2.1:25x",
	    "v1,source=192.0.2.1: 25", "v1,source=192.0.2.256:25",
	    "v1,source=mx.test:25", "v1,source=[192.0.2.1]:25",
	    "v1,source=[2001:db8::1", "v1,source=[2001:db8::1]25",
	    "v1,source=[2001:db8::1]:", "v1,source=fe80::1%lo",
	    "v1,source=192.0.2.1:25,source=192.0.2.2:25",
	    "v1,destination=192.0.2.1:99999999999999999999",
	    "v2,source=192.0.2.1:25\r\nEHLO x"};
	struct haproxy h;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (haproxy_parse(&h, wrong[i], &err) == 0)
			fail_msg("'%s' was taken", wrong[i]);
		assert_int_equal(err.status, EX_USAGE);
	}
}

/* A transport that takes three bytes at a time, and none before each. */
struct narrow {
	struct transport base;
	bool open, blocked;
	char bytes[64];
	size_t n;
};

static int
narrow_open(struct transport *t, struct error *err)
{
	struct narrow *w = (struct narrow *)t;

	(void)err;
	if (!w->open) {
		w->open = true;
		return TRANSPORT_AGAIN;
	}
	t->peer = v4;
	return 0;
}

static ssize_t
narrow_send(
    struct transport *t, const struct iovec *iov, int n, struct error *err)
{
	struct narrow *w = (struct narrow *)t;
	size_t len = iov->iov_len < 3 ? iov->iov_len : 3;

	(void)n;
	(void)err;
	w->blocked = !w->blocked;
	if (w->blocked)
		return TRANSPORT_AGAIN;
	memcpy(w->bytes + w->n, iov->iov_base, len);
	w->n += len;
	return (ssize_t)len;
}

static void
narrow_free(struct transport *t)
{
	(void)t;
}

static void
the_header_is_out_before_the_transport_is_open(void **state)
{
	static const struct transport_ops ops = {
	    .open = narrow_open, .send = narrow_send, .free = narrow_free};
	static const char line[] =
	    "PROXY TCP4 192.0.2.1 192.0.2.25 40000 25\r\n";
	struct narrow narrow = {.base.ops = &ops};
	const struct haproxy h = {.version = 1};
	struct transport *t = haproxy_new(&h, &narrow.base);
	struct error err;
	int r, waits = 0;

	(void)state;
	while ((r = t->ops->open(t, &err)) == TRANSPORT_AGAIN)
		waits++;
	assert_int_equal(r, 0);
	assert_true(waits > 2);
	assert_int_equal(narrow.n, sizeof(line) - 1);
	assert_memory_equal(narrow.bytes, line, sizeof(line) - 1);
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_int_equal(narrow.n, sizeof(line) - 1);
	assert_string_equal(t->peer.address, "192.0.2.25");
	transport_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(version_1_is_a_line),
	    cmocka_unit_test(version_2_is_bytes),
	    cmocka_unit_test(either_version_can_be_read),
	    cmocka_unit_test(what_is_no_header_is_refused),
	    cmocka_unit_test(the_header_is_out_before_the_transport_is_open),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
