/* fields: a table of the names that matter. */
#include "message/fields.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/printable.h"

#include "rfc5322/date.h"
#include "rfc5322/header.h"
#include "rfc5322/ident.h"
#include "rfc5322/words.h"

struct known {
	const char *name;
	enum field_id id;
	enum field_kind kind;
	bool once;
};

static const struct known table[] = {
    {"Date", FIELD_DATE, FIELD_FIXED, true},
    {"From", FIELD_FROM, FIELD_ADDRESSES, true},
    {"Sender", FIELD_SENDER, FIELD_ADDRESSES, true},
    {"To", FIELD_TO, FIELD_ADDRESSES, true},
    {"Cc", FIELD_CC, FIELD_ADDRESSES, true},
    {"Bcc", FIELD_BCC, FIELD_ADDRESSES, true},
    {"Reply-To", FIELD_REPLY_TO, FIELD_ADDRESSES, true},
    {"Subject", FIELD_SUBJECT, FIELD_TEXT, true},
    {"Message-ID", FIELD_MESSAGE_ID, FIELD_FIXED, true},
    {"MIME-Version", FIELD_MIME_VERSION, FIELD_FIXED, true},
    {"Content-Type", FIELD_CONTENT_TYPE, FIELD_FIXED, true},
    {"Content-Transfer-Encoding", FIELD_ENCODING, FIELD_FIXED, true},
    {"In-Reply-To", FIELD_OTHER, FIELD_FIXED, true},
    {"References", FIELD_OTHER, FIELD_FIXED, true},
    {"Content-ID", FIELD_OTHER, FIELD_FIXED, true},
    {"Content-Disposition", FIELD_OTHER, FIELD_FIXED, true},
    {"Content-Description", FIELD_OTHER, FIELD_TEXT, true},
    {"Return-Path", FIELD_OTHER, FIELD_FIXED, true},
    {"Received", FIELD_OTHER, FIELD_FIXED, false},
    {"List-Unsubscribe", FIELD_OTHER, FIELD_FIXED, true},
    {"Disposition-Notification-To", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Return-Receipt-To", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Errors-To", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Mail-Followup-To", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Mail-Reply-To", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Resent-From", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Resent-Sender", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Resent-To", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Resent-Cc", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Resent-Bcc", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Resent-Reply-To", FIELD_OTHER, FIELD_ADDRESSES, true},
    {"Resent-Date", FIELD_OTHER, FIELD_FIXED, true},
    {"Resent-Message-ID", FIELD_OTHER, FIELD_FIXED, true},
    {"Content-Location", FIELD_OTHER, FIELD_FIXED, true},
    {"DKIM-Signature", FIELD_OTHER, FIELD_FIXED, false},
    {"Authentication-Results", FIELD_OTHER, FIELD_FIXED, false},
    {"Received-SPF", FIELD_OTHER, FIELD_FIXED, false},
    {"Autocrypt", FIELD_OTHER, FIELD_FIXED, false},
};

static const struct known *
lookup(const char *name, size_t n)
{
	static const struct known other = {
	    NULL, FIELD_OTHER, FIELD_TEXT, false};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (ascii_equal_n(name, n, table[i].name))
			return &table[i];
	return &other;
}

enum field_kind
fields_kind(const char *name, size_t n)
{
	return lookup(name, n)->kind;
}

static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((*s < ' ' && *s != '\t') || *s > '~')
			return false;
	return true;
}

static int
wrong(struct error *err, const char *text, const char *why)
{
	struct buf shown = {0};

	printable_append(&shown, text, strlen(text));
	error_set(
	    err, EX_USAGE, "--header '%.200s': %s", buf_string(&shown), why);
	buf_clear(&shown);
	return -1;
}

/* "Name: value" into its halves. */
static int
split(struct field *f, struct arena *a, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':'), *value;
	size_t n;

	if (colon == NULL) {
		wrong(err, text, "no colon after the field's name");
		return error_hint(err, "it is written 'Name: value'");
	}
	if (!header_name_valid(text, (size_t)(colon - text)))
		return wrong(err, text,
		    "not a field name: printable ASCII without "
		    "spaces, 76 at most");
	value = colon + 1 + strspn(colon + 1, " \t");
	n = strlen(value);
	while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--;
	f->name = arena_strndup(a, text, (size_t)(colon - text));
	f->value = arena_strndup(a, value, n);
	return 0;
}

static bool
is(const struct field *f, const char *name)
{
	return ascii_equal_n(f->name, strlen(f->name), name);
}

/* A date or a message identifier is one that may be written today. */
static int
check_form(const struct field *f, const char *text, struct error *err)
{
	if ((is(f, "Date") || is(f, "Resent-Date")) &&
	    !date_is_valid(f->value)) {
		wrong(err, text, "not a date, or not of this day of the week");
		return error_hint(err,
		    "it is written 'Thu, 13 Nov 2025 10:00:00 +0100', as "
		    "date -R does");
	}
	if (!is(f, "Message-ID") && !is(f, "Resent-Message-ID"))
		return 0;
	if (!ident_is_message_id(f->value))
		return wrong(err, text, "not of the form <left@right>");
	if (strlen(f->name) + 2 + strlen(f->value) > HEADER_LINE_MAX)
		return wrong(
		    err, text, "longer than a line can be (998 octets)");
	return 0;
}

static int
check(const struct field *f, const char *text, struct error *err)
{
	if (is(f, "Resent-Bcc")) {
		wrong(err, text, "it would tell everybody");
		return error_hint(err, "--bcc names hidden recipients");
	}
	if (f->kind == FIELD_FIXED && !is_plain(f->value))
		return wrong(err, text, "the value of this field is ASCII");
	if (f->kind != FIELD_TEXT && *f->value == '\0')
		return wrong(err, text, "the value of this field is missing");
	return check_form(f, text, err);
}

int
fields_read(struct fields *fields, struct arena *a, const char *charset,
    const char *const *texts, size_t count, struct error *err)
{
	bool seen[sizeof(table) / sizeof(table[0])] = {false};
	const struct known *known;
	const char *text;
	struct field *f;
	size_t i;

	fields->content_type = (struct content_type){.text = true};
	fields->given = arena_alloc(a, count * sizeof(*fields->given));
	for (i = 0; i < count; i++) {
		f = &fields->given[i];
		if (charset_option(
			a, charset, "--header", texts[i], &text, err) == -1 ||
		    split(f, a, text, err) == -1)
			return -1;
		known = lookup(f->name, strlen(f->name));
		f->id = known->id;
		f->kind = known->kind;
		f->encoded_words = true;
		if (check(f, text, err) == -1)
			return -1;
		if (known->once && seen[known - table])
			return wrong(err, text,
			    "given twice, but a message "
			    "has one such field");
		if (known->name != NULL)
			seen[known - table] = true;
		if (f->id != FIELD_OTHER)
			fields->own[f->id] = f;
		if (f->id == FIELD_CONTENT_TYPE &&
		    content_type_read(
			&fields->content_type, a, f->value, err) == -1)
			return -1;
	}
	fields->count = count;
	return 0;
}

const struct field *
fields_find(const struct fields *fields, const char *name)
{
	size_t i;

	for (i = 0; i < fields->count; i++)
		if (is(&fields->given[i], name))
			return &fields->given[i];
	return NULL;
}

int
fields_put(struct buf *out, const struct field *f, struct error *err)
{
	struct buf text = {0};
	int r;

	/* Encoded words that the user has made already stay what they are. */
	if (f->kind == FIELD_FIXED ||
	    (f->encoded_words && is_plain(f->value) &&
		strstr(f->value, "=?") != NULL))
		return header_put(out, f->name, f->value, HEADER_TEXT, err);
	words_encode(&text, f->value, strlen(f->value), false);
	r = header_put(out, f->name, buf_string(&text), HEADER_TEXT, err);
	buf_clear(&text);
	return r;
}
