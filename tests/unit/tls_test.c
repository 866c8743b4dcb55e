/* TLS against a server in this process, with certificates made here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_testutil.h"
#include "transport/pipe.h"
#include "transport/tcp.h"
#include "transport/tls_details.h"

/* A handshake with a certificate of the world's authority. */
static int
try_leaf(struct world *w, struct link *l, struct recipe r, const char *name)
{
	struct certificate leaf = make(r, &w->ca);
	int result;

	link_start(l, policy_for(w, name), &leaf, NULL, NULL);
	result = link_handshake(l);
	drop(&leaf);
	return result;
}

static void
accepts(struct world *w, struct recipe r, const char *name)
{
	struct link l;

	if (try_leaf(w, &l, r, name) < 0)
		fail_msg("%s", l.err.text);
	assert_non_null(l.client->tls);
	link_end(&l);
}

static void
assert_error(const struct error *err, int status, const char *part)
{
	if (strstr(err->text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, err->text);
	assert_int_equal(err->status, status);
}

static void
refuses(struct world *w, struct recipe r, const char *name, const char *why)
{
	struct link l;

	assert_int_equal(try_leaf(w, &l, r, name), -1);
	assert_error(&l.err, EX_NOPERM, why);
	assert_null(l.client->tls);
	assert_non_null(strstr(l.err.hint, "--tls-pin sha256//"));
	link_end(&l);
}

static void
refuses_chain(struct world *w, const struct certificate *leaf,
    const struct certificate *intermediate, const char *why)
{
	struct link l;

	link_start(&l, policy_for(w, "good.test"), leaf, intermediate, NULL);
	assert_int_equal(link_handshake(&l), -1);
	assert_error(&l.err, EX_NOPERM, why);
	link_end(&l);
}

static const struct recipe good = {.dns = "good.test"};

static void
a_good_certificate_is_accepted_and_described(void **state)
{
	struct link l;
	struct pin key;

	assert_int_equal(try_leaf(*state, &l, good, "good.test"), 0);
	assert_string_equal(l.client->tls->version, "TLS1.3");
	assert_non_null(strstr(l.client->tls->cipher, "-"));
	assert_int_equal(strlen(l.client->tls->fingerprint), 44);
	assert_int_equal(pin_parse(&key, l.client->tls->fingerprint), 0);
	assert_true(l.client->peer.local);
	link_end(&l);
}

/* RFC 9266: the same at both ends, and none where it could be another's. */
static void
both_ends_know_what_binds_to_the_channel(void **state)
{
	static const struct {
		const char *priorities;
		bool bound;
	} cases[] = {
	    {"NORMAL", true},
	    {"NORMAL:-VERS-ALL:+VERS-TLS1.2", true},
	    {"NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH", false},
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct certificate leaf = make(good, &w->ca);
		const struct transport_tls *tls;
		gnutls_datum_t theirs;
		struct link l;

		link_start(&l, policy_for(w, "good.test"), &leaf, NULL,
		    cases[i].priorities);
		assert_int_equal(link_handshake(&l), 0);
		tls = l.client->tls;
		if (cases[i].bound) {
			ok(gnutls_session_channel_binding(
			    l.server, GNUTLS_CB_TLS_EXPORTER, &theirs));
			assert_int_equal(tls->exporter_size, theirs.size);
			assert_memory_equal(
			    tls->exporter, theirs.data, theirs.size);
			gnutls_free(theirs.data);
		} else {
			assert_int_equal(tls->exporter_size, 0);
		}
		link_end(&l);
		drop(&leaf);
	}
}

/* The details of a handshake that only looks; the link is the caller's. */
static const struct tls_details *
look_at(struct world *w, struct link *l, struct recipe r)
{
	struct tls_policy policy = policy_for(w, "good.test");
	struct certificate leaf = make(r, &w->ca);

	policy.look = true;
	link_start(l, policy, &leaf, &w->ca, NULL);
	assert_int_equal(link_handshake(l), 0);
	drop(&leaf);
	assert_non_null(l->client->tls);
	assert_non_null(l->client->tls->details);
	return l->client->tls->details;
}

static void
who_looks_sees_the_chain_and_the_verdict(void **state)
{
	static const struct {
		struct recipe recipe;
		const char *reason; /* NULL: it is verified */
	} cases[] = {
	    {{.cn = "a", .dns = "good.test", .dns2 = "b.test", .ip = "::1"},
		NULL},
	    {{.dns = "bad.test"}, "is for bad.test"},
	    {{.dns = "good.test", .from = -9, .until = -3}, "expired on"},
	    {{.dns = "good.test", .purpose = GNUTLS_KP_TLS_WWW_CLIENT},
		"is not for servers"},
	};
	const struct tls_details *d;
	struct link l;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d = look_at(*state, &l, cases[i].recipe);
		if (cases[i].reason == NULL)
			assert_int_equal(d->verdict.status, 0);
		else
			assert_error(&d->verdict, EX_NOPERM, cases[i].reason);
		assert_int_equal(d->count, 2);
		assert_non_null(strchr(d->key_exchange, ','));
		assert_true(d->chain[0].expires > d->chain[0].begins);
		assert_string_equal(d->chain[0].issuer, d->chain[1].subject);
		assert_int_equal(strlen(l.client->tls->fingerprint), 44);
		link_end(&l);
	}
	d = look_at(*state, &l, cases[0].recipe);
	assert_string_equal(d->chain[0].subject, "CN=a");
	assert_int_equal(d->chain[0].name_count, 3);
	assert_string_equal(d->chain[0].names[1], "b.test");
	assert_string_equal(d->chain[0].names[2], "::1");
	link_end(&l);
}

static void
nobody_else_is_given_details(void **state)
{
	struct link l;

	assert_int_equal(try_leaf(*state, &l, good, "good.test"), 0);
	assert_null(l.client->tls->details);
	link_end(&l);
}

static void
case_and_the_final_dot_of_a_name_do_not_matter(void **state)
{
	accepts(*state, good, "GOOD.test");
	accepts(*state, good, "good.test.");
}

static void
an_a_label_matches_the_same_a_label(void **state)
{
	accepts(*state, (struct recipe){.dns = "xn--bcher-kva.test"},
	    "xn--bcher-kva.test");
}

static void
a_certificate_for_another_host_is_refused_and_its_names_are_listed(void **state)
{
	refuses(*state, (struct recipe){.dns = "a.test", .dns2 = "*.b.test"},
	    "good.test", "is for a.test, *.b.test");
}

static void
names_without_end_do_not_drown_the_message(void **state)
{
	char longest[400];

	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	refuses(*state, (struct recipe){.dns = longest, .dns2 = longest},
	    "good.test", "is for aaa");
}

static void
a_common_name_does_not_count(void **state)
{
	refuses(*state, (struct recipe){.cn = "good.test"}, "good.test",
	    "no subjectAltName");
	refuses(*state, (struct recipe){.cn = "good.test", .ip = "192.0.2.1"},
	    "good.test", "is for 192.0.2.1");
	refuses(*state, (struct recipe){.cn = "192.0.2.1"}, "192.0.2.1",
	    "no subjectAltName");
}

static void
a_wildcard_stands_for_one_whole_label_below_two(void **state)
{
	accepts(*state, (struct recipe){.dns = "*.good.test"}, "a.good.test");
	refuses(*state, (struct recipe){.dns = "*.good.test"}, "a.b.good.test",
	    "is for *.good.test");
	refuses(*state, (struct recipe){.dns = "*.good.test"}, "good.test",
	    "is for");
	refuses(*state, (struct recipe){.dns = "*.test"}, "good.test",
	    "is for *.test");
	refuses(*state, (struct recipe){.dns = "*"}, "good.test", "is for *");
	refuses(*state, (struct recipe){.dns = "g*.good.test"}, "go.good.test",
	    "is for");
	refuses(*state, (struct recipe){.dns = "a.*.test"}, "a.good.test",
	    "is for");
	refuses(*state, (struct recipe){.dns = "*.*.test"}, "a.good.test",
	    "is for");
}

static void
an_address_must_stand_in_the_certificate_as_an_address(void **state)
{
	accepts(*state, (struct recipe){.ip = "192.0.2.1"}, "192.0.2.1");
	accepts(*state, (struct recipe){.ip = "2001:db8::1"}, "2001:db8:0::1");
	refuses(*state, (struct recipe){.ip = "192.0.2.2"}, "192.0.2.1",
	    "is for 192.0.2.2");
	refuses(*state, (struct recipe){.dns = "192.0.2.1"}, "192.0.2.1",
	    "is for 192.0.2.1");
	refuses(*state, good, "192.0.2.1", "is for good.test");
}

static void
a_nul_in_a_name_hides_nothing(void **state)
{
	static const char san[] = "\x30\x16\x82\x14good.test\0.evil.test";

	refuses(*state,
	    (struct recipe){
		.cn = "good.test", .san = san, .san_len = sizeof(san) - 1},
	    "good.test", "is for good.test\\x00.evil.test");
}

static void
the_dates_of_a_certificate_count(void **state)
{
	refuses(*state,
	    (struct recipe){.dns = "good.test", .from = -9, .until = -2},
	    "good.test", "expired on 2");
	refuses(*state,
	    (struct recipe){.dns = "good.test", .from = 2, .until = 9},
	    "good.test", "is not valid before 2");
}

static void
a_certificate_for_clients_is_refused(void **state)
{
	refuses(*state,
	    (struct recipe){
		.dns = "good.test", .purpose = GNUTLS_KP_TLS_WWW_CLIENT},
	    "good.test", "is not for servers");
	accepts(*state,
	    (struct recipe){
		.dns = "good.test", .purpose = GNUTLS_KP_TLS_WWW_SERVER},
	    "good.test");
}

static void
weak_keys_and_digests_are_refused(void **state)
{
	refuses(*state,
	    (struct recipe){.dns = "good.test", .digest = GNUTLS_DIG_SHA1},
	    "good.test", "insecure algorithm");
	refuses(*state, (struct recipe){.dns = "good.test", .rsa_bits = 1024},
	    "good.test", "insecure algorithm");
}

static void
must_staple_without_a_status_is_refused(void **state)
{
	refuses(*state,
	    (struct recipe){.dns = "good.test", .must_staple = true},
	    "good.test", "stapled OCSP status");
}

static void
an_unknown_authority_is_named(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->other_ca);
	struct link l;

	link_start(&l, policy_for(w, "good.test"), &leaf, NULL, NULL);
	assert_int_equal(link_handshake(&l), -1);
	assert_error(
	    &l.err, EX_NOPERM, "unknown authority: CN=Other Authority");
	assert_non_null(strstr(l.err.hint, "--tls-ca FILE"));
	link_end(&l);
	drop(&leaf);
}

static void
a_self_signed_certificate_is_refused_until_it_is_trusted(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, NULL);
	struct tls_policy policy = {.name = "good.test"};
	char path[64];
	struct link l;

	refuses_chain(w, &leaf, NULL, "is self-signed");
	snprintf(path, sizeof(path), "%s/self.pem", w->dir);
	write_pem(path, leaf.crt);
	policy.ca_file = path;
	link_start(&l, policy, &leaf, NULL, NULL);
	if (link_handshake(&l) < 0)
		fail_msg("%s", l.err.text);
	link_end(&l);
	unlink(path);
	drop(&leaf);
}

static void
a_chain_goes_through_an_intermediate_authority(void **state)
{
	struct world *w = *state;
	struct certificate middle =
	    make((struct recipe){.cn = "Middle", .authority = 1}, &w->ca);
	struct certificate leaf = make(good, &middle);
	struct link l;

	link_start(&l, policy_for(w, "good.test"), &leaf, &middle, NULL);
	if (link_handshake(&l) < 0)
		fail_msg("%s", l.err.text);
	link_end(&l);
	refuses_chain(w, &leaf, NULL, "unknown authority: CN=Middle");
	drop(&leaf);
	drop(&middle);
}

static void
an_intermediate_must_be_an_authority(void **state)
{
	struct world *w = *state;
	struct certificate middle = make(good, &w->ca);
	struct certificate leaf = make(good, &middle);

	refuses_chain(w, &leaf, &middle, "the server's certificate");
	drop(&leaf);
	drop(&middle);
}

static void
constraints_on_names_bind(void **state)
{
	struct world *w = *state;
	struct certificate middle = make(
	    (struct recipe){
		.cn = "Middle", .authority = 1, .permitted = "elsewhere.test"},
	    &w->ca);
	struct certificate leaf = make(good, &middle);

	refuses_chain(w, &leaf, &middle, "constraints");
	drop(&leaf);
	drop(&middle);
}

static void
a_limit_on_the_path_binds(void **state)
{
	struct world *w = *state;
	struct certificate root =
	    make((struct recipe){.cn = "Short", .authority = 1}, NULL);
	struct certificate middle =
	    make((struct recipe){.cn = "Middle", .authority = -1}, &root);
	struct certificate leaf = make(good, &middle);
	struct tls_policy policy = {.name = "good.test"};
	char path[64];
	struct link l;

	snprintf(path, sizeof(path), "%s/short.pem", w->dir);
	write_pem(path, root.crt);
	policy.ca_file = path;
	link_start(&l, policy, &leaf, &middle, NULL);
	assert_int_equal(link_handshake(&l), -1);
	assert_error(&l.err, EX_NOPERM, "constraints");
	link_end(&l);
	unlink(path);
	drop(&leaf);
	drop(&middle);
	drop(&root);
}

static void
an_expired_issuer_is_named(void **state)
{
	struct world *w = *state;
	struct certificate middle = make(
	    (struct recipe){
		.cn = "Stale", .authority = 1, .from = -9, .until = -2},
	    &w->ca);
	struct certificate leaf = make(good, &middle);

	refuses_chain(w, &leaf, &middle, "(its issuer CN=Stale)");
	drop(&leaf);
	drop(&middle);
}

static void
a_directory_of_authorities_is_read(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca);
	struct tls_policy policy = {.name = "good.test", .ca_file = w->dir};
	struct link l;

	link_start(&l, policy, &leaf, NULL, NULL);
	if (link_handshake(&l) < 0)
		fail_msg("%s", l.err.text);
	link_end(&l);
	drop(&leaf);
}

static void
unreadable_authorities_are_an_error_of_our_side(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca);
	struct tls_policy policy = {.name = "good.test"};
	struct link l;

	policy.ca_file = "/nonexistent/ca.pem";
	link_start(&l, policy, &leaf, NULL, NULL);
	assert_int_equal(link_handshake(&l), -1);
	assert_error(&l.err, EX_NOINPUT, "/nonexistent/ca.pem");
	link_end(&l);
	policy.ca_file = "/dev/null";
	link_start(&l, policy, &leaf, NULL, NULL);
	assert_int_equal(link_handshake(&l), -1);
	assert_error(&l.err, EX_NOINPUT, "/dev/null");
	link_end(&l);
	drop(&leaf);
}

static void
the_system_does_not_trust_our_authority(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca);
	struct tls_policy policy = {.name = "good.test"};
	struct link l;

	link_start(&l, policy, &leaf, NULL, NULL);
	assert_int_equal(link_handshake(&l), -1);
	assert_int_equal(l.err.status, EX_NOPERM);
	link_end(&l);
	drop(&leaf);
}

/* The pin of a certificate: sha256// and base64, or hex. */
static void
pin_of(const struct certificate *c, bool hex, char *out)
{
	unsigned char id[32];
	size_t len = sizeof(id);
	gnutls_datum_t raw = {id, 32}, text;

	ok(gnutls_x509_crt_get_key_id(
	    c->crt, GNUTLS_KEYID_USE_SHA256, id, &len));
	ok(hex ? gnutls_hex_encode2(&raw, &text)
	       : gnutls_base64_encode2(&raw, &text));
	sprintf(
	    out, "%s%.*s", hex ? "" : "sha256//", (int)text.size, text.data);
	gnutls_free(text.data);
}

static void
a_pinned_key_is_accepted_whatever_else_is_wrong(void **state)
{
	struct certificate leaf = make(
	    (struct recipe){.dns = "else.test", .from = -9, .until = -2}, NULL);
	char pin[80];
	struct pin pins[2] = {0};
	struct tls_policy policy = {
	    .name = "good.test", .pins = pins, .pin_count = 2};
	struct link l;

	(void)state;
	for (int hex = 0; hex < 2; hex++) {
		pin_of(&leaf, hex, pin);
		assert_int_equal(pin_parse(&pins[1], pin), 0);
		link_start(&l, policy, &leaf, NULL, NULL);
		if (link_handshake(&l) < 0)
			fail_msg("%s", l.err.text);
		link_end(&l);
	}
	drop(&leaf);
}

static void
with_pins_no_other_key_is_accepted(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca);
	const struct pin other = {"another key's digest"};
	struct tls_policy policy = policy_for(w, "good.test");
	char pin[80];
	struct link l;

	policy.pins = &other;
	policy.pin_count = 1;
	link_start(&l, policy, &leaf, NULL, NULL);
	assert_int_equal(link_handshake(&l), -1);
	pin_of(&leaf, false, pin);
	assert_error(&l.err, EX_NOPERM, "none of the pinned keys");
	assert_non_null(strstr(l.err.hint, pin));
	link_end(&l);
	drop(&leaf);
}

static void
tls_1_2_is_the_least(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca);
	struct link l;

	link_start(&l, policy_for(w, "good.test"), &leaf, NULL,
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2");
	assert_int_equal(link_handshake(&l), 0);
	assert_string_equal(l.client->tls->version, "TLS1.2");
	link_end(&l);
	link_start(&l, policy_for(w, "good.test"), &leaf, NULL,
	    "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT");
	assert_int_equal(link_handshake(&l), -1);
	assert_int_equal(l.err.status, EX_NOPERM);
	assert_non_null(strstr(l.err.hint, "TLS 1.2"));
	link_end(&l);
	drop(&leaf);
}

static void
the_server_is_told_a_name_but_no_address(void **state)
{
	struct world *w = *state;
	char name[64];
	size_t len = sizeof(name);
	unsigned type;
	struct link l;

	assert_int_equal(try_leaf(w, &l, good, "good.test."), 0);
	ok(gnutls_server_name_get(l.server, name, &len, &type, 0));
	assert_string_equal(name, "good.test");
	link_end(&l);
	assert_int_equal(
	    try_leaf(w, &l, (struct recipe){.ip = "192.0.2.1"}, "192.0.2.1"),
	    0);
	len = sizeof(name);
	assert_int_equal(gnutls_server_name_get(l.server, name, &len, &type, 0),
	    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
	link_end(&l);
}

/* The server's first bytes are these; the client's result is -1. */
static void
answer(struct world *w, const char *bytes, size_t n, bool close_after,
    struct link *l)
{
	int r;

	link_start(l, policy_for(w, "good.test"), NULL, NULL, NULL);
	assert_int_equal(
	    l->client->ops->open(l->client, &l->err), TRANSPORT_AGAIN);
	assert_int_equal(write(l->fd, bytes, n), n);
	if (close_after) {
		close(l->fd);
		l->fd = -1;
	}
	r = l->client->ops->open(l->client, &l->err);
	assert_int_equal(r, -1);
}

#define ANSWER(w, text, close_after, l) \
	answer(w, text, sizeof(text) - 1, close_after, l)

static void
a_server_that_answers_in_clear_is_quoted(void **state)
{
	struct link l;

	ANSWER(*state, "220 mail.test ESMTP \033[1m\r\n", false, &l);
	assert_error(&l.err, EX_NOPERM, "in clear");
	assert_error(&l.err, EX_NOPERM, "220 mail.test ESMTP \\x1B[1m");
	assert_non_null(strstr(l.err.hint, "--tls=starttls"));
	link_end(&l);
	ANSWER(*state, "500 what?\r\n", true, &l);
	assert_error(&l.err, EX_NOPERM, "500 what?");
	link_end(&l);
	ANSWER(*state, "HTTP/1.1 400 Bad Request\r\n\r\n", true, &l);
	assert_error(&l.err, EX_NOPERM, "HTTP/1.1 400");
	assert_string_equal(l.err.hint, "");
	link_end(&l);
}

static void
garbage_in_the_handshake_is_a_failure_of_tls(void **state)
{
	static const char *const why = "TLS handshake with good.test";
	struct link l;

	/* A ServerHello that makes no sense, a message of no known type,
	 * application data, a record that is too long. */
	ANSWER(*state, "\x16\x03\x03\0\x0a\x02\0\0\x06xxxxxx", false, &l);
	assert_error(&l.err, EX_NOPERM, why);
	link_end(&l);
	ANSWER(*state, "\x16\x03\x03\0\x05\x77\0\0\x01x", false, &l);
	assert_error(&l.err, EX_NOPERM, why);
	link_end(&l);
	ANSWER(*state, "\x17\x03\x03\0\x05xxxxx", false, &l);
	assert_error(&l.err, EX_NOPERM, why);
	link_end(&l);
	ANSWER(*state, "\x16\x03\x03\xff\xffxxxxx", false, &l);
	assert_error(&l.err, EX_NOPERM, why);
	link_end(&l);
}

static void
an_alert_is_named(void **state)
{
	static const char alert[] = {0x15, 3, 3, 0, 2, 2, 40};
	struct world *w = *state;
	struct link l;

	link_start(&l, policy_for(w, "good.test"), NULL, NULL, NULL);
	assert_int_equal(
	    l.client->ops->open(l.client, &l.err), TRANSPORT_AGAIN);
	assert_int_equal(write(l.fd, alert, sizeof(alert)), sizeof(alert));
	assert_int_equal(l.client->ops->open(l.client, &l.err), -1);
	assert_error(&l.err, EX_NOPERM, "Handshake failed");
	link_end(&l);
}

static void
a_server_that_is_silent_can_be_waited_for(void **state)
{
	struct world *w = *state;
	struct link l;
	int fd;

	link_start(&l, policy_for(w, "good.test"), NULL, NULL, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    l.client->ops->open(l.client, &l.err), TRANSPORT_AGAIN);
	assert_int_equal(l.client->ops->wants(l.client, &fd), POLLIN);
	assert_true(fd >= 0);
	link_end(&l);
}

static void
a_close_at_any_point_of_the_handshake_is_worth_another_try(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca);

	/* The server's end hands on that many bytes and closes. */
	for (size_t limit = 0; limit < 900; limit += 37) {
		char bytes[4096];
		struct link l, behind;
		ssize_t n;
		int pair[2];

		link_start(&l, policy_for(w, "good.test"), NULL, NULL, NULL);
		link_start(
		    &behind, policy_for(w, "good.test"), &leaf, NULL, NULL);
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
		    0);
		gnutls_transport_set_int(behind.server, pair[0]);
		l.client->ops->open(l.client, &l.err);
		n = read(l.fd, bytes, sizeof(bytes));
		assert_true(n > 0);
		assert_int_equal(write(pair[1], bytes, (size_t)n), n);
		gnutls_handshake(behind.server);
		n = read(pair[1], bytes, limit > 0 ? limit : 1);
		assert_true(n > 0);
		assert_int_equal(write(l.fd, bytes, limit), limit);
		close(l.fd);
		l.fd = -1;
		assert_int_equal(l.client->ops->open(l.client, &l.err), -1);
		if (l.err.status != EX_TEMPFAIL)
			fail_msg("%zu: %s", limit, l.err.text);
		close(pair[0]);
		close(pair[1]);
		link_end(&l);
		link_end(&behind);
	}
	drop(&leaf);
}

static void
connect_good(struct world *w, struct link *l)
{
	if (try_leaf(w, l, good, "good.test") < 0)
		fail_msg("%s", l->err.text);
}

static ssize_t
client_send(struct link *l, const char *text)
{
	struct iovec iov = {(char *)text, strlen(text)};

	return l->client->ops->send(l->client, &iov, 1, &l->err);
}

static ssize_t
client_recv(struct link *l, char *buf, size_t n)
{
	return l->client->ops->recv(l->client, buf, n, &l->err);
}

static void
what_is_sent_at_once_is_one_record(void **state)
{
	char buf[64];
	struct link l;

	connect_good(*state, &l);
	assert_int_equal(client_send(&l, "MAIL FROM:<>\r\n"), 14);
	assert_int_equal(gnutls_record_recv(l.server, buf, sizeof(buf)), 14);
	assert_memory_equal(buf, "MAIL FROM:<>\r\n", 14);
	assert_int_equal(gnutls_record_send(l.server, "250 ok\r\n", 8), 8);
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), 8);
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), TRANSPORT_AGAIN);
	link_end(&l);
}

static void
data_behind_a_key_update_is_read_at_once(void **state)
{
	char buf[64];
	struct link l;

	connect_good(*state, &l);
	ok(gnutls_session_key_update(l.server, GNUTLS_KU_PEER));
	assert_int_equal(gnutls_record_send(l.server, "250 ok\r\n", 8), 8);
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), 8);
	assert_int_equal(client_send(&l, "QUIT\r\n"), 6);
	/* The answer to the key update comes first. */
	assert_int_equal(
	    gnutls_record_recv(l.server, buf, sizeof(buf)), GNUTLS_E_AGAIN);
	assert_int_equal(gnutls_record_recv(l.server, buf, sizeof(buf)), 6);
	link_end(&l);
}

static void
a_request_to_renegotiate_is_passed_over(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca);
	char buf[64];
	struct link l;

	link_start(&l, policy_for(w, "good.test"), &leaf, NULL,
	    "NORMAL:-VERS-ALL:+VERS-TLS1.2");
	assert_int_equal(link_handshake(&l), 0);
	ok(gnutls_rehandshake(l.server));
	assert_int_equal(gnutls_record_send(l.server, "250 ok\r\n", 8), 8);
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), 8);
	link_end(&l);
	drop(&leaf);
}

static void
records_without_data_do_not_go_on_for_ever(void **state)
{
	char buf[64];
	struct link l;

	connect_good(*state, &l);
	for (int i = 0; i < 100; i++)
		ok(gnutls_session_key_update(l.server, 0));
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), -1);
	link_end(&l);
}

static void
a_full_pipe_is_resumed_without_loss(void **state)
{
	enum { TOTAL = 3 << 20 };
	char *out = malloc(TOTAL), *in = malloc(TOTAL);
	size_t sent = 0, got = 0;
	bool was_full = false;
	struct link l;
	int fd;

	for (size_t i = 0; i < TOTAL; i++)
		out[i] = (char)(i * 7 + i / 1000);
	connect_good(*state, &l);
	for (int i = 0; got < TOTAL && i < STEPS; i++) {
		ssize_t r = 0;

		while (sent < TOTAL) {
			size_t n = (TOTAL - sent) / 2;
			struct iovec iov[3] = {{out + sent, 0}, {out + sent, n},
			    {out + sent + n, TOTAL - sent - n}};

			r = l.client->ops->send(l.client, iov, 3, &l.err);
			if (r < 0)
				break;
			sent += (size_t)r;
		}
		if (r == TRANSPORT_AGAIN) {
			was_full = true;
			assert_int_equal(l.client->ops->wants(l.client, &fd),
			    POLLIN | POLLOUT);
		} else if (r < 0) {
			fail_msg("%s", l.err.text);
		}
		while ((r = gnutls_record_recv(
			    l.server, in + got, TOTAL - got)) > 0)
			got += (size_t)r;
	}
	assert_true(was_full);
	assert_int_equal(got, TOTAL);
	assert_memory_equal(in, out, TOTAL);
	assert_int_equal(l.client->ops->wants(l.client, &fd), POLLIN);
	free(out);
	free(in);
	link_end(&l);
}

/* A connection on which every other call would block and little gets on. */
struct choppy {
	struct transport base;
	struct transport *below;
	unsigned sends, recvs;
};

static int
choppy_open(struct transport *t, struct error *err)
{
	struct choppy *c = (struct choppy *)t;

	return c->below->ops->open(c->below, err);
}

static ssize_t
choppy_send(
    struct transport *t, const struct iovec *iov, int n, struct error *err)
{
	struct choppy *c = (struct choppy *)t;
	struct iovec piece = iov[0];

	(void)n;
	if (c->sends++ % 2 == 0)
		return TRANSPORT_AGAIN;
	if (piece.iov_len > 7)
		piece.iov_len = 7;
	return c->below->ops->send(c->below, &piece, 1, err);
}

static ssize_t
choppy_recv(struct transport *t, void *buf, size_t n, struct error *err)
{
	struct choppy *c = (struct choppy *)t;

	if (c->recvs++ % 2 == 0)
		return TRANSPORT_AGAIN;
	return c->below->ops->recv(c->below, buf, n > 3 ? 3 : n, err);
}

static short
choppy_wants(const struct transport *t, int *fd)
{
	const struct choppy *c = (const struct choppy *)t;

	return c->below->ops->wants(c->below, fd);
}

static void
choppy_free(struct transport *t)
{
	transport_free(((struct choppy *)t)->below);
	free(t);
}

static void
a_connection_in_small_pieces_carries_everything(void **state)
{
	static const struct transport_ops ops = {"choppy", choppy_open,
	    choppy_send, choppy_recv, choppy_wants, choppy_free};
	enum { TOTAL = 40000 };
	struct world *w = *state;
	struct tls_policy policy = policy_for(w, "good.test");
	struct certificate leaf = make(good, &w->ca);
	struct choppy *c = calloc(1, sizeof(*c));
	static char out[TOTAL], in[TOTAL], back[TOTAL];
	size_t sent = 0, got = 0, echoed = 0, received = 0;
	struct link l;
	int pair[2];
	ssize_t r;

	link_start(&l, policy, &leaf, NULL, NULL);
	transport_free(l.client);
	close(l.fd);
	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
	    0);
	c->base.ops = &ops;
	c->below = descriptor_new(pair[0]);
	l.fd = pair[1];
	l.client = tls_new(&c->base, &policy);
	gnutls_transport_set_int(l.server, l.fd);
	if (link_handshake(&l) < 0)
		fail_msg("%s", l.err.text);
	for (size_t i = 0; i < TOTAL; i++)
		out[i] = (char)(i * 11 + i / 256);
	for (int i = 0; received < TOTAL && i < 50 * STEPS; i++) {
		struct iovec iov = {out + sent, TOTAL - sent};

		if (sent < TOTAL) {
			r = l.client->ops->send(l.client, &iov, 1, &l.err);
			assert_true(r >= 0 || r == TRANSPORT_AGAIN);
			sent += r > 0 ? (size_t)r : 0;
		}
		r = gnutls_record_recv(l.server, in + got, TOTAL - got);
		got += r > 0 ? (size_t)r : 0;
		if (echoed < got) {
			r = gnutls_record_send(
			    l.server, in + echoed, got - echoed);
			echoed += r > 0 ? (size_t)r : 0;
		}
		r = client_recv(&l, back + received, TOTAL - received);
		assert_true(r > 0 || r == TRANSPORT_AGAIN);
		received += r > 0 ? (size_t)r : 0;
	}
	assert_int_equal(received, TOTAL);
	assert_memory_equal(back, out, TOTAL);
	link_end(&l);
	drop(&leaf);
}

static void
a_clean_close_is_an_end_and_another_one_is_an_error(void **state)
{
	char buf[64];
	struct link l;

	connect_good(*state, &l);
	ok(gnutls_bye(l.server, GNUTLS_SHUT_WR));
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), 0);
	link_end(&l);
	connect_good(*state, &l);
	close(l.fd);
	l.fd = -1;
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), -1);
	assert_error(&l.err, EX_TEMPFAIL, "without close_notify");
	link_end(&l);
}

static void
what_the_server_said_before_it_closed_can_be_read(void **state)
{
	char buf[64];
	struct link l;

	connect_good(*state, &l);
	assert_int_equal(gnutls_record_send(l.server, "421 bye\r\n", 9), 9);
	close(l.fd);
	l.fd = -1;
	assert_int_equal(client_send(&l, "NOOP\r\n"), -1);
	assert_int_equal(l.err.status, EX_TEMPFAIL);
	assert_int_equal(client_recv(&l, buf, sizeof(buf)), 9);
	link_end(&l);
}

/* Opens TLS over TCP until the connection stands or has failed. */
static int
open_over_tcp(struct transport *t, int listener, int *peer, struct error *err)
{
	int r;

	*peer = -1;
	while ((r = t->ops->open(t, err)) == TRANSPORT_AGAIN) {
		struct pollfd p;

		p.events = t->ops->wants(t, &p.fd);
		assert_true(p.fd >= 0);
		*peer = accept(listener, NULL, NULL);
		if (*peer >= 0)
			return r;
		assert_true(poll(&p, 1, 20000) > 0);
	}
	return r;
}

static void
the_connection_below_is_opened_first(void **state)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), peer;
	struct tls_policy policy = policy_for(*state, "127.0.0.1");
	struct endpoint to = {.len = sizeof(to.v4)};
	const struct tcp_params tcp = {
	    .host = "127.0.0.1", .endpoints = &to, .count = 1};
	char first = 0;
	struct transport *t;
	struct error err;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, len), 0);
	getsockname(listener, (struct sockaddr *)&sin, &len);
	to.v4 = sin;
	t = tls_new(tcp_new(&tcp), &policy);
	assert_int_equal(open_over_tcp(t, listener, &peer, &err), -1);
	assert_error(&err, EX_TEMPFAIL, "Connection refused");
	transport_free(t);

	assert_int_equal(listen(listener, 1), 0);
	t = tls_new(tcp_new(&tcp), &policy);
	assert_int_equal(
	    open_over_tcp(t, listener, &peer, &err), TRANSPORT_AGAIN);
	assert_int_equal(t->ops->open(t, &err), TRANSPORT_AGAIN);
	assert_string_equal(t->peer.address, "127.0.0.1");
	assert_int_equal(recv(peer, &first, 1, MSG_WAITALL), 1);
	assert_int_equal(first, 0x16);
	transport_free(t);
	close(peer);
	close(listener);
}

static void
freeing_says_goodbye(void **state)
{
	char buf[8];
	struct link l;

	connect_good(*state, &l);
	transport_free(l.client);
	l.client = NULL;
	assert_int_equal(gnutls_record_recv(l.server, buf, sizeof(buf)), 0);
	link_end(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_certificate_is_accepted_and_described),
	    cmocka_unit_test(both_ends_know_what_binds_to_the_channel),
	    cmocka_unit_test(who_looks_sees_the_chain_and_the_verdict),
	    cmocka_unit_test(nobody_else_is_given_details),
	    cmocka_unit_test(case_and_the_final_dot_of_a_name_do_not_matter),
	    cmocka_unit_test(an_a_label_matches_the_same_a_label),
	    cmocka_unit_test(
		a_certificate_for_another_host_is_refused_and_its_names_are_listed),
	    cmocka_unit_test(names_without_end_do_not_drown_the_message),
	    cmocka_unit_test(a_common_name_does_not_count),
	    cmocka_unit_test(a_wildcard_stands_for_one_whole_label_below_two),
	    cmocka_unit_test(
		an_address_must_stand_in_the_certificate_as_an_address),
	    cmocka_unit_test(a_nul_in_a_name_hides_nothing),
	    cmocka_unit_test(the_dates_of_a_certificate_count),
	    cmocka_unit_test(a_certificate_for_clients_is_refused),
	    cmocka_unit_test(weak_keys_and_digests_are_refused),
	    cmocka_unit_test(must_staple_without_a_status_is_refused),
	    cmocka_unit_test(an_unknown_authority_is_named),
	    cmocka_unit_test(
		a_self_signed_certificate_is_refused_until_it_is_trusted),
	    cmocka_unit_test(a_chain_goes_through_an_intermediate_authority),
	    cmocka_unit_test(an_intermediate_must_be_an_authority),
	    cmocka_unit_test(constraints_on_names_bind),
	    cmocka_unit_test(a_limit_on_the_path_binds),
	    cmocka_unit_test(an_expired_issuer_is_named),
	    cmocka_unit_test(a_directory_of_authorities_is_read),
	    cmocka_unit_test(unreadable_authorities_are_an_error_of_our_side),
	    cmocka_unit_test(the_system_does_not_trust_our_authority),
	    cmocka_unit_test(a_pinned_key_is_accepted_whatever_else_is_wrong),
	    cmocka_unit_test(with_pins_no_other_key_is_accepted),
	    cmocka_unit_test(tls_1_2_is_the_least),
	    cmocka_unit_test(the_server_is_told_a_name_but_no_address),
	    cmocka_unit_test(a_server_that_answers_in_clear_is_quoted),
	    cmocka_unit_test(garbage_in_the_handshake_is_a_failure_of_tls),
	    cmocka_unit_test(an_alert_is_named),
	    cmocka_unit_test(a_server_that_is_silent_can_be_waited_for),
	    cmocka_unit_test(
		a_close_at_any_point_of_the_handshake_is_worth_another_try),
	    cmocka_unit_test(what_is_sent_at_once_is_one_record),
	    cmocka_unit_test(data_behind_a_key_update_is_read_at_once),
	    cmocka_unit_test(a_request_to_renegotiate_is_passed_over),
	    cmocka_unit_test(records_without_data_do_not_go_on_for_ever),
	    cmocka_unit_test(a_full_pipe_is_resumed_without_loss),
	    cmocka_unit_test(a_connection_in_small_pieces_carries_everything),
	    cmocka_unit_test(
		a_clean_close_is_an_end_and_another_one_is_an_error),
	    cmocka_unit_test(what_the_server_said_before_it_closed_can_be_read),
	    cmocka_unit_test(the_connection_below_is_opened_first),
	    cmocka_unit_test(freeing_says_goodbye),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
