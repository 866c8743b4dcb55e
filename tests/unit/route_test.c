/* Which hop is tried after which. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "delivery/route.h"

enum { SERVERS = 3 };

struct fixture {
	struct server servers[SERVERS];
	struct hop hops[2 * SERVERS];
	struct route route;
};

/* Relays on port 25, of which those without credentials have a hop without TLS
 * behind them. */
static void
plan(struct fixture *f, const struct sasl_credentials *credentials[SERVERS])
{
	static const char *const names[] = {"a.test", "b.test", "c.test"};
	static const char *const texts[] = {
	    "a.test:25", "b.test:25", "c.test:25"};
	struct error err;
	struct hop hop;
	size_t i;

	*f = (struct fixture){.route.hops = f->hops};
	for (i = 0; i < SERVERS; i++) {
		f->servers[i] = (struct server){.kind = SERVER_TCP,
		    .host = names[i],
		    .port = 25,
		    .text = texts[i]};
		assert_int_equal(
		    route_hop(&f->servers[i], CONNECTION_TLS_AUTO, &hop, &err),
		    0);
		hop.credentials = credentials[i];
		route_add(&f->route, &hop);
	}
}

static const struct sasl_credentials somebody = {.user = "me"};

static void
only_where_nobody_demands_tls_one_hop_goes_without(void **state)
{
	static const struct {
		enum server_kind kind;
		enum server_security security;
		unsigned port;
		enum connection_tls tls;
		bool trusted, user;
		size_t hops;
	} rows[] = {
	    {.port = 25, .hops = 2},
	    {.port = 2525, .hops = 2},
	    {.port = 25, .user = true, .hops = 1},
	    {.port = 25, .trusted = true, .hops = 1},
	    {.port = 587, .hops = 1},
	    {.port = 465, .hops = 1},
	    {.port = 25, .tls = CONNECTION_TLS_STARTTLS, .hops = 1},
	    {.port = 25, .tls = CONNECTION_TLS_IMPLICIT, .hops = 1},
	    {.port = 25, .tls = CONNECTION_TLS_OFF, .hops = 1},
	    {.port = 25, .security = SERVER_SECURITY_STARTTLS, .hops = 1},
	    {.port = 25, .security = SERVER_SECURITY_IMPLICIT, .hops = 1},
	    {.kind = SERVER_UNIX, .hops = 1},
	    {.kind = SERVER_EXEC, .hops = 1},
	    {.kind = SERVER_FD, .hops = 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct server server = {.kind = rows[i].kind,
		    .security = rows[i].security,
		    .host = "a.test",
		    .port = rows[i].port,
		    .text = "a.test"};
		struct hop hops[2], hop;
		struct route route = {.hops = hops};
		struct error err;

		assert_int_equal(
		    route_hop(&server, rows[i].tls, &hop, &err), 0);
		hop.tls_demanded |= rows[i].trusted;
		hop.credentials = rows[i].user ? &somebody : NULL;
		route_add(&route, &hop);
		assert_int_equal(route.count, rows[i].hops);
		assert_int_equal(hops[0].policy.optional,
		    rows[i].hops == 2 ||
			(rows[i].kind != SERVER_TCP && !rows[i].user));
		if (route.count == 1)
			continue;
		assert_int_equal(hops[1].tls, CONNECTION_TLS_OFF);
		assert_true(hops[1].instead_of_tls);
	}
}

/* Goes on from `from`, and comes to this hop; -1: to none. */
static int
after(const struct sasl_credentials *c[SERVERS], size_t from, int status,
    bool handshake)
{
	struct error why = {.status = status, .text = "so"};
	struct fixture f;

	plan(&f, c);
	f.route.at = from;
	if (!route_next(&f.route, &why, handshake, "192.0.2.1")) {
		assert_int_equal(f.route.at, from);
		assert_int_equal(f.hops[from].failure.status, 0);
		return -1;
	}
	assert_int_equal(f.hops[from].failure.status, status);
	assert_string_equal(f.hops[from].address, "192.0.2.1");
	return (int)f.route.at;
}

static void
the_next_server_is_tried_after_what_may_be_otherwise_there(void **state)
{
	static const int ends[] = {EX_UNAVAILABLE, EX_NOPERM, EX_PROTOCOL,
	    EX_USAGE, EX_NOINPUT, EX_OSERR, EX_CONFIG, EX_SIGNAL + 2};
	const struct sasl_credentials *open[SERVERS] = {NULL};
	const struct sasl_credentials *sure[SERVERS] = {
	    &somebody, &somebody, &somebody};
	size_t i;

	(void)state;
	assert_int_equal(after(sure, 0, EX_TEMPFAIL, false), 1);
	assert_int_equal(after(sure, 0, EX_NOHOST, false), 1);
	assert_int_equal(after(sure, 2, EX_TEMPFAIL, false), -1);
	/* Past the hops that go without TLS. */
	assert_int_equal(after(open, 0, EX_TEMPFAIL, false), 2);
	assert_int_equal(after(open, 1, EX_TEMPFAIL, false), 2);
	assert_int_equal(after(open, 2, EX_NOHOST, false), 4);
	assert_int_equal(after(open, 4, EX_TEMPFAIL, false), -1);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		assert_int_equal(after(sure, 0, ends[i], false), -1);
		assert_int_equal(after(open, 0, ends[i], false), -1);
	}
}

static void
a_handshake_that_fails_is_followed_by_the_same_server_without_tls(void **state)
{
	const struct sasl_credentials *open[SERVERS] = {NULL};
	const struct sasl_credentials *sure[SERVERS] = {
	    &somebody, &somebody, &somebody};

	(void)state;
	assert_int_equal(after(open, 0, EX_NOPERM, true), 1);
	assert_int_equal(after(open, 0, EX_TEMPFAIL, true), 1);
	assert_int_equal(after(open, 4, EX_NOPERM, true), 5);
	/* Where TLS is demanded a lost connection is one like any other. */
	assert_int_equal(after(sure, 0, EX_TEMPFAIL, true), 1);
	assert_int_equal(after(sure, 0, EX_NOPERM, true), -1);
}

static void
where_our_certificate_is_shown_the_same_server_comes_without_it_first(
    void **state)
{
	const struct server server = {
	    .kind = SERVER_TCP, .host = "a.test", .port = 25, .text = "a.test"};
	struct error why = {.status = EX_NOPERM, .text = "so"};
	struct hop hops[4] = {{0}}, hop;
	struct route route = {.hops = hops};
	struct error err;

	(void)state;
	assert_int_equal(
	    route_hop(&server, CONNECTION_TLS_AUTO, &hop, &err), 0);
	hop.shows_keys = true;
	route_add(&route, &hop);
	assert_int_equal(route.count, 3);
	assert_true(hops[0].shows_keys && hops[0].policy.optional);
	assert_true(!hops[1].shows_keys && hops[1].policy.optional);
	assert_int_equal(hops[1].tls, CONNECTION_TLS_AUTO);
	assert_int_equal(hops[2].tls, CONNECTION_TLS_OFF);
	assert_true(!hops[2].shows_keys);
	assert_true(route_next(&route, &why, true, ""));
	assert_int_equal(route.at, 1);
	assert_true(route_fell_back(&route, 0));
	assert_true(route_next(&route, &why, true, ""));
	assert_int_equal(route.at, 2);
	/* A server that is not there is not called three times. */
	route.at = 0;
	why.status = EX_TEMPFAIL;
	assert_false(route_next(&route, &why, false, ""));
	hop.tls_demanded = true;
	route.count = 0;
	route_add(&route, &hop);
	assert_int_equal(route.count, 1);
}

static void
after_a_session_there_is_no_other_hop(void **state)
{
	const struct sasl_credentials *open[SERVERS] = {NULL};
	const struct error why = {.status = EX_TEMPFAIL};
	struct fixture f;

	(void)state;
	plan(&f, open);
	f.route.settled = true;
	assert_false(route_next(&f.route, &why, false, ""));
	assert_false(route_next(&f.route, &why, true, ""));
	assert_int_equal(f.route.at, 0);
}

static void
what_failed_is_told_with_the_server_s_name_once(void **state)
{
	const struct sasl_credentials *open[SERVERS] = {NULL};
	struct error why = {.status = EX_TEMPFAIL};
	struct fixture f;

	(void)state;
	plan(&f, open);
	strcpy(why.text, "STARTTLS: broken");
	assert_true(route_next(&f.route, &why, true, ""));
	assert_string_equal(
	    f.hops[0].failure.text, "a.test:25: STARTTLS: broken");
	strcpy(why.text, "a.test (192.0.2.1:25): Connection refused");
	assert_true(route_next(&f.route, &why, false, ""));
	assert_string_equal(f.hops[1].failure.text, why.text);
	assert_int_equal(f.route.at, 2);
	assert_true(route_fell_back(&f.route, 0));
	assert_false(route_fell_back(&f.route, 1));
	assert_false(route_fell_back(&f.route, 2));
	assert_true(route_next(&f.route, &why, false, ""));
	assert_int_equal(f.route.at, 4);
	assert_false(route_fell_back(&f.route, 2));
}

static void
a_host_that_is_not_there_hides_none_that_may_answer_later(void **state)
{
	const struct sasl_credentials *open[SERVERS] = {NULL};
	struct error why = {.status = EX_NOHOST};
	struct fixture f;

	(void)state;
	plan(&f, open);
	assert_int_equal(route_status(&f.route, EX_NOHOST), EX_NOHOST);
	assert_true(route_next(&f.route, &why, false, ""));
	assert_int_equal(route_status(&f.route, EX_NOHOST), EX_NOHOST);
	why.status = EX_TEMPFAIL;
	assert_true(route_next(&f.route, &why, false, ""));
	assert_int_equal(route_status(&f.route, EX_NOHOST), EX_TEMPFAIL);
	/* What a server said stands. */
	assert_int_equal(
	    route_status(&f.route, EX_UNAVAILABLE), EX_UNAVAILABLE);
	assert_int_equal(route_status(&f.route, EX_NOPERM), EX_NOPERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		only_where_nobody_demands_tls_one_hop_goes_without),
	    cmocka_unit_test(
		the_next_server_is_tried_after_what_may_be_otherwise_there),
	    cmocka_unit_test(
		a_handshake_that_fails_is_followed_by_the_same_server_without_tls),
	    cmocka_unit_test(
		where_our_certificate_is_shown_the_same_server_comes_without_it_first),
	    cmocka_unit_test(after_a_session_there_is_no_other_hop),
	    cmocka_unit_test(what_failed_is_told_with_the_server_s_name_once),
	    cmocka_unit_test(
		a_host_that_is_not_there_hides_none_that_may_answer_later),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
