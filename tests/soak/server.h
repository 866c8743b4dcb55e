/*
 * server.h: what server.c (connections) and server_mail.c (what is said on them,
 * and the log) share.
 */
#ifndef SOAK_SERVER_H
#define SOAK_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IN_MAX = 1 << 16,
	OUT_MAX = 1 << 15,
	REPLY_MAX = 512,
	HEAD_MAX = 1 << 12,	  /* where a Message-ID is looked for */
	RECIPIENTS_MAX = 1 << 14, /* with a space before each */
	ENTRY_MAX = HEAD_MAX + RECIPIENTS_MAX + 64
};

enum state { COMMAND, CHUNK, DATA, DRAIN, OVER };

struct client {
	int fd;
	enum state state;
	char in[IN_MAX], out[OUT_MAX];
	size_t in_n, out_n;
	int64_t due_ms; /* of what is in out; 0: at once */
	size_t messages;

	bool mail, bad; /* bad: a chunk was refused */
	char recipients[RECIPIENTS_MAX];
	size_t recipients_n;

	uint64_t hash;
	char head[HEAD_MAX];
	size_t head_n;
	size_t chunk; /* octets that are still to come */
	bool last;
	unsigned end; /* of DATA: how many octets of CR LF . CR LF were seen */
};

struct server {
	int listener, log;
	struct client **clients;
	struct pollfd *fds;
	size_t n, max;
	uint64_t random;
	bool no_chunking, no_pipelining;
	unsigned long defer_message, defer_recipient, limit, vanish, delay_ms;
};

/* Milliseconds of a clock that does not jump. */
int64_t server_now_ms(void);
/* Tells errno, and ends. */
__attribute__((noreturn)) void server_fail(const char *what);

/* Opens the log for appending, without a last line that was cut. */
void server_open_log(struct server *s, const char *path);
/* A transaction that has not begun. */
void server_reset(struct client *c);
/* Answers; there is room for REPLY_MAX octets when out is empty. */
void server_say(struct server *s, struct client *c, const char *reply);
/* Takes what is in `in`, as far as out has room for the replies. */
void server_take(struct server *s, struct client *c);

#endif
