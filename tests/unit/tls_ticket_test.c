/* TLS sessions that are resumed: for whom, for how long, and how often. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tls_testutil.h"
#include "transport/first_use.h"

static const struct recipe good = {
    .dns = "good.test", .purpose = GNUTLS_KP_TLS_WWW_SERVER};

enum { KEPT_MAX = 8 };

/* A place for tickets, and what happened there. */
struct store {
	struct tls_tickets tickets;
	struct {
		char key[TLS_TICKET_KEY];
		struct buf bytes;
	} kept[KEPT_MAX];
	unsigned n, takes, keeps;
	bool closed; /* nothing can be kept */
};

static int
take(void *arg, const char *key, struct buf *bytes)
{
	struct store *s = arg;

	s->takes++;
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->kept[i].key, key) == 0 &&
		    s->kept[i].bytes.len > 0) {
			buf_append(
			    bytes, s->kept[i].bytes.data, s->kept[i].bytes.len);
			buf_clear(&s->kept[i].bytes);
			return 1;
		}
	return s->closed ? -1 : 0;
}

static void
keep(void *arg, const char *key, const void *bytes, size_t n)
{
	struct store *s = arg;
	unsigned i = 0;

	s->keeps++;
	assert_int_equal(strlen(key), TLS_TICKET_KEY - 1);
	assert_int_equal(strspn(key, "0123456789abcdef"), TLS_TICKET_KEY - 1);
	while (i < s->n && strcmp(s->kept[i].key, key) != 0)
		i++;
	assert_true(i < KEPT_MAX);
	strcpy(s->kept[i].key, key);
	buf_clear(&s->kept[i].bytes);
	buf_append(&s->kept[i].bytes, bytes, n);
	if (i == s->n)
		s->n++;
}

static struct store *
store_new(void)
{
	struct store *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->tickets = (struct tls_tickets){.take = take, .keep = keep, .arg = s};
	return s;
}

static void
store_free(struct store *s)
{
	for (unsigned i = 0; i < s->n; i++)
		buf_clear(&s->kept[i].bytes);
	free(s);
}

/* One connection to a server that gives tickets, over which it says a word. */
struct visit {
	struct tls_policy policy;
	const struct certificate *leaf;
	const char *priorities;	      /* the server's */
	const gnutls_datum_t *sealed; /* the server's key of tickets */
	bool silent;		      /* it says nothing after the handshake */
	bool alert;		      /* but that it is offended */

	int result;
	struct transport_tls tls; /* what the client saw */
	struct error err;
	bool resumed, early; /* what the server saw */
};

static ssize_t
client_recv(struct link *l, char *bytes, size_t n)
{
	ssize_t r = TRANSPORT_AGAIN;

	for (int i = 0; r == TRANSPORT_AGAIN && i < STEPS; i++)
		r = l->client->ops->recv(l->client, bytes, n, &l->err);
	return r;
}

static void
visit(struct visit *v)
{
	struct link l;
	char bytes[8];

	link_start(&l, v->policy, v->leaf, NULL, v->priorities);
	if (v->sealed != NULL)
		ok(gnutls_session_ticket_enable_server(l.server, v->sealed));
	v->result = link_handshake(&l);
	v->err = l.err;
	v->resumed = v->result == 0 && gnutls_session_is_resumed(l.server);
	if (v->result == 0) {
		v->early = (gnutls_session_get_flags(l.server) &
			       GNUTLS_SFLAGS_EARLY_DATA) != 0;
		if (v->alert)
			ok(gnutls_alert_send(l.server, GNUTLS_AL_FATAL,
			    GNUTLS_A_INTERNAL_ERROR));
		else if (!v->silent)
			assert_int_equal(
			    gnutls_record_send(l.server, "220", 3), 3);
		if (!v->silent)
			assert_int_equal(
			    client_recv(&l, bytes, 8), v->alert ? -1 : 3);
		v->tls = *l.client->tls;
	}
	link_end(&l);
}

struct scene {
	struct world *w;
	struct store *store;
	struct certificate leaf;
	gnutls_datum_t sealed;
};

static struct visit
plan(struct scene *s)
{
	struct visit v = {.policy = policy_for(s->w, "good.test"),
	    .leaf = &s->leaf,
	    .sealed = &s->sealed};

	v.policy.tickets = &s->store->tickets;
	v.policy.port = 25;
	return v;
}

static struct scene
scene_begin(void **state)
{
	struct scene s = {.w = *state, .store = store_new()};

	s.leaf = make(good, &s.w->ca);
	ok(gnutls_session_ticket_key_generate(&s.sealed));
	return s;
}

static void
scene_end(struct scene *s)
{
	store_free(s->store);
	drop(&s->leaf);
	gnutls_free(s->sealed.data);
}

static void
assert_visit(struct visit v, bool resumed)
{
	visit(&v);
	if (v.result < 0)
		fail_msg("%s", v.err.text);
	assert_int_equal(v.resumed, resumed);
	assert_int_equal(v.tls.resumed, resumed);
	assert_string_equal(v.tls.unverified, "");
	assert_int_equal(strlen(v.tls.fingerprint), 44);
	assert_false(v.early);
}

static void
a_session_goes_on_and_knows_whom_it_is_with(void **state)
{
	static const char *const versions[] = {
	    "NORMAL:-VERS-ALL:+VERS-TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
	char fingerprint[sizeof(((struct transport_tls *)0)->fingerprint)];

	for (size_t i = 0; i < 2; i++) {
		struct scene s = scene_begin(state);
		struct visit v = plan(&s);

		v.priorities = versions[i];
		visit(&v);
		assert_int_equal(v.result, 0);
		assert_false(v.resumed);
		strcpy(fingerprint, v.tls.fingerprint);
		/* This server of TLS 1.2 gives no new ticket for the old. */
		for (int n = 0; n < 4; n++) {
			bool resumed = i == 0 || n % 2 == 0;

			visit(&v);
			assert_int_equal(v.result, 0);
			assert_int_equal(v.resumed, resumed);
			assert_int_equal(v.tls.resumed, resumed);
			assert_string_equal(v.tls.fingerprint, fingerprint);
		}
		assert_string_equal(
		    v.tls.version, i == 0 ? "TLS1.3" : "TLS1.2");
		scene_end(&s);
	}
}

static void
a_ticket_is_used_once(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	assert_visit(v, false);
	v.silent = true; /* so that no other one is kept */
	assert_visit(v, true);
	assert_visit(v, false);
	scene_end(&s);
}

static void
nobody_asks_for_a_ticket_who_cannot_keep_it(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	v.policy.tickets = NULL;
	assert_visit(v, false);
	assert_visit(v, false);
	assert_int_equal(s.store->takes + s.store->keeps, 0);
	v.policy.tickets = &s.store->tickets;
	s.store->closed = true;
	assert_visit(v, false);
	assert_int_equal(s.store->keeps, 0);
	scene_end(&s);
}

static void
who_looks_sees_a_whole_handshake_and_leaves_nothing(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	assert_visit(v, false);
	v.policy.look = true;
	assert_visit(v, false);
	assert_int_equal(s.store->takes, 1);
	assert_int_equal(s.store->keeps, 1);
	scene_end(&s);
}

static void
who_was_not_verified_is_not_remembered(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	v.policy.optional = true;
	v.policy.name = "other.test";
	for (int i = 0; i < 2; i++) {
		visit(&v);
		assert_int_equal(v.result, 0);
		assert_false(v.resumed);
		assert_string_not_equal(v.tls.unverified, "");
	}
	assert_int_equal(s.store->keeps, 0);
	scene_end(&s);
}

static void
a_session_that_ended_badly_or_said_nothing_is_not_kept(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	v.silent = true;
	visit(&v);
	assert_int_equal(v.result, 0);
	v.silent = false;
	v.alert = true;
	visit(&v);
	assert_int_equal(v.result, 0);
	assert_int_equal(s.store->keeps, 0);
	scene_end(&s);
}

static void
a_session_of_tls_1_2_without_an_extended_secret_is_not_kept(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	v.priorities = "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH";
	assert_visit(v, false);
	assert_int_equal(s.store->keeps, 0);
	scene_end(&s);
}

/* It has lost its key of tickets, or is another one. */
static void
a_server_that_does_not_know_the_ticket_is_verified(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);
	struct recipe r = good;
	struct certificate expired;

	assert_visit(v, false);
	gnutls_free(s.sealed.data);
	ok(gnutls_session_ticket_key_generate(&s.sealed));
	assert_visit(v, false);
	gnutls_free(s.sealed.data);
	ok(gnutls_session_ticket_key_generate(&s.sealed));
	r.from = -3;
	r.until = -1;
	expired = make(r, &s.w->ca);
	v.leaf = &expired;
	visit(&v);
	assert_int_equal(v.result, -1);
	assert_int_equal(v.err.status, EX_NOPERM);
	assert_non_null(strstr(v.err.text, "expired"));
	drop(&expired);
	scene_end(&s);
}

/* --- for whom -------------------------------------------------------------*/

static struct gnutls library;

static void
key_of(const struct tls_policy *policy, char key[TLS_TICKET_KEY])
{
	assert_true(tls_ticket_key(&library, policy, key));
	assert_int_equal(strlen(key), TLS_TICKET_KEY - 1);
}

static void
assert_other_key(const struct tls_policy *a, const struct tls_policy *b)
{
	char key[TLS_TICKET_KEY], again[TLS_TICKET_KEY], other[TLS_TICKET_KEY];

	key_of(a, key);
	key_of(a, again);
	key_of(b, other);
	assert_string_equal(key, again);
	assert_string_not_equal(key, other);
}

static void
append_to(const char *path, const char *text)
{
	FILE *f = fopen(path, "ae");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
each_setting_that_trust_hangs_on_makes_another_key(void **state)
{
	struct scene s = scene_begin(state);
	const struct tls_policy base = plan(&s).policy;
	struct pin pins[2] = {{.digest = {1}}, {.digest = {2}}};
	const struct tls_known_key key = {.pin = pins[0]};
	const struct tls_first_use nobody_yet = {0};
	const struct tls_first_use one_key = {.keys = &key, .count = 1};
	struct tls_policy p, met;

	p = base;
	p.name = "good.tes";
	assert_other_key(&base, &p);
	p = base;
	p.port = 26;
	assert_other_key(&base, &p);
	p = base;
	p.optional = true;
	assert_other_key(&base, &p);
	p = base;
	p.least = PRIORITY_TLS_1_3;
	assert_other_key(&base, &p);
	p = base;
	p.priority = "SECURE256";
	assert_other_key(&base, &p);
	p = base;
	p.ca_file = NULL;
	if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0)
		assert_other_key(&base, &p);
	p = base;
	p.pins = pins;
	p.pin_count = 1;
	assert_other_key(&base, &p);
	p.pin_count = 2;
	assert_other_key(&base, &p);
	p = base;
	p.first_use = &nobody_yet;
	assert_other_key(&base, &p);
	met = p;
	met.first_use = &one_key;
	assert_other_key(&p, &met);
	scene_end(&s);
}

static void
what_is_of_no_matter_to_trust_makes_no_other_key(void **state)
{
	struct scene s = scene_begin(state);
	struct tls_policy p = plan(&s).policy;
	struct store *other = store_new();
	char key[TLS_TICKET_KEY], same[TLS_TICKET_KEY];

	key_of(&p, key);
	p.if_clear = "another hint";
	p.note_expiry = !p.note_expiry;
	p.tickets = &other->tickets;
	key_of(&p, same);
	assert_string_equal(key, same);
	store_free(other);
	scene_end(&s);
}

static void
there_is_no_key_where_trust_may_change_unseen(void **state)
{
	struct scene s = scene_begin(state);
	struct tls_policy p = plan(&s).policy;
	char key[TLS_TICKET_KEY];

	p.ca_file = s.w->dir;
	assert_false(tls_ticket_key(&library, &p, key));
	p.ca_file = "/nonexistent";
	assert_false(tls_ticket_key(&library, &p, key));
	p.ca_file = "/dev/null";
	assert_false(tls_ticket_key(&library, &p, key));
	p = plan(&s).policy;
	p.crl_file = p.ca_file;
	assert_false(tls_ticket_key(&library, &p, key));
	assert_string_equal(key, "");
	scene_end(&s);
}

static void
another_name_port_or_pin_begins_anew(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);
	struct recipe r = good;
	struct pin pin = {{0}};
	struct certificate both;
	size_t n = sizeof(pin.digest);

	r.dns2 = "other.test";
	both = make(r, &s.w->ca);
	v.leaf = &both;
	assert_visit(v, false);
	v.policy.name = "other.test";
	assert_visit(v, false);
	v.policy.port = 26;
	assert_visit(v, false);
	ok(gnutls_x509_crt_get_key_id(
	    both.crt, GNUTLS_KEYID_USE_SHA256, pin.digest, &n));
	v.policy.pins = &pin;
	v.policy.pin_count = 1;
	assert_visit(v, false);
	assert_visit(v, true);
	drop(&both);
	scene_end(&s);
}

static void
authorities_that_changed_are_asked_anew(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	assert_visit(v, false);
	append_to(s.w->ca_file, "\n");
	assert_visit(v, false);
	assert_visit(v, true);
	scene_end(&s);
}

/* --- for how long ---------------------------------------------------------*/

/* Whether what was kept is offered at that time; it stays where it was. */
static bool
is_taken(struct scene *s, const struct tls_policy *policy, time_t now)
{
	struct tls_ticket t;
	struct buf copy = {0};
	bool taken;

	assert_int_equal(s->store->n, 1);
	buf_append(
	    &copy, s->store->kept[0].bytes.data, s->store->kept[0].bytes.len);
	(void)tls_ticket_take(&t, &library, policy, now);
	taken = t.len > 0;
	tls_ticket_clear(&t);
	buf_clear(&s->store->kept[0].bytes);
	s->store->kept[0].bytes = copy;
	return taken;
}

static void
a_ticket_is_good_for_a_day(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);
	time_t now = time(NULL);

	assert_visit(v, false);
	assert_true(is_taken(&s, &v.policy, now + 10));
	assert_true(is_taken(&s, &v.policy, now + DAY - 10));
	assert_false(is_taken(&s, &v.policy, now + DAY + 10));
	/* The clock was set back. */
	assert_false(is_taken(&s, &v.policy, now - 10));
	scene_end(&s);
}

/* As if the server had been verified so many seconds earlier. */
static void
make_older(struct store *store, int seconds)
{
	enum { DIGEST = 32 };
	struct buf *kept = &store->kept[0].bytes, older = {0}, sealed = {0};
	char *since = memmem(kept->data, kept->len, "since ", 6), *end;
	unsigned char digest[DIGEST];
	long long then;

	assert_non_null(since);
	since += 6;
	then = strtoll(since, &end, 10);
	buf_append(&older, kept->data, (size_t)(since - kept->data));
	buf_printf(&older, "%lld", then - seconds);
	buf_append(
	    &older, end, (size_t)(kept->data + kept->len - end) - DIGEST);
	buf_puts(&sealed, store->kept[0].key);
	buf_append(&sealed, older.data, older.len);
	ok(gnutls_hash_fast(
	    GNUTLS_DIG_SHA256, sealed.data, sealed.len, digest));
	buf_append(&older, digest, DIGEST);
	buf_clear(kept);
	buf_clear(&sealed);
	*kept = older;
}

static void
the_day_begins_when_the_server_was_verified(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);
	time_t now = time(NULL);

	assert_visit(v, false);
	make_older(s.store, DAY - 1000);
	assert_visit(v, true);
	assert_int_equal(s.store->keeps, 2);
	assert_true(is_taken(&s, &v.policy, now + 900));
	assert_false(is_taken(&s, &v.policy, now + 1100));
	scene_end(&s);
}

static void
a_certificate_that_has_ended_ends_the_session(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);
	struct certificate brief = make(good, &s.w->ca);
	time_t now = time(NULL);
	gnutls_datum_t der;

	ok(gnutls_x509_crt_set_expiration_time(brief.crt, now + 3600));
	ok(gnutls_x509_crt_sign2(
	    brief.crt, s.w->ca.crt, s.w->ca.key, GNUTLS_DIG_SHA256, 0));
	ok(gnutls_x509_crt_export2(brief.crt, GNUTLS_X509_FMT_DER, &der));
	gnutls_x509_crt_deinit(brief.crt);
	ok(gnutls_x509_crt_init(&brief.crt));
	ok(gnutls_x509_crt_import(brief.crt, &der, GNUTLS_X509_FMT_DER));
	gnutls_free(der.data);
	v.leaf = &brief;
	assert_visit(v, false);
	assert_true(is_taken(&s, &v.policy, now + 3500));
	assert_false(is_taken(&s, &v.policy, now + 3700));
	drop(&brief);
	scene_end(&s);
}

/* --- what else lies there -------------------------------------------------*/

static void
put_record(struct store *store, const char *bytes, size_t n)
{
	buf_clear(&store->kept[0].bytes);
	buf_append(&store->kept[0].bytes, bytes, n);
}

static void
torn_and_garbled_records_are_no_tickets(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);
	time_t now = time(NULL) + 1;
	struct buf whole = {0};

	assert_visit(v, false);
	buf_append(
	    &whole, s.store->kept[0].bytes.data, s.store->kept[0].bytes.len);
	for (size_t i = 1; i < whole.len; i += 13) {
		put_record(s.store, whole.data, i);
		assert_false(is_taken(&s, &v.policy, now));
		whole.data[i] ^= 1;
		put_record(s.store, whole.data, whole.len);
		assert_false(is_taken(&s, &v.policy, now));
		whole.data[i] ^= 1;
	}
	put_record(s.store, whole.data, whole.len);
	assert_true(is_taken(&s, &v.policy, now));
	memset(whole.data, 'x', whole.len);
	put_record(s.store, whole.data, whole.len);
	assert_visit(v, false);
	assert_visit(v, true);
	buf_clear(&whole);
	scene_end(&s);
}

static void
a_record_of_another_key_is_no_ticket(void **state)
{
	struct scene s = scene_begin(state);
	struct visit v = plan(&s);

	assert_visit(v, false);
	v.policy.port = 26;
	key_of(&v.policy, s.store->kept[0].key);
	assert_false(is_taken(&s, &v.policy, time(NULL) + 1));
	scene_end(&s);
}

static int
set_up(void **state)
{
	struct error err;

	if (gnutls_open(&library, &err) == -1)
		return -1;
	return world_set_up(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_session_goes_on_and_knows_whom_it_is_with),
	    cmocka_unit_test(a_ticket_is_used_once),
	    cmocka_unit_test(nobody_asks_for_a_ticket_who_cannot_keep_it),
	    cmocka_unit_test(
		who_looks_sees_a_whole_handshake_and_leaves_nothing),
	    cmocka_unit_test(who_was_not_verified_is_not_remembered),
	    cmocka_unit_test(
		a_session_that_ended_badly_or_said_nothing_is_not_kept),
	    cmocka_unit_test(
		a_session_of_tls_1_2_without_an_extended_secret_is_not_kept),
	    cmocka_unit_test(
		a_server_that_does_not_know_the_ticket_is_verified),
	    cmocka_unit_test(
		each_setting_that_trust_hangs_on_makes_another_key),
	    cmocka_unit_test(what_is_of_no_matter_to_trust_makes_no_other_key),
	    cmocka_unit_test(there_is_no_key_where_trust_may_change_unseen),
	    cmocka_unit_test(another_name_port_or_pin_begins_anew),
	    cmocka_unit_test(authorities_that_changed_are_asked_anew),
	    cmocka_unit_test(a_ticket_is_good_for_a_day),
	    cmocka_unit_test(the_day_begins_when_the_server_was_verified),
	    cmocka_unit_test(a_certificate_that_has_ended_ends_the_session),
	    cmocka_unit_test(torn_and_garbled_records_are_no_tickets),
	    cmocka_unit_test(a_record_of_another_key_is_no_ticket),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, world_tear_down);
}
