#ifndef TESTSERVER_TLS_H
#define TESTSERVER_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The server's end of a connection: one or two non-blocking descriptors, and
 * TLS over them once it was started.  No call blocks.
 */
struct wire;

/* A certificate with its key; may serve many wires, which it must outlive. */
struct tls_identity;

/* NULL, with the reason in err; key may be NULL: it is in the other file.
 * client_ca, if it is not NULL: clients are asked for a certificate of one of
 * its authorities, and need not have one.  priority: GnuTLS's, NULL for its
 * default; outlives it. */
struct tls_identity *tls_identity_new(const char *certificate, const char *key,
    const char *client_ca, const char *priority, char *err, size_t err_size);
void tls_identity_free(struct tls_identity *);

/* Owns both descriptors, which may be the same. */
struct wire *wire_new(int in, int out);

enum wire_end {
	WIRE_CLOSE, /* close_notify, then close */
	WIRE_CUT,   /* close */
	WIRE_RESET  /* RST, where there is such a thing */
};

/* Takes no time: what cannot be sent at once is lost. */
void wire_free(struct wire *, enum wire_end);

enum {
	WIRE_AGAIN = -1, /* poll() for wire_wants() */
	WIRE_GONE = -2	 /* reset, broken, or a TLS failure */
};

/* The number of bytes, 0 for the end, WIRE_AGAIN, WIRE_GONE. */
ssize_t wire_read(struct wire *, void *, size_t);
ssize_t wire_write(struct wire *, const void *, size_t);

/* Closes the sending side, with close_notify if polite. */
void wire_halfclose(struct wire *, bool polite);

/* What goes over the wire from here on is TLS.  Returns 0 or WIRE_GONE. */
int wire_tls_start(struct wire *, const struct tls_identity *);

/* 0 when the handshake is complete, WIRE_AGAIN, WIRE_GONE. */
int wire_tls_handshake(struct wire *);

/* "TLS1.3", or "none". */
const char *wire_tls_version(const struct wire *);

/* The common name of the client's certificate, if it was good; else NULL. */
const char *wire_tls_certificate(const struct wire *);

/* What a mechanism binds to, tls-exporter (RFC 9266); *n is 0 without TLS. */
const unsigned char *wire_tls_binding(struct wire *, size_t *n);

/* A session of an earlier connection went on. */
bool wire_tls_resumed(const struct wire *);

int wire_in(const struct wire *);
int wire_out(const struct wire *);

/* POLLIN or POLLOUT for a TLS handshake that waits. */
short wire_handshake_wants(const struct wire *);

#endif
