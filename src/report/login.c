#include "report/login.h"

#include <string.h>

#include "lib/jansson.h"
#include "lib/printable.h"

static void
put(struct buf *out, const char *before, const char *text)
{
	buf_puts(out, before);
	printable_append(out, text, strlen(text));
}

static void
put_lifetime(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
	    {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;
	long long n;

	/* The largest that leaves little over: 90 minutes, 2 hours. */
	while (seconds < 2 * units[i].seconds && seconds != units[i].seconds &&
	    units[i].seconds > 1)
		i++;
	n = (long long)(seconds / units[i].seconds);
	buf_printf(out, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
}

void
report_login(struct buf *out, const struct report_login *r)
{
	put(out, "account '", r->account);
	put(out, "' is signed in at ", r->server);
	if (r->user != NULL)
		put(out, " as ", r->user);
	if (r->lifetime_s > 0) {
		buf_puts(out, "; the token is good for ");
		put_lifetime(out, r->lifetime_s);
		if (r->renewable)
			buf_puts(out, " and then renewed by itself");
	} else if (r->renewable) {
		buf_puts(out, "; the token is renewed by itself");
	}
	buf_putc(out, '\n');
}

int
report_json_login(
    struct buf *out, const struct report_login *r, struct error *err)
{
	struct jansson j = {0};

	if (jansson_open(&j, "--json", err) == -1)
		return -1;
	buf_puts(out, "{\"version\":1");
	jansson_member(&j, out, "account", jansson_text(&j, r->account));
	jansson_member(&j, out, "user", jansson_text(&j, r->user));
	jansson_member(&j, out, "server", jansson_text(&j, r->server));
	jansson_member(&j, out, "way", jansson_text(&j, r->way));
	jansson_member(&j, out, "scope", jansson_text(&j, r->scope));
	jansson_member(&j, out, "lifetime_s",
	    r->lifetime_s > 0 ? j.integer((json_int_t)r->lifetime_s)
			      : j.null());
	jansson_member(&j, out, "renewable", jansson_boolean(&j, r->renewable));
	buf_puts(out, "}\n");
	return j.failed ? error_set(err, EX_OSERR, "--json: out of memory") : 0;
}
