/* SCRAM (RFC 5802, 7677), against a server that is played here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "lib/base64.h"
#include "sasl/sasl.h"
#include "smtp/session.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* libgsasl takes its random octets from here: those that RFC 5802 5 has. */
int gsasl_nonce(char *data, size_t n);
int
gsasl_nonce(char *data, size_t n)
{
	struct buf octets = BUF_WITH_MAX(0);

	base64_decode(&octets, "fyko+d2lbbFgONRv9qkxdawL", 24);
	memset(data, 'x', n);
	memcpy(data, octets.data, n < octets.len ? n : octets.len);
	buf_clear(&octets);
	return 0;
}

/* While it is set, libgsasl is not installed. */
static bool missing;

void *
dlopen(const char *name, int flags)
{
	void *(*next)(const char *, int) = dlsym(RTLD_NEXT, "dlopen");

	return missing && strstr(name, "gsasl") != NULL ? NULL
							: next(name, flags);
}

#define NONCE "fyko+d2lbbFgONRv9qkxdawL"
#define SALT "QSXCR+Q6sek8bf92"
#define FIRST "r=" NONCE "3rfcNHYJY1ZVvWVs7j,s=" SALT ",i="

static const struct sasl_binding channel = {"tls-exporter",
    (const unsigned char *)"0123456789abcdef0123456789abcdef", 32};

struct client {
	struct sasl_credentials credentials;
	struct sasl *x;
	struct buf response; /* the last one */
};

static void
begin(
    struct client *c, const char *name, const char *user, const char *password)
{
	struct error err = {0};

	*c = (struct client){
	    .credentials.user = user, .response = BUF_WITH_MAX(4096)};
	secret_set(&c->credentials.password, password, strlen(password));
	c->x = sasl_new(
	    sasl_mechanism_find(name), &c->credentials, &channel, &err);
	assert_string_equal(err.text, "");
	assert_non_null(c->x);
}

static enum sasl_progress
hear(struct client *c, const char *challenge)
{
	buf_reset(&c->response);
	return sasl_step(c->x, challenge, strlen(challenge), &c->response);
}

static void
end(struct client *c)
{
	sasl_free(c->x);
	buf_clear(&c->response);
	secret_clear(&c->credentials.password);
}

static void
the_exchange_of_rfc_5802_is_done_word_for_word(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "SCRAM-SHA-1", "user", "pencil");
	assert_int_equal(hear(&c, ""), SASL_MORE);
	assert_string_equal(c.response.data, "n,,n=user,r=" NONCE);
	assert_int_equal(hear(&c, FIRST "4096"), SASL_MORE);
	assert_string_equal(c.response.data,
	    "c=biws,r=" NONCE "3rfcNHYJY1ZVvWVs7j,"
	    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
	assert_false(sasl_is_done(c.x));
	assert_int_equal(hear(&c, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), SASL_DONE);
	assert_int_equal(c.response.len, 0);
	assert_true(sasl_is_done(c.x));
	assert_string_equal(sasl_said(c.x), "");
	assert_int_equal(hear(&c, ""), SASL_BAD);
	end(&c);
}

/* --- the other side --------------------------------------------------------*/

struct digest {
	unsigned char bytes[32];
};

struct server {
	gnutls_mac_algorithm_t mac;
	size_t size;
	struct digest salted;
};

static void
server_init(
    struct server *s, bool sha256, const char *password, const char *salt64)
{
	struct buf salt = BUF_WITH_MAX(0);
	const gnutls_datum_t key = {
	    (void *)password, (unsigned)strlen(password)};
	gnutls_datum_t octets;

	s->mac = sha256 ? GNUTLS_MAC_SHA256 : GNUTLS_MAC_SHA1;
	s->size = sha256 ? 32 : 20;
	base64_decode(&salt, salt64, strlen(salt64));
	octets =
	    (gnutls_datum_t){(unsigned char *)salt.data, (unsigned)salt.len};
	assert_int_equal(gnutls_pbkdf2(s->mac, &key, &octets, 4096,
			     s->salted.bytes, s->size),
	    0);
	buf_clear(&salt);
}

static struct digest
keyed(const struct server *s, struct digest key, const char *text)
{
	struct digest d = {{0}};

	gnutls_hmac_fast(
	    s->mac, key.bytes, s->size, text, strlen(text), d.bytes);
	return d;
}

static void
put(struct buf *out, const struct server *s, struct digest d)
{
	base64_encode(out, (const char *)d.bytes, s->size);
}

/* What both sides must say of the three messages before. */
static void
compute(const struct server *s, const char *messages, struct buf *proof,
    struct buf *signature)
{
	struct digest client = keyed(s, s->salted, "Client Key"), stored, mask;
	size_t i;

	gnutls_hash_fast((gnutls_digest_algorithm_t)s->mac, client.bytes,
	    s->size, stored.bytes);
	mask = keyed(s, stored, messages);
	for (i = 0; i < s->size; i++)
		client.bytes[i] ^= mask.bytes[i];
	put(proof, s, client);
	put(signature, s,
	    keyed(s, keyed(s, s->salted, "Server Key"), messages));
}

static void
mechanisms_of_all_kinds_prove_and_want_proof(void **state)
{
	static const struct {
		const char *name, *header, *user, *sent_user, *password,
		    *prepared;
	} cases[] = {
	    {"SCRAM-SHA-1", "n,,", "user", "user", "pencil", "pencil"},
	    {"SCRAM-SHA-256", "n,,", "user", "user", "pencil", "pencil"},
	    {"SCRAM-SHA-1-PLUS", "p=tls-exporter,,", "user", "user", "pencil",
		"pencil"},
	    {"SCRAM-SHA-256-PLUS", "p=tls-exporter,,", "user", "user", "pencil",
		"pencil"},
	    {"SCRAM-SHA-256", "n,,", "a=b,c", "a=3Db=2Cc", "p,=", "p,="},
	    /* a decomposed letter, and a space beyond ASCII */
	    {"SCRAM-SHA-256", "n,,", "us\xc3\xa9r", "us\xc3\xa9r",
		"e\xcc\x81\xc2\xa0x", "\xc3\xa9 x"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		bool bound = strstr(cases[i].name, "PLUS") != NULL;
		struct buf text = BUF_WITH_MAX(0), final = BUF_WITH_MAX(0);
		struct buf proof = BUF_WITH_MAX(0), signature = BUF_WITH_MAX(0);
		struct server s;
		struct client c;

		server_init(&s, strstr(cases[i].name, "256") != NULL,
		    cases[i].prepared, SALT);
		begin(&c, cases[i].name, cases[i].user, cases[i].password);
		assert_int_equal(hear(&c, ""), SASL_MORE);
		buf_printf(&text, "%sn=%s,r=" NONCE, cases[i].header,
		    cases[i].sent_user);
		assert_string_equal(c.response.data, text.data);

		buf_reset(&text);
		buf_puts(&text, cases[i].header);
		if (bound)
			buf_append(&text, channel.bytes, channel.len);
		buf_puts(&final, "c=");
		base64_encode(&final, text.data, text.len);
		buf_puts(&final, ",r=" NONCE "3rfcNHYJY1ZVvWVs7j");
		buf_reset(&text);
		buf_printf(&text, "n=%s,r=" NONCE "," FIRST "4096,%s",
		    cases[i].sent_user, final.data);
		compute(&s, text.data, &proof, &signature);
		buf_printf(&final, ",p=%s", proof.data);
		assert_int_equal(hear(&c, FIRST "4096"), SASL_MORE);
		assert_string_equal(c.response.data, final.data);
		buf_reset(&text);
		buf_printf(&text, "v=%s", signature.data);
		assert_int_equal(hear(&c, text.data), SASL_DONE);
		end(&c);
		buf_clear(&text);
		buf_clear(&final);
		buf_clear(&proof);
		buf_clear(&signature);
	}
}

/* So that what the server above says is right. */
static void
the_other_side_computes_as_rfc_7677_does(void **state)
{
	static const char messages[] =
	    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
	struct buf proof = BUF_WITH_MAX(0), signature = BUF_WITH_MAX(0);
	struct server s;

	(void)state;
	server_init(&s, true, "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==");
	compute(&s, messages, &proof, &signature);
	assert_string_equal(
	    proof.data, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
	assert_string_equal(
	    signature.data, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
	buf_clear(&proof);
	buf_clear(&signature);
}

/* --- abuses ---------------------------------------------------------------*/

static void
a_first_message_out_of_bounds_is_not_computed_for(void **state)
{
	static const struct {
		const char *challenge, *said;
	} cases[] = {
	    {FIRST "4095", "4095 iterations, and 4096 to 1000000 are taken"},
	    {FIRST "1", "1 iterations"},
	    {FIRST "1000001", "1000001 iterations"},
	    {FIRST "2000000000", "2000000000 iterations"},
	    {FIRST "99999999999999999999", ""},
	    {FIRST "0", ""},
	    {FIRST "-1", ""},
	    {FIRST "+4096", ""},
	    {FIRST "0x1000", ""},
	    {FIRST " 4096", ""},
	    {FIRST "", ""},
	    {"r=" NONCE "3rf,s=,i=4096", ""},
	    {"r=" NONCE "3rf,s=*,i=4096", "salt"},
	    {"r=" NONCE "3rf,s=QSX,i=4096", "salt"},
	    {"r=" NONCE "3rf,i=4096", ""},
	    {"r=" NONCE "3rf", ""},
	    {"r=" NONCE ",s=" SALT ",i=4096", "nonce"},
	    {"r=,s=" SALT ",i=4096", "nonce"},
	    {"r=gyko+d2lbbFgONRv9qkxdawL3rf,s=" SALT ",i=4096", "nonce"},
	    {"r=fyko,s=" SALT ",i=4096", "nonce"},
	    {"m=x," FIRST "4096", "extension"},
	    {"e=other-error", ""},
	    {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", ""},
	    {"", ""},
	};
	static const char *const names[] = {
	    "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};
	struct client c;
	size_t i, k;

	(void)state;
	for (k = 0; k < ELEMENTS(names); k++)
		for (i = 0; i < ELEMENTS(cases); i++) {
			begin(&c, names[k], "user", "pencil");
			assert_int_equal(hear(&c, ""), SASL_MORE);
			assert_int_equal(
			    hear(&c, cases[i].challenge), SASL_BAD);
			assert_int_equal(c.response.len, 0);
			assert_false(sasl_is_done(c.x));
			assert_non_null(strstr(sasl_said(c.x), cases[i].said));
			assert_null(strstr(sasl_said(c.x), "pencil"));
			end(&c);
		}
}

static void
the_bounds_themselves_are_taken(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "SCRAM-SHA-1", "user", "pencil");
	assert_int_equal(hear(&c, ""), SASL_MORE);
	assert_int_equal(hear(&c, FIRST "1000000"), SASL_MORE);
	end(&c);
}

static void
a_server_that_proves_nothing_is_not_believed(void **state)
{
	static const char *const challenges[] = {
	    "",
	    "v=",
	    "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsK",
	    "v=*",
	    "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	    "ok",
	    FIRST "4096",
	};
	struct client c;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(challenges); i++) {
		begin(&c, "SCRAM-SHA-1", "user", "pencil");
		assert_int_equal(hear(&c, ""), SASL_MORE);
		assert_int_equal(hear(&c, FIRST "4096"), SASL_MORE);
		assert_int_equal(hear(&c, challenges[i]), SASL_BAD);
		assert_false(sasl_is_done(c.x));
		assert_non_null(strstr(sasl_said(c.x), "does not prove"));
		end(&c);
	}
}

static void
an_error_in_the_last_message_is_said_and_no_yes(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "SCRAM-SHA-1", "user", "pencil");
	assert_int_equal(hear(&c, ""), SASL_MORE);
	assert_int_equal(hear(&c, FIRST "4096"), SASL_MORE);
	assert_int_equal(hear(&c, "e=invalid-proof"), SASL_REFUSED);
	assert_int_equal(c.response.len, 0);
	assert_false(sasl_is_done(c.x));
	assert_string_equal(sasl_said(c.x), "invalid-proof");
	assert_int_equal(hear(&c, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), SASL_BAD);
	end(&c);
}

static void
a_challenge_before_the_first_message_is_none(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "SCRAM-SHA-256", "user", "pencil");
	assert_int_equal(hear(&c, FIRST "4096"), SASL_BAD);
	end(&c);
}

static void
a_password_that_cannot_be_prepared_is_an_error(void **state)
{
	struct client c;

	(void)state;
	begin(&c, "SCRAM-SHA-256", "user", "\xff\xfe");
	assert_int_equal(hear(&c, ""), SASL_MORE);
	assert_int_equal(hear(&c, FIRST "4096"), SASL_BAD);
	assert_non_null(strstr(sasl_said(c.x), "UTF-8"));
	end(&c);
}

/* --- without the library --------------------------------------------------*/

static void
flush(struct smtp_session *s, struct buf *said, struct error *error)
{
	struct smtp_event e;
	const char *bytes;
	size_t n = 1;

	buf_reset(said);
	while (n > 0) {
		smtp_session_output(s, &bytes, &n);
		buf_append(said, bytes, n);
		smtp_session_sent(s, n);
		while (smtp_session_event(s, &e)) {
			n = 1;
			if (e.type == SMTP_CLOSED && e.error != NULL)
				*error = *e.error;
		}
	}
}

/* What a session says to a server that offers these; *error is how it ends. */
static void
talk(const char *offer, const char *mechanism, struct buf *said,
    struct error *error)
{
	struct sasl_credentials credentials = {.user = "user"};
	const struct smtp_params params = {.ehlo_name = "c",
	    .credentials = &credentials,
	    .mechanism = mechanism,
	    .clear_ok = true};
	struct smtp_session *s;

	error->status = 0;
	secret_set(&credentials.password, "pencil", 6);
	s = smtp_session_new(&params);
	smtp_session_receive(s, "220 mx\r\n", 8);
	flush(s, said, error);
	smtp_session_receive(s, offer, strlen(offer));
	flush(s, said, error);
	smtp_session_free(s);
	secret_clear(&credentials.password);
}

static void
without_the_library_the_next_mechanism_is_taken_unless_one_is_named(
    void **state)
{
	static const char plain[] = "AUTH PLAIN AHVzZXIAcGVuY2ls\r\n";
	struct buf said = BUF_WITH_MAX(4096);
	struct error err;

	(void)state;
	missing = true;
	talk("250-mx\r\n250 AUTH SCRAM-SHA-256 SCRAM-SHA-1 PLAIN\r\n", NULL,
	    &said, &err);
	assert_string_equal(said.data, plain);
	assert_int_equal(err.status, 0);
	talk("250-mx\r\n250 AUTH SCRAM-SHA-256 PLAIN\r\n", "SCRAM-SHA-256",
	    &said, &err);
	assert_string_equal(said.data, "QUIT\r\n");
	assert_int_equal(err.status, EX_OSERR);
	assert_non_null(strstr(err.text, "libgsasl.so.18 is needed"));
	assert_non_null(strstr(err.hint, "install GNU SASL"));
	talk("250-mx\r\n250 AUTH SCRAM-SHA-256\r\n", NULL, &said, &err);
	missing = false;
	assert_string_equal(said.data, "QUIT\r\n");
	assert_non_null(strstr(err.text, "libgsasl.so.18 is needed"));
	buf_clear(&said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_exchange_of_rfc_5802_is_done_word_for_word),
	    cmocka_unit_test(the_other_side_computes_as_rfc_7677_does),
	    cmocka_unit_test(mechanisms_of_all_kinds_prove_and_want_proof),
	    cmocka_unit_test(a_first_message_out_of_bounds_is_not_computed_for),
	    cmocka_unit_test(the_bounds_themselves_are_taken),
	    cmocka_unit_test(a_server_that_proves_nothing_is_not_believed),
	    cmocka_unit_test(an_error_in_the_last_message_is_said_and_no_yes),
	    cmocka_unit_test(a_challenge_before_the_first_message_is_none),
	    cmocka_unit_test(a_password_that_cannot_be_prepared_is_an_error),
	    cmocka_unit_test(
		without_the_library_the_next_mechanism_is_taken_unless_one_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
