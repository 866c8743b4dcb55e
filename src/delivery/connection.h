/*
 * connection: one session over one transport; the only file that knows both.
 *
 * Events are pulled: connection_step works until there is one, or until
 * nothing can be done before poll says so.  The session begins when the
 * transport is open, since what it may do depends on who is at the other end:
 * on loopback, Unix sockets and pipes TLS is not needed; on loopback and Unix
 * sockets credentials may go in clear.
 */
#ifndef DELIVERY_CONNECTION_H
#define DELIVERY_CONNECTION_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "smtp/session.h"
#include "transport/haproxy.h"
#include "transport/tls.h"
#include "transport/transport.h"

enum connection_tls {
	CONNECTION_TLS_AUTO, /* STARTTLS where offered; demanded for AUTH */
	CONNECTION_TLS_OFF,
	CONNECTION_TLS_STARTTLS, /* demanded */
	CONNECTION_TLS_IMPLICIT, /* the transport does it */
};

/* Pointers are the caller's and outlive the connection. */
struct connection_params {
	/* starttls, secure and clear_ok are filled in here; ehlo_name NULL:
	 * our address as a literal. */
	struct smtp_params smtp;
	enum connection_tls tls;
	bool tls_demanded; /* AUTO: even without credentials (port 587) */
	bool auth_in_clear;
	bool look; /* see tls_policy; no credentials are used, and AUTO takes
		      STARTTLS where it is offered, needed or not */
	struct tls_policy policy;
	const struct haproxy *haproxy; /* the header that the transport sends,
					  for remarks; NULL: none */
	int64_t timeout_ms;	       /* for each step; 0: the RFC's limits */
	bool await_quit;	       /* wait for the reply to QUIT (2 s) */
	bool flights;	  /* make SMTP_FLIGHT events, and wait behind each */
	bool no_replies;  /* make no SMTP_REPLY events */
	int64_t begun_us; /* when connecting began, with a look-up (monotonic);
			     0: now */
};

/* For a connection to be open; ours, the RFCs name none. */
enum { CONNECTION_TIMEOUT_MS = 60 * 1000 };

/* How long what took, and how often we waited for the server.  TLS counts as
 * STARTTLS also where it comes first, the message as DATA until it is out. */
struct connection_figures {
	int64_t phase_us[SMTP_PHASE_QUIT + 1];
	unsigned round_trips;
};

struct connection;

/* Takes the transport over. */
struct connection *
connection_new(const struct connection_params *, struct transport *);
void connection_free(struct connection *);

enum connection_result {
	CONNECTION_WAIT,  /* poll, then come back */
	CONNECTION_BUSY,  /* bytes flow: look at clock and signals, come back */
	CONNECTION_EVENT, /* *event is filled */
	CONNECTION_OVER,  /* there is nothing more to come */
};

/* An event of the session's, but START_TLS, which is dealt with here.
 * SMTP_CLOSED also tells of a transport that could not be opened.  With
 * smtp.trace SMTP_NOTE says who was met, what TLS agreed on, and who closed. */
enum connection_result
connection_step(struct connection *, struct smtp_event *event);

/* The same event for an error that came before there was a connection; both
 * are pointed to. */
void connection_closed(
    struct smtp_event *, struct smtp_result *, const struct error *why);

enum { CONNECTION_POLL_MAX = 2 };
/* What to poll for after CONNECTION_WAIT: fills up to CONNECTION_POLL_MAX
 * entries and returns their number; *until is when the step's time is up
 * (monotonic, INT64_MAX: never). */
nfds_t
connection_poll(const struct connection *, struct pollfd *fds, int64_t *until);
/* Since when the other end has been waited for (monotonic), and for what;
 * INT64_MAX: it is not, or there is nothing to wait for any more. */
int64_t connection_awaits(const struct connection *, enum smtp_phase *);
/* The run's time is up, or it was cancelled: ends it with this error, or with
 * the reason why nothing can be sent any more; that ends it in two seconds. */
void connection_abort(struct connection *, const struct error *);

/* The flight that SMTP_FLIGHT told of goes, with all that was made behind it. */
void connection_let_fly(struct connection *);
/* Nothing more goes out; what the server says of what did is still heard. */
void connection_mute(struct connection *);

/* STARTTLS was begun, and the handshake failed. */
bool connection_handshake_failed(const struct connection *);
/* A TLS session that was kept was offered, and the handshake failed. */
bool connection_resumption_failed(const struct connection *);
/* NULL before the transport is open. */
struct smtp_session *connection_session(struct connection *);
const struct transport_peer *connection_peer(const struct connection *);
const struct transport_tls *connection_tls(const struct connection *);
const struct connection_figures *connection_figures(const struct connection *);

#endif
