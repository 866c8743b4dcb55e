#include "command/script_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content/encode.h"
#include "lib/memory.h"
#include "options/missing.h"

enum { PIECE = 16 * 1024 };

struct script_body *
script_body_new(void)
{
	struct script_body *b = memory_alloc(sizeof(*b));

	b->fd = -1;
	b->own.spool = -1;
	b->range = INPUT_ALL;
	return b;
}

void
script_body_free(struct script_body *b)
{
	if (b == NULL)
		return;
	input_end(&b->own);
	if (b->fd != -1)
		close(b->fd);
	free(b);
}

int
script_body_check(
    const struct script_body *b, const char *name, struct error *err)
{
	if (scan_check(&b->scan, name, true, err) == 0)
		return 0;
	return error_hint(err, "!send sends any bytes as they are");
}

static int
scan_all(struct script_body *b, struct error *err)
{
	char bytes[PIECE];
	uint64_t at = 0;
	ssize_t n;

	scan_begin(&b->scan, b->range.line);
	while ((n = input_read(b->input, at, bytes, sizeof(bytes), err)) > 0) {
		scan_update(&b->scan, bytes, (size_t)n);
		at += (uint64_t)n;
	}
	scan_end(&b->scan);
	b->scanned = true;
	return (int)n;
}

int
script_body_file(struct script_body *b, const char *path, bool text,
    const struct wait_limits *wait, struct error *err)
{
	struct stat st;

	b->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
				       : missing_open(path, err);
	if (b->fd == -1)
		return strcmp(path, "-") != 0
		    ? -1
		    : error_set(err, EX_NOINPUT, "standard input: %s",
			  strerror(errno));
	if (fstat(b->fd, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(err, EX_NOINPUT, "%s: is a directory", path);
	input_begin(&b->own,
	    &(struct input_params){.fd = b->fd, .name = path, .wait = *wait});
	b->input = &b->own;
	if (!text || !input_is_lasting(&b->own))
		return 0;
	return scan_all(b, err) == -1 ? -1 : script_body_check(b, path, err);
}

struct source *
script_body_source(struct script_body *b, bool text)
{
	if (!text)
		return input_bytes(b->input, &b->range);
	return encode_lines(
	    input_source(b->input, &b->range, &b->scan, b->scanned, true),
	    false, false);
}
