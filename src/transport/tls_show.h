/*
 * tls_show: our own certificate in a handshake: to whom it is shown, and what
 * comes of that.
 */
#ifndef TRANSPORT_TLS_SHOW_H
#define TRANSPORT_TLS_SHOW_H

#include "transport/tls_keys.h"

/*
 * Of one handshake.  The server is judged within it, after its certificate has
 * come and before ours goes out; to one that fails nothing of ours is shown.
 * TLS 1.3 asks for ours before it shows the server's: the handshake cannot go
 * on then.
 */
struct tls_showing {
	const struct tls_keys *keys;
	bool (*judge)(void *arg); /* is the server who it should be? */
	void *arg;
	bool go_on;		 /* without ours, if it is not */
	enum transport_own *own; /* what became of it */

	bool judged, trusted; /* the judge's word */
};

/* Before the handshake: the credentials are the session's; keys and showing
 * outlive it.  As library_open. */
int tls_show_begin(struct tls_showing *, gnutls_session_t,
    gnutls_certificate_credentials_t, struct error *);

/* The error of a handshake or session that the server ended by an alert,
 * perhaps for what it was shown or not shown; with TLS 1.3 that comes when the
 * handshake is over for us.  Returns -1 with EX_NOPERM. */
int tls_show_alerted(const struct tls_showing *, const struct gnutls *,
    gnutls_session_t, struct error *);

#endif
