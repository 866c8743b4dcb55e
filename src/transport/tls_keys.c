#include "transport/tls_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "lib/private.h"
#include "transport/token_url.h"

enum {
	FILE_MAX = 1024 * 1024,
	CHAIN_MAX = 16,
	DIGEST = 32,
};

struct tls_keys {
	struct gnutls_keys g;
	gnutls_privkey_t key;
	gnutls_x509_crt_t *crt; /* the library's memory; our own first */
	unsigned count;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_count;

	/* While it is being read, and when a token asks for its PIN again. */
	const struct tls_keys_source *source; /* NULL: it was read */
	struct secret password;
	struct error pin_error; /* status 0: none */
	bool refused;		/* the PIN was wrong: it is not given again */
};

static bool
is_url(const char *text)
{
	return ascii_begins(text, "pkcs11:");
}

static int
library_failed(const struct tls_keys *k, int r, int status, struct error *err)
{
	return error_set(err, status, "%s", k->g.strerror(r));
}

/* The password of the key, got when it is first needed. */
static int
get_password(struct tls_keys *k, const char *of, struct error *err)
{
	if (k->password.bytes != NULL)
		return 0;
	if (k->source == NULL)
		return error_set(err, EX_NOPERM, "there is no password");
	return k->source->password(k->source->arg, of, &k->password, err);
}

/* What a token is told: -1 ends it. */
static int
give_pin(struct tls_keys *k, const char *token, unsigned flags, char *pin,
    size_t max, struct error *err)
{
	struct buf of = BUF_WITH_MAX(200);
	int r;

	if ((flags & GNUTLS_PIN_FINAL_TRY) != 0) {
		error_set(err, EX_NOPERM,
		    "the token has one try left before it locks: it is not "
		    "used up here");
		return error_hint(
		    err, "give the token its PIN with its own program first");
	}
	buf_printf(&of, "token %.100s", token);
	r = get_password(k, buf_string(&of), err);
	buf_clear(&of);
	if (r == 0 && k->password.len >= max)
		r = error_set(err, EX_NOPERM, "the PIN is too long");
	if (r == 0)
		memcpy(pin, k->password.bytes, k->password.len + 1);
	return r;
}

/* The library asks again when the token has said no. */
static int
on_pin(void *arg, int attempt, const char *url, const char *label,
    unsigned flags, char *pin, size_t max)
{
	struct tls_keys *k = arg;

	(void)url;
	k->refused |= attempt > 0;
	if (k->refused || k->pin_error.status != 0)
		return -1;
	return give_pin(
	    k, label != NULL ? label : "", flags, pin, max, &k->pin_error);
}

static int
token_failed(
    const struct tls_keys *k, const char *url, int r, struct error *err)
{
	if (k->refused)
		return error_set(err, EX_NOPERM,
		    "the token refuses the PIN, which is not tried again: a "
		    "few wrong ones lock it");
	if (k->pin_error.status != 0) {
		*err = k->pin_error;
		return -1;
	}
	if (r == GNUTLS_E_PKCS11_PIN_LOCKED)
		return error_set(err, EX_NOPERM, "the token is locked");
	if (r == GNUTLS_E_PARSING_ERROR)
		return error_set(err, EX_CONFIG, "that is no URL of a token");
	if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	    r == GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE)
		return token_url_failed(url, err);
	return library_failed(k, r, EX_NOPERM, err);
}

static void
wipe(struct buf *b)
{
	if (b->data != NULL)
		secret_wipe(b->data, b->cap);
	buf_clear(b);
}

static bool
holds(const struct buf *b, const char *text)
{
	return b->len > 0 &&
	    memmem(b->data, b->len, text, strlen(text)) != NULL;
}

static bool
is_pem(const struct buf *b)
{
	return holds(b, "-----BEGIN ");
}

static gnutls_datum_t
datum(const struct buf *b)
{
	return (gnutls_datum_t){(unsigned char *)b->data, (unsigned)b->len};
}

static bool
has_key(const struct buf *b)
{
	return holds(b, "PRIVATE KEY-----");
}

static int
wrong_password(struct error *err)
{
	return error_set(err, EX_NOPERM, "the password is wrong");
}

/* What is wanted of a file or a token. */
enum wanted { CERTIFICATE = 1, KEY = 2 };

/* The whole file, in memory that does not move; the caller wipes it.  Where the
 * key is, it must be private. */
static int
read_file(const struct tls_keys *k, const char *path, unsigned wanted,
    struct buf *out, struct error *err)
{
	int fd = private_open(path), r = 0;
	enum wait_end end;

	if (fd == -1)
		return error_set(err, EX_NOINPUT, "%s", strerror(errno));
	*out = BUF_WITH_MAX(FILE_MAX + 1);
	buf_reserve(out, FILE_MAX + 1);
	end = wait_fill(k->source->wait, fd, out);
	if (end == WAIT_FAILED)
		r = error_set(err, EX_NOINPUT, "%s", strerror(errno));
	else if (end != WAIT_READY)
		r = wait_error(k->source->wait, end, path, err);
	else if (out->len > FILE_MAX)
		r = error_set(err, EX_CONFIG, "it has more than 1 MiB");
	else if ((wanted & KEY) != 0 && (!is_pem(out) || has_key(out)))
		r = private_check(fd, path, k->source->named, NULL, err);
	close(fd);
	return r;
}

static int
no_key(unsigned wanted, struct error *err)
{
	error_set(err, EX_CONFIG, "there is no private key in it");
	return (wanted & CERTIFICATE) == 0
	    ? -1
	    : error_hint(err, "--tls-key FILE names the file that has it");
}

/* A private key in PEM or DER. */
static int
import_key(struct tls_keys *k, const struct buf *b, unsigned wanted,
    const char *of, struct error *err)
{
	gnutls_datum_t data = datum(b);
	gnutls_x509_crt_fmt_t form =
	    is_pem(b) ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER;
	int r;

	if (is_pem(b) && !has_key(b))
		return no_key(wanted, err);
	r = k->g.privkey_import_x509_raw(k->key, &data, form, NULL, 0);
	if (r == GNUTLS_E_DECRYPTION_FAILED) {
		if (get_password(k, of, err) == -1)
			return -1;
		r = k->g.privkey_import_x509_raw(
		    k->key, &data, form, k->password.bytes, 0);
	}
	if (r == GNUTLS_E_DECRYPTION_FAILED)
		return wrong_password(err);
	if (r < 0)
		return error_set(err, EX_CONFIG,
		    "the private key cannot be read: %s", k->g.strerror(r));
	return 0;
}

static int
import_certificates(struct tls_keys *k, const struct buf *b, struct error *err)
{
	gnutls_datum_t data = datum(b);
	int r = k->g.x509_crt_list_import2(&k->crt, &k->count, &data,
	    is_pem(b) ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER, 0);

	if (r == GNUTLS_E_NO_CERTIFICATE_FOUND || (r >= 0 && k->count == 0))
		return error_set(
		    err, EX_CONFIG, "there is no certificate in it");
	if (r < 0)
		return error_set(err, EX_CONFIG,
		    "the certificate cannot be read: %s", k->g.strerror(r));
	return 0;
}

/* What it holds, with the password if it does not open without. */
static int
open_pkcs12(struct tls_keys *k, gnutls_pkcs12_t p12, const char *of,
    gnutls_x509_privkey_t *key, struct error *err)
{
	int r = k->g.pkcs12_simple_parse(
	    p12, "", key, &k->crt, &k->count, NULL, NULL, NULL, 0);

	if (r == GNUTLS_E_DECRYPTION_FAILED) {
		if (get_password(k, of, err) == -1)
			return -1;
		r = k->g.pkcs12_simple_parse(p12, k->password.bytes, key,
		    &k->crt, &k->count, NULL, NULL, NULL, 0);
	}
	if (r == GNUTLS_E_DECRYPTION_FAILED)
		return wrong_password(err);
	if (r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return error_set(
		    err, EX_CONFIG, "there is no private key in it");
	if (r < 0)
		return error_set(err, EX_CONFIG,
		    "the PKCS#12 cannot be read: %s", k->g.strerror(r));
	return 0;
}

static int
import_pkcs12(struct tls_keys *k, gnutls_pkcs12_t p12, unsigned wanted,
    const char *of, struct error *err)
{
	gnutls_x509_privkey_t key = NULL;
	int r;

	if ((wanted & CERTIFICATE) == 0)
		return error_set(err, EX_CONFIG,
		    "a PKCS#12 has its certificate with it: name it with "
		    "--tls-cert alone");
	if (open_pkcs12(k, p12, of, &key, err) == -1)
		return -1;
	r = k->g.privkey_import_x509(
	    k->key, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	if (r < 0)
		return library_failed(k, r, EX_CONFIG, err);
	if (k->count == 0)
		return error_set(
		    err, EX_CONFIG, "there is no certificate in it");
	return 0;
}

static int
import_pem(struct tls_keys *k, const struct buf *b, unsigned wanted,
    const char *of, struct error *err)
{
	if ((wanted & CERTIFICATE) != 0 && import_certificates(k, b, err) == -1)
		return -1;
	return (wanted & KEY) != 0 ? import_key(k, b, wanted, of, err) : 0;
}

static int
from_file(
    struct tls_keys *k, const char *path, unsigned wanted, struct error *err)
{
	struct buf b = {0}, of = BUF_WITH_MAX(4096);
	gnutls_pkcs12_t p12 = NULL;
	gnutls_datum_t data;
	int r = read_file(k, path, wanted, &b, err);

	buf_printf(&of, "key %s", path);
	data = datum(&b);
	if (r == 0 && !is_pem(&b) && k->g.pkcs12_init(&p12) >= 0 &&
	    k->g.pkcs12_import(p12, &data, GNUTLS_X509_FMT_DER, 0) >= 0)
		r = import_pkcs12(k, p12, wanted, buf_string(&of), err);
	else if (r == 0)
		r = import_pem(k, &b, wanted, buf_string(&of), err);
	if (p12 != NULL)
		k->g.pkcs12_deinit(p12);
	wipe(&b);
	buf_clear(&of);
	return r;
}

static int
from_token(
    struct tls_keys *k, const char *url, unsigned wanted, struct error *err)
{
	int r = 0;

	if ((wanted & CERTIFICATE) != 0)
		r = k->g.x509_crt_list_import_url(
		    &k->crt, &k->count, url, on_pin, k, 0);
	if (r >= 0 && (wanted & KEY) != 0) {
		k->g.privkey_set_pin_function(k->key, on_pin, k);
		r = k->g.privkey_import_url(k->key, url, 0);
	}
	return r < 0 ? token_failed(k, url, r, err) : 0;
}

static int
import(struct tls_keys *k, const char *name, unsigned wanted, struct error *err)
{
	if ((is_url(name) ? from_token : from_file)(k, name, wanted, err) == 0)
		return 0;
	return error_context(err, "client %s %s",
	    (wanted & CERTIFICATE) != 0 ? "certificate" : "key", name);
}

/* Our own certificate is the one of the key; it goes first. */
static int
find_own(struct tls_keys *k, struct error *err)
{
	unsigned char ours[DIGEST], theirs[DIGEST];
	size_t n = sizeof(ours);
	gnutls_x509_crt_t own;
	gnutls_pubkey_t pub;
	unsigned i;
	int r = k->g.pubkey_init(&pub);

	if (r < 0)
		return library_failed(k, r, EX_OSERR, err);
	r = k->g.pubkey_import_privkey(pub, k->key, 0, 0);
	if (r >= 0)
		r = k->g.pubkey_get_key_id(
		    pub, GNUTLS_KEYID_USE_SHA256, ours, &n);
	k->g.pubkey_deinit(pub);
	/* Some tokens do not tell: then the handshake will. */
	for (i = 0; r >= 0 && i < k->count; i++) {
		n = sizeof(theirs);
		if (k->g.x509_crt_get_key_id(
			k->crt[i], GNUTLS_KEYID_USE_SHA256, theirs, &n) >= 0 &&
		    memcmp(ours, theirs, sizeof(ours)) == 0)
			break;
	}
	if (r < 0)
		return 0;
	if (i == k->count)
		return error_set(err, EX_CONFIG,
		    "the private key is not that of the certificate");
	own = k->crt[i];
	for (; i > 0; i--)
		k->crt[i] = k->crt[i - 1];
	k->crt[0] = own;
	return 0;
}

static int
check_time(const struct tls_keys *k, struct error *err)
{
	int64_t from = k->g.x509_crt_get_activation_time(k->crt[0]);
	int64_t until = k->g.x509_crt_get_expiration_time(k->crt[0]);
	bool expired = until != -1 && until < k->source->now;
	time_t at = (time_t)(expired ? until : from);
	char text[32] = "an unknown date";
	struct tm tm;

	if (!expired && from <= k->source->now)
		return 0;
	if (gmtime_r(&at, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	return error_set(err, EX_CONFIG, "the certificate %s %s",
	    expired ? "expired on" : "is not valid before", text);
}

static int
make_chain(struct tls_keys *k, struct error *err)
{
	int r = 0;

	while (
	    r >= 0 && k->chain_count < k->count && k->chain_count < CHAIN_MAX) {
		r = k->g.pcert_import_x509(
		    &k->chain[k->chain_count], k->crt[k->chain_count], 0);
		k->chain_count += r >= 0;
	}
	return r < 0 ? library_failed(k, r, EX_CONFIG, err) : 0;
}

static int
read_all(struct tls_keys *k, struct error *err)
{
	const struct tls_keys_source *s = k->source;

	if (k->g.privkey_init(&k->key) < 0)
		return error_set(err, EX_OSERR, "GnuTLS: no private key");
	if (import(k, s->certificate,
		s->key == NULL ? CERTIFICATE | KEY : CERTIFICATE, err) == -1 ||
	    (s->key != NULL && import(k, s->key, KEY, err) == -1))
		return -1;
	if (find_own(k, err) == -1)
		return error_context(err, "client key %s",
		    s->key != NULL ? s->key : s->certificate);
	if (check_time(k, err) == -1 || make_chain(k, err) == -1)
		return error_context(
		    err, "client certificate %s", s->certificate);
	return 0;
}

int
tls_keys_new(const struct tls_keys_source *source, struct tls_keys **out,
    struct error *err)
{
	struct tls_keys *k = memory_alloc(sizeof(*k));

	k->source = source;
	if (gnutls_keys_open(&k->g, err) == -1) {
		free(k);
		return -1;
	}
	if (read_all(k, err) == -1) {
		tls_keys_free(k);
		return -1;
	}
	/* A token may ask for it again when it signs. */
	if (!is_url(source->key != NULL ? source->key : source->certificate))
		secret_clear(&k->password);
	k->source = NULL;
	*out = k;
	return 0;
}

void
tls_keys_free(struct tls_keys *k)
{
	if (k == NULL)
		return;
	while (k->chain_count > 0)
		k->g.pcert_deinit(&k->chain[--k->chain_count]);
	while (k->count > 0)
		k->g.x509_crt_deinit(k->crt[--k->count]);
	(*k->g.free)(k->crt);
	if (k->key != NULL)
		k->g.privkey_deinit(k->key);
	secret_clear(&k->password);
	free(k);
}

const gnutls_datum_t *
tls_keys_certificate(const struct tls_keys *k)
{
	return &k->chain[0].cert;
}

void
tls_keys_give(const struct tls_keys *k, gnutls_pcert_st **chain,
    unsigned *count, gnutls_privkey_t *key)
{
	/* They are only read. */
	*chain = (gnutls_pcert_st *)(uintptr_t)k->chain;
	*count = k->chain_count;
	*key = k->key;
}
