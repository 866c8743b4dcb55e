#include "options/value_many.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"

/* The units that people write behind a number of messages. */
static const struct {
	const char *names; /* with blanks between */
	int64_t us;
} units[] = {
    {"s sec second", 1000000},
    {"m min minute", 60 * 1000000LL},
    {"h hour", 3600 * 1000000LL},
    {"d day", 86400 * 1000000LL},
};

static int64_t
unit_us(const char *text)
{
	size_t i, n, len = strlen(text);
	const char *at;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		for (at = units[i].names; *at != '\0';
		     at += n + (at[n] == ' ')) {
			n = strcspn(at, " ");
			if (n == len && ascii_begins(at, text))
				return units[i].us;
		}
	return 0;
}

/* N before the slash; *rest is what stands behind it. */
static int
read_count(const char *text, uint64_t *count, const char **rest)
{
	const char *slash = strchr(text, '/');
	struct buf digits = BUF_WITH_MAX(20);
	struct error why;
	int r;

	if (slash == NULL || slash[1] == '\0' ||
	    buf_append(&digits, text, (size_t)(slash - text)) == -1) {
		buf_clear(&digits);
		return -1;
	}
	r = value_number(buf_string(&digits), count, &why);
	buf_clear(&digits);
	*rest = slash + 1;
	return r == 0 && *count > 0 ? 0 : -1;
}

int
value_rate_read(const char *text, struct value_pace *out, struct error *err)
{
	struct value_pace pace = {0};
	const char *unit;

	if (read_count(text, &pace.count, &unit) == 0)
		pace.us = unit_us(unit);
	/* The time between two of them has whole microseconds. */
	if (pace.us == 0 || pace.count > (uint64_t)pace.us)
		return error_set(err, EX_USAGE,
		    "is not a rate (10/s, 30/min, 500/h, 2000/d)");
	*out = pace;
	return 0;
}

int
value_quota_read(const char *text, struct value_pace *out, struct error *err)
{
	struct value_pace pace = {0};
	struct error why;
	const char *time;
	int64_t ms;

	if (read_count(text, &pace.count, &time) == 0) {
		pace.us = unit_us(time);
		if (pace.us == 0 && value_duration(time, &ms, &why) == 0)
			pace.us = ms * 1000;
	}
	if (pace.us == 0 || pace.count > 100000000)
		return error_set(
		    err, EX_USAGE, "is not a quota (500/24h, 2000/d, 100/1h)");
	*out = pace;
	return 0;
}

int
value_delimiter_read(const char *text, char *out, struct error *err)
{
	if (ascii_equal(text, "tab") || strcmp(text, "\\t") == 0) {
		*out = '\t';
		return 0;
	}
	if (text[0] == '\0' || text[1] != '\0' || text[0] == '"' ||
	    text[0] == '\r' || text[0] == '\n' || (text[0] & 0x80) != 0)
		return error_set(err, EX_USAGE,
		    "is not a delimiter (one character such as , ; | or the "
		    "word tab)");
	*out = text[0];
	return 0;
}

int
value_rate(const char *text, struct error *err)
{
	struct value_pace pace;

	return value_rate_read(text, &pace, err);
}

int
value_quota(const char *text, struct error *err)
{
	struct value_pace pace;

	return value_quota_read(text, &pace, err);
}

int
value_delimiter(const char *text, struct error *err)
{
	char c;

	return value_delimiter_read(text, &c, err);
}

int
value_positive(const char *text, struct error *err)
{
	uint64_t n;

	if (value_number(text, &n, err) == -1)
		return -1;
	if (n == 0)
		return error_set(err, EX_USAGE, "is not a number from 1 on");
	return 0;
}

int
value_connections(const char *text, struct error *err)
{
	uint64_t n;

	if (value_number(text, &n, err) == -1)
		return -1;
	if (n == 0 || n > VALUE_CONNECTIONS_MAX)
		return error_set(err, EX_USAGE, "is not a number from 1 to %d",
		    VALUE_CONNECTIONS_MAX);
	return 0;
}
