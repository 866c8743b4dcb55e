/* secrets from a netrc: see secret_source.h. */
#include "command/secret_source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/private.h"
#include "options/missing.h"

enum { NETRC_MAX = 1 << 20 };

/* In memory that does not move, so that there is one copy to wipe. */
static int
read_text(int fd, const struct stat *st, struct buf *text, struct error *err)
{
	size_t room = (size_t)st->st_size + 1;
	ssize_t n;

	*text = BUF_WITH_MAX(room);
	if (st->st_size > NETRC_MAX)
		return error_set(err, EX_CONFIG, "it is larger than 1 MiB");
	buf_reserve(text, room);
	do {
		n = read(fd, text->data + text->len, room - text->len);
		if (n > 0)
			text->len += (size_t)n;
	} while ((n > 0 && text->len < room) || (n == -1 && errno == EINTR));
	if (n == -1)
		return error_set(err, EX_IOERR, "%s", strerror(errno));
	if (text->len == room)
		return error_set(
		    err, EX_CONFIG, "it was changed while it was read");
	text->data[text->len] = '\0';
	return 0;
}

static int
find(int fd, const char *path, bool on_argv, const struct netrc_query *query,
    struct secret *login, struct secret *password, struct error *err)
{
	struct netrc_entry entry = {NULL, NULL};
	struct buf text = {0};
	struct stat st;
	int r;

	if (fstat(fd, &st) == -1)
		return error_set(err, EX_IOERR, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, EX_CONFIG, "it is no file");
	r = read_text(fd, &st, &text, err);
	if (r == 0)
		r = netrc_find(text.data, text.len, query, &entry, err);
	/* Who keeps no password for this server in it may do as he likes. */
	if (r == 1 && entry.password != NULL &&
	    private_check(fd, path, on_argv, NULL, err) == -1)
		r = -1;
	if (r == 1 && login != NULL && entry.login != NULL)
		secret_set(login, entry.login, strlen(entry.login));
	if (r == 1 && password != NULL && entry.password != NULL)
		secret_set(password, entry.password, strlen(entry.password));
	secret_wipe(text.data, text.cap);
	buf_clear(&text);
	return r;
}

int
secret_from_netrc(const char *path, enum netrc_named named,
    const struct netrc_query *query, struct secret *login,
    struct secret *password, struct error *err)
{
	int fd = private_open(path), r;

	if (fd == -1 && named == NETRC_USUAL &&
	    (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	if (fd == -1) {
		error_set(err, EX_CONFIG, "%s", strerror(errno));
		r = missing_hint(path, err);
	} else {
		r = find(fd, path, named == NETRC_ON_ARGV, query, login,
		    password, err);
		close(fd);
	}
	return r != -1 ? r : error_context(err, "netrc %s", path);
}
