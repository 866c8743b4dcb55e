#include "report/info.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "lib/printable.h"
#include "report/report.h"

enum { LABEL = 13 }; /* columns */

static void
label(struct buf *out, const char *name)
{
	buf_printf(out, "%-*s", LABEL, name);
}

/* Nothing when there is nothing to tell. */
static void
line(struct buf *out, const char *name, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	label(out, name);
	printable_append(out, text, strlen(text));
	buf_putc(out, '\n');
}

static void
lines(struct buf *out, const char *name, const char *text)
{
	size_t n;

	if (*text == '\0')
		return;
	for (;; text += n + 1) {
		n = strcspn(text, "\n");
		label(out, name);
		printable_append(out, text, n);
		buf_putc(out, '\n');
		if (text[n] == '\0')
			return;
		name = "";
	}
}

void
report_time(int64_t seconds, char out[REPORT_TIME_SIZE])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds < 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(out, REPORT_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

int64_t
report_days(int64_t then, int64_t now)
{
	enum { DAY = 24 * 60 * 60 };
	int64_t left = then - now;

	return left >= 0 ? left / DAY : -((-left + DAY - 1) / DAY);
}

static void
addresses(struct buf *out, const struct report_info *info)
{
	const struct report_address *a;
	size_t i;

	for (i = 0; i < info->address_count; i++) {
		a = &info->addresses[i];
		label(out, i == 0 ? "addresses" : "");
		buf_printf(out, "%s port %u: %s", a->address, a->port,
		    a->connected	   ? "connected"
			: a->error == NULL ? "not tried"
					   : "");
		if (a->error != NULL) {
			buf_puts(out, a->connected ? ", but " : "");
			printable_append(out, a->error, strlen(a->error));
		}
		buf_putc(out, '\n');
	}
}

static void
validity(struct buf *out, const struct report_certificate *c)
{
	char begins[REPORT_TIME_SIZE], expires[REPORT_TIME_SIZE];

	if (c->begins < 0 || c->expires < 0)
		return;
	report_time(c->begins, begins);
	report_time(c->expires, expires);
	label(out, "  valid");
	buf_printf(out, "%s to %s, ", begins, expires);
	if (c->days >= 0)
		buf_printf(out, "%" PRId64 " more days\n", c->days);
	else if (c->days == -1)
		buf_puts(out, "expired today\n");
	else
		buf_printf(out, "expired %" PRId64 " days ago\n", -c->days - 1);
}

static void
certificate(struct buf *out, const struct report_certificate *c, size_t number)
{
	size_t i;

	label(out, number == 0 ? "certificate" : "issued by");
	if (c->subject[0] != '\0')
		printable_append(out, c->subject, strlen(c->subject));
	else
		buf_puts(out, "(no subject)");
	buf_putc(out, '\n');
	for (i = 0; i < c->name_count; i++)
		line(out, i == 0 ? "  for" : "", c->names[i]);
	line(out, "  issuer", c->issuer);
	validity(out, c);
}

static void
tls(struct buf *out, const struct report *r, const struct report_info *info)
{
	size_t i;

	if (r->tls_version == NULL)
		return;
	label(out, "TLS");
	buf_printf(out, "%s, %s%s%s\n", r->tls_version, r->tls_cipher,
	    info->key_exchange[0] != '\0' ? ", key exchange " : "",
	    info->key_exchange);
	for (i = 0; i < info->chain_count; i++)
		certificate(out, &info->chain[i], i);
	if (info->pin[0] != '\0') {
		label(out, "pin");
		buf_printf(out, "sha256//%s\n", info->pin);
	}
	line(out, "our own", r->tls_own);
	label(out, "verified");
	if (info->unverified == NULL) {
		bool alone = r->tls_trust != NULL &&
		    (strcmp(r->tls_trust, "first-use") == 0 ||
			strcmp(r->tls_trust, "known-key") == 0);

		buf_printf(out, "yes%s%s\n", alone ? ", by " : "",
		    alone ? r->tls_trust : "");
		return;
	}
	buf_puts(out, "no: ");
	printable_append(out, info->unverified, strlen(info->unverified));
	buf_putc(out, '\n');
}

static void
limit(struct buf *out, const char *name, uint64_t max, const char *what)
{
	if (max == 0)
		return;
	label(out, name);
	buf_printf(out, "%" PRIu64 " %s\n", max, what);
}

static void
use(struct buf *out, const struct report_info *info)
{
	line(out, "used", info->used);
	line(out, "on request", info->on_request);
	line(out, "mechanisms", info->mechanisms);
	line(out, "sign in by", info->mechanism);
	limit(out, "size", info->size_max, "octets at most");
	limit(out, "recipients", info->rcpt_max, "at once at most");
	limit(out, "domains", info->rcpt_domain_max, "a connection at most");
	limit(out, "messages", info->mail_max, "a connection at most");
	if (info->message_trips == 0)
		return;
	label(out, "cost");
	buf_printf(out, "%u round trip%s for a message, after %u\n",
	    info->message_trips, info->message_trips == 1 ? "" : "s",
	    info->ready_trips);
}

static void
times(struct buf *out, const struct report *r)
{
	const char *between = "";
	size_t i;

	label(out, "time");
	for (i = 0; i < REPORT_PHASES; i++) {
		if (r->phase_us[i] == 0)
			continue;
		buf_printf(out, "%s%s %.1f ms", between,
		    smtp_phase_name((enum smtp_phase)i),
		    (double)r->phase_us[i] / 1000);
		between = ", ";
	}
	buf_putc(out, '\n');
}

void
report_info(struct buf *out, const struct report *r)
{
	const struct report_info *info = r->info;

	line(out, "server", r->server);
	line(out, "proxy", r->proxy);
	addresses(out, info);
	lines(out, "greeting", info->greeting);
	lines(out, "in clear", info->clear);
	tls(out, r, info);
	lines(out, "under TLS", info->secured);
	use(out, info);
	line(out, "signed in", info->signed_in ? "yes" : "");
	times(out, r);
	line(out, "a message",
	    r->outcome.status == EX_OK ? "could be handed in" : "could not");
}
