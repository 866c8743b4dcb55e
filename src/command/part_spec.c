#include "command/part_spec.h"

#include <string.h>

#include "mime/content_type.h"
#include "mime/mime.h"
#include "options/option.h"

static const char inline_word[] = "inline";

static const struct key {
	const char *text;
	size_t offset; /* of its string in struct message_part */
} keys[] = {
    {"type=", offsetof(struct message_part, type)},
    {"name=", offsetof(struct message_part, filename)},
    {"cid=", offsetof(struct message_part, cid)},
    {"encoding=", offsetof(struct message_part, encoding)},
};

static const struct key *
key_at(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strncmp(text, keys[i].text, strlen(keys[i].text)) == 0)
			return &keys[i];
	return NULL;
}

/* Whether a comma before text is one that divides. */
static bool
begins_item(const char *text)
{
	const size_t n = sizeof(inline_word) - 1;

	while (strncmp(text, inline_word, n) == 0) {
		if (text[n] == '\0')
			return true;
		if (text[n] != ',')
			return false;
		text += n + 1;
	}
	return key_at(text) != NULL;
}

/* The length of what text begins with, up to the comma that ends it. */
static size_t
item_length(const char *text)
{
	const char *comma = text;

	while ((comma = strchr(comma, ',')) != NULL)
		if (begins_item(++comma))
			return (size_t)(comma - 1 - text);
	return strlen(text);
}

static int
read_item(struct message_part *part, struct arena *a, const char *item,
    size_t n, struct error *err)
{
	const struct key *key = key_at(item);
	const char **field;
	size_t skip;

	if (key == NULL) {
		if (part->is_inline)
			return error_set(
			    err, EX_USAGE, "%s is given twice", inline_word);
		part->is_inline = true;
		return 0;
	}
	skip = strlen(key->text);
	field = (const char **)((char *)part + key->offset);
	if (*field != NULL)
		return error_set(err, EX_USAGE, "%s is given twice", key->text);
	if (n == skip)
		return error_set(err, EX_USAGE, "%s is empty", key->text);
	*field = arena_strndup(a, item + skip, n - skip);
	return 0;
}

static int
check_name(const char *name, struct error *err)
{
	const char *c = name;
	char quoted[OPTION_QUOTED_SIZE];

	while ((unsigned char)*c >= ' ' && *c != '\x7f')
		c++;
	if (*c == '\0')
		return 0;
	return error_set(err, EX_USAGE, "name=%s has control characters",
	    option_quote(name, quoted));
}

static int
check_cid(const char *cid, struct error *err)
{
	static const char atom[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789"
				   "!#$%&'*+-/=?^_`{|}~.";
	size_t left = strspn(cid, atom);
	const char *right = cid + left;
	char quoted[OPTION_QUOTED_SIZE];

	if (*right == '@')
		right += 1 + strspn(right + 1, atom);
	if (left > 0 && *right == '\0' && right[-1] != '@')
		return 0;
	return error_set(err, EX_USAGE,
	    "cid=%s is not of the form LEFT or LEFT@RIGHT",
	    option_quote(cid, quoted));
}

static int
check_encoding(const char **encoding, struct error *err)
{
	enum mime_encoding e = mime_encoding_named(*encoding);
	char quoted[OPTION_QUOTED_SIZE];

	if (e != MIME_ANY) {
		*encoding = mime_encoding_name(e);
		return 0;
	}
	return error_set(err, EX_USAGE,
	    "encoding=%s is none of base64, quoted-printable, 7bit, 8bit",
	    option_quote(*encoding, quoted));
}

static int
check(struct message_part *part, struct arena *a, struct error *err)
{
	struct content_type type;

	if ((part->type != NULL &&
		content_type_read(&type, a, part->type, err) == -1) ||
	    (part->filename != NULL && check_name(part->filename, err) == -1) ||
	    (part->cid != NULL && check_cid(part->cid, err) == -1) ||
	    (part->encoding != NULL &&
		check_encoding(&part->encoding, err) == -1))
		return -1;
	return 0;
}

int
part_spec_split(struct message_part *part, struct arena *a, const char *text,
    struct error *err)
{
	size_t n = item_length(text);

	*part = (struct message_part){.fd = -1};
	if (n == 0)
		return error_set(err, EX_USAGE, "names no file");
	part->name = arena_strndup(a, text, n);
	while (text[n] == ',') {
		text += n + 1;
		n = item_length(text);
		if (read_item(part, a, text, n, err) == -1)
			return -1;
	}
	return 0;
}

int
part_spec_read(struct message_part *part, struct arena *a, const char *text,
    struct error *err)
{
	return part_spec_split(part, a, text, err) == -1 ? -1
							 : check(part, a, err);
}
