/* secrets from files and pipes: see secret_source.h. */
#include "command/secret_draft.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/private.h"
#include "options/missing.h"

int
secret_read(int fd, const struct secret_wanted *wanted, struct secret *out,
    struct error *err)
{
	struct wait_limits limited = secret_limits(wanted->wait);
	enum wait_end end;
	struct buf d;
	int r;

	secret_draft_init(&d);
	end = wait_fill(&limited, fd, &d);
	r = end == WAIT_READY
	    ? secret_draft_finish(&d, wanted, out, err)
	    : secret_given_up(end, &limited, EX_IOERR, "", err);
	secret_draft_clear(&d);
	return r;
}

int
secret_from_file(const struct secret_wanted *wanted, const char *path,
    bool named, struct secret *out, struct error *err)
{
	int fd = private_open(path), r;

	if (fd == -1) {
		error_set(err, EX_CONFIG, "%s", strerror(errno));
		r = missing_hint(path, err);
	} else {
		r = private_check(fd, path, named, wanted->option, err);
		if (r == 0)
			r = secret_read(fd, wanted, out, err);
		close(fd);
	}
	if (r == 0)
		return 0;
	return error_context(err, "%s file %s", wanted->noun, path);
}
