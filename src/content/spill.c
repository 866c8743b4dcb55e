#include "content/spill.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"

static int
create(struct spill *s, const char *dir, const char *name, struct error *err)
{
	if (dir == NULL || *dir == '\0')
		dir = "/tmp";
	s->fd = file_scratch(dir);
	if (s->fd != -1)
		return 0;
	error_set(err, EX_CANTCREAT,
	    "cannot create a temporary file in %s for %s: %s", dir, name,
	    strerror(errno));
	return error_hint(err, "TMPDIR names the directory for it");
}

static int
write_all(struct spill *s, const char *bytes, size_t n, const char *name,
    struct error *err)
{
	if (file_write(s->fd, bytes, n) == 0)
		return 0;
	return error_set(err, EX_IOERR,
	    "cannot write to a temporary file for %s: %s", name,
	    strerror(errno));
}

/* The memory gathers what is small, so that no write is. */
int
spill_append(struct spill *s, const char *bytes, size_t n, const char *dir,
    const char *name, struct error *err)
{
	s->size += n;
	if (buf_append(&s->text, bytes, n) == 0)
		return 0;
	if ((s->fd == -1 && create(s, dir, name, err) == -1) ||
	    write_all(s, buf_string(&s->text), s->text.len, name, err) == -1)
		return -1;
	buf_reset(&s->text);
	if (buf_append(&s->text, bytes, n) == 0)
		return 0;
	return write_all(s, bytes, n, name, err);
}

int
spill_complete(struct spill *s, const char *name, struct error *err)
{
	if (s->fd == -1)
		return 0;
	if (write_all(s, buf_string(&s->text), s->text.len, name, err) == -1)
		return -1;
	buf_reset(&s->text);
	if (lseek(s->fd, 0, SEEK_SET) == 0)
		return 0;
	return error_set(err, EX_IOERR,
	    "cannot read a temporary file for %s: %s", name, strerror(errno));
}

void
spill_reset(struct spill *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->size = 0;
	buf_reset(&s->text);
}

void
spill_clear(struct spill *s)
{
	spill_reset(s);
	buf_clear(&s->text);
}
