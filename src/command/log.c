#include "command/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int
failed(const char *path, const char *why, struct error *err)
{
	return error_set(err, EX_IOERR, "%s: %s", path, why);
}

int
log_open_file(const char *path, struct error *err)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, flags, 0600);
	struct stat st;

	if (fd == -1)
		return failed(path,
		    errno == ELOOP	 ? "is a symbolic link"
			: errno == ENXIO ? "is not a regular file"
					 : strerror(errno),
		    err);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return failed(path, "is not a regular file", err);
}

int
log_open_socket(const char *path, struct error *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof(a.sun_path))
		return failed(path, strerror(ENAMETOOLONG), err);
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd != -1 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	error = errno;
	if (fd != -1)
		close(fd);
	return failed(path, strerror(error), err);
}

bool
log_is_wanted(const struct settings *s)
{
	return s->report.log != NULL && s->report.log[0] != '\0' &&
	    strcmp(s->report.log, "none") != 0;
}

const char *
log_of_user(const struct settings *users, const struct settings *roots)
{
	if (users->report.log == NULL && log_is_wanted(roots))
		return "syslog";
	return users->report.log;
}

static bool
is_syslog(const struct settings *s)
{
	return strcmp(s->report.log, "syslog") == 0;
}

static void
complain(struct log *l, const char *why)
{
	if (!l->failed)
		output_warning(
		    l->settings, l->process, "warning: not logged: %s", why);
	l->failed = true;
}

static void
note_peer(const struct log *l, struct log_entry *e)
{
	const struct sasl_credentials *c = route_credentials(l->route);
	const struct server *server = l->route->hops[l->route->at].server;

	/* A command may hold what nobody else is to know. */
	e->host = server->host != NULL	  ? server->host
	    : server->kind == SERVER_EXEC ? "exec"
					  : server->text;
	e->address = l->peer.peer.address;
	e->port = l->peer.peer.port != 0 ? l->peer.peer.port : server->port;
	e->tls = l->peer.secure ? l->peer.tls.version : NULL;
	e->user = c != NULL ? c->user : NULL;
}

static void
put_line(const struct log *l, const struct log_entry *e, struct buf *out)
{
	const time_t now = time(NULL);
	const char *tag = l->settings->local.log_tag;
	const pid_t pid = getpid();
	struct tm tm = {0};
	struct arena arena = {0};
	/* As a user's, root's flush has his name behind its own. */
	const char *program = tag != NULL
	    ? tag
	    : arena_strndup(
		  &arena, l->process->name, strcspn(l->process->name, ":"));

	localtime_r(&now, &tm);
	if (is_syslog(l->settings)) {
		log_put_syslog_head(out, log_priority(e), &tm, program, pid);
		log_put(out, e, getuid(), LOG_SYSLOG_MAX);
	} else {
		log_put_head(out, &tm, program, pid);
		log_put(out, e, getuid(), LOG_FILE_MAX - 1);
		buf_putc(out, '\n');
	}
	arena_clear(&arena);
}

void
log_write(struct log *l, const struct log_entry *entry)
{
	struct log_entry e = *entry;
	struct buf line = {0};
	struct error err;
	ssize_t n;

	if (!log_is_wanted(l->settings))
		return;
	if (!l->opened) {
		l->opened = true;
		l->fd = is_syslog(l->settings)
		    ? log_open_socket(LOG_SOCKET, &err)
		    : log_open_file(l->settings->report.log, &err);
		if (l->fd == -1)
			complain(l, err.text);
	}
	if (l->fd == -1)
		return;
	if (l->route != NULL)
		note_peer(l, &e);
	put_line(l, &e, &line);
	n = TEMP_FAILURE_RETRY(write(l->fd, line.data, line.len));
	if (n != (ssize_t)line.len) {
		failed(is_syslog(l->settings) ? LOG_SOCKET
					      : l->settings->report.log,
		    n == -1 ? strerror(errno) : strerror(ENOSPC), &err);
		complain(l, err.text);
	}
	buf_clear(&line);
}

void
log_close(struct log *l)
{
	if (l->opened && l->fd != -1)
		close(l->fd);
	l->opened = false;
	l->fd = -1;
}

void
log_write_mail(struct log *l, const struct mail *m, struct log_entry *e)
{
	if (m->facts != NULL) {
		e->from = m->facts->reverse_path;
		e->message_id = m->facts->message_id;
		e->recipients = m->recipients;
		e->count = m->count;
	}
	log_write(l, e);
}

void
log_see(struct log *l, struct delivery *d)
{
	if (!log_is_wanted(l->settings))
		return;
	l->route = delivery_route(d);
	l->peer = (struct peer){0};
	peer_add(&l->peer, d);
}
