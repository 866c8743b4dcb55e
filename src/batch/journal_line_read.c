/* How a line is read: quickly if it is exactly as we write it, since there may
 * be millions, else as JSON. */
#include "batch/journal_line.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/ascii.h"
#include "lib/json.h"
#include "lib/memory.h"

enum { DIGITS_MAX = 18 };

static int
two_digits(const char *s)
{
	if (!ascii_is_digit(s[0]) || !ascii_is_digit(s[1]))
		return -1000;
	return (s[0] - '0') * 10 + s[1] - '0';
}

static bool
read_stamp(struct journal_stamp *stamp, const char *s, size_t n, int64_t *at)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	struct tm tm, same;
	time_t t;
	size_t i;

	if (n != JOURNAL_STAMP)
		return false;
	if (memcmp(stamp->text, s, n) != 0) {
		for (i = 0; i < n; i++)
			if (form[i] == 'd' ? !ascii_is_digit(s[i])
					   : s[i] != form[i])
				return false;
		tm = (struct tm){
		    .tm_year = two_digits(s) * 100 + two_digits(s + 2) - 1900,
		    .tm_mon = two_digits(s + 5) - 1,
		    .tm_mday = two_digits(s + 8),
		    .tm_hour = two_digits(s + 11),
		    .tm_min = two_digits(s + 14),
		    .tm_sec = two_digits(s + 17)};
		same = tm;
		t = timegm(&tm);
		/* A day or an hour that there is. */
		if (tm.tm_mon != same.tm_mon || tm.tm_mday != same.tm_mday ||
		    tm.tm_hour != same.tm_hour || tm.tm_min != same.tm_min)
			return false;
		stamp->at = t;
		memcpy(stamp->text, s, n);
	}
	*at = stamp->at;
	return true;
}

static bool
read_number(const char *s, size_t n, uint64_t *number)
{
	size_t i;

	if (n == 0 || n > DIGITS_MAX || (n > 1 && s[0] == '0'))
		return false;
	*number = 0;
	for (i = 0; i < n; i++) {
		if (!ascii_is_digit(s[i]))
			return false;
		*number = *number * 10 + (unsigned)(s[i] - '0');
	}
	return true;
}

static bool
read_verdict(const char *s, size_t n, enum smtp_verdict *verdict)
{
	static const enum smtp_verdict all[] = {SMTP_ACCEPTED, SMTP_DEFERRED,
	    SMTP_REFUSED, SMTP_UNKNOWN, SMTP_NOT_SENT};
	const char *name;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		name = smtp_verdict_name(all[i]);
		if (strlen(name) == n && memcmp(name, s, n) == 0) {
			*verdict = all[i];
			return true;
		}
	}
	return false;
}

static void
add_recipient(struct journal_reader *r, struct journal_line *line,
    const char *s, size_t n)
{
	if (line->count == r->capacity) {
		r->capacity = r->capacity > 0 ? r->capacity * 2 : 16;
		r->recipients = memory_realloc(
		    r->recipients, r->capacity, sizeof(*r->recipients));
	}
	r->recipients[line->count++] = (struct journal_text){s, n};
	line->recipients = r->recipients;
}

/* A line that is as we write it, and how far it is read. */
struct quick {
	const char *at, *end;
};

static bool
comes(struct quick *q, const char *text, size_t n)
{
	if ((size_t)(q->end - q->at) < n || memcmp(q->at, text, n) != 0)
		return false;
	q->at += n;
	return true;
}

#define COMES(q, text) comes(q, text, sizeof(text) - 1)

/* To behind the quote that ends it; what is escaped is for the other way. */
static bool
quick_text(struct quick *q, struct journal_text *text)
{
	const char *quote = memchr(q->at, '"', (size_t)(q->end - q->at));

	if (quote == NULL)
		return false;
	*text = (struct journal_text){q->at, (size_t)(quote - q->at)};
	q->at = quote + 1;
	return memchr(text->s, '\\', text->n) == NULL;
}

static bool
quick_number(struct quick *q, uint64_t *number)
{
	const char *begin = q->at;

	while (q->at < q->end && ascii_is_digit(*q->at))
		q->at++;
	return read_number(begin, (size_t)(q->at - begin), number);
}

/* A text of no interest, which may have escapes, if they are of two octets. */
static bool
quick_skip(struct quick *q)
{
	for (; q->at < q->end && *q->at != '"'; q->at++)
		if (*q->at == '\\' && (++q->at == q->end || *q->at == 'u'))
			return false;
	if (q->at == q->end)
		return false;
	q->at++;
	return true;
}

static bool
quick_try(struct journal_reader *r, struct quick *q, struct journal_line *line)
{
	struct journal_text name;
	uint64_t number;

	line->kind = JOURNAL_TRY;
	if (!quick_number(q, &number) || number > UINT32_MAX ||
	    !COMES(q, ",\"recipients\":["))
		return false;
	line->number = (unsigned)number;
	do {
		if (!COMES(q, "\"") || !quick_text(q, &name))
			return false;
		add_recipient(r, line, name.s, name.n);
	} while (COMES(q, ","));
	return COMES(q, "]");
}

static bool
quick_verdict(struct quick *q, struct journal_line *line)
{
	struct journal_text verdict;
	uint64_t number;

	line->kind = JOURNAL_VERDICT;
	if (!quick_text(q, &line->recipient) || !COMES(q, ",\"verdict\":\"") ||
	    !quick_text(q, &verdict) ||
	    !read_verdict(verdict.s, verdict.n, &line->verdict))
		return false;
	if (COMES(q, ",\"code\":") && !quick_number(q, &number))
		return false;
	if (COMES(q, ",\"enhanced\":\"") && !quick_skip(q))
		return false;
	if (COMES(q, ",\"text\":\"") && !quick_skip(q))
		return false;
	line->over = COMES(q, ",\"over\":true");
	return true;
}

static bool
read_quick(struct journal_reader *r, const char *text, size_t n,
    struct journal_line *line)
{
	struct quick q = {text, text + n};
	struct journal_text stamp;

	*line = (struct journal_line){0};
	if (!COMES(&q, "{\"at\":\"") || !quick_text(&q, &stamp) ||
	    !read_stamp(&r->stamp, stamp.s, stamp.n, &line->at) ||
	    !COMES(&q, ",\"record\":") || !quick_number(&q, &line->record) ||
	    !COMES(&q, ",\"key\":\"") || !quick_text(&q, &line->key))
		return false;
	if (COMES(&q, ",\"try\":")) {
		if (!quick_try(r, &q, line))
			return false;
	} else if (!COMES(&q, ",\"recipient\":\"") ||
	    !quick_verdict(&q, line)) {
		return false;
	}
	return COMES(&q, "}") && q.at == q.end && memchr(text, '\0', n) == NULL;
}

/* What an object of JSON may have. */
enum member {
	M_JOURNAL,
	M_BATCH,
	M_LIST,
	M_TEMPLATE,
	M_KEYS,
	M_ZONE,
	M_AT,
	M_RECORD,
	M_KEY,
	M_TRY,
	M_RECIPIENTS,
	M_RECIPIENT,
	M_VERDICT,
	M_OVER,
	MEMBERS
};

#define BIT(member) (1U << (member))

static const struct {
	const char *name;
	enum json_kind kind;
} members[MEMBERS] = {
    [M_JOURNAL] = {"journal", JSON_A_NUMBER},
    [M_BATCH] = {"batch", JSON_A_TEXT},
    [M_LIST] = {"list", JSON_A_TEXT},
    [M_TEMPLATE] = {"template", JSON_A_TEXT},
    [M_KEYS] = {"keys", JSON_A_TEXT},
    [M_ZONE] = {"zone", JSON_A_TEXT},
    [M_AT] = {"at", JSON_A_TEXT},
    [M_RECORD] = {"record", JSON_A_NUMBER},
    [M_KEY] = {"key", JSON_A_TEXT},
    [M_TRY] = {"try", JSON_A_NUMBER},
    [M_RECIPIENTS] = {"recipients", JSON_A_TEXT},
    [M_RECIPIENT] = {"recipient", JSON_A_TEXT},
    [M_VERDICT] = {"verdict", JSON_A_TEXT},
    [M_OVER] = {"over", JSON_A_TRUTH},
};

/* What a line of each kind says, and the member that only it has. */
static const struct {
	enum member own;
	unsigned needs;
} kinds[] = {
    [JOURNAL_HEAD] = {M_JOURNAL, BIT(M_BATCH) | BIT(M_LIST) | BIT(M_TEMPLATE)},
    [JOURNAL_TRY] = {M_TRY, BIT(M_AT) | BIT(M_KEY) | BIT(M_RECIPIENTS)},
    [JOURNAL_VERDICT] = {M_VERDICT, BIT(M_AT) | BIT(M_KEY) | BIT(M_RECIPIENT)},
};

struct walk {
	struct journal_reader *reader;
	struct journal_line *line;
	unsigned seen;
};

static bool
read_hex(const struct json_value *v, unsigned char *bytes, size_t n)
{
	size_t i;
	int octet;

	if (v->len != n * 2)
		return false;
	for (i = 0; i < n; i++) {
		octet = ascii_hex(v->text + i * 2, 2);
		if (octet == -1)
			return false;
		bytes[i] = (unsigned char)octet;
	}
	return true;
}

static bool
read_zone(const struct json_value *v, struct journal_head *head)
{
	int hours, minutes;

	if (v->len != 5 || (v->text[0] != '+' && v->text[0] != '-'))
		return false;
	hours = two_digits(v->text + 1);
	minutes = two_digits(v->text + 3);
	if (hours < 0 || minutes < 0 || minutes > 59)
		return false;
	head->zone_minutes =
	    (hours * 60 + minutes) * (v->text[0] == '-' ? -1 : 1);
	head->has_zone = true;
	return true;
}

/* The reader has room for all that a line can hold. */
static struct journal_text
keep(struct journal_reader *r, const struct json_value *v)
{
	struct journal_text text = {r->texts.data + r->texts.len, v->len};

	buf_append(&r->texts, v->text, v->len);
	return text;
}

static bool
read_small(const struct json_value *v, unsigned *number)
{
	uint64_t n;

	if (!read_number(v->text, v->len, &n) || n > UINT32_MAX)
		return false;
	*number = (unsigned)n;
	return true;
}

static bool
take_value(struct walk *w, enum member m, const struct json_value *v)
{
	struct journal_line *line = w->line;
	struct journal_text text;

	switch (m) {
	case M_JOURNAL:
		return read_small(v, &line->head.version);
	case M_BATCH:
		return read_hex(v, line->head.batch, sizeof(line->head.batch));
	case M_LIST:
		return read_hex(v, line->head.list, sizeof(line->head.list));
	case M_TEMPLATE:
		return read_hex(v, line->head.templ, sizeof(line->head.templ));
	case M_KEYS:
		line->head.keys = keep(w->reader, v);
		return true;
	case M_ZONE:
		return read_zone(v, &line->head);
	case M_AT:
		return read_stamp(
		    &w->reader->stamp, v->text, v->len, &line->at);
	case M_RECORD:
		return read_number(v->text, v->len, &line->record);
	case M_KEY:
		line->key = keep(w->reader, v);
		return true;
	case M_TRY:
		return read_small(v, &line->number);
	case M_RECIPIENTS:
		text = keep(w->reader, v);
		add_recipient(w->reader, line, text.s, text.n);
		return true;
	case M_RECIPIENT:
		line->recipient = keep(w->reader, v);
		return true;
	case M_VERDICT:
		return read_verdict(v->text, v->len, &line->verdict);
	default:
		line->over = v->text[0] == 't';
		return true;
	}
}

static bool
take_member(void *arg, const struct json_value *v)
{
	struct walk *w = arg;
	unsigned m = 0;
	bool again;

	while (m < MEMBERS && strcmp(members[m].name, v->name) != 0)
		m++;
	if (m == MEMBERS)
		return true;
	again = (w->seen & BIT(m)) != 0;
	w->seen |= BIT(m);
	if (v->kind != members[m].kind || v->item != (m == M_RECIPIENTS) ||
	    (again && !v->item))
		return false;
	return take_value(w, (enum member)m, v);
}

int
journal_line_read_any(struct journal_reader *r, const char *text, size_t n,
    struct journal_line *line)
{
	struct walk w = {.reader = r, .line = line};
	bool found = false;
	unsigned kind;

	*line = (struct journal_line){0};
	buf_reset(&r->texts);
	/* A rune of three octets is six there. */
	buf_reserve(&r->texts, n);
	if (json_walk(text, n, take_member, &w) == -1)
		return -1;
	for (kind = JOURNAL_HEAD; kind <= JOURNAL_VERDICT; kind++)
		if ((w.seen & BIT(kinds[kind].own)) != 0) {
			if (found ||
			    (w.seen & kinds[kind].needs) != kinds[kind].needs)
				return -1;
			found = true;
			line->kind = (enum journal_kind)kind;
		}
	return found ? 0 : -1;
}

int
journal_line_read(struct journal_reader *r, const char *text, size_t n,
    struct journal_line *line)
{
	return read_quick(r, text, n, line)
	    ? 0
	    : journal_line_read_any(r, text, n, line);
}

void
journal_reader_clear(struct journal_reader *r)
{
	buf_clear(&r->texts);
	free(r->recipients);
	*r = (struct journal_reader){0};
}
