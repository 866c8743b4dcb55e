/*
 * records: what many messages are made of, one after another: rows of CSV, lines
 * of JSONL, the messages of a mailbox or Maildir, files that are messages.
 *
 * What a FILE is, is seen from its beginning: "{" begins JSONL, "From " a
 * mailbox; a directory with cur and new is a Maildir; all else is CSV.
 */
#ifndef COMMAND_RECORDS_H
#define COMMAND_RECORDS_H

#include "batch/jsonl.h"
#include "batch/supply.h"
#include "batch/value.h"
#include "command/command.h"
#include "content/csv.h"
#include "content/input.h"
#include "content/mailbox.h"
#include "content/maildir.h"

enum records_form {
	RECORDS_CSV,
	RECORDS_JSONL,
	RECORDS_MAILBOX,
	RECORDS_MAILDIR,
	RECORDS_FILES, /* several -m */
};

struct record {
	struct supply_place place;
	uint64_t line; /* of FILE, where it begins; 0: it has none */
	/* CSV, JSONL; both live until the next record is read. */
	const struct value *value;
	const struct csv_record *cells; /* JSONL: NULL */
	const char *object;		/* JSONL: its line; no NUL behind it */
	size_t object_len;
	/* A complete message, the caller's until record_clear. */
	const char *name; /* of it, for errors */
	char *own_name;	  /* where that lives with the record */
	struct spill bytes;
	int fd;	       /* a file with it, -1: `bytes` */
	uint64_t hash; /* of all that it holds; not of a file */
};
#define RECORD_NONE ((struct record){.bytes = SPILL_NONE, .fd = -1})
void record_clear(struct record *);

/* One place in the FILE from which records are read on. */
struct records_reader {
	struct buf window; /* octets of it, from `start` on not read yet */
	size_t start;
	uint64_t offset; /* in the FILE, of window.data[start] */
	uint64_t number; /* of the record that was read last */
	bool ended;
	struct csv csv;
	struct csv_record cells;
	struct jsonl jsonl;
	struct value object;
	struct mailbox mailbox;
};

struct records {
	const struct settings *settings;
	const struct process *process;
	enum records_form form;
	enum mailbox_form mailbox_form;
	bool begun;
	const char *name; /* of FILE, for errors */
	struct arena arena;
	int fd;
	struct input input;
	bool lasting; /* it can be read again */
	bool utf8;    /* it is in UTF-8, whatever the locale says */
	char delimiter;
	struct value columns; /* CSV: the object that each record is */
	struct maildir maildir;
	struct records_reader on;    /* goes through all of it */
	struct records_reader again; /* for one of them */
	bool again_begun;
};

enum records_result {
	RECORDS_ERROR = -1, /* *err; that is the end */
	RECORDS_END,
	RECORDS_ONE,
	RECORDS_BAD,   /* *err; this one is of no use, the next may be */
	RECORDS_AGAIN, /* a pipe has nothing yet: records->fd */
};

/* What the settings name; reads the header of CSV.  A pipe is copied into a
 * temporary file while it is read.  EX_NOINPUT, EX_DATAERR.  records_close in
 * either case. */
int records_open(struct records *, const struct settings *,
    const struct process *, struct error *);
void records_close(struct records *);
bool records_are_complete(const struct records *); /* messages */
/* The next one.  place.number counts those that are bad, too; the place and the line
 * are set for these.  Errors name FILE and line.  Without `wait`, a pipe is not
 * waited for. */
enum records_result
records_next(struct records *, bool wait, struct record *, struct error *);
/* From the beginning again (lasting). */
int records_rewind(struct records *, struct error *);
/* One that was read before; does not disturb records_next. */
enum records_result records_again(struct records *, const struct supply_place *,
    struct record *, struct error *);

#endif
