/* journal_line: one line of a journal, written and read (journal.h). */
#ifndef BATCH_JOURNAL_LINE_H
#define BATCH_JOURNAL_LINE_H

#include "lib/buf.h"

#include "batch/journal.h"
#include "batch/journal_memory.h"

enum {
	JOURNAL_VERSION = 1,
	JOURNAL_STAMP = 20 /* of "2026-11-29T09:00:00Z" */
};

/* Seconds since the epoch, and as they stand in a line.  Made anew when they
 * are others; all zero to begin with. */
struct journal_stamp {
	int64_t at;
	char text[JOURNAL_STAMP + 1];
};

struct journal_head {
	unsigned version;
	struct journal_text keys; /* s NULL: it does not say */
	bool has_zone;
	int zone_minutes; /* east of UTC */
	unsigned char batch[JOURNAL_BATCH];
	unsigned char list[JOURNAL_HASH], templ[JOURNAL_HASH];
};

/* Appends text, but for bytes that are no UTF-8: those become \xHH. */
void journal_line_clean(struct buf *, const char *s, size_t n);

/* Append a line with its newline. */
void journal_line_head(
    struct buf *, struct journal_stamp *, const struct journal_head *, int64_t);
void journal_line_try(struct buf *, struct journal_stamp *,
    const struct journal_key *, unsigned number, const char *const *recipients,
    size_t count, int64_t at);
void journal_line_verdict(struct buf *, struct journal_stamp *,
    const struct journal_key *, const struct journal_verdict *, int64_t at);
/* Whether one that was written here is a try. */
bool journal_line_is_try(const char *line, size_t n);

enum journal_kind { JOURNAL_HEAD, JOURNAL_TRY, JOURNAL_VERDICT };

struct journal_line {
	enum journal_kind kind;
	int64_t at;
	uint64_t record;	  /* 0: it does not say */
	struct journal_text key;  /* of a try and a verdict */
	struct journal_head head; /* of a head */
	unsigned number;	  /* of a try, and whom it went to: */
	struct journal_text *recipients;
	size_t count;
	struct journal_text recipient; /* of a verdict */
	enum smtp_verdict verdict;
	bool over;
};

/* For line after line; all zero: empty. */
struct journal_reader {
	struct journal_stamp stamp; /* the last one that was read */
	struct buf texts;
	struct journal_text *recipients;
	size_t capacity;
};

/* A line without its newline.  Texts are good until the next one, and as long
 * as `text` is.  Members of other names may be there.  -1: it is none. */
int journal_line_read(
    struct journal_reader *, const char *text, size_t n, struct journal_line *);
/* The same by the general way alone, for whatever is not exactly as written
 * here. */
int journal_line_read_any(
    struct journal_reader *, const char *text, size_t n, struct journal_line *);
void journal_reader_clear(struct journal_reader *);

#endif
