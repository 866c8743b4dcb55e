#include "oauth/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/printable.h"
#include "lib/secret.h"
#include "oauth/form.h"

/* Each time that it is there becomes "***", or as much of that as it is long. */
static void
mask_value(char *text, const char *value, size_t n)
{
	size_t stars = n < 3 ? n : 3;
	char *at = text;

	if (n == 0)
		return;
	while ((at = memmem(at, strlen(at), value, n)) != NULL) {
		memset(at, '*', stars);
		memmove(at + stars, at + n, strlen(at + n) + 1);
		at += stars;
	}
}

/* Takes out of the text what we sent of secrets: some servers repeat it, as it
 * is or as it was in the form. */
static void
mask(char *text, const struct buf *form)
{
	static const char *const names[] = {"code", "code_verifier",
	    "refresh_token", "client_secret", "device_code", "token"};
	struct buf value = BUF_WITH_MAX(OAUTH_SECRET_MAX),
		   coded = BUF_WITH_MAX(0);
	size_t i;

	buf_reserve(&value, value.max);
	buf_reserve(&coded, 3 * value.max + 2);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		buf_reset(&value);
		buf_reset(&coded);
		if (!form_find(form->data, form->len, names[i], &value))
			continue;
		form_add(&coded, "", buf_string(&value));
		mask_value(text, coded.data + 1, coded.len - 1);
		mask_value(text, value.data, value.len);
	}
	secret_wipe(value.data, value.cap);
	secret_wipe(coded.data, coded.cap);
	buf_clear(&value);
	buf_clear(&coded);
}

/* The first line, fit for people; what does not fit is cut between characters. */
static void
put_line(char *out, size_t size, const char *text, const struct buf *form)
{
	struct buf line = BUF_WITH_MAX(size - 1);
	char *copy = strndup(text, strcspn(text, "\r\n"));
	size_t i, n;

	if (copy == NULL)
		return;
	if (form != NULL)
		mask(copy, form);
	for (i = 0; copy[i] != '\0'; i += n) {
		n = printable_utf8(copy + i, strlen(copy + i), &(uint32_t){0});
		n = n > 0 ? n : 1;
		if (printable_append(&line, copy + i, n) == -1)
			break;
	}
	snprintf(out, size, "%s", buf_string(&line));
	secret_wipe(copy, strlen(copy));
	free(copy);
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
