#include "batch/journal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "lib/printable.h"

#include "batch/journal_file.h"
#include "batch/journal_line.h"
#include "batch/journal_memory.h"

enum { PENDING_MAX = 64 * 1024 };

struct journal {
	struct journal_file file;
	struct journal_head head; /* the newest */
	char *keys;		  /* the first one's */
	bool begun;		  /* it has a head */
	struct journal_memory memory;
	struct journal_stamp stamp;
	bool owed; /* a try was appended and not synced */
};

/* All zero: not known. */
static bool
is_known(const unsigned char hash[JOURNAL_HASH])
{
	static const unsigned char none[JOURNAL_HASH];

	return memcmp(hash, none, sizeof(none)) != 0;
}

static bool
differ(const unsigned char one[JOURNAL_HASH],
    const unsigned char two[JOURNAL_HASH])
{
	return is_known(one) && is_known(two) &&
	    memcmp(one, two, JOURNAL_HASH) != 0;
}

/* What the file says, line by line, is gone with the next one. */
static void
keep_keys(struct journal *j, const struct journal_text *keys)
{
	if (keys->s == NULL)
		return;
	j->keys = memory_strndup(keys->s, keys->n);
	j->head.keys = (struct journal_text){j->keys, keys->n};
}

/* What the file says, line by line. */
struct replay {
	struct journal *journal;
	const struct journal_params *params;
	struct journal_reader reader;
};

static int
take_head(struct replay *r, const struct journal_line *line, struct error *err)
{
	struct journal *j = r->journal;
	struct journal_head first;

	if (line->head.version != JOURNAL_VERSION)
		return error_set(err, EX_DATAERR,
		    "%s: its version is %u, and this smtpsend knows version %d",
		    j->file.path, line->head.version, JOURNAL_VERSION);
	if (j->begun &&
	    memcmp(j->head.batch, line->head.batch, JOURNAL_BATCH) != 0)
		return 1;
	if (!j->begun) {
		journal_memory_init(&j->memory, line->head.batch);
		keep_keys(j, &line->head.keys);
	}
	first = j->begun ? j->head : line->head;
	j->begun = true;
	j->head = line->head;
	j->head.keys = (struct journal_text){j->keys, first.keys.n};
	j->head.has_zone = first.has_zone;
	j->head.zone_minutes = first.zone_minutes;
	return 0;
}

static void
take_try(const struct replay *r, const struct journal_line *line)
{
	const struct journal_key key = {
	    line->key.s, line->key.n, line->record, 0};
	struct journal_memory *memory = &r->journal->memory;
	struct journal_message *message;
	size_t i;

	message = journal_memory_try(memory, &key, line->at);
	for (i = 0; i < line->count; i++)
		journal_memory_try_recipient(
		    memory, message, &line->recipients[i]);
	if (r->params->tried != NULL)
		r->params->tried(r->params->arg, line->at);
}

static int
take_line(
    void *arg, const char *text, size_t n, uint64_t number, struct error *err)
{
	struct replay *r = arg;
	struct journal_line line;
	struct journal_key key;

	if (journal_line_read(&r->reader, text, n, &line) == -1 ||
	    (number == 1 && line.kind != JOURNAL_HEAD))
		return 1;
	if (line.kind == JOURNAL_HEAD)
		return take_head(r, &line, err);
	if (line.kind == JOURNAL_TRY) {
		take_try(r, &line);
		return 0;
	}
	key = (struct journal_key){line.key.s, line.key.n, line.record};
	journal_memory_verdict(&r->journal->memory, &key, &line.recipient,
	    line.verdict, line.over);
	return 0;
}

static int
write_head(struct journal *j, int64_t now, struct error *err)
{
	bool first = j->file.whole == 0;

	journal_line_head(&j->file.pending, &j->stamp, &j->head, now);
	if (journal_file_write(&j->file, journal_line_is_try, err) == -1)
		return -1;
	return journal_file_sync(&j->file, first, err);
}

static void
be_new(struct journal *j, const struct journal_params *p)
{
	j->head.version = JOURNAL_VERSION;
	memcpy(j->head.batch, p->batch, sizeof(j->head.batch));
	journal_memory_init(&j->memory, p->batch);
}

/* By other keys nobody would be known again. */
static int
compare_keys(
    const struct journal *j, const struct journal_subject *p, struct error *err)
{
	struct buf shown = {0};

	if (p->keys == NULL || j->keys == NULL || strcmp(p->keys, j->keys) == 0)
		return 0;
	if (j->keys[0] != '\0') {
		printable_append(&shown, j->keys, strlen(j->keys));
		error_set(err, EX_DATAERR, "%s: it was begun with --key %s",
		    j->file.path, buf_string(&shown));
	} else {
		error_set(err, EX_DATAERR, "%s: it was begun without --key",
		    j->file.path);
	}
	buf_clear(&shown);
	return error_hint(err,
	    "go on in the same way: by other keys nobody would be known again, "
	    "and all would get it twice");
}

/* Who of a list that has changed is known again. */
static const char *
known_again(const struct journal *j)
{
	if (j->keys != NULL && j->keys[0] == '\0')
		return "records that are as they were are left out if they "
		       "were sent, and one that was corrected is sent";
	if (j->keys != NULL && strcmp(j->keys, "row") == 0)
		return "rows are left out if those of the same number were "
		       "sent";
	return "who was sent to already is left out";
}

/* Whether the file is about what is to be sent now. */
static int
compare(struct journal *j, const struct journal_subject *p, struct error *err)
{
	bool list = differ(j->head.list, p->list),
	     templ = differ(j->head.templ, p->templ);

	if (compare_keys(j, p, err) == -1)
		return -1;
	if (!list && !templ)
		return 0;
	if (!p->changed) {
		error_set(err, EX_DATAERR, "%s: %s changed since it was begun",
		    j->file.path,
		    !templ     ? "the list has"
			: list ? "the list and the message have"
			       : "the message has");
		return error_hint(err,
		    "--resume-changed goes on with what is there now: %s",
		    list ? known_again(j)
			 : "who was sent to already is left out");
	}
	if (is_known(p->list))
		memcpy(j->head.list, p->list, sizeof(j->head.list));
	if (is_known(p->templ))
		memcpy(j->head.templ, p->templ, sizeof(j->head.templ));
	return write_head(j, p->now, err);
}

static int
go_on(struct journal *j, const struct journal_params *p, struct error *err)
{
	struct replay r = {.journal = j, .params = p};
	int result = journal_file_read(
	    &j->file, "{\"journal\":1,\"batch\":\"", take_line, &r, err);

	journal_reader_clear(&r.reader);
	if (result == -1)
		return -1;
	if (!j->begun)
		be_new(j, p);
	return 0;
}

int
journal_begin(
    struct journal *j, const struct journal_subject *p, struct error *err)
{
	if (j->begun)
		return compare(j, p, err);
	memcpy(j->head.list, p->list, sizeof(j->head.list));
	memcpy(j->head.templ, p->templ, sizeof(j->head.templ));
	if (p->keys != NULL) {
		const struct journal_text keys = {p->keys, strlen(p->keys)};

		keep_keys(j, &keys);
	}
	j->head.has_zone = true;
	j->head.zone_minutes = p->zone_minutes;
	j->begun = true;
	return j->file.fd != -1 ? write_head(j, p->now, err) : 0;
}

int
journal_open(
    struct journal **out, const struct journal_params *p, struct error *err)
{
	struct journal *j = memory_alloc(sizeof(*j));
	int result = 0;

	j->file.fd = -1;
	if (p->path != NULL)
		result = journal_file_open(&j->file, p->path, p->resume, err);
	if (result == 0 && j->file.whole > 0)
		result = go_on(j, p, err);
	else if (result == 0)
		be_new(j, p);
	if (result == -1) {
		journal_close(j);
		return -1;
	}
	*out = j;
	return 0;
}

void
journal_close(struct journal *j)
{
	struct error ignored;

	if (j == NULL)
		return;
	(void)journal_flush(j, &ignored);
	journal_file_close(&j->file);
	journal_memory_clear(&j->memory);
	free(j->keys);
	free(j);
}

const unsigned char *
journal_batch(const struct journal *j)
{
	return j->head.batch;
}

bool
journal_zone(const struct journal *j, int *minutes)
{
	*minutes = j->head.zone_minutes;
	return j->head.has_zone;
}

uint64_t
journal_hash(const struct journal *j, const struct journal_key *key)
{
	return journal_memory_hash(&j->memory, key);
}

enum journal_state
journal_state(const struct journal *j, const struct journal_key *key)
{
	return journal_memory_state(&j->memory, key);
}

enum journal_state
journal_recipient(const struct journal *j, const struct journal_key *key,
    const char *recipient)
{
	const struct journal_text name = {recipient, strlen(recipient)};

	return journal_memory_recipient(&j->memory, key, &name);
}

bool
journal_first_try(
    const struct journal *j, const struct journal_key *key, int64_t *at)
{
	return journal_memory_first_try(&j->memory, key, at);
}

bool
journal_lacks_verdicts(const struct journal *j)
{
	const struct buf *lines = &j->file.pending;
	const char *line = lines->data, *end = line + lines->len, *newline;

	if (j->file.fd == -1 || !j->file.failed || lines->len == 0)
		return false;
	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!journal_line_is_try(line, (size_t)(newline - line)))
			return true;
	}
	return false;
}

bool
journal_claim(struct journal *j, const struct journal_key *key)
{
	return journal_memory_claim(&j->memory, key);
}

void
journal_try(struct journal *j, const struct journal_key *key, unsigned number,
    const char *const *recipients, size_t count, int64_t now)
{
	struct journal_message *message;
	struct journal_text name;
	size_t i;

	if (count == 0)
		return;
	message = journal_memory_try(&j->memory, key, now);
	for (i = 0; i < count; i++) {
		name =
		    (struct journal_text){recipients[i], strlen(recipients[i])};
		journal_memory_try_recipient(&j->memory, message, &name);
	}
	if (j->file.fd == -1)
		return;
	journal_line_try(
	    &j->file.pending, &j->stamp, key, number, recipients, count, now);
	j->owed = true;
}

bool
journal_is_owed(const struct journal *j)
{
	return j->owed;
}

int
journal_flush(struct journal *j, struct error *err)
{
	return j->file.fd != -1
	    ? journal_file_write(&j->file, journal_line_is_try, err)
	    : 0;
}

int
journal_sync(struct journal *j, struct error *err)
{
	if (journal_flush(j, err) == -1)
		return -1;
	if (j->owed && journal_file_sync(&j->file, false, err) == -1)
		return -1;
	j->owed = false;
	return 0;
}

void
journal_verdict(struct journal *j, const struct journal_key *key,
    const struct journal_verdict *v, int64_t now)
{
	const struct journal_text name = {v->recipient, strlen(v->recipient)};
	struct error told_later;

	journal_memory_verdict(&j->memory, key, &name, v->verdict, v->over);
	if (j->file.fd == -1)
		return;
	journal_line_verdict(&j->file.pending, &j->stamp, key, v, now);
	if (j->file.pending.len >= PENDING_MAX)
		(void)journal_flush(j, &told_later);
}

void
journal_count(const struct journal *j, struct journal_counts *counts)
{
	const uint64_t *by_state = j->memory.counts;

	*counts = (struct journal_counts){
	    .todo = by_state[JOURNAL_TODO],
	    .part = by_state[JOURNAL_PART],
	    .unknown = by_state[JOURNAL_UNKNOWN],
	    .accepted = by_state[JOURNAL_ACCEPTED],
	    .partial = by_state[JOURNAL_PARTIAL],
	    .refused = by_state[JOURNAL_REFUSED],
	};
}

void
journal_unknown(const struct journal *j,
    void (*each)(void *, const struct journal_key *, const char *recipient),
    void *arg)
{
	journal_memory_unknown(&j->memory, each, arg);
}
