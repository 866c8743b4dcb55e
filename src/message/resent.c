/* resent: the block of fields that tells who sent a message on, and to whom;
 * what it stands in front of stays as it was. */
#include "message/completing.h"

#include "rfc5322/date.h"
#include "rfc5322/ident.h"

static int
put_list(struct completing *c, const char *name,
    const struct address_list *list, struct error *err)
{
	if (list->count == 0 && list->group_count == 0)
		return 0;
	return draft_put_addresses(&c->m->header, name, list, err);
}

int
resent_put(struct completing *c, struct error *err)
{
	struct buf *out = &c->m->header;
	struct ident ident = c->p->ident;
	struct address_list sender = {.addresses = c->author.addresses};
	char date[DATE_SIZE];

	buf_printf(out, "Resent-Date: %s\r\n",
	    date_format(date, ident.now, ident.zone_minutes));
	/* As with Sender, several authors have one of them send it. */
	sender.count = c->author.count > 1 ? 1 : 0;
	if (put_list(c, "Resent-From", &c->author, err) == -1 ||
	    put_list(c, "Resent-Sender", &sender, err) == -1 ||
	    put_list(c, "Resent-To", &c->to, err) == -1 ||
	    put_list(c, "Resent-Cc", &c->cc, err) == -1 ||
	    (c->p->keep_bcc && put_list(c, "Resent-Bcc", &c->bcc, err) == -1))
		return -1;
	if (c->to.count + c->to.group_count + c->cc.count + c->cc.group_count ==
	    0)
		buf_puts(out, "Resent-To: undisclosed-recipients:;\r\n");
	ident.author_domain = c->author.addresses[0].domain;
	buf_printf(out, "Resent-Message-ID: %s\r\n",
	    ident_message_id(&c->m->arena, &ident));
	return 0;
}
