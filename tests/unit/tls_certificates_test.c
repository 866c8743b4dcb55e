/* Which certificates are accepted: where TLS is demanded, where it is taken as it
 * can be had, and when an exception was made for one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/idna.h"
#include "ocsp_testutil.h"
#include "tls_testutil.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

enum issuer { TRUSTED, ITSELF, UNKNOWN, NAMESAKE };
enum staple {
	NO_STAPLE,
	STAPLE_GOOD,
	STAPLE_REVOKED,
	STAPLE_OLD,
	STAPLE_OTHER
};

struct row {
	const char *what;
	const char *why;  /* part of the reason; NULL: it is accepted */
	const char *host; /* NULL: good.test */
	enum issuer issuer;
	/* Authorities between that and the server's certificate; a cn makes
	 * one. */
	struct recipe upper[2];
	bool unsent, disorder; /* of those */
	struct recipe leaf;
	enum staple staple;
	bool damaged; /* a bit of its signature */
};

#define GOOD .dns = "good.test"
#define UPPER(...)                                                 \
	{                                                          \
		{                                                  \
			.cn = "Upper", .authority = 1, __VA_ARGS__ \
		}                                                  \
	}
/* subjectAltName with one dNSName, octet by octet */
#define SAN(length, name) \
	.san = "\x30" length name, .san_len = sizeof("\x30" length name) - 1

static const struct row bad[] = {
    {"self-signed", "is self-signed", .issuer = ITSELF, .leaf = {GOOD}},
    {"an unknown authority", "unknown authority: CN=Other Authority",
	.issuer = UNKNOWN, .leaf = {GOOD}},
    {"an authority that has the name of ours", "", .issuer = NAMESAKE,
	.leaf = {GOOD}},
    {"expired", "expired on 2", .leaf = {GOOD, .from = -9, .until = -2}},
    {"not yet valid", "is not valid before 2",
	.leaf = {GOOD, .from = 2, .until = 9}},
    {"for another host", "is for else.test", .leaf = {.dns = "else.test"}},
    {"for the domain above", "is for test.good.test", .host = "good.test",
	.leaf = {.dns = "test.good.test"}},
    {"common name only", "no subjectAltName", .leaf = {.cn = "good.test"}},
    {"common name, and an alternative name that is another", "is for else.test",
	.leaf = {.cn = "good.test", .dns = "else.test"}},
    {"common name, and an address of mail", "no subjectAltName",
	.leaf = {.cn = "good.test", .email = "a@good.test"}},
    {"common name, and a URI", "no subjectAltName",
	.leaf = {.cn = "good.test", .uri = "https://good.test/"}},
    {"an address as common name", "no subjectAltName", .host = "192.0.2.1",
	.leaf = {.cn = "192.0.2.1"}},
    {"*", "is for *", .leaf = {.dns = "*"}},
    {"*.test", "is for *.test", .leaf = {.dns = "*.test"}},
    {"a wildcard for two labels", "is for *.good.test", .host = "a.b.good.test",
	.leaf = {.dns = "*.good.test"}},
    {"a wildcard for no label", "is for *.good.test",
	.leaf = {.dns = "*.good.test"}},
    {"two wildcards", "is for *.*.test", .host = "a.good.test",
	.leaf = {.dns = "*.*.test"}},
    {"a wildcard that ends a label", "is for g*.good.test",
	.host = "go.good.test", .leaf = {.dns = "g*.good.test"}},
    {"a wildcard that begins a label", "is for *o.good.test",
	.host = "go.good.test", .leaf = {.dns = "*o.good.test"}},
    {"a wildcard within", "is for a.*.test", .host = "a.good.test",
	.leaf = {.dns = "a.*.test"}},
    {"a wildcard for an A-label's part", "is for xn--*.test",
	.host = "xn--bcher-kva.test", .leaf = {.dns = "xn--*.test"}},
    {"an address as dNSName", "is for 192.0.2.1", .host = "192.0.2.1",
	.leaf = {.dns = "192.0.2.1"}},
    {"a wildcard for an address", "is for *.0.2.1", .host = "192.0.2.1",
	.leaf = {.dns = "*.0.2.1"}},
    {"another address", "is for 192.0.2.2", .host = "192.0.2.1",
	.leaf = {.ip = "192.0.2.2"}},
    {"another address of IPv6", "is for 2001:db8::2", .host = "2001:db8::1",
	.leaf = {.ip = "2001:db8::2"}},
    {"a name for an address", "is for good.test", .host = "192.0.2.1",
	.leaf = {GOOD}},
    {"another IDN", "is for xn--bcher-kva.test",
	.host = "b\xc3\xbb"
		"cher.test",
	.leaf = {.dns = "xn--bcher-kva.test"}},
    {"an IDN in its own characters", "is for b", .host = "xn--bcher-kva.test",
	.leaf = {SAN("\x0e\x82\x0c",
	    "b\xc3\xbc"
	    "cher.test")}},
    {"a NUL in the name", "is for good.test\\x00.evil.test",
	.leaf = {.cn = "good.test",
	    SAN("\x16\x82\x14", "good.test\0.evil.test")}},
    {"a NUL behind the name", "is for good.test\\x00",
	.leaf = {SAN("\x0c\x82\x0a", "good.test\0")}},
    {"a blank behind the name", "is for good.test ",
	.leaf = {.dns = "good.test "}},
    {"for clients only", "is not for servers",
	.leaf = {GOOD, .purpose = GNUTLS_KP_TLS_WWW_CLIENT}},
    {"for code only", "is not for servers",
	.leaf = {GOOD, .purpose = GNUTLS_KP_CODE_SIGNING}},
    {"below an authority for clients only", "is not for servers",
	.upper = UPPER(.purpose = GNUTLS_KP_TLS_WWW_CLIENT), .leaf = {GOOD}},
    {"an intermediate that is not sent", "unknown authority: CN=Upper",
	.upper = UPPER(), .unsent = true, .leaf = {GOOD}},
    {"an intermediate that is no authority", "",
	.upper = {{.cn = "Upper", .usage = GNUTLS_KEY_KEY_CERT_SIGN}},
	.leaf = {GOOD}},
    {"an intermediate that does not say what it is", "",
	.upper = {{.cn = "Upper",
	    .usage = GNUTLS_KEY_KEY_CERT_SIGN,
	    .no_basic_constraints = true}},
	.leaf = {GOOD}},
    {"an intermediate that must not sign", "",
	.upper = UPPER(.usage = GNUTLS_KEY_DIGITAL_SIGNATURE), .leaf = {GOOD}},
    {"an intermediate that has expired", "expired on",
	.upper = UPPER(.from = -9, .until = -2), .leaf = {GOOD}},
    {"an intermediate that is not yet valid", "is not valid before",
	.upper = UPPER(.from = 2, .until = 9), .leaf = {GOOD}},
    {"a path that is too long", "constraints",
	.upper = {{.cn = "Upper", .authority = 1},
	    {.cn = "Lower", .authority = -1}},
	.leaf = {GOOD}},
    {"a name that is excluded", "constraints",
	.upper = UPPER(.excluded = "good.test"), .leaf = {GOOD}},
    {"a name that is not permitted", "constraints",
	.upper = UPPER(.permitted = "else.test"), .leaf = {GOOD}},
    {"SHA-1", "insecure algorithm", .leaf = {GOOD, .digest = GNUTLS_DIG_SHA1}},
    {"SHA-1 above", "insecure algorithm",
	.upper = UPPER(.digest = GNUTLS_DIG_SHA1), .leaf = {GOOD}},
    {"RSA of 1024 bits", "insecure algorithm",
	.leaf = {GOOD, .rsa_bits = 1024}},
    {"RSA of 1024 bits above", "insecure algorithm",
	.upper = UPPER(.rsa_bits = 1024), .leaf = {GOOD}},
    {"an unknown critical extension", "unknown critical extension",
	.leaf = {GOOD, .unknown_extension = true}},
    {"a signature with a wrong bit", "", .damaged = true, .leaf = {GOOD}},
    {"a status must be stapled, and is not", "stapled OCSP status",
	.leaf = {GOOD, .must_staple = true}},
    {"a stapled status that says revoked", "was revoked", .leaf = {GOOD},
	.staple = STAPLE_REVOKED},
    {"a status must be stapled, and says revoked", "was revoked",
	.leaf = {GOOD, .must_staple = true}, .staple = STAPLE_REVOKED},
    {"a stapled status that is out of date", "OCSP status", .leaf = {GOOD},
	.staple = STAPLE_OLD},
    {"a stapled status of another certificate", "OCSP status",
	.leaf = {GOOD, .must_staple = true}, .staple = STAPLE_OTHER},
};

static const struct row fine[] = {
    {"ECDSA, P-256", .leaf = {GOOD}},
    {"ECDSA, P-384", .leaf = {GOOD, .curve = GNUTLS_ECC_CURVE_SECP384R1}},
    {"Ed25519", .leaf = {GOOD, .curve = GNUTLS_ECC_CURVE_ED25519}},
    {"RSA of 2048 bits", .leaf = {GOOD, .rsa_bits = 2048}},
    {"SHA-512", .leaf = {GOOD, .digest = GNUTLS_DIG_SHA512}},
    {"a common name that is another, and the right alternative name",
	.leaf = {.cn = "else.test", GOOD}},
    {"a wildcard for one label", .host = "a.good.test",
	.leaf = {.dns = "*.good.test"}},
    {"a name in capitals", .leaf = {.dns = "GOOD.TEST"}},
    {"a host in capitals", .host = "GOOD.test", .leaf = {GOOD}},
    {"a host with its final dot", .host = "good.test.", .leaf = {GOOD}},
    {"an IDN in its own characters, certified as A-label",
	.host = "b\xc3\xbc"
		"cher.test",
	.leaf = {.dns = "xn--bcher-kva.test"}},
    {"an IDN as A-label", .host = "xn--bcher-kva.test",
	.leaf = {.dns = "xn--bcher-kva.test"}},
    {"a wildcard above an IDN",
	.host = "b\xc3\xbc"
		"cher.good.test",
	.leaf = {.dns = "*.good.test"}},
    {"an address", .host = "192.0.2.1", .leaf = {.ip = "192.0.2.1"}},
    {"an address of IPv6", .host = "2001:db8:0::1",
	.leaf = {.ip = "2001:db8::1"}},
    {"the last of 121 names", .leaf = {GOOD, .other_names = 120}},
    {"an intermediate", .upper = UPPER(), .leaf = {GOOD}},
    {"two intermediates that the path has room for",
	.upper = {{.cn = "Upper", .authority = 2},
	    {.cn = "Lower", .authority = 1}},
	.leaf = {GOOD}},
    {"two intermediates in the wrong order", .disorder = true,
	.upper = {{.cn = "Upper", .authority = -1},
	    {.cn = "Lower", .authority = -1}},
	.leaf = {GOOD}},
    {"a name that is permitted", .upper = UPPER(.permitted = "good.test"),
	.leaf = {GOOD}},
    {"a name that is not excluded", .upper = UPPER(.excluded = "else.test"),
	.leaf = {GOOD}},
    {"for servers", .leaf = {GOOD, .purpose = GNUTLS_KP_TLS_WWW_SERVER}},
    {"for any purpose", .leaf = {GOOD, .purpose = GNUTLS_KP_ANY}},
    {"below an authority for servers",
	.upper = UPPER(.purpose = GNUTLS_KP_TLS_WWW_SERVER), .leaf = {GOOD}},
    {"begins a day ago, ends in one", .leaf = {GOOD, .from = -1, .until = 1}},
    {"a status must be stapled, and is good",
	.leaf = {GOOD, .must_staple = true}, .staple = STAPLE_GOOD},
    {"a good status that need not be stapled", .leaf = {GOOD},
	.staple = STAPLE_GOOD},
};

/* What is made of a row, and the server that shows it. */
struct made {
	const struct row *row;
	struct certificate leaf, upper[2], stranger;
	const struct certificate *issuer; /* of the leaf */
	int uppers;
	struct shown shown;
	struct buf staple;
	struct arena arena;
	const char *host;
};

static struct certificate namesake;

static void
staple(struct made *m)
{
	time_t now = time(NULL);
	bool old = m->row->staple == STAPLE_OLD;

	if (m->row->staple == NO_STAPLE)
		return;
	ocsp_respond(&m->staple,
	    m->row->staple == STAPLE_OTHER ? m->stranger.crt : m->leaf.crt,
	    m->issuer, m->row->staple == STAPLE_REVOKED,
	    now - (old ? 30 : 1) * (time_t)DAY,
	    now + (old ? -20 : 3) * (time_t)DAY);
	m->shown.staple.data = (unsigned char *)m->staple.data;
	m->shown.staple.size = (unsigned)m->staple.len;
}

static void
damage(struct certificate *c)
{
	gnutls_datum_t der;

	ok(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_DER, &der));
	der.data[der.size - 5] ^= 1;
	gnutls_x509_crt_deinit(c->crt);
	ok(gnutls_x509_crt_init(&c->crt));
	ok(gnutls_x509_crt_import(c->crt, &der, GNUTLS_X509_FMT_DER));
	gnutls_free(der.data);
}

static void
chain(struct made *m)
{
	const struct row *r = m->row;

	m->shown.chain[m->shown.count++] = m->leaf.crt;
	m->shown.key = m->leaf.key;
	if (r->disorder)
		for (int i = 0; i < m->uppers; i++)
			m->shown.chain[m->shown.count++] = m->upper[i].crt;
	else if (!r->unsent)
		for (int i = m->uppers; i-- > 0;)
			m->shown.chain[m->shown.count++] = m->upper[i].crt;
}

static void
begin(struct world *w, const struct row *r, struct made *m)
{
	struct error err;
	size_t place;

	*m = (struct made){.row = r};
	m->issuer = r->issuer == TRUSTED ? &w->ca
	    : r->issuer == UNKNOWN	 ? &w->other_ca
	    : r->issuer == NAMESAKE	 ? &namesake
					 : NULL;
	for (; m->uppers < 2 && r->upper[m->uppers].cn != NULL; m->uppers++) {
		m->upper[m->uppers] = make(r->upper[m->uppers], m->issuer);
		m->issuer = &m->upper[m->uppers];
	}
	m->leaf = make(r->leaf, m->issuer);
	m->stranger = make(r->leaf, m->issuer);
	if (r->damaged)
		damage(&m->leaf);
	chain(m);
	staple(m);
	assert_int_equal(
	    idna_to_ascii(&m->arena, r->host != NULL ? r->host : "good.test",
		&m->host, &place, &err),
	    0);
}

static void
end(struct made *m)
{
	for (int i = 0; i < m->uppers; i++)
		drop(&m->upper[i]);
	drop(&m->leaf);
	drop(&m->stranger);
	buf_clear(&m->staple);
	arena_clear(&m->arena);
}

static void
is_accepted(const struct made *m, const struct tls_policy *policy)
{
	struct shown shown = m->shown;
	struct link l;

	link_show(&l, *policy, &shown);
	if (link_handshake(&l) < 0)
		fail_msg("%s: %s", m->row->what, l.err.text);
	if (l.client->tls->unverified[0] != '\0')
		fail_msg("%s: %s", m->row->what, l.client->tls->unverified);
	link_end(&l);
}

static void
has_reason(const struct made *m, const char *text)
{
	if (strstr(text, m->row->why) == NULL ||
	    strncmp(text, m->host, strcspn(m->host, ":") - 1) != 0)
		fail_msg("%s: \"%s\" is not in: %s", m->row->what, m->row->why,
		    text);
}

static void
is_refused(const struct made *m, const struct tls_policy *policy)
{
	struct shown shown = m->shown;
	struct link l;

	link_show(&l, *policy, &shown);
	if (link_handshake(&l) != -1)
		fail_msg("%s: is accepted", m->row->what);
	has_reason(m, l.err.text);
	if (l.err.status != EX_NOPERM || l.client->tls != NULL)
		fail_msg("%s: status %d", m->row->what, l.err.status);
	link_end(&l);
}

/* It goes on, and the reason is told. */
static void
is_told(const struct made *m, struct tls_policy policy)
{
	struct shown shown = m->shown;
	struct link l;

	policy.optional = true;
	link_show(&l, policy, &shown);
	if (link_handshake(&l) < 0)
		fail_msg("%s: %s", m->row->what, l.err.text);
	has_reason(m, l.client->tls->unverified);
	link_end(&l);
}

static struct pin
pin_of(const struct certificate *c)
{
	struct pin pin;
	size_t len = sizeof(pin.digest);

	ok(gnutls_x509_crt_get_key_id(
	    c->crt, GNUTLS_KEYID_USE_SHA256, pin.digest, &len));
	return pin;
}

static void
where_tls_is_demanded_no_bad_certificate_passes(void **state)
{
	struct tls_policy policy;
	struct made m;
	size_t i;

	for (i = 0; i < LENGTH(bad); i++) {
		begin(*state, &bad[i], &m);
		policy = policy_for(*state, m.host);
		is_refused(&m, &policy);
		end(&m);
	}
}

static void
on_a_plain_relay_each_bad_one_passes_and_its_reason_is_told(void **state)
{
	struct made m;
	size_t i;

	for (i = 0; i < LENGTH(bad); i++) {
		begin(*state, &bad[i], &m);
		is_told(&m, policy_for(*state, m.host));
		end(&m);
	}
}

static void
the_good_one_of_each_kind_passes_everywhere(void **state)
{
	struct tls_policy policy;
	struct made m;
	size_t i;

	for (i = 0; i < LENGTH(fine); i++) {
		begin(*state, &fine[i], &m);
		policy = policy_for(*state, m.host);
		is_accepted(&m, &policy);
		policy.optional = true;
		is_accepted(&m, &policy);
		end(&m);
	}
}

static void
a_pin_is_the_exception_for_its_key_and_for_no_other(void **state)
{
	struct tls_policy policy;
	struct pin pins[2];
	struct made m;
	struct row row;
	size_t i;

	for (i = 0; i < LENGTH(bad); i++) {
		begin(*state, &bad[i], &m);
		policy = policy_for(*state, m.host);
		policy.pins = pins;
		policy.pin_count = 1;
		pins[0] = pin_of(&m.leaf);
		is_accepted(&m, &policy);
		end(&m);
	}
	for (i = 0; i < LENGTH(fine); i++) {
		row = fine[i];
		row.why = "none of the pinned keys";
		begin(*state, &row, &m);
		policy = policy_for(*state, m.host);
		policy.pins = pins;
		policy.pin_count = 2;
		pins[0] = pin_of(&m.stranger);
		pins[1] = (struct pin){0};
		is_refused(&m, &policy);
		end(&m);
	}
}

/* Each is what an option of the user's says, and lets pass what it names. */
static void
an_exception_is_made_for_what_was_named_and_nothing_else(void **state)
{
	static const struct {
		const char *priority, *name;
		struct row row; /* why NULL: it passes */
	} rows[] = {
	    {"NORMAL:%PROFILE_LOW", NULL,
		{"RSA of 1024 bits", .leaf = {GOOD, .rsa_bits = 1024}}},
	    {"NORMAL:%PROFILE_LOW", NULL,
		{"SHA-1", "insecure",
		    .leaf = {GOOD, .digest = GNUTLS_DIG_SHA1}}},
	    {"NORMAL:%PROFILE_LOW:%VERIFY_ALLOW_SIGN_WITH_SHA1", NULL,
		{"SHA-1, allowed", .leaf = {GOOD, .digest = GNUTLS_DIG_SHA1}}},
	    {"NORMAL", NULL,
		{"RSA of 1024 bits, not named", "insecure",
		    .leaf = {GOOD, .rsa_bits = 1024}}},
	    {"NORMAL:%PROFILE_ULTRA", NULL,
		{"a weaker key than was named", "insecure", .leaf = {GOOD}}},
	    {"NORMAL:%PROFILE_LOW", NULL,
		{"expired", "expired",
		    .leaf = {GOOD, .from = -9, .until = -2}}},
	    {NULL, "else.test",
		{"another name", .host = "else.test",
		    .leaf = {.dns = "else.test"}}},
	    {NULL, "else.test",
		{"another name, self-signed", "self-signed",
		    .host = "else.test", .issuer = ITSELF,
		    .leaf = {.dns = "else.test"}}},
	};
	struct tls_policy policy;
	struct made m;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		begin(*state, &rows[i].row, &m);
		policy = policy_for(*state, m.host);
		policy.priority = rows[i].priority;
		if (rows[i].row.why == NULL)
			is_accepted(&m, &policy);
		else
			is_refused(&m, &policy);
		end(&m);
	}
}

/* --- lists of revoked certificates --- */

/* Of whom, from when until when (days from now; until 0: it does not say), and
 * what is on it. */
struct list {
	const struct certificate *issuer, *signer;
	int from, until;
	gnutls_x509_crt_t revoked; /* NULL: none */
};

static void
write_list(const char *path, const struct list *l, gnutls_x509_crt_fmt_t format)
{
	time_t now = time(NULL);
	gnutls_x509_crl_t crl;
	gnutls_datum_t out;
	FILE *f = fopen(path, format == GNUTLS_X509_FMT_PEM ? "ae" : "we");

	assert_non_null(f);
	ok(gnutls_x509_crl_init(&crl));
	ok(gnutls_x509_crl_set_version(crl, 2));
	ok(gnutls_x509_crl_set_this_update(crl, now + l->from * (time_t)DAY));
	if (l->until != 0)
		ok(gnutls_x509_crl_set_next_update(
		    crl, now + l->until * (time_t)DAY));
	if (l->revoked != NULL)
		ok(gnutls_x509_crl_set_crt(
		    crl, l->revoked, now + l->from * (time_t)DAY));
	ok(gnutls_x509_crl_sign2(crl, l->issuer->crt,
	    (l->signer != NULL ? l->signer : l->issuer)->key, GNUTLS_DIG_SHA256,
	    0));
	ok(gnutls_x509_crl_export2(crl, format, &out));
	assert_int_equal(fwrite(out.data, 1, out.size, f), out.size);
	assert_int_equal(fclose(f), 0);
	gnutls_free(out.data);
	gnutls_x509_crl_deinit(crl);
}

/* One server below one intermediate, and the lists that there are. */
struct lists {
	struct world *w;
	char path[64];
	struct made m;
	struct tls_policy policy;
};

static const struct row below_one = {
    "below one", .upper = UPPER(), .leaf = {GOOD}};

static void
lists_begin(struct lists *l, void **state)
{
	l->w = *state;
	snprintf(l->path, sizeof(l->path), "%s/list", l->w->dir);
	begin(*state, &below_one, &l->m);
	l->policy = policy_for(*state, "good.test");
	l->policy.crl_file = l->path;
}

static void
lists_end(struct lists *l)
{
	unlink(l->path);
	end(&l->m);
}

/* why NULL: the server is accepted. */
static void
lists_say(struct lists *l, const char *what, const char *why)
{
	struct row row = below_one;

	row.what = what;
	row.why = why;
	l->m.row = &row;
	if (why == NULL)
		is_accepted(&l->m, &l->policy);
	else
		is_refused(&l->m, &l->policy);
	l->m.row = &below_one;
	unlink(l->path);
}

static void
who_is_on_the_list_of_his_authority_is_refused(void **state)
{
	struct lists l = {0};
	const struct certificate *upper = &l.m.upper[0];

	lists_begin(&l, state);
	for (int der = 0; der < 2; der++) {
		gnutls_x509_crt_fmt_t format =
		    der ? GNUTLS_X509_FMT_DER : GNUTLS_X509_FMT_PEM;

		write_list(l.path,
		    &(struct list){
			upper, .from = -1, .until = 9, .revoked = l.m.leaf.crt},
		    format);
		lists_say(&l, "the server", "was revoked");
		write_list(l.path,
		    &(struct list){&l.w->ca, .from = -1, .until = 9,
			.revoked = upper->crt},
		    format);
		lists_say(&l, "its authority", "was revoked");
		write_list(l.path,
		    &(struct list){upper, .from = -1, .until = 9,
			.revoked = l.m.stranger.crt},
		    format);
		lists_say(&l, "another server", NULL);
		write_list(l.path, &(struct list){upper, .from = -1}, format);
		lists_say(&l, "nobody, without an end", NULL);
	}
	lists_end(&l);
}

static void
each_list_of_a_file_is_read(void **state)
{
	struct lists l = {0};
	const struct certificate *upper = &l.m.upper[0];
	FILE *f;

	lists_begin(&l, state);
	write_list(l.path,
	    &(struct list){&l.w->other_ca, .from = -9, .until = -2},
	    GNUTLS_X509_FMT_PEM);
	f = fopen(l.path, "ae");
	assert_non_null(f);
	fputs("\nwhat a file has between\n", f);
	fclose(f);
	write_list(l.path, &(struct list){&l.w->ca, .from = -1, .until = 9},
	    GNUTLS_X509_FMT_PEM);
	write_list(l.path,
	    &(struct list){
		upper, .from = -1, .until = 9, .revoked = l.m.leaf.crt},
	    GNUTLS_X509_FMT_PEM);
	lists_say(&l, "the last of three", "was revoked");
	lists_end(&l);
}

static void
a_list_that_does_not_count_vouches_for_nobody(void **state)
{
	struct lists l = {0};
	const struct certificate *upper = &l.m.upper[0];
	struct list current = {upper, .from = -1, .until = 9};
	struct list old = {upper, .from = -9, .until = -2};
	struct list early = {upper, .from = 2, .until = 9};
	struct list forged = current;

	lists_begin(&l, state);
	forged.signer = &l.w->other_ca;
	write_list(l.path, &old, GNUTLS_X509_FMT_PEM);
	lists_say(&l, "out of date", "list of CN=Upper in /");
	write_list(l.path, &old, GNUTLS_X509_FMT_PEM);
	lists_say(&l, "out of date", " ended on 2");
	write_list(l.path, &early, GNUTLS_X509_FMT_PEM);
	lists_say(&l, "not yet", " begins on 2");
	write_list(l.path, &forged, GNUTLS_X509_FMT_PEM);
	lists_say(&l, "forged", "was not signed by that authority");
	write_list(l.path, &old, GNUTLS_X509_FMT_PEM);
	write_list(l.path, &forged, GNUTLS_X509_FMT_PEM);
	write_list(l.path, &current, GNUTLS_X509_FMT_PEM);
	lists_say(&l, "beside one that counts", NULL);
	lists_end(&l);
}

static void
a_list_of_somebody_else_is_no_concern(void **state)
{
	struct lists l = {0};

	lists_begin(&l, state);
	write_list(l.path,
	    &(struct list){&l.w->other_ca, .from = -9, .until = -2,
		.revoked = l.m.leaf.crt},
	    GNUTLS_X509_FMT_PEM);
	lists_say(&l, "another authority's", NULL);
	/* The same number, below another authority. */
	write_list(l.path,
	    &(struct list){
		&l.w->ca, .from = -1, .until = 9, .revoked = l.m.leaf.crt},
	    GNUTLS_X509_FMT_PEM);
	lists_say(&l, "its number at another authority", NULL);
	lists_end(&l);
}

static void
what_is_wrong_beside_the_list_is_told_first(void **state)
{
	struct lists l = {0};

	lists_begin(&l, state);
	write_list(l.path,
	    &(struct list){&l.m.upper[0], .from = -9, .until = -2},
	    GNUTLS_X509_FMT_PEM);
	l.policy.name = l.m.host = "else.test";
	lists_say(&l, "another name", "is for good.test");
	lists_end(&l);
}

static void
a_file_without_a_list_is_an_error_of_our_side(void **state)
{
	static const char *const texts[] = {"", "nothing\n", "\x30\x03\x02\x01",
	    "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
	    "-----BEGIN X509 CRL-----\n"};
	struct lists l = {0};
	struct link link;
	struct shown shown;
	FILE *f;

	lists_begin(&l, state);
	for (size_t i = 0; i <= LENGTH(texts); i++) {
		if (i < LENGTH(texts)) {
			f = fopen(l.path, "we");
			assert_non_null(f);
			fputs(texts[i], f);
			fclose(f);
		}
		shown = l.m.shown;
		link_show(&link, l.policy, &shown);
		assert_int_equal(link_handshake(&link), -1);
		if (link.err.status != EX_NOINPUT ||
		    strstr(link.err.text, l.path) == NULL)
			fail_msg(
			    "%zu: %d %s", i, link.err.status, link.err.text);
		link_end(&link);
		unlink(l.path);
	}
	lists_end(&l);
}

/* --- versions, and the end --- */

static void
the_least_version_is_what_was_said(void **state)
{
#define ONLY(version) "NORMAL:-VERS-ALL:+VERS-TLS" version ":%COMPAT"
	static const struct {
		const char *server, *priority;
		enum priority_least least;
		const char *agreed, *hint; /* one of them */
	} rows[] = {
	    {ONLY("1.3"), NULL, PRIORITY_TLS_1_3, "TLS1.3", NULL},
	    {ONLY("1.2"), NULL, PRIORITY_TLS_1_3, NULL, "TLS 1.3 is the least"},
	    {ONLY("1.2"), NULL, PRIORITY_TLS_1_2, "TLS1.2", NULL},
	    {ONLY("1.2"), "SECURE128", PRIORITY_USUAL, "TLS1.2", NULL},
	    {ONLY("1.2"), "NORMAL:-VERS-TLS1.2", PRIORITY_USUAL, NULL,
		"--tls-priority"},
	    {ONLY("1.2"), "NORMAL", PRIORITY_TLS_1_3, NULL, "--tls-priority"},
	    {ONLY("1.1"), NULL, PRIORITY_USUAL, NULL, "TLS 1.2 is the least"},
	    {ONLY("1.1"), "NORMAL", PRIORITY_USUAL, NULL, "--tls-priority"},
	    {ONLY("1.1"), "NORMAL:+VERS-ALL", PRIORITY_USUAL, NULL,
		"--tls-priority"},
	    {ONLY("1.1"), "NORMAL:+VERS-TLS1.1", PRIORITY_USUAL, "TLS1.1",
		NULL},
	    {ONLY("1.0"), "NORMAL:+VERS-TLS1.1", PRIORITY_USUAL, NULL,
		"--tls-priority"},
	    {ONLY("1.0"), "normal:+vers-tls1.0", PRIORITY_USUAL, "TLS1.0",
		NULL},
	    {ONLY("1.1"), "NORMAL:+VERS-TLS1.1", PRIORITY_TLS_1_2, NULL,
		"--tls-priority"},
	};
#undef ONLY
	const struct row plain = {"plain", .leaf = {GOOD}};
	struct tls_policy policy;
	struct shown shown;
	struct made m;
	struct link l;

	begin(*state, &plain, &m);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		policy = policy_for(*state, "good.test");
		policy.priority = rows[i].priority;
		policy.least = rows[i].least;
		shown = m.shown;
		shown.priorities = rows[i].server;
		link_show(&l, policy, &shown);
		if ((link_handshake(&l) == 0) != (rows[i].agreed != NULL))
			fail_msg("%zu: %s", i, l.err.text);
		if (rows[i].agreed != NULL)
			assert_string_equal(
			    l.client->tls->version, rows[i].agreed);
		else if (l.err.status != EX_NOPERM ||
		    strstr(l.err.hint, rows[i].hint) == NULL)
			fail_msg("%zu: %d %s", i, l.err.status, l.err.hint);
		link_end(&l);
	}
	end(&m);
}

static void
the_end_of_a_certificate_is_known_to_who_asks(void **state)
{
	const struct row row = {"ends", .leaf = {GOOD, .until = 5}};
	struct tls_policy policy = policy_for(*state, "good.test");
	struct shown shown;
	struct made m;
	struct link l;

	begin(*state, &row, &m);
	for (int asked = 0; asked < 2; asked++) {
		policy.note_expiry = asked;
		shown = m.shown;
		link_show(&l, policy, &shown);
		assert_int_equal(link_handshake(&l), 0);
		assert_int_equal(l.client->tls->expires,
		    asked ? gnutls_x509_crt_get_expiration_time(m.leaf.crt)
			  : -1);
		link_end(&l);
	}
	end(&m);
}

static int
set_up(void **state)
{
	if (world_set_up(state) != 0)
		return -1;
	namesake = make(
	    (struct recipe){.cn = "Test Authority", .authority = -1}, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	drop(&namesake);
	return world_tear_down(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(where_tls_is_demanded_no_bad_certificate_passes),
	    cmocka_unit_test(
		on_a_plain_relay_each_bad_one_passes_and_its_reason_is_told),
	    cmocka_unit_test(the_good_one_of_each_kind_passes_everywhere),
	    cmocka_unit_test(
		a_pin_is_the_exception_for_its_key_and_for_no_other),
	    cmocka_unit_test(
		an_exception_is_made_for_what_was_named_and_nothing_else),
	    cmocka_unit_test(who_is_on_the_list_of_his_authority_is_refused),
	    cmocka_unit_test(each_list_of_a_file_is_read),
	    cmocka_unit_test(a_list_that_does_not_count_vouches_for_nobody),
	    cmocka_unit_test(a_list_of_somebody_else_is_no_concern),
	    cmocka_unit_test(what_is_wrong_beside_the_list_is_told_first),
	    cmocka_unit_test(a_file_without_a_list_is_an_error_of_our_side),
	    cmocka_unit_test(the_least_version_is_what_was_said),
	    cmocka_unit_test(the_end_of_a_certificate_is_known_to_who_asks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
