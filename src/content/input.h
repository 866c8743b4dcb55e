/*
 * input: the bytes of a file, a pipe or a text, to be looked at first and to
 * go out later.
 *
 * The first INPUT_KEPT bytes are kept in memory, and with most mail that is
 * all.  What comes behind them is read where it is: from a file with pread(2)
 * at any time, from a pipe once, or it is copied into a temporary file without
 * a name while it is read for the first time.
 */
#ifndef CONTENT_INPUT_H
#define CONTENT_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/source.h"
#include "lib/wait.h"

#include "content/scan.h"

#define INPUT_KEPT ((size_t)1 << 20)

struct input_params {
	const char *text;	 /* these bytes, or NULL: those of fd */
	int fd;			 /* -1: none; not closed */
	const char *name;	 /* for errors; NULL: "standard input" */
	struct wait_limits wait; /* for reads that block */
	const char *temp_dir;	 /* NULL: /tmp */
	uint64_t size; /* of a file, only so many octets; 0: all of them */
};

struct input {
	struct input_params params;
	struct buf kept; /* the first bytes */
	bool ended;	 /* and nothing is behind them */
	bool file;	 /* what is behind them can be read at any offset */
	bool device;	 /* it may be a terminal */
	off_t start;	 /* offset in the file of the byte behind `kept` */
	off_t limit;	 /* where the file ended when it was first seen: what
			    is added to it later is not read */
	int spool;	 /* temporary file, -1: none */
	size_t skipped;	 /* bytes before the first one */
	uint64_t taken;	 /* pipe: bytes that were read behind `kept` */
};

/* A stretch of an input: the bytes from `offset` to before `end`. */
struct input_range {
	uint64_t offset, end; /* end: UINT64_MAX is where the input ends */
	uint64_t line;	      /* number of the line at offset */
};
#define INPUT_ALL ((struct input_range){0, UINT64_MAX, 1})

/* Reads nothing yet. */
void input_begin(struct input *, const struct input_params *);
void input_end(struct input *);

/* Reads over a byte order mark of UTF-8 at the beginning, which then is no part
 * of the input.  To be called, if at all, before anything else is read. */
int input_skip_mark(struct input *, struct error *);
/* Reads until n bytes are kept, or all. */
int input_keep(struct input *, size_t n, struct error *);
/* From now on what is read from a pipe goes into a temporary file too.  To be
 * called, if at all, before the input is read to its end. */
int input_spool(struct input *, struct error *);
/* Keeps nothing of a file, which can be read again; sources that were opened
 * before are not to be used any more. */
void input_forget(struct input *);
/* Up to n bytes from the offset: their number, 0 at the end, -1.  A pipe that
 * has no spool gives those behind `kept` in order and once. */
ssize_t input_read(
    struct input *, uint64_t offset, char *buf, size_t n, struct error *);
/* Whether the bytes can be read again. */
bool input_is_lasting(const struct input *);

/* The number of bytes, if that can be known without reading all of them. */
bool input_size(const struct input *, uint64_t *size);

/*
 * A stretch as a source that lives no longer than the input.
 *
 * `whole`, if it is `scanned`, is what a scan of that stretch found: should
 * the bytes be different now, the source fails before it gives anything of a
 * new kind.  Otherwise (a pipe that could not be scanned) the source fails at
 * what scan_check refuses; it does not block, but says SOURCE_AGAIN.
 */
struct source *input_source(struct input *, const struct input_range *,
    const struct scan *whole, bool scanned, bool eight_bit);
/* The same for bytes that nobody looks at. */
struct source *input_bytes(struct input *, const struct input_range *);

/* Appends the first bytes of a regular file, at most `max`, as whole lines;
 * nothing if it is none or cannot be read.  Nothing that blocks is waited
 * for. */
void input_first_lines(const char *path, size_t max, struct buf *out);

#endif
