#include "transport/anchors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base64.h"
#include "lib/buf.h"
#include "lib/memory.h"

enum { FILE_MAX = 64 << 20 };

struct reader {
	const struct gnutls *g;
	gnutls_x509_trust_list_t list;
	const gnutls_datum_t *wanted;
	size_t wanted_count;
	size_t found; /* certificates seen, imported or not */
};

/* Decodes up to the first '-'; returns the number of bytes.  Every authority of
 * the system passes through here, straight to its place. */
static size_t
decode(const char *from, const char *end, unsigned char *out)
{
	unsigned char *at = out;
	unsigned bits = 0, have = 0;

	for (; from < end && *from != '-'; from++) {
		unsigned v = base64_values[(unsigned char)*from];

		if (v == 0)
			continue;
		bits = bits << 6 | (v - BASE64_DIGIT);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*at++ = (unsigned char)(bits >> have);
		}
	}
	return (size_t)(at - out);
}

static void
import(struct reader *r, unsigned char *der, size_t len)
{
	gnutls_datum_t datum = {der, (unsigned)len};
	gnutls_x509_crt_t crt;

	if (r->g->x509_crt_init(&crt) < 0)
		return;
	if (r->g->x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) < 0 ||
	    r->g->x509_trust_list_add_cas(r->list, &crt, 1, 0) < 1)
		r->g->x509_crt_deinit(crt);
}

static void
read_pem(struct reader *r, const char *pem, size_t len)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	const char *end = pem + len, *at = pem;
	unsigned char *der = memory_alloc(len / 4 * 3 + 3);

	while ((at = memmem(at, (size_t)(end - at), begin,
		    sizeof(begin) - 1)) != NULL) {
		size_t n;

		at += sizeof(begin) - 1;
		n = decode(at, end, der);
		r->found++;
		for (size_t i = 0; i < r->wanted_count; i++) {
			const gnutls_datum_t *w = &r->wanted[i];

			if (memmem(der, n, w->data, w->size) != NULL) {
				import(r, der, n);
				break;
			}
		}
	}
	free(der);
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

static int
read_system(struct reader *r, struct error *err)
{
	static const char *const stores[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt",
	    "/etc/ssl/cert.pem",
	};

	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
		if (read_file(r, AT_FDCWD, stores[i]) == 0)
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
