#include "testserver_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

struct wire {
	int in;
	int out;
	gnutls_session_t tls;
	bool out_closed;
	char client[256];
	unsigned char binding[32];
};

struct tls_identity {
	gnutls_certificate_credentials_t credentials;
	const char *priority;
	bool asks;
	gnutls_datum_t ticket_key;
};

struct tls_identity *
tls_identity_new(const char *certificate, const char *key,
    const char *client_ca, const char *priority, char *err, size_t err_size)
{
	struct tls_identity *identity = calloc(1, sizeof(*identity));
	int status;

	if (identity == NULL)
		abort();
	status =
	    gnutls_certificate_allocate_credentials(&identity->credentials);
	if (status == 0)
		status = gnutls_certificate_set_x509_key_file(
		    identity->credentials, certificate,
		    key == NULL ? certificate : key, GNUTLS_X509_FMT_PEM);
	if (status == 0)
		status =
		    gnutls_session_ticket_key_generate(&identity->ticket_key);
	identity->priority = priority;
	identity->asks = client_ca != NULL;
	if (status == 0 && client_ca != NULL) {
		certificate = client_ca;
		status = gnutls_certificate_set_x509_trust_file(
		    identity->credentials, client_ca, GNUTLS_X509_FMT_PEM);
	}
	if (status < 0) {
		snprintf(err, err_size, "%s: %s", certificate,
		    gnutls_strerror(status));
		tls_identity_free(identity);
		return NULL;
	}
	return identity;
}

void
tls_identity_free(struct tls_identity *identity)
{
	if (identity == NULL)
		return;
	if (identity->credentials != NULL)
		gnutls_certificate_free_credentials(identity->credentials);
	gnutls_free(identity->ticket_key.data);
	free(identity);
}

static void
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

struct wire *
wire_new(int in, int out)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->in = in;
	w->out = out;
	set_nonblocking(in);
	set_nonblocking(out);
	return w;
}

void
wire_free(struct wire *w, enum wire_end end)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (w == NULL)
		return;
	if (end == WIRE_CLOSE)
		wire_halfclose(w, true);
	if (end == WIRE_RESET) {
		setsockopt(
		    w->out, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		setsockopt(
		    w->in, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	}
	if (w->tls != NULL)
		gnutls_deinit(w->tls);
	if (w->in != w->out)
		close(w->in);
	if (w->out >= 0)
		close(w->out);
	free(w);
}

static ssize_t
plain_result(ssize_t n)
{
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return WIRE_AGAIN;
	return WIRE_GONE;
}

static ssize_t
tls_result(ssize_t n)
{
	if (n >= 0)
		return n;
	if (!gnutls_error_is_fatal((int)n))
		return WIRE_AGAIN;
	return WIRE_GONE;
}

ssize_t
wire_read(struct wire *w, void *to, size_t n)
{
	if (w->tls != NULL)
		return tls_result(gnutls_record_recv(w->tls, to, n));
	return plain_result(read(w->in, to, n));
}

ssize_t
wire_write(struct wire *w, const void *from, size_t n)
{
	if (w->out_closed)
		return WIRE_GONE;
	if (w->tls != NULL)
		return tls_result(gnutls_record_send(w->tls, from, n));
	return plain_result(write(w->out, from, n));
}

void
wire_halfclose(struct wire *w, bool polite)
{
	if (w->out_closed)
		return;
	w->out_closed = true;
	if (w->tls != NULL && polite)
		gnutls_bye(w->tls, GNUTLS_SHUT_WR);
	if (shutdown(w->out, SHUT_WR) < 0 && errno == ENOTSOCK &&
	    w->in != w->out) {
		close(w->out);
		w->out = -1;
	}
}

int
wire_tls_start(struct wire *w, const struct tls_identity *identity)
{
	if (gnutls_init(&w->tls,
		GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
		w->tls = NULL;
		return WIRE_GONE;
	}
	if ((identity->priority == NULL ? gnutls_set_default_priority(w->tls)
					: gnutls_priority_set_direct(w->tls,
					      identity->priority, NULL)) < 0 ||
	    gnutls_credentials_set(
		w->tls, GNUTLS_CRD_CERTIFICATE, identity->credentials) < 0 ||
	    gnutls_session_ticket_enable_server(w->tls, &identity->ticket_key) <
		0)
		return WIRE_GONE;
	if (identity->asks)
		gnutls_certificate_server_set_request(
		    w->tls, GNUTLS_CERT_REQUEST);
	gnutls_transport_set_int2(w->tls, w->in, w->out);
	gnutls_handshake_set_timeout(w->tls, GNUTLS_INDEFINITE_TIMEOUT);
	return 0;
}

/* Who the client is, for good: nothing but a good certificate says so. */
static void
client_note(struct wire *w)
{
	const gnutls_datum_t *chain =
	    gnutls_certificate_get_peers(w->tls, NULL);
	size_t n = sizeof(w->client);
	gnutls_x509_crt_t crt;
	unsigned wrong;

	if (chain == NULL ||
	    gnutls_certificate_verify_peers2(w->tls, &wrong) < 0 ||
	    wrong != 0 || gnutls_x509_crt_init(&crt) < 0)
		return;
	if (gnutls_x509_crt_import(crt, chain, GNUTLS_X509_FMT_DER) < 0 ||
	    gnutls_x509_crt_get_dn_by_oid(
		crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, w->client, &n) < 0)
		w->client[0] = '\0';
	gnutls_x509_crt_deinit(crt);
}

int
wire_tls_handshake(struct wire *w)
{
	int status = gnutls_handshake(w->tls);

	if (status == 0) {
		client_note(w);
		return 0;
	}
	if (!gnutls_error_is_fatal(status))
		return WIRE_AGAIN;
	gnutls_alert_send_appropriate(w->tls, status);
	return WIRE_GONE;
}

const char *
wire_tls_version(const struct wire *w)
{
	if (w->tls == NULL)
		return "none";
	return gnutls_protocol_get_name(gnutls_protocol_get_version(w->tls));
}

const char *
wire_tls_certificate(const struct wire *w)
{
	return w->client[0] != '\0' ? w->client : NULL;
}

const unsigned char *
wire_tls_binding(struct wire *w, size_t *n)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	*n = 0;
	if (w->tls != NULL &&
	    gnutls_prf_rfc5705(w->tls, sizeof(label) - 1, label, 0, "",
		sizeof(w->binding), (char *)w->binding) == 0)
		*n = sizeof(w->binding);
	return w->binding;
}

bool
wire_tls_resumed(const struct wire *w)
{
	return w->tls != NULL && gnutls_session_is_resumed(w->tls) != 0;
}

int
wire_in(const struct wire *w)
{
	return w->in;
}

int
wire_out(const struct wire *w)
{
	return w->out;
}

short
wire_handshake_wants(const struct wire *w)
{
	return gnutls_record_get_direction(w->tls) == 0 ? POLLIN : POLLOUT;
}
