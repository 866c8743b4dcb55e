/*
 * connection_internal: what the files of a connection share.
 *
 *	connection.c		what is said and heard
 *	connection_wait.c	what is waited for, and how long
 */
#ifndef DELIVERY_CONNECTION_INTERNAL_H
#define DELIVERY_CONNECTION_INTERNAL_H

#include "delivery/connection.h"
#include "delivery/literal.h"
#include "delivery/remarks.h"

enum connection_stage { OPENING, HANDSHAKE, TALKING, OVER };

struct connection {
	struct connection_params params;
	char literal[LITERAL_MAX]; /* EHLO name, if none was given */
	struct transport *transport;
	struct smtp_session *session;
	struct sasl_binding binding; /* of the session, if TLS gives one */
	enum connection_stage stage;
	bool handshake_failed;
	bool send_failed;
	bool muted;	   /* see connection_mute */
	bool answered;	   /* by replies that made no events */
	bool held;	   /* a flight waits for connection_let_fly */
	bool committed;	   /* since the last SMTP_FLIGHT, or send */
	int64_t failed_us; /* when */
	struct error send_error;
	struct error open_error; /* status 0: none; then there is no session */
	struct smtp_result open_result; /* the same, as a result */
	bool open_error_told;
	bool awaited_input;  /* the body did, the last time we looked */
	bool said;	     /* something was sent since the last bytes came */
	int64_t progress_us; /* when the step that is awaited began */
	int64_t mark_us;     /* when the last phase ended */
	int64_t heard_us;    /* when the last bytes came */
	struct connection_figures figures;
	struct remarks remarks;
	bool met;	  /* the other end, perhaps without its TLS */
	bool message_out; /* only its verdict is awaited */
};

/* A send failed, and more than a QUIT was still to go: of a message that is out
 * as a whole the verdict is awaited as long as ever. */
bool connection_cannot_go_on(const struct connection *);

#endif
