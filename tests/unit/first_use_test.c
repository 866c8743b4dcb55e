/* Servers that are known by their key, from the first connection on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "tls_testutil.h"
#include "transport/first_use.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Whoever signs itself, is signed by the world's other authority, or by the one
 * that is trusted. */
enum issuer { ITSELF, STRANGER, TRUSTED };

static int
meet(struct world *w, const struct certificate *leaf,
    const struct tls_first_use *f, struct link *l)
{
	struct tls_policy policy = policy_for(w, "good.test");

	policy.first_use = f;
	link_start(l, policy, leaf, NULL, NULL);
	return link_handshake(l);
}

static struct certificate
issue(struct world *w, struct recipe r, enum issuer issuer)
{
	return make(r,
	    issuer == ITSELF	    ? NULL
		: issuer == TRUSTED ? &w->ca
				    : &w->other_ca);
}

static void
what_only_lacks_an_authority_or_the_name_is_trusted_on_first_use(void **state)
{
	static const struct {
		struct recipe recipe;
		enum issuer issuer;
		enum transport_trust trust; /* NONE: refused, */
		const char *why;	    /* and why */
	} rows[] = {
	    {{.dns = "good.test"}, TRUSTED, TRANSPORT_TRUST_CHAIN},
	    {{.dns = "good.test"}, ITSELF, TRANSPORT_TRUST_FIRST_USE},
	    {{.dns = "good.test"}, STRANGER, TRANSPORT_TRUST_FIRST_USE},
	    {{.dns = "else.test"}, TRUSTED, TRANSPORT_TRUST_FIRST_USE},
	    {{.dns = "else.test"}, ITSELF, TRANSPORT_TRUST_FIRST_USE},
	    {{.cn = "good.test"}, STRANGER, TRANSPORT_TRUST_FIRST_USE},
	    {{.dns = "good.test", .from = -9, .until = -2}, TRUSTED,
		TRANSPORT_TRUST_NONE, "expired on"},
	    {{.dns = "good.test", .from = -9, .until = -2}, ITSELF,
		TRANSPORT_TRUST_NONE, "expired on"},
	    {{.dns = "good.test", .from = -9, .until = -2}, STRANGER,
		TRANSPORT_TRUST_NONE, "expired on"},
	    {{.dns = "good.test", .from = 2}, ITSELF, TRANSPORT_TRUST_NONE,
		"not valid before"},
	    {{.dns = "good.test", .purpose = GNUTLS_KP_TLS_WWW_CLIENT}, ITSELF,
		TRANSPORT_TRUST_NONE, "not for servers"},
	    {{.dns = "good.test", .purpose = GNUTLS_KP_TLS_WWW_CLIENT},
		STRANGER, TRANSPORT_TRUST_NONE, "not for servers"},
	    {{.dns = "good.test", .rsa_bits = 1024}, ITSELF,
		TRANSPORT_TRUST_NONE, "insecure algorithm"},
	    {{.dns = "good.test", .rsa_bits = 1024}, STRANGER,
		TRANSPORT_TRUST_NONE, "insecure algorithm"},
	    {{.dns = "good.test", .digest = GNUTLS_DIG_SHA1}, TRUSTED,
		TRANSPORT_TRUST_NONE, "insecure algorithm"},
	    {{.dns = "good.test", .must_staple = true}, TRUSTED,
		TRANSPORT_TRUST_NONE, "OCSP"},
	    {{.dns = "good.test", .must_staple = true}, STRANGER,
		TRANSPORT_TRUST_NONE, "OCSP"},
	};
	static const struct tls_first_use nothing;
	struct world *w = *state;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct certificate leaf =
		    issue(w, rows[i].recipe, rows[i].issuer);
		struct link l;
		int r = meet(w, &leaf, &nothing, &l);

		if ((r == 0) != (rows[i].trust != TRANSPORT_TRUST_NONE))
			fail_msg("%zu: %d %s", i, r, l.err.text);
		if (r == 0)
			assert_int_equal(l.client->tls->trust, rows[i].trust);
		else if (strstr(l.err.text, rows[i].why) == NULL)
			fail_msg("%zu: %s", i, l.err.text);
		if (r == 0)
			assert_string_equal(l.client->tls->unverified, "");
		link_end(&l);
		drop(&leaf);
	}
}

static struct pin
key_of(const struct certificate *c)
{
	struct pin pin;
	size_t n = sizeof(pin.digest);

	ok(gnutls_x509_crt_get_key_id(
	    c->crt, GNUTLS_KEYID_USE_SHA256, pin.digest, &n));
	return pin;
}

static void
a_known_key_is_accepted_and_another_one_is_refused(void **state)
{
	struct world *w = *state;
	struct recipe r = {.dns = "good.test"};
	struct certificate before = make(r, NULL), now = make(r, NULL);
	struct tls_known_key known[2] = {
	    {{{1}}, "2026-01-01", "line 1 of /x"},
	    {key_of(&before), "2026-02-02", "line 3 of /x"},
	};
	struct tls_first_use f = {known, 2};
	struct link l;

	assert_int_equal(meet(w, &before, &f, &l), 0);
	assert_int_equal(l.client->tls->trust, TRANSPORT_TRUST_KNOWN);
	link_end(&l);
	assert_int_equal(meet(w, &now, &f, &l), -1);
	assert_int_equal(l.err.status, EX_NOPERM);
	assert_non_null(strstr(l.err.text,
	    "good.test: the server's key has changed: it was sha256//"));
	assert_non_null(strstr(l.err.text, " on 2026-02-02, and is sha256//"));
	assert_non_null(strstr(l.err.hint, "delete line 3 of /x"));
	link_end(&l);
	drop(&before);
	drop(&now);
}

static void
an_authority_and_a_pin_go_before_what_is_known(void **state)
{
	struct world *w = *state;
	struct recipe r = {.dns = "good.test"};
	struct certificate good = make(r, &w->ca), other = make(r, NULL);
	struct tls_known_key known = {key_of(&other), "2026-02-02", "line 3"};
	struct tls_first_use f = {&known, 1};
	struct tls_policy policy = policy_for(w, "good.test");
	struct pin pin = key_of(&good);
	struct link l;

	assert_int_equal(meet(w, &good, &f, &l), 0);
	assert_int_equal(l.client->tls->trust, TRANSPORT_TRUST_CHAIN);
	link_end(&l);
	policy.first_use = &f;
	policy.pins = &pin;
	policy.pin_count = 1;
	link_start(&l, policy, &other, NULL, NULL);
	assert_int_equal(link_handshake(&l), -1);
	assert_non_null(strstr(l.err.text, "has none of the pinned keys"));
	link_end(&l);
	link_start(&l, policy, &good, NULL, NULL);
	assert_int_equal(link_handshake(&l), 0);
	assert_int_equal(l.client->tls->trust, TRANSPORT_TRUST_PIN);
	link_end(&l);
	drop(&good);
	drop(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		what_only_lacks_an_authority_or_the_name_is_trusted_on_first_use),
	    cmocka_unit_test(
		a_known_key_is_accepted_and_another_one_is_refused),
	    cmocka_unit_test(an_authority_and_a_pin_go_before_what_is_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
