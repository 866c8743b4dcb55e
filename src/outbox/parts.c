/* What becomes of a message whose recipients part. */
#include "outbox/outbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"

enum { CHUNK = 64 * 1024, LINE_ROOM = 4096 };

/* What is to be done. */
struct plan {
	const struct outbox_verdict *verdict;
	char refused[OUTBOX_ID_SIZE]; /* IDs of parts, "": there is none */
	char unsure[OUTBOX_ID_SIZE];
	uint64_t end; /* of what goes into each part: the plan does not */
};

size_t
outbox_count_fates(const struct outbox_message *m,
    const struct outbox_verdict *v, enum outbox_fate fate)
{
	size_t n = 0, i;

	for (i = 0; i < m->envelope.count; i++)
		n += v->fates[i] == fate;
	return n;
}

/* --- one part ------------------------------------------------------------ */

/* From the message's first octet on. */
static int
copy(const struct outbox_message *m, uint64_t end, int to)
{
	char bytes[CHUNK];
	uint64_t at = m->begin;
	size_t most;
	ssize_t n;

	while (at < end) {
		most = end - at < sizeof(bytes) ? (size_t)(end - at)
						: sizeof(bytes);
		n = TEMP_FAILURE_RETRY(pread(m->fd, bytes, most, (off_t)at));
		if (n == 0)
			errno = EIO;
		if (n <= 0 || file_write(to, bytes, (size_t)n) == -1)
			return -1;
		at += (uint64_t)n;
	}
	return 0;
}

static int
fill(const struct outbox_message *m, const struct plan *plan,
    enum outbox_fate fate, struct outbox_new *new, struct error *err)
{
	const struct outbox_verdict *v = plan->verdict;
	/* What the same run goes on with has not been put off. */
	const bool silent = v->again && fate == OUTBOX_LATER;

	/* Nobody is to take it before the old one is gone. */
	if (copy(m, plan->end, new->fd) == -1 || file_lock(new->fd) == -1 ||
	    (!silent &&
		outbox_add_line(
		    new->fd, v->now, v->said != NULL ? v->said : "") == -1))
		return outbox_io_error(m->outbox, new->place, "", err);
	new->size = m->size;
	return 0;
}

/* The envelope for those of this fate. */
static struct outbox_envelope
envelope_of(struct outbox_message *m, const struct outbox_verdict *v,
    enum outbox_fate fate)
{
	struct outbox_envelope e = m->envelope;
	struct outbox_recipient *some =
	    arena_alloc(&m->arena, e.count * sizeof(*some));
	size_t n = 0, i;

	for (i = 0; i < e.count; i++)
		if (v->fates[i] == fate)
			some[n++] = e.recipients[i];
	e.recipients = some;
	e.count = n;
	return e;
}

/*
 * Those of one fate, in a file of their own, for certain.  It stays open, and
 * thus locked, for the caller to abandon.  One that was there before is whole.
 */
static int
write_part(struct outbox_message *m, const struct plan *plan,
    enum outbox_fate fate, const char *id, struct outbox_new *new,
    struct error *err)
{
	static const enum outbox_place places[] = {
	    [OUTBOX_LATER] = OUTBOX_QUEUE,
	    [OUTBOX_UNSURE] = OUTBOX_UNKNOWN,
	    [OUTBOX_REFUSED] = OUTBOX_FAILED};
	struct outbox_envelope e;

	if (outbox_count_fates(m, plan->verdict, fate) == 0)
		return 0;
	if (outbox_has(m->outbox, places[fate], id))
		return outbox_sync(m->outbox, places[fate]) == 0
		    ? 0
		    : outbox_io_error(m->outbox, places[fate], id, err);
	e = envelope_of(m, plan->verdict, fate);
	if (strcmp(id, e.id) != 0 && e.part_of[0] == '\0')
		memcpy(e.part_of, e.id, sizeof(e.part_of));
	memcpy(e.id, id, sizeof(e.id));
	if (outbox_begin_in(m->outbox, places[fate], new, &e, err) == -1)
		return -1;
	if (fill(m, plan, fate, new, err) == -1) {
		outbox_abandon(new);
		return -1;
	}
	return outbox_publish(new, plan->verdict->due, false, err);
}

static int
do_it(struct outbox_message *m, const struct plan *plan, struct error *err)
{
	struct outbox_new refused = {.fd = -1}, unsure = refused,
			  later = refused;
	int r =
	    write_part(m, plan, OUTBOX_REFUSED, plan->refused, &refused, err);

	if (r == 0)
		r = write_part(
		    m, plan, OUTBOX_UNSURE, plan->unsure, &unsure, err);
	/* Last: it supersedes the old one. */
	if (r == 0)
		r = write_part(
		    m, plan, OUTBOX_LATER, m->envelope.id, &later, err);
	if (r == 0 && outbox_remove(m->outbox, m->place, m->envelope.id) == -1)
		r = outbox_io_error(m->outbox, m->place, m->envelope.id, err);
	outbox_abandon(&refused);
	outbox_abandon(&unsure);
	outbox_abandon(&later);
	return r;
}

/* --- the line that tells of it ------------------------------------------- */

static const char letters[] = {[OUTBOX_OVER] = 'o',
    [OUTBOX_LATER] = 'l',
    [OUTBOX_UNSURE] = 'u',
    [OUTBOX_REFUSED] = 'r',
    '\0'};

void
outbox_reserve(const struct outbox_message *m)
{
	struct stat st;

	if (fstat(m->fd, &st) == 0)
		(void)fallocate(m->fd, FALLOC_FL_KEEP_SIZE, st.st_size,
		    (off_t)(LINE_ROOM + m->envelope.count));
}

static void
put_plan(struct buf *out, const struct outbox_message *m,
    const struct plan *plan, const char *said)
{
	const struct outbox_verdict *v = plan->verdict;
	size_t i;

	buf_printf(out,
	    "{\"time\":%lld,\"due\":%lld,\"said\":", (long long)v->now,
	    (long long)v->due);
	json_quote(out, said, strnlen(said, OUTBOX_SAID_MAX));
	buf_puts(out, ",\"fates\":\"");
	for (i = 0; i < m->envelope.count; i++)
		buf_putc(out, letters[v->fates[i]]);
	buf_printf(out, "\",\"refused\":\"%s\",\"unsure\":\"%s\"}\n",
	    plan->refused, plan->unsure);
}

/* Without it what is done is the same; only whoever comes later cannot go on
 * with it.  Where there is little room, the fates are worth more than words. */
static void
write_plan(const struct outbox_message *m, const struct plan *plan)
{
	const char *said = plan->verdict->said;
	struct buf line = {0};
	int r;

	put_plan(&line, m, plan, said != NULL ? said : "");
	r = outbox_append(m->fd, &line);
	if (r == -1 && said != NULL) {
		buf_reset(&line);
		put_plan(&line, m, plan, "");
		r = outbox_append(m->fd, &line);
	}
	if (r == 0)
		(void)fdatasync(m->fd);
	buf_clear(&line);
}

int
outbox_settle_parts(
    struct outbox_message *m, const struct outbox_verdict *v, struct error *err)
{
	struct plan plan = {.verdict = v};
	bool later = outbox_count_fates(m, v, OUTBOX_LATER) > 0;
	struct stat st;

	if (fstat(m->fd, &st) == -1)
		return outbox_io_error(
		    m->outbox, m->place, m->envelope.id, err);
	plan.end = (uint64_t)st.st_size;
	memcpy(plan.refused, m->envelope.id, sizeof(plan.refused));
	if ((later || outbox_has(m->outbox, OUTBOX_FAILED, m->envelope.id)) &&
	    outbox_new_id(plan.refused, err) == -1)
		return -1;
	if (outbox_new_id(plan.unsure, err) == -1)
		return -1;
	write_plan(m, &plan);
	return do_it(m, &plan, err);
}

/* --- what somebody else has begun ---------------------------------------- */

static bool
read_fates(struct outbox_message *m, const char *text, struct outbox_verdict *v)
{
	enum outbox_fate *fates;
	const char *letter;
	size_t i;

	if (strlen(text) != m->envelope.count)
		return false;
	fates = arena_alloc(&m->arena, m->envelope.count * sizeof(*fates));
	for (i = 0; i < m->envelope.count; i++) {
		letter = strchr(letters, text[i]);
		if (letter == NULL)
			return false;
		fates[i] = (enum outbox_fate)(letter - letters);
	}
	v->fates = fates;
	return true;
}

static const char *
member(struct outbox_message *m, const char *line, size_t n, const char *name)
{
	struct buf value = {0};
	const char *text = NULL;

	if (json_member(line, n, name, &value))
		text = arena_strdup(&m->arena, buf_string(&value));
	buf_clear(&value);
	return text;
}

static bool
read_plan(struct outbox_message *m, const char *line, size_t n,
    struct outbox_verdict *v, struct plan *plan)
{
	const char *fates = member(m, line, n, "fates");
	const char *now = member(m, line, n, "time");
	const char *due = member(m, line, n, "due");
	const char *refused = member(m, line, n, "refused");
	const char *unsure = member(m, line, n, "unsure");

	if (fates == NULL || now == NULL || due == NULL || refused == NULL ||
	    unsure == NULL || !outbox_id_is(refused) || !outbox_id_is(unsure) ||
	    !read_fates(m, fates, v))
		return false;
	v->now = strtoll(now, NULL, 10);
	v->due = strtoll(due, NULL, 10);
	v->said = member(m, line, n, "said");
	memcpy(plan->refused, refused, sizeof(plan->refused));
	memcpy(plan->unsure, unsure, sizeof(plan->unsure));
	return true;
}

/* The last line, and only if it is whole: what was said behind it is newer. */
static bool
find_plan(struct outbox_message *m, const struct buf *lines,
    struct outbox_verdict *v, struct plan *plan)
{
	const char *begin;
	struct stat st;

	if (lines->len == 0 || lines->data[lines->len - 1] != '\n' ||
	    fstat(m->fd, &st) == -1 ||
	    m->begin + m->size + lines->len != (uint64_t)st.st_size)
		return false;
	begin = memrchr(lines->data, '\n', lines->len - 1);
	begin = begin != NULL ? begin + 1 : lines->data;
	plan->end = m->begin + m->size + (uint64_t)(begin - lines->data);
	return read_plan(
	    m, begin, (size_t)(lines->data + lines->len - 1 - begin), v, plan);
}

int
outbox_resume(struct outbox_message *m, struct error *err)
{
	struct outbox_verdict v = {0};
	struct plan plan = {.verdict = &v};
	struct buf lines = {0};
	int r = outbox_said(m, &lines, err);

	if (r == 0 && !m->damaged && find_plan(m, &lines, &v, &plan))
		r = do_it(m, &plan, err) == -1 ? -1 : 1;
	buf_clear(&lines);
	return r;
}
