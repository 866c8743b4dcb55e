/*
 * A server for tests: plays a dialogue (dialogue.h), or is a small ESMTP and
 * LMTP server that puts what it gets into a directory.
 */
#include "testserver.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <time.h>

#include "testserver_auth.h"

static volatile sig_atomic_t terminated;

static void
terminate(int number)
{
	(void)number;
	terminated = 1;
}

bool
is_terminated(void)
{
	return terminated != 0;
}

void *
must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
poll_until(struct pollfd *fds, nfds_t n, int64_t until_ms)
{
	struct timespec left, *timeout = NULL;
	sigset_t none;
	int64_t ms;

	if (terminated)
		return -1;
	if (until_ms >= 0) {
		ms = until_ms - now_ms();
		if (ms < 0)
			ms = 0;
		left.tv_sec = (time_t)(ms / 1000);
		left.tv_nsec = (long)(ms % 1000) * 1000000;
		timeout = &left;
	}
	sigemptyset(&none);
	return ppoll(fds, n, timeout, &none);
}

int
file_write(const char *path, const char *bytes, size_t n)
{
	char temporary[4096];
	FILE *file;
	bool good;

	snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid());
	file = fopen(temporary, "we");
	if (file == NULL) {
		fprintf(
		    stderr, "testserver: %s: %s\n", temporary, strerror(errno));
		return -1;
	}
	good = fwrite(bytes, 1, n, file) == n;
	good = fclose(file) == 0 && good;
	if (!good || rename(temporary, path) < 0) {
		fprintf(stderr, "testserver: %s: %s\n", path, strerror(errno));
		unlink(temporary);
		return -1;
	}
	return 0;
}

static int
listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 128) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The small receive buffer keeps a client from sending far ahead. */
static int
listen_tcp(const char *where, bool small)
{
	struct addrinfo hints =
			    {
				.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
				    AI_PASSIVE,
				.ai_socktype = SOCK_STREAM,
			    },
			*found;
	char host[128];
	const char *port = strrchr(where, ':');
	int fd, on = 1, octets = 64 * 1024;

	errno = EINVAL;
	if (port == NULL)
		return -1;
	if (*where == '[' && port[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)(port - where) - 2,
		    where + 1);
	else
		snprintf(
		    host, sizeof(host), "%.*s", (int)(port - where), where);
	if (getaddrinfo(host, port + 1, &hints, &found) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (small)
			setsockopt(
			    fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
		if (bind(fd, found->ai_addr, found->ai_addrlen) < 0 ||
		    listen(fd, 128) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

/* Listens, and says where: the port, or the path of the socket. */
int
listen_and_tell(const struct options *o)
{
	struct sockaddr_storage bound;
	socklen_t n = sizeof(bound);
	char port[16] = "", line[256];
	int fd;

	if (strncmp(o->listen, "unix:", 5) == 0)
		fd = listen_unix(o->listen + 5);
	else
		fd = listen_tcp(o->listen, o->dialogue != NULL);
	if (fd < 0) {
		fprintf(
		    stderr, "testserver: %s: %s\n", o->listen, strerror(errno));
		return -1;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (strncmp(o->listen, "unix:", 5) == 0)
		snprintf(line, sizeof(line), "%s\n", o->listen + 5);
	else {
		getsockname(fd, (struct sockaddr *)&bound, &n);
		getnameinfo((struct sockaddr *)&bound, n, NULL, 0, port,
		    sizeof(port), NI_NUMERICSERV);
		snprintf(line, sizeof(line), "%s\n", port);
	}
	if (o->port_file != NULL &&
	    file_write(o->port_file, line, strlen(line)) < 0) {
		close(fd);
		return -1;
	}
	fputs(line, stdout);
	fflush(stdout);
	return fd;
}

void
listen_end(const struct options *o, int fd)
{
	if (strncmp(o->listen, "unix:", 5) == 0)
		unlink(o->listen + 5);
	close(fd);
}

static int
usage(void)
{
	fputs("usage: testserver --dialogue FILE [--stdio] [--connections N] "
	      "[--message-file FILE]\n"
	      "       testserver --serve DIR [--implicit-tls] [--lmtp] "
	      "[--user NAME:PASSWORD]\n"
	      "           [--token TEXT] [--mechanisms \"NAME...\"] "
	      "[--client-ca FILE] [--fault NAME]...\n"
	      "           [--scram-nonce TEXT] [--scram-salt TEXT] "
	      "[--scram-iterations TEXT]\n"
	      "           [--reject ADDRESS]... [--defer ADDRESS]... "
	      "[--no KEYWORD]... [--size N] [--once]\n"
	      "both:  [--listen HOST:PORT|unix:PATH] [--port-file FILE] "
	      "[--cert FILE [--key FILE]]\n"
	      "           [--limit SECONDS] [--priority GNUTLS-PRIORITIES]\n",
	    stderr);
	return STATUS_USAGE;
}

static bool
list_add(struct list *list, const char *item)
{
	if (list->n == LIST_MAX)
		return false;
	list->items[list->n++] = item;
	return true;
}

static bool
fault_add(struct list *faults, const char *name)
{
	const char *const *fault = auth_faults;

	while (*fault != NULL && strcmp(*fault, name) != 0)
		fault++;
	return *fault != NULL && list_add(faults, name);
}

static bool
number_option(const char *text, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *number >= 0;
}

static bool
options_read(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
	    {"dialogue", required_argument, NULL, 'd'},
	    {"serve", required_argument, NULL, 's'},
	    {"listen", required_argument, NULL, 'l'},
	    {"cert", required_argument, NULL, 'c'},
	    {"key", required_argument, NULL, 'k'},
	    {"port-file", required_argument, NULL, 'p'},
	    {"message-file", required_argument, NULL, 'm'},
	    {"connections", required_argument, NULL, 'n'},
	    {"limit", required_argument, NULL, 't'},
	    {"stdio", no_argument, NULL, 'i'},
	    {"implicit-tls", no_argument, NULL, 'I'},
	    {"lmtp", no_argument, NULL, 'L'},
	    {"user", required_argument, NULL, 'u'},
	    {"reject", required_argument, NULL, 'r'},
	    {"defer", required_argument, NULL, 'D'},
	    {"no", required_argument, NULL, 'N'},
	    {"size", required_argument, NULL, 'S'},
	    {"token", required_argument, NULL, 'T'},
	    {"mechanisms", required_argument, NULL, 'M'},
	    {"priority", required_argument, NULL, 'P'},
	    {"client-ca", required_argument, NULL, 'C'},
	    {"scram-nonce", required_argument, NULL, '1'},
	    {"scram-salt", required_argument, NULL, '2'},
	    {"scram-iterations", required_argument, NULL, '3'},
	    {"fault", required_argument, NULL, 'F'},
	    {"once", no_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
	bool good = true;
	int c;

	while (good && (c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->dialogue = optarg;
			break;
		case 's':
			o->serve = optarg;
			break;
		case 'l':
			o->listen = optarg;
			break;
		case 'c':
			o->cert = optarg;
			break;
		case 'k':
			o->key = optarg;
			break;
		case 'p':
			o->port_file = optarg;
			break;
		case 'm':
			o->message_file = optarg;
			break;
		case 'n':
			good = number_option(optarg, &o->connections);
			break;
		case 't':
			good = number_option(optarg, &o->limit_s);
			break;
		case 'i':
			o->stdio = true;
			break;
		case 'I':
			o->implicit_tls = true;
			break;
		case 'L':
			o->lmtp = true;
			break;
		case 'u':
			o->user = optarg;
			break;
		case 'r':
			good = list_add(&o->reject, optarg);
			break;
		case 'D':
			good = list_add(&o->defer, optarg);
			break;
		case 'N':
			good = list_add(&o->no, optarg);
			break;
		case 'S':
			good = number_option(optarg, &o->size);
			break;
		case 'T':
			o->token = optarg;
			break;
		case 'M':
			o->mechanisms = optarg;
			break;
		case 'P':
			o->priority = optarg;
			break;
		case 'C':
			o->client_ca = optarg;
			break;
		case '1':
			o->nonce = optarg;
			break;
		case '2':
			o->salt = optarg;
			break;
		case '3':
			o->iterations = optarg;
			break;
		case 'F':
			good = fault_add(&o->faults, optarg);
			break;
		case 'o':
			o->once = true;
			break;
		default:
			good = false;
			break;
		}
	}
	return good && optind == argc &&
	    (o->dialogue == NULL) != (o->serve == NULL) &&
	    (!o->implicit_tls || o->cert != NULL) &&
	    (o->client_ca == NULL || o->cert != NULL) &&
	    (o->user == NULL || strchr(o->user, ':') != NULL);
}

static void
signals_set(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction note = {.sa_handler = terminate};
	sigset_t blocked;

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGTERM, &note, NULL);
	sigaction(SIGINT, &note, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

int
main(int argc, char **argv)
{
	struct options o = {.listen = "127.0.0.1:0", .limit_s = -1};
	struct tls_identity *identity = NULL;
	char err[512];
	int status;

	if (!options_read(&o, argc, argv))
		return usage();
	if (o.limit_s < 0)
		o.limit_s = o.dialogue != NULL ? 20 : 0;
	signals_set();
	if (o.cert != NULL) {
		identity = tls_identity_new(
		    o.cert, o.key, o.client_ca, o.priority, err, sizeof(err));
		if (identity == NULL) {
			fprintf(stderr, "testserver: %s\n", err);
			return STATUS_USAGE;
		}
	}
	status = o.dialogue != NULL ? dialogue_play(&o, identity)
				    : serve(&o, identity);
	tls_identity_free(identity);
	return status;
}
