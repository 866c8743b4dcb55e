#include "report/log.h"

#include <string.h>
#include <syslog.h>

#include "lib/error.h"
#include "lib/printable.h"
#include "report/outcome.h"

/* Shares of a line, in parts of 32; what is left is for our own words. */
enum {
	PARTS = 32,
	FROM = 4,
	TO = 7,
	LACKING = 2, /* each of the lists of those who have not got it */
	MESSAGE_ID = 4,
	SERVER = 3,
	USER = 2,
	REPLY = 3
};

/* --- texts from outside ---------------------------------------------------*/

/* The next character, in such a way that it ends no value: 1 to 8 octets. */
static void
put_character(struct buf *out, const char *s, size_t n, const char *ends)
{
	if (*s != '\0' && strchr(ends, *s) != NULL)
		buf_printf(out, "\\x%02X", (unsigned char)*s);
	else
		printable_append(out, s, n);
}

/* At most so many octets of it; what was cut has "..." behind it. */
static void
put_text(struct buf *out, const char *text, size_t most, const char *ends)
{
	size_t n = strlen(text), step, last = out->len;
	const size_t begin = out->len;
	uint32_t rune;

	for (; n > 0; text += step, n -= step) {
		step = printable_utf8(text, n, &rune);
		if (step == 0)
			step = 1;
		put_character(out, text, step, ends);
		if (out->len - begin + 3 <= most)
			last = out->len;
		if (out->len - begin <= most)
			continue;
		out->len = last;
		out->data[last] = '\0';
		buf_puts(out, "...");
		return;
	}
}

static const char bare[] = " \"<>=,[]";
static const char quoted[] = "\"";
static const char bracketed[] = " \"<>";

static void
put_bracketed(struct buf *out, const char *text, size_t most)
{
	buf_putc(out, '<');
	put_text(out, text, most, bracketed);
	buf_putc(out, '>');
}

/* Those of one verdict, as many as have room; -1: all. */
static void
put_list(struct buf *out, const char *key, const struct log_entry *e,
    int verdict, size_t most)
{
	const size_t begin = out->len;
	size_t i, before, n = 0;

	for (i = 0; i < e->count; i++) {
		if (verdict >= 0 &&
		    e->recipients[i].result.verdict !=
			(enum smtp_verdict)verdict)
			continue;
		before = out->len;
		if (n == 0)
			buf_printf(out, " %s=", key);
		else
			buf_putc(out, ',');
		put_bracketed(out, e->recipients[i].address, most / 2);
		n++;
		if (out->len - begin <= most || n == 1)
			continue;
		out->len = before;
		buf_puts(out, ",...");
		return;
	}
}

/* --- what became of it ----------------------------------------------------*/

static size_t
count_of(const struct log_entry *e, enum smtp_verdict verdict)
{
	size_t i, n = 0;

	for (i = 0; i < e->count; i++)
		n += e->recipients[i].result.verdict == verdict;
	return n;
}

static const char *
status_of(const struct log_entry *e)
{
	const size_t accepted = count_of(e, SMTP_ACCEPTED);

	if (e->expired)
		return "expired";
	if (count_of(e, SMTP_UNKNOWN) > 0 || e->status == EX_UNKNOWN)
		return "unknown";
	if (e->queued != NULL && e->status == EX_OK)
		return "queued";
	if (accepted > 0)
		return accepted == e->count ? "sent" : "partial";
	if (e->queued != NULL || count_of(e, SMTP_DEFERRED) > 0 ||
	    e->status == EX_TEMPFAIL)
		return "deferred";
	if (count_of(e, SMTP_REFUSED) > 0)
		return "refused";
	return "failed";
}

int
log_priority(const struct log_entry *e)
{
	static const struct {
		const char *status;
		int level;
	} levels[] = {
	    {"sent", LOG_INFO},
	    {"queued", LOG_INFO},
	    {"deferred", LOG_NOTICE},
	    {"partial", LOG_WARNING},
	    {"unknown", LOG_WARNING},
	};
	const char *status = status_of(e);
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i].status, status) == 0)
			return LOG_MAIL | levels[i].level;
	return LOG_MAIL | LOG_ERR;
}

/* Whose reply the line has: of the first one who has not got it, of whom
 * something was said. */
static const struct smtp_result *
decisive(const struct log_entry *e)
{
	const struct smtp_result *best = NULL, *r;
	size_t i;

	for (i = 0; i < e->count; i++) {
		r = &e->recipients[i].result;
		if (r->text == NULL || r->text[0] == '\0')
			continue;
		if (best == NULL ||
		    (best->verdict == SMTP_ACCEPTED &&
			r->verdict != SMTP_ACCEPTED))
			best = r;
	}
	return best;
}

/* --- the line -------------------------------------------------------------*/

static void
put_who(struct buf *out, const struct log_entry *e, uid_t uid, size_t part)
{
	buf_printf(out, "uid=%lu", (unsigned long)uid);
	if (e->from != NULL) {
		buf_puts(out, " from=");
		put_bracketed(out, e->from, FROM * part);
	}
	put_list(out, "to", e, -1, TO * part);
	if (e->count > 0)
		buf_printf(out, " nrcpt=%zu", e->count);
	if (e->sized)
		buf_printf(out, " size=%llu", (unsigned long long)e->size);
	if (e->message_id != NULL) {
		const size_t n = strlen(e->message_id);
		const bool has = n > 1 && e->message_id[0] == '<' &&
		    e->message_id[n - 1] == '>';
		struct buf inner = {0};

		buf_append(&inner, e->message_id + has, n - 2 * has);
		buf_puts(out, " message-id=");
		put_bracketed(out, buf_string(&inner), MESSAGE_ID * part);
		buf_clear(&inner);
	}
}

static void
put_server(struct buf *out, const struct log_entry *e, size_t part)
{
	if (e->host != NULL && e->host[0] != '\0') {
		buf_puts(out, " server=");
		put_text(out, e->host, SERVER * part, bare);
		if (e->address != NULL && e->address[0] != '\0' &&
		    strcmp(e->address, e->host) != 0) {
			buf_putc(out, '[');
			put_text(out, e->address, SERVER * part / 2, bare);
			buf_putc(out, ']');
		}
		if (e->port != 0)
			buf_printf(out, ":%u", e->port);
	}
	if (e->tls != NULL) {
		buf_puts(out, " tls=");
		put_text(out, e->tls, part / 2, bare);
	}
	if (e->user != NULL) {
		buf_puts(out, " user=");
		put_text(out, e->user, USER * part, bare);
	}
}

static void
put_reply(struct buf *out, const struct log_entry *e, size_t part)
{
	const struct smtp_result *r = decisive(e);
	const char *text = r != NULL ? r->text : e->why;

	if (r != NULL && r->enhanced[0] != '\0')
		buf_printf(out, " dsn=%s", r->enhanced);
	if (text == NULL || text[0] == '\0')
		return;
	buf_puts(out, " reply=\"");
	if (r != NULL && r->code > 0 && r->code < 600)
		buf_printf(out, "%d ", r->code);
	put_text(out, text, REPLY * part, quoted);
	buf_putc(out, '"');
}

static void
put_end(struct buf *out, const struct log_entry *e, size_t part)
{
	const char *status = status_of(e);

	buf_printf(out, " status=%s exit=%d", status, e->status);
	/* Where they fared differently. */
	if (count_of(e, SMTP_REFUSED) < e->count)
		put_list(out, "refused", e, (int)SMTP_REFUSED, LACKING * part);
	if (count_of(e, SMTP_DEFERRED) < e->count)
		put_list(
		    out, "deferred", e, (int)SMTP_DEFERRED, LACKING * part);
	if (e->id != NULL || e->queued != NULL)
		buf_printf(
		    out, " outbox=%s", e->id != NULL ? e->id : e->queued);
	put_reply(out, e, part);
}

void
log_put(struct buf *out, const struct log_entry *e, uid_t uid, size_t max)
{
	const size_t part = max / PARTS;

	put_who(out, e, uid, part);
	put_server(out, e, part);
	put_end(out, e, part);
	/* Our own words have room enough, but for a name that is none. */
	if (out->len > max) {
		out->len = max;
		out->data[max] = '\0';
	}
}

void
log_put_head(
    struct buf *out, const struct tm *tm, const char *program, pid_t pid)
{
	char time[40];

	if (strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S%z", tm) == 0)
		time[0] = '\0';
	buf_printf(out, "%s %s[%ld]: ", time, program, (long)pid);
}

void
log_put_syslog_head(struct buf *out, int priority, const struct tm *tm,
    const char *program, pid_t pid)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	buf_printf(out, "<%d>%s %2d %02d:%02d:%02d %s[%ld]: ", priority,
	    months[tm->tm_mon % 12], tm->tm_mday, tm->tm_hour, tm->tm_min,
	    tm->tm_sec, program, (long)pid);
}
