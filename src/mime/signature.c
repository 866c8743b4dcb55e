#include "mime/signature.h"

#include <string.h>

#include "lib/ascii.h"

#include "rfc5322/header.h"

bool
signature_in_header(const char *fields, size_t n)
{
	static const char *const names[] = {
	    "DKIM-Signature", "ARC-Message-Signature", "ARC-Seal"};
	const char *at = fields, *end = fields + n;
	struct header_field f;
	size_t i;

	for (; at < end && header_parse(at, end, &f); at = f.next)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (ascii_equal_n(f.name, f.name_len, names[i]))
				return true;
	return false;
}

static bool
signs_content(const struct structure_part *p)
{
	return strcmp(p->type, "multipart/signed") == 0 ||
	    strcmp(p->type, "application/pkcs7-mime") == 0 ||
	    strcmp(p->type, "application/x-pkcs7-mime") == 0;
}

enum signature *
signature_find(struct arena *a, const struct structure *s)
{
	enum signature *found = arena_alloc(a, s->count * sizeof(*found));
	const struct structure_part *p;
	size_t i;

	for (i = 0; i < s->count; i++) {
		p = &s->parts[i];
		if (p->sealed ||
		    (p->parent != STRUCTURE_NONE &&
			found[p->parent] != SIGNATURE_NONE))
			found[i] = SIGNATURE_ALL;
		else
			found[i] =
			    signs_content(p) ? SIGNATURE_BODY : SIGNATURE_NONE;
	}
	return found;
}
