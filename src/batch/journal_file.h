/* journal_file: a file of lines that only grows, and ends with a whole one. */
#ifndef BATCH_JOURNAL_FILE_H
#define BATCH_JOURNAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

struct journal_file {
	char *path;
	int fd;		    /* -1: there is none, and nothing is written */
	uint64_t whole;	    /* octets in it, all of them whole lines */
	struct buf pending; /* lines that are still to be written */
	bool failed;	    /* so does every later write, then: */
	bool stuck;	    /* the end is torn: nothing is written any more */
	struct error why;
};

/* Opens and locks; `resume` as in journal.h. */
int journal_file_open(
    struct journal_file *, const char *path, bool resume, struct error *);
/* Writes what it can, and frees. */
void journal_file_close(struct journal_file *);

/* Takes a line without its newline, whose number is counted from 1, and says 0;
 * 1: it is none; or -1, with the error. */
typedef int journal_file_take(
    void *, const char *line, size_t n, uint64_t number, struct error *);
/*
 * Tells all lines, then cuts off a last one that is torn.  One that is none
 * is an error, but for a last one that is not between braces.  A file that is
 * nothing but the torn beginning of one that begins with `begin` is made empty;
 * any other of no whole line is an error.
 */
int journal_file_read(struct journal_file *, const char *begin,
    journal_file_take *, void *, struct error *);

/* Writes what is pending; after the first failure without what `drop` says yes
 * to. */
int journal_file_write(struct journal_file *,
    bool (*drop)(const char *line, size_t n), struct error *);
/* Makes what was written durable, and the name, too. */
int journal_file_sync(struct journal_file *, bool name, struct error *);

#endif
