/* Plays a dialogue for each connection. */
#include "testserver.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dialogue.h"

#define PAUSE_MS 15
#define DRAIN_MS 1000
#define DRAIN_OCTETS ((size_t)256 * 1024)

/* A connection in which a dialogue is played. */
struct stage {
	struct dialogue_player *player;
	struct wire *wire;
	const struct tls_identity *identity;
	const char *path;
	int64_t deadline_ms;
	int64_t dripped_ms;
	bool in_ended;
	bool out_gone;
};

static void
stage_input(struct stage *s)
{
	char piece[16384];
	ssize_t n;

	if (s->in_ended)
		return;
	n = wire_read(s->wire, piece, sizeof(piece));
	if (n > 0)
		dialogue_player_receive(s->player, piece, (size_t)n);
	else if (n != WIRE_AGAIN) {
		s->in_ended = true;
		dialogue_player_peer_closed(s->player);
	}
}

/*
 * Waits for events on the wire; takes input if POLLIN is among them.
 * Returns 1 when there was one, 0 when the time was over, -1 on a signal.
 */
static int
stage_wait(struct stage *s, short events, int64_t until_ms)
{
	struct pollfd fds[2] = {
	    {.fd = -1, .events = events & (POLLIN | POLLRDHUP)},
	    {.fd = -1, .events = events & POLLOUT},
	};
	int n;

	if (fds[0].events != 0 && !s->in_ended)
		fds[0].fd = wire_in(s->wire);
	if (fds[1].events != 0)
		fds[1].fd = wire_out(s->wire);
	if (until_ms > s->deadline_ms)
		until_ms = s->deadline_ms;
	n = poll_until(fds, 2, until_ms);
	if (n < 0)
		return is_terminated() ? -1 : 1;
	if (n > 0 && (events & POLLIN) != 0 && fds[0].revents != 0)
		stage_input(s);
	return n > 0;
}

static int
stage_over(const struct stage *s, int waited, const char *doing)
{
	fprintf(stderr, "%s:%u: %s while the server was %s\n", s->path,
	    dialogue_player_line(s->player),
	    waited < 0 ? "terminated" : "the time was over", doing);
	return STATUS_FAILED;
}

/* -1 to go on, else the status. */
static int
stage_read(struct stage *s)
{
	int waited;

	stage_input(s);
	if (dialogue_player_action(s->player) != DIALOGUE_WANT_INPUT)
		return -1;
	waited = stage_wait(s, POLLIN, s->deadline_ms);
	return waited > 0 ? -1 : stage_over(s, waited, "reading");
}

static int
stage_write(struct stage *s)
{
	unsigned drip_ms = dialogue_player_drip_ms(s->player);
	int64_t next_ms = s->dripped_ms + drip_ms;
	const char *bytes;
	int waited = 1;
	ssize_t sent;
	size_t n;

	dialogue_player_output(s->player, &bytes, &n);
	if (s->out_gone) {
		dialogue_player_sent(s->player, n);
		return -1;
	}
	if (drip_ms > 0 && now_ms() < next_ms) {
		waited = stage_wait(s, POLLIN, next_ms);
		if (waited == 0 && now_ms() < s->deadline_ms)
			waited = 1;
		return waited > 0 ? -1 : stage_over(s, waited, "writing");
	}
	sent = wire_write(s->wire, bytes, drip_ms > 0 ? 1 : n);
	if (sent >= 0) {
		dialogue_player_sent(s->player, (size_t)sent);
		s->dripped_ms = now_ms();
	} else if (sent == WIRE_AGAIN)
		waited = stage_wait(s, POLLIN | POLLOUT, s->deadline_ms);
	else
		s->out_gone = true;
	return waited > 0 ? -1 : stage_over(s, waited, "writing");
}

static int
stage_pause(struct stage *s)
{
	int64_t until_ms = now_ms() + PAUSE_MS;

	while (now_ms() < until_ms && !s->in_ended) {
		if (stage_wait(s, POLLIN, until_ms) < 0)
			return stage_over(s, -1, "waiting");
	}
	dialogue_player_proceed(s->player);
	return -1;
}

static int
stage_secure(struct stage *s)
{
	int status, waited;

	if (s->identity == NULL) {
		fprintf(stderr, "%s:%u: S! tls needs --cert\n", s->path,
		    dialogue_player_line(s->player));
		return STATUS_USAGE;
	}
	status = wire_tls_start(s->wire, s->identity);
	while (status == 0 &&
	    (status = wire_tls_handshake(s->wire)) == WIRE_AGAIN) {
		struct pollfd fd = {
		    .events = wire_handshake_wants(s->wire),
		};

		fd.fd =
		    fd.events == POLLIN ? wire_in(s->wire) : wire_out(s->wire);
		waited = poll_until(&fd, 1, s->deadline_ms);
		if (waited <= 0 && (waited == 0 || is_terminated()))
			return stage_over(s, waited, "in a TLS handshake");
		status = 0;
	}
	if (status == 0)
		dialogue_player_secured(s->player);
	else {
		s->in_ended = s->out_gone = true;
		dialogue_player_peer_closed(s->player);
	}
	return -1;
}

/* A client that is never heard again is what these two are for. */
static int
stage_stall(struct stage *s)
{
	int waited = stage_wait(s, POLLIN, s->deadline_ms);

	if (waited > 0)
		return -1;
	return waited < 0 ? STATUS_OK : stage_over(s, 0, "stalling");
}

static int
stage_deaf(struct stage *s)
{
	if (stage_wait(s, POLLRDHUP, s->deadline_ms) <= 0)
		return STATUS_OK;
	s->in_ended = true;
	dialogue_player_peer_closed(s->player);
	return -1;
}

/*
 * Sends the FIN and lets the client come to its own end, so that its last
 * words do not turn the FIN into a reset; but not for ever, and not for the
 * whole of a long message.
 */
static void
stage_end(struct stage *s, bool polite)
{
	int64_t until_ms = now_ms() + DRAIN_MS;
	size_t left = DRAIN_OCTETS;
	char piece[16384];
	ssize_t n;

	wire_halfclose(s->wire, polite);
	while (!s->in_ended && left > 0 && now_ms() < until_ms) {
		n = wire_read(s->wire, piece, sizeof(piece));
		if (n == WIRE_AGAIN) {
			struct pollfd fd = {
			    .fd = wire_in(s->wire),
			    .events = POLLIN,
			};

			if (poll_until(&fd, 1, until_ms) < 0)
				break;
		} else if (n <= 0)
			s->in_ended = true;
		else
			left -= (size_t)n < left ? (size_t)n : left;
	}
}

static int
stage_play(struct stage *s, enum wire_end *end)
{
	enum dialogue_action action;
	int status = -1;

	*end = WIRE_RESET;
	while (status < 0) {
		action = dialogue_player_action(s->player);
		switch (action) {
		case DIALOGUE_WANT_INPUT:
			status = stage_read(s);
			break;
		case DIALOGUE_HAVE_OUTPUT:
			status = stage_write(s);
			break;
		case DIALOGUE_PAUSE:
			status = stage_pause(s);
			break;
		case DIALOGUE_TLS:
			status = stage_secure(s);
			break;
		case DIALOGUE_HALFCLOSE:
			wire_halfclose(s->wire, true);
			s->out_gone = true;
			dialogue_player_proceed(s->player);
			break;
		case DIALOGUE_STALL:
			status = stage_stall(s);
			break;
		case DIALOGUE_DEAF:
			status = stage_deaf(s);
			break;
		case DIALOGUE_CLOSE:
		case DIALOGUE_CUT:
		case DIALOGUE_END:
			*end = WIRE_CUT;
			stage_end(s, action != DIALOGUE_CUT);
			return STATUS_OK;
		case DIALOGUE_RESET:
			return STATUS_OK;
		case DIALOGUE_FAILED:
			fprintf(
			    stderr, "%s\n", dialogue_player_failure(s->player));
			return STATUS_FAILED;
		}
	}
	return status;
}

/* Owns the descriptors. */
static int
connection_play(const struct options *o, const struct dialogue *d, size_t part,
    const struct tls_identity *identity, int64_t deadline_ms, int in, int out)
{
	struct stage s = {
	    .player = dialogue_player_new(d, part),
	    .wire = wire_new(in, out),
	    .identity = identity,
	    .path = dialogue_path(d),
	    .deadline_ms = deadline_ms,
	};
	enum wire_end end;
	const char *bytes;
	size_t n;
	int status;

	status = stage_play(&s, &end);
	dialogue_player_message(s.player, &bytes, &n);
	if (o->message_file != NULL &&
	    (n > 0 || dialogue_player_message_complete(s.player)) &&
	    file_write(o->message_file, bytes, n) < 0)
		status = STATUS_FAILED;
	wire_free(s.wire, end);
	dialogue_player_free(s.player);
	return status;
}

static int
accept_until(int listener, int64_t deadline_ms)
{
	struct pollfd fd = {.fd = listener, .events = POLLIN};
	int client, n;

	for (;;) {
		client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client >= 0)
			return client;
		n = poll_until(&fd, 1, deadline_ms);
		if (n == 0 || (n < 0 && is_terminated()))
			return -1;
	}
}

int
dialogue_play(const struct options *o, const struct tls_identity *identity)
{
	int64_t deadline_ms =
	    o->limit_s > 0 ? now_ms() + o->limit_s * 1000 : INT64_MAX;
	struct dialogue *d;
	size_t parts, count, i;
	int listener, client, status = STATUS_OK;
	char err[512];

	if (dialogue_load(o->dialogue, &d, err, sizeof(err)) < 0) {
		fprintf(stderr, "%s\n", err);
		return STATUS_USAGE;
	}
	parts = dialogue_connections(d);
	count = o->connections > 0 ? (size_t)o->connections : parts;
	if (o->stdio) {
		status = connection_play(o, d, 0, identity, deadline_ms,
		    STDIN_FILENO, STDOUT_FILENO);
		dialogue_free(d);
		return status;
	}
	listener = listen_and_tell(o);
	if (listener < 0) {
		dialogue_free(d);
		return STATUS_USAGE;
	}
	for (i = 0; i < count && status == STATUS_OK; i++) {
		client = accept_until(listener, deadline_ms);
		if (client < 0) {
			fprintf(stderr, "%s: %zu of %zu connections came\n",
			    o->dialogue, i, count);
			status = STATUS_FAILED;
		} else
			status =
			    connection_play(o, d, i < parts ? i : parts - 1,
				identity, deadline_ms, client, client);
	}
	listen_end(o, listener);
	dialogue_free(d);
	return status;
}
