#include "command/local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/shell.h"
#include "options/missing.h"
#include "options/value.h"

enum { FILE_MAX = 64 << 20 };

static const char usual[] = "/etc/aliases";

/* Who can write it says who gets our mail. */
static int
check_file(int fd, const char *path, off_t *size, struct error *err)
{
	char word[SHELL_WORD_SIZE];
	const char *wrong = NULL;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return error_set(
		    err, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		wrong = "are no regular file";
	else if (st.st_size > FILE_MAX)
		wrong = "are larger than 64 MiB";
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		wrong = "belong to another user";
	else if ((st.st_mode & S_IWOTH) != 0)
		wrong = "can be changed by everybody";
	*size = st.st_size;
	if (wrong == NULL)
		return 0;
	error_set(err, EX_CONFIG, "%s: the aliases %s", path, wrong);
	if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) != 0)
		error_hint(err, "chmod o-w %s", shell_file(path, word));
	return -1;
}

static int
read_text(
    int fd, const char *path, size_t size, struct buf *text, struct error *err)
{
	ssize_t n;

	/* One more, to see whether it grows. */
	if (buf_reserve(text, size + 1) == -1)
		return error_set(err, EX_OSERR, "%s: too large", path);
	do {
		n = read(fd, text->data + text->len, size + 1 - text->len);
		if (n > 0)
			text->len += (size_t)n;
	} while ((n > 0 && text->len <= size) || (n == -1 && errno == EINTR));
	if (n == -1)
		return error_set(
		    err, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (text->len > size)
		return error_set(
		    err, EX_CONFIG, "%s: was changed while it was read", path);
	text->data[text->len] = '\0';
	return 0;
}

static int
read_opened(int fd, const char *path, struct arena *a, struct aliases *aliases,
    struct error *err)
{
	struct buf text = {0};
	off_t size;
	int r = -1;

	if (check_file(fd, path, &size, err) == 0 &&
	    read_text(fd, path, (size_t)size, &text, err) == 0)
		r = aliases_read(
		    aliases, a, path, buf_string(&text), text.len, err);
	buf_clear(&text);
	return r;
}

/* named: by the user. */
static int
read_file(const char *path, bool named, struct arena *a,
    struct aliases *aliases, bool *any, struct error *err)
{
	int fd, r;

	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 && !named && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd == -1) {
		error_set(err, EX_CONFIG, "%s: the aliases: %s", path,
		    strerror(errno));
		return missing_hint(path, err);
	}
	*any = true;
	r = read_opened(fd, path, a, aliases, err);
	close(fd);
	return r;
}

int
local_read_aliases(const struct settings *s, const char *domain,
    struct arena *a, struct aliases *aliases, bool *any, struct error *err)
{
	/* What everybody's resolver has as this host. */
	static const char *const ours[] = {
	    "localhost", "localhost.localdomain", NULL};
	const struct strings *files = &s->local.aliases;
	size_t i, first = 0;

	*any = false;
	*aliases = (struct aliases){
	    .domain = domain, .local = s->local.face ? ours : NULL};
	if (s->local.no_aliases)
		return 0;
	if (files->count == 0)
		return s->local.face
		    ? read_file(usual, false, a, aliases, any, err)
		    : 0;
	for (i = 0; i < files->count; i++)
		if (ascii_equal(files->items[i], "none"))
			first = i + 1;
	for (i = first; i < files->count; i++)
		if (read_file(files->items[i], true, a, aliases, any, err) ==
		    -1)
			return -1;
	return 0;
}

int
local_set_host(const struct settings *s, struct arena *a, struct ident *ident,
    struct error *err)
{
	const char *name = s->local.domain, *form;

	if (name == NULL)
		return 0;
	if (value_ehlo_form(a, name, &form, err) == -1 ||
	    address_domain_to_ascii(a, form, &ident->host, err) == -1)
		return error_context(err, "--local-domain");
	return 0;
}

int
local_fill(const struct settings *s, const struct ident *ident, struct arena *a,
    const struct message_local **out, struct error *err)
{
	struct message_local *local = arena_alloc(a, sizeof(*local));
	struct aliases *aliases = arena_alloc(a, sizeof(*aliases));
	bool any;

	*out = NULL;
	if (local_read_aliases(s, ident->host, a, aliases, &any, err) == -1)
		return -1;
	if (!any && !s->local.face)
		return 0;
	*local = (struct message_local){
	    .sendmail = s->local.face,
	    .domain = ident->host,
	    .aliases = any ? aliases : NULL,
	    .qualify = s->local.face,
	    .full_name = s->local.full_name,
	    .header_too = s->local.header_too,
	};
	*out = local;
	return 0;
}
