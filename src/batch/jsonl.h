/*
 * jsonl: records of JSON Lines, an object (RFC 8259) on each line, out of memory
 * that arrives in pieces.
 *
 * Lines of blanks alone are skipped, and so is a UTF-8 BOM before the first one.
 * Lines and columns are counted from 1, columns in characters.
 */
#ifndef BATCH_JSONL_H
#define BATCH_JSONL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/jansson.h"

#include "batch/value.h"

enum { JSONL_LINE_MAX = 16 << 20 }; /* octets */

enum jsonl_result {
	JSONL_RECORD,
	JSONL_MORE,	  /* bytes are needed */
	JSONL_END,	  /* there are no more records */
	JSONL_BAD_RECORD, /* this line is of no use; the next call goes on
			     behind it */
	JSONL_BAD,	  /* a line that has no end; that is the end */
};

struct jsonl {
	struct jansson json;
	struct arena arena; /* the record is in it */
	bool begun;	    /* a BOM has been passed */
	uint64_t line;	    /* where the last record was, or a bad line */
	size_t seen;	    /* octets of the line, no LF among them */
};

/* Opens the library (see lib/jansson.h): -1, if there is none. */
int jsonl_init(struct jsonl *, struct error *);
void jsonl_clear(struct jsonl *);
/* What is read next is not the beginning, but stands behind so many lines. */
void jsonl_go_on(struct jsonl *, uint64_t lines);

/*
 * Reads one record, an object, which lives until the next call.  *used octets
 * are done with; what is left has to come again, more behind it after JSONL_MORE,
 * as the beginning of `bytes`.  `ended`: nothing comes behind them.
 *
 * Anything but one object on a line, a name twice in an object, ill-formed UTF-8,
 * a NUL and a number beyond all doubles are JSONL_BAD_RECORD; a line of more than
 * JSONL_LINE_MAX is JSONL_BAD.  Both come with EX_DATAERR and begin with the
 * line, the caller knows the name of the file.
 */
enum jsonl_result jsonl_read(struct jsonl *, const char *bytes, size_t n,
    bool ended, size_t *used, struct value *record, struct error *);

#endif
