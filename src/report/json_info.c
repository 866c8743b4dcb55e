/* json_info: what a server is, for scripts. */
#include <string.h>

#include "report/info.h"
#include "report/json.h"
#include "report/report.h"

/* null: it was not said. */
static json_t *
said_array(struct jansson *j, const char *s)
{
	return *s != '\0' ? jansson_lines(j, s) : j->null();
}

static json_t *
addresses_array(struct jansson *j, const struct report_info *info)
{
	const struct report_address *a;
	json_t *all = j->array(), *o;
	size_t i;

	for (i = 0; i < info->address_count; i++) {
		a = &info->addresses[i];
		o = j->object();
		jansson_set(j, o, "address", jansson_text(j, a->address));
		jansson_set(j, o, "port", j->integer(a->port));
		jansson_set(
		    j, o, "connected", jansson_boolean(j, a->connected));
		jansson_set(j, o, "error", jansson_text(j, a->error));
		jansson_append(j, all, o);
	}
	return all;
}

static json_t *
chain_array(struct jansson *j, const struct report_info *info)
{
	const struct report_certificate *c;
	json_t *all = j->array(), *o, *names;
	char time[REPORT_TIME_SIZE];
	size_t i, k;

	for (i = 0; i < info->chain_count; i++) {
		c = &info->chain[i];
		o = j->object();
		names = j->array();
		for (k = 0; k < c->name_count; k++)
			jansson_append(j, names, jansson_text(j, c->names[k]));
		jansson_set(j, o, "subject", jansson_known_text(j, c->subject));
		jansson_set(j, o, "names", names);
		jansson_set(j, o, "issuer", jansson_known_text(j, c->issuer));
		report_time(c->begins, time);
		jansson_set(j, o, "begins", jansson_known_text(j, time));
		report_time(c->expires, time);
		jansson_set(j, o, "expires", jansson_known_text(j, time));
		jansson_set(j, o, "days",
		    c->expires >= 0 ? j->integer(c->days) : j->null());
		jansson_append(j, all, o);
	}
	return all;
}

static json_t *
certificate_object(struct jansson *j, const struct report *r)
{
	const struct report_info *info = r->info;
	json_t *o;

	if (r->tls_version == NULL)
		return j->null();
	o = j->object();
	jansson_set(
	    j, o, "verified", jansson_boolean(j, info->unverified == NULL));
	jansson_set(j, o, "reason", jansson_text(j, info->unverified));
	jansson_set(
	    j, o, "key_exchange", jansson_known_text(j, info->key_exchange));
	jansson_set(j, o, "pin", jansson_known_text(j, info->pin));
	jansson_set(j, o, "chain", chain_array(j, info));
	return o;
}

static json_t *
limits_object(struct jansson *j, const struct report_info *info)
{
	json_t *o = j->object();

	/* What no integer holds limits nothing. */
	jansson_set(j, o, "size",
	    info->size_max > 0 && info->size_max <= INT64_MAX
		? j->integer((json_int_t)info->size_max)
		: j->null());
	jansson_set(
	    j, o, "recipients", jansson_known_number(j, (int)info->rcpt_max));
	jansson_set(
	    j, o, "messages", jansson_known_number(j, (int)info->mail_max));
	jansson_set(j, o, "domains",
	    jansson_known_number(j, (int)info->rcpt_domain_max));
	return o;
}

void
json_put_info(struct jansson *j, struct buf *out, const struct report *r)
{
	const struct report_info *info = r->info;

	jansson_member(j, out, "addresses", addresses_array(j, info));
	jansson_member(j, out, "greeting", said_array(j, info->greeting));
	jansson_member(j, out, "ehlo_clear", said_array(j, info->clear));
	jansson_member(j, out, "ehlo_tls", said_array(j, info->secured));
	jansson_member(j, out, "identity", certificate_object(j, r));
	jansson_member(j, out, "used", jansson_words(j, info->used));
	jansson_member(
	    j, out, "on_request", jansson_words(j, info->on_request));
	jansson_member(
	    j, out, "mechanisms", jansson_words(j, info->mechanisms));
	jansson_member(j, out, "mechanism", jansson_text(j, info->mechanism));
	jansson_member(
	    j, out, "signed_in", jansson_boolean(j, info->signed_in));
	jansson_member(j, out, "limits", limits_object(j, info));
	jansson_member(j, out, "message_round_trips",
	    jansson_known_number(j, (int)info->message_trips));
}
