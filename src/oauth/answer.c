#include "oauth/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mask.h"
#include "lib/printable.h"
#include "lib/secret.h"
#include "oauth/form.h"

/* Takes out of the text what we sent of secrets: some servers repeat it, as it
 * is or in another form, over one line or several. */
static void
mask(struct buf *text, const struct buf *form)
{
	static const char *const names[] = {"code", "code_verifier",
	    "refresh_token", "client_secret", "device_code", "token"};
	struct buf value = BUF_WITH_MAX(OAUTH_SECRET_MAX);
	struct mask m;
	size_t i;

	buf_reserve(&value, value.max);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_reset(&value);
		if (!form_find(form->data, form->len, names[i], &value))
			continue;
		m = (struct mask){0};
		mask_secret(&m, value.data, value.len);
		mask_hide(&m, text);
	}
	secret_wipe(value.data, value.cap);
	buf_clear(&value);
}

/* The first line, fit for people; what does not fit is cut between characters. */
static void
put_line(char *out, size_t size, const char *said, const struct buf *form)
{
	struct buf line = BUF_WITH_MAX(size - 1), copy = BUF_WITH_MAX(0);
	const char *text;
	size_t i, n, end;

	buf_puts(&copy, said);
	if (form != NULL && copy.len > 0)
		mask(&copy, form);
	text = buf_string(&copy);
	end = strcspn(text, "\r\n");
	for (i = 0; i < end; i += n) {
		n = printable_utf8(text + i, end - i, &(uint32_t){0});
		n = n > 0 ? n : 1;
		if (printable_append(&line, text + i, n) == -1)
			break;
	}
	snprintf(out, size, "%s", buf_string(&line));
	secret_wipe(copy.data, copy.cap);
	buf_clear(&copy);
	buf_clear(&line);
}

int
oauth_refused(const struct oauth_refusal *r, int status, const char *who,
    struct error *err)
{
	const char *what = r->error[0] != '\0' ? r->error : "no reason given";

	if (r->description[0] == '\0')
		return error_set(err, status, "%s: %s", who, what);
	return error_set(err, status, "%s: %s (%s)", who, what, r->description);
}

void
oauth_answer_refusal(const struct jansson *j, const json_t *object,
    const struct buf *form, struct oauth_refusal *refusal)
{
	const char *error = jansson_string(j, object, "error");
	const char *text = jansson_string(j, object, "error_description");

	if (error == NULL)
		return;
	put_line(refusal->error, sizeof(refusal->error), error, form);
	if (text != NULL)
		put_line(refusal->description, sizeof(refusal->description),
		    text, form);
}

static bool
is_digits(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

int64_t
oauth_answer_seconds(const struct jansson *j, const json_t *object,
    const char *name, int64_t max)
{
	const json_t *v = j->object_get(object, name);
	double s;

	if (json_is_integer(v))
		s = (double)j->integer_value(v);
	else if (json_is_real(v))
		s = j->real_value(v);
	else if (json_is_string(v) && is_digits(j->string_value(v)))
		s = strtod(j->string_value(v), NULL);
	else
		return -1;
	if (!(s >= 1))
		return 0;
	return s < (double)max ? (int64_t)s : max;
}
