/*
 * csv: records of CSV (RFC 4180), out of memory that arrives in pieces.
 *
 * A field is plain or stands in quotes as a whole, and within quotes it may hold
 * delimiters, line ends, and quotes, each of them twice.  LF and CRLF end a
 * record, the end of the input does so, too.  A UTF-8 BOM before the first
 * record is no part of it.  Lines without anything are skipped, in a file of one
 * column as well: an empty field that stands alone is written as "".
 * The first record is taken for the header: each other one has as many fields.
 *
 * Lines and columns are counted from 1, columns in characters (UTF-8), and a
 * field begins with its quote.
 */
#ifndef CONTENT_CSV_H
#define CONTENT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum {
	CSV_RECORD_MAX = 16 << 20, /* octets of a record */
	CSV_FIELDS_MAX = 16384,	   /* of a header */
};

/* A text of `len` octets and a NUL behind them; it holds no NUL. */
struct csv_field {
	char *text;
	size_t len;
	uint64_t line, column; /* where it begins */
};

struct csv_record {
	struct csv_field *fields;
	size_t count;
	uint64_t line; /* where it begins */
};

enum csv_result {
	CSV_RECORD,
	CSV_MORE,	/* bytes are needed */
	CSV_END,	/* there are no more records */
	CSV_BAD_RECORD, /* this record is of no use; the next call goes on
			   behind it */
	CSV_BAD,	/* no CSV from here on; that is the end */
};

/* An octet of a record, in offsets from the record's beginning. */
struct csv_place {
	size_t at, line_begin;
	uint64_t lines; /* that ended before it */
};

/* All of it is csv.c's. */
struct csv {
	char delimiter;
	bool begun;		    /* a BOM has been passed */
	unsigned char special[256]; /* 1: an octet that means something */
	size_t columns;		    /* of the header; 0: it has not come */
	uint64_t line;		    /* where this record begins */

	/* Of this record, as far as it was looked at. */
	struct csv_place here;
	struct csv_place field; /* where this one begins */
	bool quoted, doubled;	/* it is in quotes; some stand twice */
	bool wide;		/* there may be more than ASCII */
	bool has_nul;
	struct csv_place nul; /* the first one */
	size_t count;	      /* of fields that are over */
	size_t capacity;      /* so many of them are kept */
	struct csv_span *spans;
	struct csv_field *fields;
};

/* What may stand between fields: ASCII but quote, CR, LF and NUL. */
bool csv_can_delimit(char);

/* `delimiter` is one that can be. */
void csv_init(struct csv *, char delimiter);
void csv_clear(struct csv *);
/* What is read next is not the beginning, but a record that begins on that line
 * of a file whose header another one has read. */
void csv_go_on(struct csv *, const struct csv *header, uint64_t line);

/*
 * Reads one record.  *used octets are done with; what is left has to come again,
 * more behind it after CSV_MORE, as the beginning of `bytes`.  `ended`: nothing
 * comes behind them.  The octets used for a record are written to, and so may
 * be bytes[n], as in a buf; the record points at them and lives until they are
 * moved or the next call.
 *
 * CSV_BAD_RECORD (it has another number of fields than the header, or a NUL; the
 * record's line is set) and CSV_BAD (anything else, or a header that is of no
 * use) come with EX_DATAERR and begin with the line, the caller knows the name
 * of the file.
 */
enum csv_result csv_read(struct csv *, char *bytes, size_t n, bool ended,
    size_t *used, struct csv_record *, struct error *);

#endif
