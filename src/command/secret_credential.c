/* secrets from systemd: see secret_source.h. */
#include "command/secret_draft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/private.h"

/* Where systemd cannot mount them read-only, a list for one user looks as if the
 * group could read it (acl(5)). */
static bool
is_listed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

static int
read_credential(const struct secret_wanted *wanted, const char *path,
    struct secret *out, struct error *err)
{
	int fd = private_open(path), r;

	if (fd == -1)
		return error_set(err, EX_CONFIG, "%s", strerror(errno));
	r = is_listed(fd) ? 0 : private_check(fd, path, true, NULL, err);
	if (r == 0)
		r = secret_read(fd, wanted, out, err);
	close(fd);
	return r;
}

int
secret_from_credential(const struct secret_wanted *wanted, const char *name,
    struct secret *out, struct error *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char *path;
	int r;

	if (directory == NULL || *directory != '/') {
		error_set(err, EX_CONFIG,
		    "%s credential %s: CREDENTIALS_DIRECTORY is not set, as it "
		    "is in a unit of systemd",
		    wanted->noun, name);
		return error_hint(
		    err, "LoadCredential=%s:FILE in the unit gives it", name);
	}
	if (asprintf(&path, "%s/%s", directory, name) == -1)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	r = read_credential(wanted, path, out, err);
	if (r == -1 && access(path, F_OK) == -1)
		error_hint(
		    err, "LoadCredential=%s:FILE in the unit gives it", name);
	if (r == -1)
		error_context(err, "%s credential %s", wanted->noun, path);
	free(path);
	return r;
}
