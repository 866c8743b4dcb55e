#include "smtp/output.h"

#include "lib/secret.h"

size_t
smtp_output_room(const struct smtp_output *o)
{
	return o->bytes.len < SMTP_OUTPUT_MAX ? SMTP_OUTPUT_MAX - o->bytes.len
					      : 0;
}

uint64_t
smtp_output_end(const struct smtp_output *o)
{
	return o->sent + (o->bytes.len - o->gone);
}

bool
smtp_output_open(struct smtp_output *o)
{
	if (o->gone > 0 && smtp_output_is_sent(o) && o->held == 0) {
		o->secret = false;
		buf_reset(&o->bytes);
		o->gone = 0;
	}
	return o->gone == 0;
}

void
smtp_output_secret(struct smtp_output *o, size_t head, size_t n)
{
	if (!o->secret || o->secret_to <= o->sent)
		o->secret_from = smtp_output_end(o) + head;
	o->secret_to = smtp_output_end(o) + n;
	o->secret = true;
}

void
smtp_output_put_secret(
    struct smtp_output *o, const struct buf *line, size_t head)
{
	smtp_output_secret(o, head, line->len);
	buf_reserve(&o->bytes, line->len + 2);
	buf_append(&o->bytes, line->data, line->len);
	buf_puts(&o->bytes, "\r\n");
}

void
smtp_output_hold(struct smtp_output *o, size_t from)
{
	o->held = o->bytes.len - from;
	o->bytes.len = from;
}

void
smtp_output_release(struct smtp_output *o)
{
	o->bytes.len += o->held;
	o->held = 0;
}

void
smtp_output_drop(struct smtp_output *o)
{
	o->bytes.len = o->gone;
	o->held = 0;
}

void
smtp_output_front(const struct smtp_output *o, const char **bytes, size_t *n)
{
	*bytes = o->bytes.data != NULL ? o->bytes.data + o->gone : "";
	*n = o->bytes.len - o->gone;
}

void
smtp_output_sent(struct smtp_output *o, size_t n)
{
	/* Before the output grows and leaves a copy behind. */
	if (o->secret)
		secret_wipe(o->bytes.data + o->gone, n);
	o->gone += n;
	o->sent += n;
}

void
smtp_output_clear(struct smtp_output *o)
{
	secret_wipe(o->bytes.data, o->bytes.cap);
	buf_clear(&o->bytes);
	*o = (struct smtp_output){0};
}
