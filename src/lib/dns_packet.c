/* dns_packet: see dns_packet.h. */
#include "lib/dns_packet.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"

enum {
	LABEL_MAX = 63,
	ALIASES_MAX = 8,
	HEADER_SIZE = 12,
	TYPE_CNAME = 5,
	CLASS_IN = 1,
	/* In the second and third octet pair of a header: RFC 1035 4.1.1. */
	RECURSION_DESIRED = 0x0100,
	RESPONSE = 0x8000,
	OPCODE = 0x7800,
	TRUNCATED = 0x0200,
	CODE = 0x000f,
	NO_ERROR = 0,
	SERVER_FAILURE = 2,
	NO_SUCH_NAME = 3,
	REFUSED = 5,
};

/* Where in a packet we are; once something was not there, nothing is. */
struct cursor {
	const unsigned char *packet;
	size_t n, at;
	bool bad;
};

struct record {
	char owner[DNS_NAME_MAX + 1];
	unsigned type, class;
	struct cursor data; /* ends where the record does */
};

/* An answer while it is read. */
struct reader {
	struct cursor answers; /* at the first of them */
	unsigned answer_count;
	const struct dns_question *question;
	struct arena *arena;
	struct dns_record *records;
	size_t count;
	char name[DNS_NAME_MAX + 1]; /* asked for, or what that is an alias
					of */
};

/* The length of a name that can be asked for; 0: it is none. */
static size_t
name_length(const char *name)
{
	size_t len = strlen(name), label = 0, i;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len > DNS_NAME_MAX)
		return 0;
	for (i = 0; i < len; i++) {
		if (name[i] == '.' ? label == 0
				   : !ascii_is_letter_or_digit(name[i]) &&
			    name[i] != '-' && name[i] != '_')
			return 0;
		label = name[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return 0;
	}
	return label == 0 ? 0 : len;
}

int
dns_question_set(struct dns_question *q, const char *name, enum dns_type type,
    struct error *err)
{
	size_t n = name_length(name);

	if (n == 0)
		return error_set(
		    err, EX_USAGE, "'%.80s' is no name of a host", name);
	memcpy(q->name, name, n);
	q->name[n] = '\0';
	q->type = type;
	return 0;
}

size_t
dns_query_write(
    const struct dns_question *q, unsigned char packet[DNS_QUERY_MAX])
{
	const char *label = q->name;
	unsigned char *p = packet;
	size_t n;

	memset(p, 0, HEADER_SIZE);
	p[0] = (unsigned char)(q->id >> 8);
	p[1] = (unsigned char)q->id;
	p[2] = RECURSION_DESIRED >> 8;
	p[5] = 1; /* question */
	for (p += HEADER_SIZE;; label += n + 1) {
		n = strcspn(label, ".");
		*p++ = (unsigned char)n;
		memcpy(p, label, n);
		p += n;
		if (label[n] == '\0')
			break;
	}
	*p++ = 0;
	*p++ = 0;
	*p++ = (unsigned char)q->type;
	*p++ = 0;
	*p++ = CLASS_IN;
	return (size_t)(p - packet);
}

static unsigned
take(struct cursor *c, unsigned octets)
{
	unsigned value = 0;

	if (c->bad || c->n - c->at < octets) {
		c->bad = true;
		return 0;
	}
	while (octets-- > 0)
		value = value << 8 | c->packet[c->at++];
	return value;
}

/* What no host has in its name becomes a sign that none has either. */
static size_t
put_label(char *out, size_t len, const unsigned char *label, size_t n)
{
	size_t i;

	if (len > 0)
		out[len++] = '.';
	for (i = 0; i < n; i++) {
		char c = (char)label[i];

		out[len++] = ascii_is_letter_or_digit(c) || c == '-' || c == '_'
		    ? c
		    : '?';
	}
	return len;
}

/* A name (RFC 1035 4.1.4); "" is the root.  A pointer leads back, and each one
 * behind it further back, so that there is an end. */
static void
take_name(struct cursor *c, char out[DNS_NAME_MAX + 1])
{
	struct cursor name = *c;
	size_t len = 0, before = c->at, n;
	bool jumped = false;

	while ((n = take(&name, 1)) != 0) {
		if (n >= 0xc0) {
			n = (n & 0x3f) << 8 | take(&name, 1);
			if (!jumped)
				c->at = name.at;
			jumped = true;
			name.bad |= n >= before;
			name.at = before = n;
		} else if (n > LABEL_MAX || name.n - name.at < n ||
		    len + 1 + n > DNS_NAME_MAX) {
			name.bad = true;
		} else {
			len = put_label(out, len, name.packet + name.at, n);
			name.at += n;
		}
		if (name.bad)
			break;
	}
	out[len] = '\0';
	c->bad |= name.bad;
	if (!jumped)
		c->at = name.at;
}

static bool
take_record(struct cursor *c, struct record *r)
{
	size_t n;

	take_name(c, r->owner);
	r->type = take(c, 2);
	r->class = take(c, 2);
	take(c, 4); /* how long it is good */
	n = take(c, 2);
	if (c->bad || c->n - c->at < n)
		return false;
	r->data = *c;
	r->data.n = c->at + n;
	c->at += n;
	return true;
}

static bool
is_ours(
    struct reader *r, const unsigned char *packet, size_t n, unsigned *flags)
{
	struct cursor c = {.packet = packet, .n = n};
	char name[DNS_NAME_MAX + 1];
	bool same = take(&c, 2) == r->question->id;

	*flags = take(&c, 2);
	same &= (*flags & (RESPONSE | OPCODE)) == RESPONSE;
	same &= take(&c, 2) == 1;
	r->answer_count = take(&c, 2);
	take(&c, 4); /* what is told besides */
	take_name(&c, name);
	same &= ascii_equal(name, r->question->name);
	same &= take(&c, 2) == (unsigned)r->question->type;
	same &= take(&c, 2) == CLASS_IN;
	r->answers = c;
	return same && !c.bad;
}

/* The name that ends the record's data. */
static bool
data_name(struct record *r, char out[DNS_NAME_MAX + 1])
{
	take_name(&r->data, out);
	return !r->data.bad && r->data.at == r->data.n;
}

/* 1: the name is an alias, and r->name what of; 0: it is none; -1: what is there
 * is not to be understood. */
static int
follow(struct reader *r)
{
	struct cursor c = r->answers;
	struct record record;
	unsigned i;

	for (i = 0; i < r->answer_count; i++) {
		if (!take_record(&c, &record))
			return -1;
		if (record.type == TYPE_CNAME && record.class == CLASS_IN &&
		    ascii_equal(record.owner, r->name))
			return data_name(&record, r->name) ? 1 : -1;
	}
	return 0;
}

/* A host that nobody could name is left out. */
static bool
add(struct reader *r, struct record *from)
{
	struct dns_record to = {.priority = take(&from->data, 2)};
	char host[DNS_NAME_MAX + 1], *s;

	if (r->question->type == DNS_SRV) {
		to.weight = take(&from->data, 2);
		to.port = take(&from->data, 2);
	}
	if (!data_name(from, host))
		return false;
	if ((*host != '\0' && name_length(host) == 0) ||
	    r->count == DNS_RECORDS_MAX)
		return true;
	for (s = host; *s != '\0'; s++)
		*s = ascii_lower(*s);
	to.host = arena_strdup(r->arena, host);
	r->records[r->count++] = to;
	return true;
}

static int
collect(struct reader *r)
{
	struct cursor c = r->answers;
	struct record record;
	unsigned i;

	for (i = 0; i < r->answer_count; i++)
		if (!take_record(&c, &record) ||
		    (record.type == (unsigned)r->question->type &&
			record.class == CLASS_IN &&
			ascii_equal(record.owner, r->name) && !add(r, &record)))
			return -1;
	return 0;
}

/* Few; and what has the same priority stays as it came. */
static void
sort(struct dns_record *records, size_t n)
{
	struct dns_record moved;
	size_t i, j;

	for (i = 1; i < n; i++) {
		moved = records[i];
		for (j = i; j > 0 && records[j - 1].priority > moved.priority;
		     j--)
			records[j] = records[j - 1];
		records[j] = moved;
	}
}

static int
read_records(struct reader *r)
{
	size_t aliases;
	int more = 1;

	for (aliases = 0; more == 1; aliases++)
		if (aliases > ALIASES_MAX || (more = follow(r)) == -1)
			return -1;
	if (collect(r) == -1)
		return -1;
	sort(r->records, r->count);
	return 0;
}

static const char *
meaning(unsigned code)
{
	switch (code) {
	case SERVER_FAILURE:
		return "it cannot tell now";
	case REFUSED:
		return "it tells us nothing";
	default:
		return "it does not understand";
	}
}

enum dns_reading
dns_answer_read(const struct dns_question *q, const unsigned char *packet,
    size_t n, struct arena *arena, const struct dns_record **records,
    size_t *count, struct error *err)
{
	struct reader r = {.question = q, .arena = arena};
	unsigned flags, code;

	if (!is_ours(&r, packet, n, &flags))
		return DNS_FOREIGN;
	if ((flags & TRUNCATED) != 0)
		return DNS_CUT;
	code = flags & CODE;
	if (code != NO_ERROR && code != NO_SUCH_NAME) {
		error_set(
		    err, EX_TEMPFAIL, "%s (code %u)", meaning(code), code);
		return DNS_FAILED;
	}
	r.records = arena_alloc(arena, DNS_RECORDS_MAX * sizeof(*r.records));
	memcpy(r.name, q->name, sizeof(r.name));
	if (code == NO_ERROR && read_records(&r) == -1) {
		error_set(err, EX_PROTOCOL, "that is no answer");
		return DNS_FAILED;
	}
	*records = r.records;
	*count = r.count;
	return DNS_READ;
}
