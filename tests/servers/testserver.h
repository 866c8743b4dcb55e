/*
 * testserver: what the parts of the test server share.
 *
 *	testserver.c		options, listening, waiting, main
 *	testserver_play.c	plays a dialogue (dialogue.h)
 *	testserver_serve.c	a small ESMTP and LMTP server
 *	testserver_auth.c	its mechanisms of authentication, and
 *	testserver_scram.c	SCRAM
 */
#ifndef TESTSERVER_H
#define TESTSERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "testserver_tls.h"

#define LIST_MAX 64
#define INPUT_MAX ((size_t)64 * 1024)

enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 3 };

struct list {
	const char *items[LIST_MAX];
	size_t n;
};

struct options {
	const char *dialogue;
	const char *serve;
	const char *listen;
	const char *cert;
	const char *key;
	const char *port_file;
	const char *message_file;
	const char *client_ca;
	const char *priority;
	const char *user;
	const char *token;
	const char *mechanisms;
	const char *nonce;
	const char *salt;
	const char *iterations;
	long connections;
	long limit_s;
	long size;
	bool stdio;
	bool implicit_tls;
	bool lmtp;
	bool once;
	struct list reject;
	struct list defer;
	struct list no;
	struct list faults;
};

/* SIGTERM or SIGINT came. */
bool is_terminated(void);
void *must(void *memory);
int64_t now_ms(void);
/* poll() until a moment, or for ever if it is negative.  SIGTERM and SIGINT
 * are blocked everywhere else, so that none comes between a look at the flag
 * and the wait. */
int poll_until(struct pollfd *fds, nfds_t n, int64_t until_ms);
/* Writes a file under another name first, so that nobody sees half of it. */
int file_write(const char *path, const char *bytes, size_t n);
/* The listening socket, whose port or path has been told; -1. */
int listen_and_tell(const struct options *o);
void listen_end(const struct options *o, int fd);

/* Both return an exit status. */
int dialogue_play(const struct options *o, const struct tls_identity *identity);
int serve(const struct options *o, const struct tls_identity *identity);

#endif
