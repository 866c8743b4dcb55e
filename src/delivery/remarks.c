#include "delivery/remarks.h"

#include <stdarg.h>

void
remarks_clear(struct remarks *r)
{
	buf_clear(&r->next);
	buf_clear(&r->told);
}

void
remarks_add(struct remarks *r, const char *fmt, ...)
{
	va_list ap;

	if (!r->wanted)
		return;
	if (r->next.len > 0)
		buf_putc(&r->next, '\n');
	va_start(ap, fmt);
	buf_vprintf(&r->next, fmt, ap);
	va_end(ap);
}

void
remarks_met(struct remarks *r, const struct transport_peer *p)
{
	const char *from = p->local_address[0] != '\0' ? " from " : "";

	r->met = true;
	if (p->proxy != NULL)
		remarks_add(r, "connected by way of %s%s%s", p->proxy,
		    p->address[0] != '\0' ? " to " : "", p->address);
	else if (p->port != 0)
		remarks_add(r, "connected to %s port %u%s%s", p->address,
		    p->port, from, p->local_address);
	else
		remarks_add(r, "connected%s%s",
		    p->address[0] != '\0' ? " to " : "", p->address);
}

/* What is worth a word beside the cipher. */
static const char *
trust_word(const struct transport_tls *tls)
{
	return tls->trust == TRANSPORT_TRUST_FIRST_USE
	    ? ", trusted on first use"
	    : tls->trust == TRANSPORT_TRUST_KNOWN ? ", known by its key"
						  : "";
}

static const char *
own_word(const struct transport_tls *tls)
{
	static const char *const words[] = {
	    [TRANSPORT_OWN_NONE] = "",
	    [TRANSPORT_OWN_UNASKED] = ", our certificate not asked for",
	    [TRANSPORT_OWN_SHOWN] = ", our certificate shown",
	    [TRANSPORT_OWN_WITHHELD] = ", our certificate withheld",
	};

	return words[tls->own];
}

void
remarks_tls(struct remarks *r, const struct transport_tls *tls)
{
	if (tls != NULL)
		remarks_add(r, "TLS begins: %s, %s%s%s%s%s%s", tls->version,
		    tls->cipher, tls->resumed ? ", resumed" : "",
		    trust_word(tls), own_word(tls),
		    tls->unverified[0] != '\0' ? ", unverified: " : "",
		    tls->unverified);
}

bool
remarks_event(struct remarks *r, struct smtp_event *event)
{
	struct buf told = r->told;

	if (r->next.len == 0)
		return false;
	r->told = r->next;
	r->next = told;
	buf_reset(&r->next);
	*event = (struct smtp_event){.type = SMTP_NOTE, .text = r->told.data};
	return true;
}

void
remarks_gone(struct remarks *r, const struct error *why)
{
	r->gone = true;
	if (why != NULL)
		remarks_add(r, "connection lost: %s", why->text);
	else
		remarks_add(r, "closed by the server");
}

bool
remarks_end(struct remarks *r, struct smtp_event *event)
{
	if (!r->met || r->gone)
		return false;
	r->gone = true;
	remarks_add(r, "closed by us");
	return remarks_event(r, event);
}
