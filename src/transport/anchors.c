#include "transport/anchors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base64.h"
#include "lib/buf.h"
#include "lib/memory.h"

enum {
	FILE_MAX = 64 << 20,
	/* A certificate is decoded in pieces until its subject has been seen,
	 * for which so many bytes are enough. */
	PIECE = 96,
	HEAD_MAX = 4096,
};

struct reader {
	const struct gnutls *g;
	gnutls_x509_trust_list_t list;
	const gnutls_datum_t *wanted;
	size_t wanted_count;
	size_t found; /* certificates seen, imported or not */
};

/* Base64 of which a part has been decoded. */
struct pem {
	const char *at, *end;
	unsigned bits, have; /* of the byte that is begun */
};

/* Decodes to the first '-' or '=', or until there is room for less than three
 * bytes; returns their number.  The beginning of every authority of the system
 * passes through here. */
static size_t
decode(struct pem *p, unsigned char *out, size_t room)
{
	const unsigned char *const end = out + room;
	unsigned char *at = out;

	while (p->at < p->end && end - at >= 3) {
		const unsigned char *in = (const unsigned char *)p->at;
		unsigned v = base64_values[in[0]];

		if (p->have == 0 && p->end - p->at >= 4) {
			unsigned w = base64_values[in[1]];
			unsigned x = base64_values[in[2]];
			unsigned y = base64_values[in[3]];

			if (v & w & x & y & BASE64_DIGIT) {
				*at++ = (unsigned char)(v << 2 | (w & 63) >> 4);
				*at++ = (unsigned char)(w << 4 | (x & 63) >> 2);
				*at++ = (unsigned char)(x << 6 | (y & 63));
				p->at += 4;
				continue;
			}
		}
		if (*in == '-' || *in == '=')
			break;
		p->at++;
		if (v == 0)
			continue;
		p->bits = p->bits << 6 | (v - BASE64_DIGIT);
		p->have += 6;
		if (p->have >= 8) {
			p->have -= 8;
			*at++ = (unsigned char)(p->bits >> p->have);
		}
	}
	return (size_t)(at - out);
}

/* Goes into the DER element at *at (X.690 8.1) or past it; false when it is not
 * there as a whole or, to go into it, not begun. */
static bool
der_step(const unsigned char **at, const unsigned char *end, bool into)
{
	const unsigned char *p = *at;
	size_t len, n;

	if (end - p < 2)
		return false;
	len = p[1];
	p += 2;
	if (len > 0x80) {
		n = len - 0x80;
		if (n > 3 || (size_t)(end - p) < n)
			return false;
		for (len = 0; n > 0; n--)
			len = len << 8 | *p++;
	}
	if (!into && (size_t)(end - p) < len)
		return false;
	*at = into ? p : p + len;
	return true;
}

/* The subject's name in the first bytes of a certificate (RFC 5280 4.1); false
 * when they do not reach that far. */
static bool
read_subject(const unsigned char *der, size_t n, gnutls_datum_t *subject)
{
	enum { BEFORE = 4 }; /* serial number, algorithm, issuer, validity */
	const unsigned char *at = der, *end = der + n, *from;
	int i;

	if (!der_step(&at, end, true) || !der_step(&at, end, true))
		return false;
	if (at < end && *at == 0xa0 && !der_step(&at, end, false))
		return false;
	for (i = 0; i < BEFORE; i++)
		if (!der_step(&at, end, false))
			return false;
	from = at;
	if (!der_step(&at, end, false))
		return false;
	*subject = (gnutls_datum_t){
	    (unsigned char *)(uintptr_t)from, (unsigned)(at - from)};
	return true;
}

/* Whatever has no subject that can be read, GnuTLS may judge. */
static bool
is_wanted(const struct reader *r, struct pem pem)
{
	unsigned char head[HEAD_MAX];
	gnutls_datum_t subject;
	size_t n = decode(&pem, head, PIECE), more;

	while (!read_subject(head, n, &subject)) {
		more =
		    n + PIECE <= HEAD_MAX ? decode(&pem, head + n, PIECE) : 0;
		if (more == 0)
			return true;
		n += more;
	}
	for (size_t i = 0; i < r->wanted_count; i++)
		if (r->wanted[i].size == subject.size &&
		    memcmp(r->wanted[i].data, subject.data, subject.size) == 0)
			return true;
	return false;
}

static void
import(struct reader *r, struct pem pem)
{
	size_t room = (size_t)(pem.end - pem.at) / 4 * 3 + 6;
	unsigned char *der = memory_alloc(room);
	gnutls_datum_t datum = {der, (unsigned)decode(&pem, der, room)};
	gnutls_x509_crt_t crt;

	if (r->g->x509_crt_init(&crt) == 0 &&
	    (r->g->x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) < 0 ||
		r->g->x509_trust_list_add_cas(r->list, &crt, 1, 0) < 1))
		r->g->x509_crt_deinit(crt);
	free(der);
}

static void
read_pem(struct reader *r, const char *text, size_t len)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	const size_t n = sizeof(begin) - 1;
	const char *end = text + len, *at = text, *dash;

	while ((dash = memchr(at, '-', (size_t)(end - at))) != NULL) {
		if ((size_t)(end - dash) < n || memcmp(dash, begin, n) != 0) {
			at = dash + 1;
			continue;
		}
		at = dash + n;
		dash = memchr(at, '-', (size_t)(end - at));
		if (dash == NULL)
			dash = end;
		r->found++;
		if (is_wanted(r, (struct pem){.at = at, .end = dash}))
			import(r, (struct pem){.at = at, .end = dash});
		at = dash;
	}
}

/* 0 or -1 with errno. */
static int
read_file(struct reader *r, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct buf text = BUF_WITH_MAX(FILE_MAX);
	struct stat st;
	ssize_t n = -1;
	int error;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		errno = EINVAL;
	} else if (buf_reserve(&text, (size_t)st.st_size + 1) < 0) {
		errno = EFBIG;
	} else {
		while ((n = TEMP_FAILURE_RETRY(read(fd, text.data + text.len,
			    (size_t)st.st_size - text.len))) > 0)
			text.len += (size_t)n;
	}
	error = errno;
	close(fd);
	if (n == 0)
		read_pem(r, text.data, text.len);
	buf_clear(&text);
	errno = error;
	return n == 0 ? 0 : -1;
}

/* NAME.pem, NAME.crt and 9d66eef0.0. */
static bool
is_certificate_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL)
		return false;
	if (strcmp(dot, ".pem") == 0 || strcmp(dot, ".crt") == 0)
		return true;
	return dot - name == 8 && strspn(name, "0123456789abcdef") == 8 &&
	    dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0';
}

static int
read_directory(struct reader *r, const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		if (is_certificate_name(entry->d_name))
			read_file(r, dirfd(dir), entry->d_name);
	closedir(dir);
	return 0;
}

const char *
anchors_system(void)
{
	static const char *const stores[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt",
	    "/etc/ssl/cert.pem",
	};

	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
		if (access(stores[i], R_OK) == 0)
			return stores[i];
	return NULL;
}

static int
read_system(struct reader *r, struct error *err)
{
	const char *path = anchors_system();

	if (path != NULL && read_file(r, AT_FDCWD, path) == 0)
		return 0;
	error_set(err, EX_NOPERM,
	    "no certificate can be verified: the system "
	    "has no list of trusted authorities");
	return error_hint(err,
	    "install ca-certificates, or name the "
	    "authority's certificate with --tls-ca FILE");
}

int
anchors_add(const struct gnutls *g, gnutls_x509_trust_list_t list,
    const char *path, const gnutls_datum_t *wanted, size_t n, struct error *err)
{
	struct reader r = {
	    .g = g, .list = list, .wanted = wanted, .wanted_count = n};
	struct stat st;
	int result;

	if (path == NULL)
		return read_system(&r, err);
	result = stat(path, &st) == 0 && S_ISDIR(st.st_mode)
	    ? read_directory(&r, path)
	    : read_file(&r, AT_FDCWD, path);
	if (result < 0)
		return error_set(err, EX_NOINPUT,
		    "%s: trusted certificates cannot be read: %s", path,
		    strerror(errno));
	if (r.found == 0)
		return error_set(err, EX_NOINPUT,
		    "%s: no -----BEGIN CERTIFICATE----- in it", path);
	return 0;
}
