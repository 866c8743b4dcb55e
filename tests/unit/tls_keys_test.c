/* Our own certificate: how it is read, and to whom it is shown. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <gnutls/pkcs11.h>
#include <gnutls/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tls_testutil.h"
#include "transport/tls_keys.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

static const struct recipe good = {.dns = "good.test"};
static const struct recipe client = {
    .cn = "me", .purpose = GNUTLS_KP_TLS_WWW_CLIENT};

/* Who asks for a password, and what he gets. */
struct asked {
	const char *answer; /* NULL: there is none */
	int times;
	char of[256];
};

static int
answer(void *arg, const char *of, struct secret *out, struct error *err)
{
	struct asked *a = arg;

	a->times++;
	snprintf(a->of, sizeof(a->of), "%s", of);
	if (a->answer == NULL)
		return error_set(err, EX_CONFIG, "nobody knows it");
	secret_set(out, a->answer, strlen(a->answer));
	return 0;
}

static const char *
in_world(struct world *w, const char *name)
{
	static char paths[4][96];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", w->dir, name);
	return path;
}

/* Appends. */
static void
put(struct world *w, const char *name, gnutls_datum_t bytes)
{
	int fd = open(
	    in_world(w, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes.data, bytes.size), bytes.size);
	close(fd);
	gnutls_free(bytes.data);
}

static void
put_text(struct world *w, const char *name, const char *text)
{
	gnutls_datum_t bytes = {
	    (unsigned char *)gnutls_strdup(text), (unsigned)strlen(text)};

	put(w, name, bytes);
}

static void
put_certificate(struct world *w, const char *name, gnutls_x509_crt_t crt,
    gnutls_x509_crt_fmt_t form)
{
	gnutls_datum_t bytes;

	ok(gnutls_x509_crt_export2(crt, form, &bytes));
	put(w, name, bytes);
}

static void
put_key(struct world *w, const char *name, const struct certificate *c,
    gnutls_x509_crt_fmt_t form, const char *password)
{
	gnutls_datum_t bytes;

	if (password == NULL)
		ok(gnutls_x509_privkey_export2(c->key, form, &bytes));
	else
		ok(gnutls_x509_privkey_export2_pkcs8(
		    c->key, form, password, GNUTLS_PKCS_PBES2_AES_128, &bytes));
	put(w, name, bytes);
}

static void
put_pkcs12(struct world *w, const char *name, const struct certificate *c,
    const char *password)
{
	gnutls_pkcs12_t p12;
	gnutls_pkcs12_bag_t bag, key;
	gnutls_datum_t bytes;

	ok(gnutls_pkcs12_init(&p12));
	ok(gnutls_pkcs12_bag_init(&bag));
	ok(gnutls_pkcs12_bag_set_crt(bag, c->crt));
	ok(gnutls_pkcs12_bag_init(&key));
	ok(gnutls_x509_privkey_export2_pkcs8(c->key, GNUTLS_X509_FMT_DER,
	    password, GNUTLS_PKCS_PBES2_AES_256, &bytes));
	ok(gnutls_pkcs12_bag_set_data(
	    key, GNUTLS_BAG_PKCS8_ENCRYPTED_KEY, &bytes));
	gnutls_free(bytes.data);
	ok(gnutls_pkcs12_bag_encrypt(bag, password, GNUTLS_PKCS_PBES2_AES_256));
	ok(gnutls_pkcs12_set_bag(p12, bag));
	ok(gnutls_pkcs12_set_bag(p12, key));
	ok(gnutls_pkcs12_generate_mac(p12, password));
	ok(gnutls_pkcs12_export2(p12, GNUTLS_X509_FMT_DER, &bytes));
	gnutls_pkcs12_bag_deinit(bag);
	gnutls_pkcs12_bag_deinit(key);
	gnutls_pkcs12_deinit(p12);
	put(w, name, bytes);
}

static void
clear(struct world *w)
{
	char command[96];

	snprintf(command, sizeof(command),
	    "find %s -mindepth 1 ! -name ca.pem -delete", w->dir);
	assert_int_equal(system(command), 0);
}

static int
read_keys(const char *certificate, const char *key, struct asked *a,
    struct tls_keys **keys, struct error *err)
{
	static const struct wait_limits wait;
	const struct tls_keys_source source = {
	    .certificate = certificate,
	    .key = key,
	    .named = true,
	    .now = time(NULL),
	    .wait = &wait,
	    .password = answer,
	    .arg = a,
	};

	*keys = NULL;
	return tls_keys_new(&source, keys, err);
}

static void
a_certificate_and_its_key_are_read_in_every_form(void **state)
{
	static const struct {
		const char *certificate, *key;
		const char *password; /* "": none is asked for */
	} rows[] = {
	    {"both.pem", NULL, ""},
	    {"reverse.pem", NULL, ""},
	    {"crt.pem", "key.pem", ""},
	    {"crt.der", "key.der", ""},
	    {"crt.pem", "sealed.pem", "sesam"},
	    {"crt.pem", "sealed.der", "sesam"},
	    {"all.p12", NULL, "sesam"},
	    {"open.p12", NULL, ""},
	};
	struct world *w = *state;
	struct certificate c = make(client, &w->ca);
	struct tls_keys *keys;
	struct error err;
	unsigned char der[4096];
	size_t size = sizeof(der);

	assert_int_equal(
	    gnutls_x509_crt_export(c.crt, GNUTLS_X509_FMT_DER, der, &size), 0);
	put_certificate(w, "both.pem", c.crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "both.pem", &c, GNUTLS_X509_FMT_PEM, NULL);
	put_key(w, "reverse.pem", &c, GNUTLS_X509_FMT_PEM, NULL);
	put_certificate(w, "reverse.pem", w->ca.crt, GNUTLS_X509_FMT_PEM);
	put_certificate(w, "reverse.pem", c.crt, GNUTLS_X509_FMT_PEM);
	put_certificate(w, "crt.pem", c.crt, GNUTLS_X509_FMT_PEM);
	put_certificate(w, "crt.der", c.crt, GNUTLS_X509_FMT_DER);
	put_key(w, "key.pem", &c, GNUTLS_X509_FMT_PEM, NULL);
	put_key(w, "key.der", &c, GNUTLS_X509_FMT_DER, NULL);
	put_key(w, "sealed.pem", &c, GNUTLS_X509_FMT_PEM, "sesam");
	put_key(w, "sealed.der", &c, GNUTLS_X509_FMT_DER, "sesam");
	put_pkcs12(w, "all.p12", &c, "sesam");
	put_pkcs12(w, "open.p12", &c, "");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool sealed = rows[i].password[0] != '\0';
		struct asked a = {.answer = rows[i].password};

		if (read_keys(in_world(w, rows[i].certificate),
			rows[i].key != NULL ? in_world(w, rows[i].key) : NULL,
			&a, &keys, &err) == -1)
			fail_msg("%s: %s", rows[i].certificate, err.text);
		if (a.times != sealed)
			fail_msg("%s: %d", rows[i].certificate, a.times);
		assert_int_equal(tls_keys_certificate(keys)->size, size);
		assert_memory_equal(
		    tls_keys_certificate(keys)->data, der, size);
		tls_keys_free(keys);
	}
	drop(&c);
	clear(w);
}

static void
refused(const char *certificate, const char *key, const char *password,
    int status, const char *part)
{
	struct asked a = {.answer = password};
	struct tls_keys *keys;
	struct error err;

	assert_int_equal(read_keys(certificate, key, &a, &keys, &err), -1);
	if (strstr(err.text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, err.text);
	assert_int_equal(err.status, status);
	assert_true(a.times <= 1);
	if (password != NULL)
		assert_null(strstr(err.text, password));
}

static void
a_wrong_password_is_told_and_asked_for_once(void **state)
{
	struct world *w = *state;
	struct certificate c = make(client, &w->ca);

	put_certificate(w, "crt.pem", c.crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "sealed.pem", &c, GNUTLS_X509_FMT_PEM, "sesam");
	put_pkcs12(w, "all.p12", &c, "sesam");
	refused(in_world(w, "crt.pem"), in_world(w, "sealed.pem"), "MARKER",
	    EX_NOPERM, "sealed.pem: the password is wrong");
	refused(in_world(w, "all.p12"), NULL, "MARKER", EX_NOPERM,
	    "all.p12: the password is wrong");
	refused(in_world(w, "all.p12"), NULL, NULL, EX_CONFIG,
	    "all.p12: nobody knows it");
	drop(&c);
	clear(w);
}

static void
what_is_wrong_with_it_is_said_with_the_file(void **state)
{
	static const struct {
		const char *certificate, *key;
		int status;
		const char *part;
	} rows[] = {
	    {"none.pem", NULL, EX_NOINPUT,
		"client certificate D/none.pem: No such file"},
	    {"crt.pem", "none.pem", EX_NOINPUT,
		"client key D/none.pem: No such file"},
	    {"crt.pem", NULL, EX_CONFIG,
		"client certificate D/crt.pem: there is no private key in it"},
	    {"crt.pem", "crt.pem", EX_CONFIG,
		"client key D/crt.pem: there is no private key in it"},
	    {"key.pem", NULL, EX_CONFIG,
		"D/key.pem: there is no certificate in it"},
	    {"crt.pem", "other.pem", EX_CONFIG,
		"client key D/other.pem: the private key is not that of the "
		"certificate"},
	    {"old.pem", NULL, EX_CONFIG,
		"client certificate D/old.pem: the certificate expired on 20"},
	    {"new.pem", NULL, EX_CONFIG,
		"D/new.pem: the certificate is not valid before 20"},
	    {"crt.pem", "text", EX_CONFIG,
		"client key D/text: the private key cannot be read"},
	    {"text", "key.pem", EX_CONFIG,
		"client certificate D/text: the certificate cannot be read"},
	    {"empty", "key.pem", EX_CONFIG, "client certificate D/empty: "},
	    {"", NULL, EX_NOINPUT, "Is a directory"},
	    {"big", "key.pem", EX_CONFIG, "D/big: it has more than 1 MiB"},
	    {"crt.pem", "open.pem", EX_CONFIG,
		"D/open.pem: others have access to it (mode 0640)"},
	};
	struct world *w = *state;
	struct recipe old = client, new = client;
	struct certificate c[4];

	old.from = -9;
	old.until = -3;
	new.from = 2;
	c[0] = make(client, &w->ca);
	c[1] = make(client, &w->ca);
	c[2] = make(old, &w->ca);
	c[3] = make(new, &w->ca);
	put_certificate(w, "crt.pem", c[0].crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "key.pem", &c[0], GNUTLS_X509_FMT_PEM, NULL);
	put_key(w, "open.pem", &c[0], GNUTLS_X509_FMT_PEM, NULL);
	assert_int_equal(chmod(in_world(w, "open.pem"), 0640), 0);
	put_key(w, "other.pem", &c[1], GNUTLS_X509_FMT_PEM, NULL);
	put_certificate(w, "old.pem", c[2].crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "old.pem", &c[2], GNUTLS_X509_FMT_PEM, NULL);
	put_certificate(w, "new.pem", c[3].crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "new.pem", &c[3], GNUTLS_X509_FMT_PEM, NULL);
	put_text(w, "text", "nothing of that kind\n");
	put_text(w, "empty", "");
	put_text(w, "big", "");
	assert_int_equal(truncate(in_world(w, "big"), (1 << 20) + 1), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *d = strstr(rows[i].part, "D/");
		char part[160];

		snprintf(part, sizeof(part), "%.*s%s%s",
		    d ? (int)(d - rows[i].part) : 0, rows[i].part,
		    d ? w->dir : "", d ? d + 1 : rows[i].part);
		refused(in_world(w, rows[i].certificate),
		    rows[i].key ? in_world(w, rows[i].key) : NULL, NULL,
		    rows[i].status, part);
	}
	for (size_t i = 0; i < LENGTH(c); i++)
		drop(&c[i]);
	clear(w);
}

/* Others may read a certificate, but not the key beside it. */
static void
only_the_key_must_be_private(void **state)
{
	struct world *w = *state;
	struct certificate c = make(client, &w->ca);
	struct asked a = {0};
	struct tls_keys *keys;
	struct error err;

	put_certificate(w, "crt.pem", c.crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "key.pem", &c, GNUTLS_X509_FMT_PEM, NULL);
	assert_int_equal(chmod(in_world(w, "crt.pem"), 0644), 0);
	assert_int_equal(read_keys(in_world(w, "crt.pem"),
			     in_world(w, "key.pem"), &a, &keys, &err),
	    0);
	tls_keys_free(keys);
	put_key(w, "crt.pem", &c, GNUTLS_X509_FMT_PEM, NULL);
	refused(in_world(w, "crt.pem"), NULL, NULL, EX_CONFIG,
	    "others have access to it (mode 0644)");
	drop(&c);
	clear(w);
}

/* What the server has seen of us. */
enum seen { NOTHING, OURS };

struct meeting {
	struct recipe server;
	bool stranger; /* nobody vouches for it */
	bool optional, look;
	bool unasked;
	const char *priorities;
	int result;
	enum seen seen;
	enum transport_own own;
};

static void
meet(struct world *w, const struct tls_keys *keys, const struct meeting *m)
{
	struct certificate leaf =
	    make(m->server, m->stranger ? &w->other_ca : &w->ca);
	struct tls_policy policy = policy_for(w, "good.test");
	unsigned n = 0;
	struct link l;

	policy.keys = keys;
	policy.optional = m->optional;
	policy.look = m->look;
	link_start(&l, policy, &leaf, NULL, m->priorities);
	if (!m->unasked)
		gnutls_certificate_server_set_request(
		    l.server, GNUTLS_CERT_REQUEST);
	assert_int_equal(link_handshake(&l), m->result);
	if (m->result == -1)
		assert_int_equal(l.err.status, EX_NOPERM);
	gnutls_certificate_get_peers(l.server, &n);
	assert_int_equal(n > 0 ? OURS : NOTHING, m->seen);
	if (m->result == 0) {
		assert_int_equal(l.client->tls->own, m->own);
		assert_int_equal(l.client->tls->unverified[0] != '\0',
		    m->stranger || m->server.dns != good.dns);
	} else {
		assert_non_null(strstr(l.err.text, "the server's certificate"));
	}
	if (m->look)
		assert_non_null(l.client->tls->details);
	link_end(&l);
	drop(&leaf);
}

static void
ours_is_shown_to_a_verified_server_that_asks_and_to_no_other(void **state)
{
	static const struct recipe wrong = {.dns = "wrong.test"};
	const struct meeting rows[] = {
	    {good, .seen = OURS, .own = TRANSPORT_OWN_SHOWN},
	    {good, .unasked = true, .own = TRANSPORT_OWN_UNASKED},
	    {good, .optional = true, .seen = OURS, .own = TRANSPORT_OWN_SHOWN},
	    {good, .look = true, .seen = OURS, .own = TRANSPORT_OWN_SHOWN},
	    {good, .stranger = true, .result = -1},
	    {wrong, .result = -1},
	    /* TLS 1.3 must know what to show before it knows to whom. */
	    {good, .stranger = true, .optional = true, .result = -1},
	    {good, .stranger = true, .look = true, .result = -1},
	    {good, .stranger = true, .optional = true, .unasked = true,
		.own = TRANSPORT_OWN_UNASKED},
	    {good, .priorities = TLS_1_2, .seen = OURS,
		.own = TRANSPORT_OWN_SHOWN},
	    {good, .priorities = TLS_1_2, .unasked = true,
		.own = TRANSPORT_OWN_UNASKED},
	    {good, .priorities = TLS_1_2, .stranger = true, .result = -1},
	    {wrong, .priorities = TLS_1_2, .result = -1},
	    {good, .priorities = TLS_1_2, .stranger = true, .optional = true,
		.own = TRANSPORT_OWN_WITHHELD},
	    {wrong, .priorities = TLS_1_2, .look = true,
		.own = TRANSPORT_OWN_WITHHELD},
	};
	struct world *w = *state;
	struct certificate c = make(client, &w->ca);
	struct asked a = {0};
	struct tls_keys *keys;
	struct error err;

	put_certificate(w, "both.pem", c.crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "both.pem", &c, GNUTLS_X509_FMT_PEM, NULL);
	assert_int_equal(
	    read_keys(in_world(w, "both.pem"), NULL, &a, &keys, &err), 0);
	for (size_t i = 0; i < LENGTH(rows); i++)
		meet(w, keys, &rows[i]);
	tls_keys_free(keys);
	drop(&c);
	clear(w);
}

static void
a_server_that_refuses_ours_is_told_apart(void **state)
{
	struct world *w = *state;
	struct certificate leaf = make(good, &w->ca), c = make(client, &w->ca);
	struct tls_policy policy = policy_for(w, "good.test");
	struct asked a = {0};
	struct tls_keys *keys;
	char byte;
	struct link l;

	put_certificate(w, "both.pem", c.crt, GNUTLS_X509_FMT_PEM);
	put_key(w, "both.pem", &c, GNUTLS_X509_FMT_PEM, NULL);
	assert_int_equal(
	    read_keys(in_world(w, "both.pem"), NULL, &a, &keys, &l.err), 0);
	for (int shown = 0; shown < 2; shown++) {
		policy.keys = shown ? keys : NULL;
		link_start(&l, policy, &leaf, NULL, NULL);
		gnutls_certificate_server_set_request(
		    l.server, GNUTLS_CERT_REQUEST);
		assert_int_equal(link_handshake(&l), 0);
		ok(gnutls_alert_send(l.server, GNUTLS_AL_FATAL,
		    shown ? GNUTLS_A_UNKNOWN_CA
			  : GNUTLS_A_CERTIFICATE_REQUIRED));
		assert_int_equal(
		    l.client->ops->recv(l.client, &byte, 1, &l.err), -1);
		assert_int_equal(l.err.status, EX_NOPERM);
		assert_non_null(strstr(l.err.text,
		    shown ? "does not accept our certificate"
			  : "the server ended TLS"));
		assert_string_equal(l.err.hint,
		    shown ? "" : "--tls-cert FILE shows it a certificate");
		link_end(&l);
	}
	tls_keys_free(keys);
	drop(&leaf);
	drop(&c);
	clear(w);
}

static void
run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

static int
token_pin(void *arg, int attempt, const char *url, const char *label,
    unsigned flags, char *pin, size_t max)
{
	(void)arg;
	(void)url;
	(void)label;
	(void)flags;
	snprintf(pin, max, "4711");
	return attempt == 0 ? 0 : -1;
}

/* In a token of our own, if SoftHSM is here; *c is in it. */
static bool
fill_token(struct world *w, struct certificate *c)
{
	char path[96];
	gnutls_datum_t id = {(unsigned char *)"\xa1", 1};

	if (system("command -v softhsm2-util >/dev/null") != 0)
		return false;
	snprintf(path, sizeof(path), "%s/softhsm2.conf", w->dir);
	run("mkdir %s/tokens && echo 'directories.tokendir = %s/tokens' >%s",
	    w->dir, w->dir, path);
	setenv("SOFTHSM2_CONF", path, 1);
	run("softhsm2-util --init-token --free --label smtpsend-test "
	    "--so-pin 87654321 --pin 4711 >/dev/null");
	gnutls_pkcs11_set_pin_function(token_pin, NULL);
	if (gnutls_pkcs11_copy_x509_privkey2("pkcs11:token=smtpsend-test",
		c->key, "mine", &id, GNUTLS_KEY_DIGITAL_SIGNATURE,
		GNUTLS_PKCS11_OBJ_FLAG_MARK_SENSITIVE |
		    GNUTLS_PKCS11_OBJ_FLAG_LOGIN) < 0)
		return false;
	ok(gnutls_pkcs11_copy_x509_crt2("pkcs11:token=smtpsend-test", c->crt,
	    "mine", &id, GNUTLS_PKCS11_OBJ_FLAG_LOGIN));
	gnutls_pkcs11_set_pin_function(NULL, NULL);
	return true;
}

static void
a_token_keeps_the_key_and_signs_with_it(void **state)
{
	static const char url[] = "pkcs11:token=smtpsend-test;object=mine";
	struct world *w = *state;
	struct certificate c = make(client, &w->ca);
	struct asked a = {.answer = "4711"};
	struct tls_keys *keys;
	struct error err;

	if (!fill_token(w, &c)) {
		print_message("left out: there is no SoftHSM, or p11-kit does "
			      "not know it\n");
		drop(&c);
		clear(w);
		skip();
	}
	refused(url, NULL, "9999", EX_NOPERM,
	    "client certificate pkcs11:token=smtpsend-test;object=mine: the "
	    "token refuses the PIN, which is not tried again");
	refused("pkcs11:token=smtpsend-test;object=none", NULL, "4711",
	    EX_NOPERM, "no token that is there holds such an object");
	assert_int_equal(
	    read_keys("pkcs11:object=a;serial=1%202;token=my%20card"
		      "?pin-value=4711",
		NULL, &a, &keys, &err),
	    -1);
	assert_string_equal(err.hint,
	    "p11tool --list-tokens lists those that are there,\n"
	    "p11tool --list-all --login 'pkcs11:serial=1%202;token=my%20card' "
	    "what this one holds");
	refused("pkcs11:nonsense", NULL, "4711", EX_CONFIG, "no URL");
	if (read_keys(url, NULL, &a, &keys, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(a.times, 1);
	assert_string_equal(a.of, "token smtpsend-test");
	meet(w, keys,
	    &(struct meeting){good, .seen = OURS, .own = TRANSPORT_OWN_SHOWN});
	meet(w, keys,
	    &(struct meeting){good, .priorities = TLS_1_2, .seen = OURS,
		.own = TRANSPORT_OWN_SHOWN});
	assert_int_equal(a.times, 1);
	tls_keys_free(keys);
	/* The certificate may be in a file. */
	put_certificate(w, "crt.pem", c.crt, GNUTLS_X509_FMT_PEM);
	assert_int_equal(
	    read_keys(in_world(w, "crt.pem"), url, &a, &keys, &err), 0);
	tls_keys_free(keys);
	drop(&c);
	clear(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_certificate_and_its_key_are_read_in_every_form),
	    cmocka_unit_test(a_wrong_password_is_told_and_asked_for_once),
	    cmocka_unit_test(what_is_wrong_with_it_is_said_with_the_file),
	    cmocka_unit_test(only_the_key_must_be_private),
	    cmocka_unit_test(
		ours_is_shown_to_a_verified_server_that_asks_and_to_no_other),
	    cmocka_unit_test(a_server_that_refuses_ours_is_told_apart),
	    cmocka_unit_test(a_token_keeps_the_key_and_signs_with_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_set_up, world_tear_down);
}
