/*
 * mailbox: a window goes over the input.  At the beginning of each line it
 * reaches so far that what the line is can be seen at once; between them,
 * memchr finds where the next begins.
 */
#include "content/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "content/mbox.h"
#include "lib/ascii.h"
#include "lib/memory.h"

enum {
	WINDOW = 262144,
	/* An empty line and a separator, or as much of a field. */
	AHEAD = MBOX_SEPARATOR + 4,
};

static const char from[] = "From ";
static const char length_field[] = "Content-Length";

/* A message while it is read. */
struct reading {
	struct mailbox *m;
	struct mailbox_message *message;
	bool inside;	/* of a line whose beginning has been looked at */
	bool dropped;	/* and which is no part of the message */
	bool angles;	/* a ">" is held back, and more of them may follow */
	bool header;	/* fields are looked at */
	bool in_length; /* of a field that is taken out, which goes on in lines
			   that begin with a blank */
	int lengths;	/* fields of this kind, */
	uint64_t length;
	uint64_t end;	 /* where the message ends, UINT64_MAX: not known */
	unsigned behind; /* octets from there to the next separator */
};

/* What is done with a line. */
enum line {
	LINE_KEPT,
	LINE_UNQUOTED, /* loses its first octet */
	LINE_DROPPED,
	/* What is done with the next ones is not known yet: */
	LINE_BODY,	  /* the empty one behind a header */
	LINE_ENDS,	  /* the empty one behind a message */
	LINE_ANGLES,	  /* more ">" than can be looked at */
	LINE_NOT_IN_VIEW, /* the window has to move */
};

void
mailbox_message_clear(struct mailbox_message *m)
{
	spill_clear(&m->bytes);
	*m = MAILBOX_MESSAGE;
}

void
mailbox_begin(struct mailbox *m, const struct mailbox_params *params)
{
	*m = (struct mailbox){.params = *params, .next = {0, 1, 1}};
	m->window = memory_alloc(WINDOW);
}

void
mailbox_end(struct mailbox *m)
{
	free(m->window);
	*m = (struct mailbox){.ended = true};
}

static const char *
name_of(const struct mailbox *m)
{
	return m->params.input->params.name;
}

int
mailbox_seek(
    struct mailbox *m, const struct mailbox_place *place, struct error *err)
{
	if (!input_is_lasting(m->params.input))
		return error_set(
		    err, EX_NOINPUT, "%s cannot be read again", name_of(m));
	m->next = *place;
	m->start = m->len = 0;
	m->ended = false;
	return 0;
}

/* A length leads to a place that is behind what has been read. */
static int
make_ready(struct mailbox *m, struct error *err)
{
	struct input *in = m->params.input;
	uint64_t at = 0;
	ssize_t n = 1;

	if (m->ready)
		return 0;
	if (m->params.form >= MAILBOX_CL && !input_is_lasting(in)) {
		if (input_spool(in, err) == -1)
			return -1;
		for (; n > 0; at += (uint64_t)n) {
			n = input_read(in, at, m->window, WINDOW, err);
			if (n == -1)
				return -1;
		}
	}
	m->ready = true;
	return 0;
}

/* The window has AHEAD octets, or all there are. */
static int
fill(struct mailbox *m, struct error *err)
{
	size_t have = m->len - m->start;
	uint64_t size;
	ssize_t n;

	if (m->ended || have >= AHEAD)
		return 0;
	memmove(m->window, m->window + m->start, have);
	m->start = 0;
	m->len = have;
	while (!m->ended && m->len < AHEAD) {
		n = input_read(m->params.input, m->next.offset + m->len,
		    m->window + m->len, WINDOW - m->len, err);
		if (n == -1)
			return -1;
		m->len += (size_t)n;
		m->ended = n == 0;
	}
	/* A file that has become shorter has lost the end of a message. */
	if (m->ended && input_size(m->params.input, &size) &&
	    m->next.offset + m->len < size)
		return error_set(err, EX_DATAERR,
		    "%s changed while it was read", name_of(m));
	return 0;
}

/* The octets of the line end at p. */
static size_t
line_end(const char *p, size_t n)
{
	if (n > 0 && *p == '\n')
		return 1;
	return n > 1 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

static bool
is_separator(const char *p, size_t n, size_t *sender)
{
	const char *lf;

	if (n < 5 || memcmp(p, from, 5) != 0)
		return false;
	n = n < MBOX_SEPARATOR ? n : MBOX_SEPARATOR;
	lf = memchr(p, '\n', n);
	if (lf != NULL)
		n = (size_t)(lf - p);
	return mbox_is_separator(p, n - (p[n - 1] == '\r'), sender);
}

/* Whether a message may end before the n octets at p; they are AHEAD, or all
 * there are. */
static bool
is_end(const char *p, size_t n)
{
	return n == 0 || is_separator(p, n, NULL);
}

/*
 * Takes note of a Content-Length field at the beginning of a line.  Two of them
 * contradict one another, or what wrote them did not know of the other.
 */
static bool
is_length(struct reading *r, const char *p, size_t n)
{
	const char *end = p + (n < AHEAD ? n : AHEAD);
	bool digits = false;
	uint64_t length = 0;

	n = sizeof(length_field) - 1;
	if ((size_t)(end - p) <= n || !ascii_equal_bytes(p, length_field, n))
		return false;
	for (p += n; p < end && ascii_is_blank(*p); p++)
		;
	if (p == end || *p++ != ':')
		return false;
	while (p < end && ascii_is_blank(*p))
		p++;
	/* The longest file has a length of 19 digits. */
	for (; p < end && ascii_is_digit(*p) && length < UINT64_MAX / 20; p++) {
		length = length * 10 + (uint64_t)(*p - '0');
		digits = true;
	}
	while (p < end && ascii_is_blank(*p))
		p++;
	r->length = length;
	r->lengths += digits && line_end(p, (size_t)(end - p)) > 0 ? 1 : 2;
	return true;
}

/* If the length that the header has is true, r->end and r->behind are known
 * then. */
static int
believe(struct reading *r, uint64_t body, struct error *err)
{
	char bytes[AHEAD + 3]; /* the one before the end, and two line ends */
	uint64_t at = body + r->length - 1;
	size_t n = 0, eol, k = 1;
	ssize_t got = 1;
	uint64_t size;
	int lines;

	if (r->lengths != 1 || !input_size(r->m->params.input, &size) ||
	    r->length > size || body > size - r->length)
		return 0;
	for (; got > 0 && n < sizeof(bytes); n += (size_t)got) {
		got = input_read(r->m->params.input, at + n, bytes + n,
		    sizeof(bytes) - n, err);
		if (got == -1)
			return -1;
	}
	if (n == 0) /* the file has become shorter */
		return 0;
	/* Without a line end of its own the message has the mailbox's. */
	for (lines = bytes[0] == '\n' ? 1 : 2; lines >= 0; lines--) {
		if (is_end(bytes + k, n - k) &&
		    (n == k || bytes[k - 1] == '\n')) {
			r->end = body + r->length;
			r->behind = (unsigned)k - 1;
			return 0;
		}
		eol = line_end(bytes + k, n - k);
		if (eol == 0)
			break;
		k += eol;
	}
	return 0;
}

static enum line
quoted(const struct reading *r, const char *p, size_t n, bool all)
{
	size_t i = 1;

	if (*p != '>' || r->m->params.form == MAILBOX_CL2)
		return LINE_KEPT;
	if (r->m->params.form != MAILBOX_O)
		while (i < n && p[i] == '>')
			i++;
	if (n - i >= 5)
		return memcmp(p + i, from, 5) == 0 ? LINE_UNQUOTED : LINE_KEPT;
	return all ? LINE_KEPT : LINE_ANGLES;
}

/* Looks at the beginning of a line; the n octets at p are not none, and are
 * `all` that are left of the message or of the mailbox. */
static enum line
look(struct reading *r, const char *p, size_t n, bool all)
{
	size_t eol;

	if (!all && n < AHEAD)
		return LINE_NOT_IN_VIEW;
	if (r->header) {
		r->in_length =
		    (r->in_length && ascii_is_blank(*p)) || is_length(r, p, n);
		if (r->in_length)
			return LINE_DROPPED;
	}
	eol = line_end(p, n);
	if (eol > 0 && r->header)
		return LINE_BODY;
	if (eol > 0 && r->end == UINT64_MAX && is_end(p + eol, n - eol))
		return LINE_ENDS;
	return quoted(r, p, n, all);
}

/* Whether its first two octets tell that a line is kept, as with most. */
static inline bool
is_plain(const struct reading *r, const char *p, size_t n)
{
	return !r->header && n > 1 && *p != '>' && *p != '\r' &&
	    (*p != '\n' || p[1] != *from);
}

static int
keep(struct reading *r, const char *p, size_t n, struct error *err)
{
	const struct mailbox *m = r->m;

	return spill_append(
	    &r->message->bytes, p, n, m->params.temp_dir, name_of(m), err);
}

/* The window begins behind this. */
static void
taken(struct mailbox *m, const char *p)
{
	size_t n = (size_t)(p - m->window) - m->start;

	m->start += n;
	m->next.offset += n;
}

/* A ">" was held back: what follows are more of them, and then what tells
 * whether it quoted something. */
static int
take_angles(struct reading *r, const char *end, bool all, struct error *err)
{
	struct mailbox *m = r->m;
	const char *p = m->window + m->start;
	bool quotes;

	while (p < end && *p == '>')
		p++;
	if (keep(r, m->window + m->start, (size_t)(p - m->window) - m->start,
		err) == -1)
		return -1;
	taken(m, p);
	if (end - p < 5 && !all)
		return 0;
	quotes = end - p >= 5 && memcmp(p, from, 5) == 0;
	r->angles = false;
	r->inside = true;
	return quotes ? 0 : keep(r, ">", 1, err);
}

/* What is behind the lines that are done with is seen when the window has moved
 * on. */
static int
take_on(struct reading *r, enum line line, struct error *err)
{
	struct mailbox *m = r->m;
	const char *p = m->window + m->start;

	if (line == LINE_BODY) {
		r->header = false;
		return believe(
		    r, m->next.offset + line_end(p, m->len - m->start), err);
	}
	if (line == LINE_ANGLES) {
		taken(m, p + 1);
		r->angles = true;
	} else if (line == LINE_ENDS) {
		r->end = m->next.offset;
		r->behind = (unsigned)line_end(p, m->len - m->start);
	}
	return 0;
}

/* Takes what is in view of the message, up to `end`. */
static int
take(struct reading *r, const char *end, bool all, struct error *err)
{
	struct mailbox *m = r->m;
	const char *p = m->window + m->start, *run = p, *lf;
	enum line line = LINE_KEPT;

	while (p < end) {
		if (!r->inside && !is_plain(r, p, (size_t)(end - p))) {
			line = look(r, p, (size_t)(end - p), all);
			if (line >= LINE_BODY)
				break;
			r->dropped = line == LINE_DROPPED;
		}
		if (line != LINE_KEPT) {
			if (keep(r, run, (size_t)(p - run), err) == -1)
				return -1;
			run = p += line == LINE_UNQUOTED;
			line = LINE_KEPT;
		}
		lf = *p == '\n' ? p : memchr(p, '\n', (size_t)(end - p));
		p = lf != NULL ? lf + 1 : end;
		r->inside = lf == NULL;
		m->next.line += lf != NULL;
		if (r->dropped)
			run = p;
		r->dropped &= r->inside;
	}
	if (keep(r, run, (size_t)(p - run), err) == -1)
		return -1;
	taken(m, p);
	return take_on(r, line, err);
}

/* The line ends between a message and the next separator. */
static int
skip_behind(struct reading *r, struct error *err)
{
	struct mailbox *m = r->m;
	const char *p;

	if (fill(m, err) == -1)
		return -1;
	p = m->window + m->start;
	for (; r->behind > 0 && m->start < m->len; r->behind--, p++) {
		m->next.line += *p == '\n';
		taken(m, p + 1);
	}
	return 0;
}

static int
read_message(struct reading *r, struct error *err)
{
	struct mailbox *m = r->m;
	uint64_t left;
	const char *p;
	size_t n;
	bool all;

	for (;;) {
		if (fill(m, err) == -1)
			return -1;
		n = m->len - m->start;
		left = r->end - m->next.offset;
		all = m->ended || left <= n;
		n = left < n ? (size_t)left : n;
		if (n == 0)
			break;
		p = m->window + m->start + n;
		if ((r->angles ? take_angles(r, p, all, err)
			       : take(r, p, all, err)) == -1)
			return -1;
	}
	if (r->angles && keep(r, ">", 1, err) == -1)
		return -1;
	return skip_behind(r, err);
}

static void
set_sender(struct mailbox_message *message, const char *line, size_t n)
{
	size_t max = sizeof(message->sender) - 1;

	n = n < max ? n : max;
	memcpy(message->sender, line + sizeof(from) - 1, n);
	message->sender[n] = '\0';
}

int
mailbox_next(
    struct mailbox *m, struct mailbox_message *message, struct error *err)
{
	struct reading r = {
	    .m = m,
	    .message = message,
	    .header = m->params.form >= MAILBOX_CL,
	    .end = UINT64_MAX,
	    /* The separator itself. */
	    .inside = true,
	    .dropped = true,
	};
	size_t sender;

	spill_reset(&message->bytes);
	if (make_ready(m, err) == -1 || fill(m, err) == -1)
		return -1;
	if (m->start == m->len)
		return 0;
	if (!is_separator(m->window + m->start, m->len - m->start, &sender))
		return error_set(err, EX_DATAERR,
		    "%s: line %llu: here a message of a mailbox should begin, "
		    "with \"From \", a sender and a date (RFC 4155)",
		    name_of(m), (unsigned long long)m->next.line);
	message->place = m->next;
	set_sender(message, m->window + m->start, sender);
	if (read_message(&r, err) == -1 ||
	    spill_complete(&message->bytes, name_of(m), err) == -1)
		return -1;
	m->next.number++;
	return 1;
}
