#include "tls_testutil.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "transport/pipe.h"

void
ok(int r)
{
	if (r < 0)
		fail_msg("GnuTLS: %s", gnutls_strerror(r));
}

static void
set_names(gnutls_x509_crt_t crt, const struct recipe *r)
{
	unsigned char raw[16];
	char other[32];

	for (int i = 0; i < r->other_names; i++) {
		snprintf(other, sizeof(other), "h%d.other.test", i);
		ok(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
		    other, strlen(other), GNUTLS_FSAN_APPEND));
	}
	if (r->dns != NULL)
		ok(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
		    r->dns, strlen(r->dns), GNUTLS_FSAN_APPEND));
	if (r->dns2 != NULL)
		ok(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
		    r->dns2, strlen(r->dns2), GNUTLS_FSAN_APPEND));
	if (r->email != NULL)
		ok(gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_RFC822NAME, r->email, strlen(r->email),
		    GNUTLS_FSAN_APPEND));
	if (r->uri != NULL)
		ok(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_URI,
		    r->uri, strlen(r->uri), GNUTLS_FSAN_APPEND));
	if (r->san != NULL)
		ok(gnutls_x509_crt_set_extension_by_oid(
		    crt, "2.5.29.17", r->san, r->san_len, 0));
	if (r->ip == NULL)
		return;
	int v6 = strchr(r->ip, ':') != NULL;
	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, r->ip, raw), 1);
	ok(gnutls_x509_crt_set_subject_alt_name(
	    crt, GNUTLS_SAN_IPADDRESS, raw, v6 ? 16 : 4, GNUTLS_FSAN_APPEND));
}

static void
set_constraint(gnutls_x509_crt_t crt, const char *domain, bool permitted)
{
	gnutls_x509_name_constraints_t nc;
	gnutls_datum_t name = {
	    (unsigned char *)domain, (unsigned)strlen(domain)};

	ok(gnutls_x509_name_constraints_init(&nc));
	ok((permitted ? gnutls_x509_name_constraints_add_permitted
		      : gnutls_x509_name_constraints_add_excluded)(
	    nc, GNUTLS_SAN_DNSNAME, &name));
	ok(gnutls_x509_crt_set_name_constraints(crt, nc, 1));
	gnutls_x509_name_constraints_deinit(nc);
}

/* RFC 7633: a list of one TLS extension, status_request. */
static void
set_must_staple(gnutls_x509_crt_t crt)
{
	static const char features[] = {0x30, 3, 2, 1, 5};

	ok(gnutls_x509_crt_set_extension_by_oid(
	    crt, "1.3.6.1.5.5.7.1.24", features, sizeof(features), 0));
}

static void
set_extensions(gnutls_x509_crt_t crt, const struct recipe *r)
{
	static const char nothing[] = {5, 0};

	if (!r->no_basic_constraints)
		ok(gnutls_x509_crt_set_basic_constraints(crt, r->authority != 0,
		    r->authority > 0 ? r->authority - 1 : -1));
	ok(gnutls_x509_crt_set_key_usage(crt,
	    r->usage	       ? r->usage
		: r->authority ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN
			       : GNUTLS_KEY_DIGITAL_SIGNATURE));
	set_names(crt, r);
	if (r->purpose != NULL)
		ok(gnutls_x509_crt_set_key_purpose_oid(crt, r->purpose, 0));
	if (r->permitted != NULL)
		set_constraint(crt, r->permitted, true);
	if (r->excluded != NULL)
		set_constraint(crt, r->excluded, false);
	if (r->must_staple)
		set_must_staple(crt);
	if (r->unknown_extension)
		ok(gnutls_x509_crt_set_extension_by_oid(
		    crt, "1.3.6.1.4.1.99999.1", nothing, sizeof(nothing), 1));
}

static void
generate_key(gnutls_x509_privkey_t key, const struct recipe *r)
{
	gnutls_ecc_curve_t curve =
	    r->curve ? r->curve : GNUTLS_ECC_CURVE_SECP256R1;

	if (r->rsa_bits)
		ok(gnutls_x509_privkey_generate(
		    key, GNUTLS_PK_RSA, (unsigned)r->rsa_bits, 0));
	else
		ok(gnutls_x509_privkey_generate(key,
		    curve == GNUTLS_ECC_CURVE_ED25519 ? GNUTLS_PK_EDDSA_ED25519
						      : GNUTLS_PK_ECDSA,
		    GNUTLS_CURVE_TO_BITS(curve), 0));
}

/* Read back, as names are compared by the bytes they were read from. */
static gnutls_x509_crt_t
reread(gnutls_x509_crt_t made)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t der;

	ok(gnutls_x509_crt_export2(made, GNUTLS_X509_FMT_DER, &der));
	ok(gnutls_x509_crt_init(&crt));
	ok(gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER));
	gnutls_free(der.data);
	gnutls_x509_crt_deinit(made);
	return crt;
}

struct certificate
make(struct recipe r, const struct certificate *issuer)
{
	static unsigned char serial[3] = {1};
	struct certificate c;
	time_t now = time(NULL);
	const char *cn = r.cn != NULL ? r.cn : "server";

	if (++serial[2] == 0)
		serial[1]++;
	ok(gnutls_x509_privkey_init(&c.key));
	generate_key(c.key, &r);
	ok(gnutls_x509_crt_init(&c.crt));
	ok(gnutls_x509_crt_set_version(c.crt, 3));
	ok(gnutls_x509_crt_set_serial(c.crt, serial, sizeof(serial)));
	ok(gnutls_x509_crt_set_key(c.crt, c.key));
	ok(gnutls_x509_crt_set_dn_by_oid(
	    c.crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn, (unsigned)strlen(cn)));
	gnutls_x509_crt_set_activation_time(
	    c.crt, now + (r.from ? r.from : -1) * (time_t)DAY);
	gnutls_x509_crt_set_expiration_time(
	    c.crt, now + (r.until ? r.until : 30) * (time_t)DAY);
	set_extensions(c.crt, &r);
	ok(gnutls_x509_crt_sign2(c.crt, issuer ? issuer->crt : c.crt,
	    issuer ? issuer->key : c.key,
	    r.digest ? r.digest : GNUTLS_DIG_SHA256, 0));
	c.crt = reread(c.crt);
	return c;
}

void
drop(struct certificate *c)
{
	gnutls_x509_crt_deinit(c->crt);
	gnutls_x509_privkey_deinit(c->key);
}

void
write_pem(const char *path, gnutls_x509_crt_t crt)
{
	gnutls_datum_t pem;
	FILE *f = fopen(path, "ae");

	assert_non_null(f);
	ok(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem));
	assert_int_equal(fwrite(pem.data, 1, pem.size, f), pem.size);
	assert_int_equal(fclose(f), 0);
	gnutls_free(pem.data);
}

static int
give_staple(gnutls_session_t session, void *shown, gnutls_datum_t *response)
{
	const gnutls_datum_t *staple = shown;

	(void)session;
	response->data = gnutls_malloc(staple->size);
	memcpy(response->data, staple->data, staple->size);
	response->size = staple->size;
	return 0;
}

static void
link_pair(struct link *l, const struct tls_policy *policy)
{
	int pair[2];

	memset(l, 0, sizeof(*l));
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	l->client = tls_new(descriptor_new(pair[0]), policy);
	l->fd = pair[1];
	fcntl(l->fd, F_SETFL, O_NONBLOCK);
}

void
link_show(struct link *l, struct tls_policy policy, struct shown *shown)
{
	link_pair(l, &policy);
	ok(gnutls_certificate_allocate_credentials(&l->credentials));
	ok(gnutls_certificate_set_x509_key(
	    l->credentials, shown->chain, shown->count, shown->key));
	if (shown->staple.size > 0)
		gnutls_certificate_set_ocsp_status_request_function(
		    l->credentials, give_staple, &shown->staple);
	ok(gnutls_init(&l->server, GNUTLS_SERVER | GNUTLS_NONBLOCK));
	ok(gnutls_priority_set_direct(
	    l->server, shown->priorities ? shown->priorities : "NORMAL", NULL));
	ok(gnutls_credentials_set(
	    l->server, GNUTLS_CRD_CERTIFICATE, l->credentials));
	gnutls_transport_set_int(l->server, l->fd);
}

void
link_start(struct link *l, struct tls_policy policy,
    const struct certificate *leaf, const struct certificate *intermediate,
    const char *priorities)
{
	struct shown shown = {.count = 1, .priorities = priorities};

	if (leaf == NULL) {
		link_pair(l, &policy);
		return;
	}
	shown.chain[0] = leaf->crt;
	shown.key = leaf->key;
	if (intermediate != NULL)
		shown.chain[shown.count++] = intermediate->crt;
	link_show(l, policy, &shown);
}

void
link_end(struct link *l)
{
	transport_free(l->client);
	if (l->server != NULL)
		gnutls_deinit(l->server);
	if (l->credentials != NULL)
		gnutls_certificate_free_credentials(l->credentials);
	if (l->fd >= 0)
		close(l->fd);
}

int
link_handshake(struct link *l)
{
	int client = TRANSPORT_AGAIN, server = GNUTLS_E_AGAIN;

	for (int i = 0; i < STEPS; i++) {
		if (client == TRANSPORT_AGAIN)
			client = l->client->ops->open(l->client, &l->err);
		if (server == GNUTLS_E_AGAIN) {
			server = gnutls_handshake(l->server);
			if (server < 0 && gnutls_error_is_fatal(server))
				gnutls_alert_send_appropriate(
				    l->server, server);
		}
		if (client != TRANSPORT_AGAIN &&
		    (client < 0 || server != GNUTLS_E_AGAIN))
			return client;
	}
	fail_msg("the handshake does not end");
	return -1;
}

struct tls_policy
policy_for(struct world *w, const char *name)
{
	return (struct tls_policy){
	    .name = name, .ca_file = w->ca_file, .if_clear = "--tls=starttls"};
}

int
world_set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	snprintf(w->dir, sizeof(w->dir), "/tmp/tls_test.XXXXXX");
	if (mkdtemp(w->dir) == NULL)
		return -1;
	snprintf(w->ca_file, sizeof(w->ca_file), "%s/ca.pem", w->dir);
	w->ca = make(
	    (struct recipe){.cn = "Test Authority", .authority = -1}, NULL);
	w->other_ca = make(
	    (struct recipe){.cn = "Other Authority", .authority = -1}, NULL);
	write_pem(w->ca_file, w->ca.crt);
	return 0;
}

int
world_tear_down(void **state)
{
	struct world *w = *state;

	unlink(w->ca_file);
	rmdir(w->dir);
	drop(&w->ca);
	drop(&w->other_ca);
	free(w);
	return 0;
}
