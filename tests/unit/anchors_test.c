/* Which authorities of a file are taken, however it is written. */
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

#include "lib/base64.h"
#include "transport/anchors.h"

struct world {
	struct gnutls g;
	char path[32];
	gnutls_x509_privkey_t key;
	gnutls_datum_t der, name;
};

static void
ok(int r)
{
	if (r < 0)
		fail_msg("GnuTLS: %s", gnutls_strerror(r));
}

/* An authority with `units` names of 60 octets behind its own. */
static gnutls_datum_t
make(struct world *w, const char *cn, unsigned units)
{
	char unit[61];
	gnutls_x509_crt_t crt;
	gnutls_datum_t der;

	ok(gnutls_x509_crt_init(&crt));
	ok(gnutls_x509_crt_set_version(crt, 3));
	ok(gnutls_x509_crt_set_serial(crt, "\1", 1));
	ok(gnutls_x509_crt_set_key(crt, w->key));
	ok(gnutls_x509_crt_set_dn_by_oid(
	    crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn, (unsigned)strlen(cn)));
	for (unsigned i = 0; i < units; i++) {
		snprintf(unit, sizeof(unit), "%060u", i);
		ok(gnutls_x509_crt_set_dn_by_oid(crt,
		    GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, 0, unit, 60));
	}
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
	ok(gnutls_x509_crt_set_basic_constraints(crt, 1, -1));
	ok(gnutls_x509_crt_sign2(crt, crt, w->key, GNUTLS_DIG_SHA256, 0));
	ok(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der));
	gnutls_x509_crt_deinit(crt);
	return der;
}

static gnutls_datum_t
subject_of(gnutls_datum_t der)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t name;

	ok(gnutls_x509_crt_init(&crt));
	ok(gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER));
	ok(gnutls_x509_crt_get_raw_dn(crt, &name));
	gnutls_x509_crt_deinit(crt);
	return name;
}

/* PEM with lines of so many characters that end so. */
static void
put_pem(struct buf *out, gnutls_datum_t der, size_t line, const char *end)
{
	struct buf text = {0};

	base64_encode(&text, der.data, der.size);
	buf_printf(out, "-----BEGIN CERTIFICATE-----%s", end);
	for (size_t i = 0; i < text.len; i += line) {
		size_t n = text.len - i < line ? text.len - i : line;

		buf_append(out, text.data + i, n);
		buf_puts(out, end);
	}
	buf_printf(out, "-----END CERTIFICATE-----%s", end);
	buf_clear(&text);
}

static int
add(struct world *w, const struct buf *file, const gnutls_datum_t *wanted,
    size_t n, unsigned *taken, struct error *err)
{
	FILE *f = fopen(w->path, "we");
	gnutls_x509_trust_list_t list;
	gnutls_x509_trust_list_iter_t iter = NULL;
	gnutls_x509_crt_t crt;
	int r;

	assert_non_null(f);
	assert_int_equal(fwrite(file->data, 1, file->len, f), file->len);
	assert_int_equal(fclose(f), 0);
	ok(gnutls_x509_trust_list_init(&list, 0));
	r = anchors_add(&w->g, list, w->path, wanted, n, err);
	*taken = 0;
	while (gnutls_x509_trust_list_iter_get_ca(list, &iter, &crt) == 0) {
		++*taken;
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_x509_trust_list_deinit(list, 1);
	return r;
}

static void
assert_taken(struct world *w, const struct buf *file, gnutls_datum_t name,
    unsigned expected)
{
	struct error err = {0};
	unsigned taken;

	if (add(w, file, &name, 1, &taken, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(taken, expected);
}

static void
however_the_lines_are_broken_the_subject_is_found(void **state)
{
	static const char *const ends[] = {"\n", "\r\n", " \t\r\n", "\n\n"};
	static const size_t lines[] = {
	    1, 2, 3, 5, 61, 62, 63, 64, 65, 76, 77, 100000};
	struct world *w = *state;
	gnutls_datum_t other = make(w, "somebody else", 0);
	struct buf file = {0};

	for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			buf_reset(&file);
			put_pem(&file, other, lines[i], ends[e]);
			put_pem(&file, w->der, lines[i], ends[e]);
			put_pem(&file, other, lines[i], ends[e]);
			assert_taken(w, &file, w->name, 1);
		}
	buf_clear(&file);
	gnutls_free(other.data);
}

static void
a_subject_of_any_length_is_found(void **state)
{
	struct world *w = *state;
	struct buf file = {0};

	for (unsigned units = 0; units < 70; units += 3) {
		gnutls_datum_t der = make(w, "long", units);
		gnutls_datum_t name = subject_of(der);

		buf_reset(&file);
		put_pem(&file, der, 64, "\n");
		assert_taken(w, &file, name, 1);
		/* Its last octet counts; what is too long to be looked at,
		 * GnuTLS may judge. */
		name.data[name.size - 1] ^= 1;
		if (units < 20 || units > 60)
			assert_taken(w, &file, name, units > 60);
		gnutls_free(name.data);
		gnutls_free(der.data);
	}
	buf_clear(&file);
}

static void
what_stands_between_certificates_does_not_matter(void **state)
{
	struct world *w = *state;
	struct buf file = {0};

	buf_puts(&file,
	    "# our own -- since 2020 -----BEGIN\n-----BEGIN "
	    "CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE "
	    "REQUEST-----\n-----");
	put_pem(&file, w->der, 64, "\n");
	buf_puts(&file, "-----BEGIN");
	assert_taken(w, &file, w->name, 1);
	buf_clear(&file);
}

static void
a_certificate_that_is_torn_or_garbage_is_passed_over(void **state)
{
	static const char *const garbage[] = {"", "A", "AAAA", "MIIB",
	    "MIIBMIIB", "MIIBMIIBoA==", "////////////////",
	    "MIT/////////////////////", "MIICMIICoIT//////////"};
	struct world *w = *state;
	struct buf file = {0}, whole = {0};

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		buf_reset(&file);
		buf_printf(&file,
		    "-----BEGIN CERTIFICATE-----\n%s\n"
		    "-----END CERTIFICATE-----\n",
		    garbage[i]);
		put_pem(&file, w->der, 64, "\n");
		assert_taken(w, &file, w->name, 1);
	}
	put_pem(&whole, w->der, 64, "\n");
	for (size_t n = 27; n < whole.len - 29; n += 7) {
		buf_reset(&file);
		buf_append(&file, whole.data, n);
		assert_taken(w, &file, w->name, 0);
	}
	buf_clear(&file);
	buf_clear(&whole);
}

static void
who_is_wanted_twice_is_taken_once_and_nobody_else(void **state)
{
	struct world *w = *state;
	gnutls_datum_t wanted[] = {w->name, w->name};
	struct buf file = {0};
	struct error err = {0};
	unsigned taken;

	put_pem(&file, w->der, 64, "\n");
	assert_int_equal(add(w, &file, wanted, 2, &taken, &err), 0);
	assert_int_equal(taken, 1);
	assert_int_equal(add(w, &file, wanted, 0, &taken, &err), 0);
	assert_int_equal(taken, 0);
	buf_clear(&file);
}

static int
set_up(void **state)
{
	static struct world w;
	struct error err;
	int fd;

	strcpy(w.path, "/tmp/anchors.XXXXXX");
	fd = mkstemp(w.path);
	if (fd == -1 || gnutls_open(&w.g, &err) == -1)
		return -1;
	close(fd);
	ok(gnutls_x509_privkey_init(&w.key));
	ok(gnutls_x509_privkey_generate(w.key, GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	w.der = make(&w, "the authority", 0);
	w.name = subject_of(w.der);
	*state = &w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	unlink(w->path);
	gnutls_free(w->der.data);
	gnutls_free(w->name.data);
	gnutls_x509_privkey_deinit(w->key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(however_the_lines_are_broken_the_subject_is_found),
	    cmocka_unit_test(a_subject_of_any_length_is_found),
	    cmocka_unit_test(what_stands_between_certificates_does_not_matter),
	    cmocka_unit_test(
		a_certificate_that_is_torn_or_garbage_is_passed_over),
	    cmocka_unit_test(who_is_wanted_twice_is_taken_once_and_nobody_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
