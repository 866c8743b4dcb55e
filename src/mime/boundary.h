/*
 * boundary: what stands between the parts of a multipart (RFC 2046 5.1.1), and
 * that it stands nowhere else.
 *
 * All boundaries of a message are one stem and a letter.  The stem begins with
 * "=_", which quoted-printable and base64 never write (RFC 2045 6.7); texts
 * that go out as they are get looked through for it, and should it be found,
 * the next stem is tried.
 */
#ifndef MIME_BOUNDARY_H
#define MIME_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>

#include "rfc5322/ident.h"

enum { BOUNDARY_STEM = 28 }; /* its length */

/* All zero: there will be no boundary, and nothing is looked for. */
struct boundary {
	char stem[BOUNDARY_STEM + 1];
	unsigned used;		  /* boundaries made of it */
	bool found;		  /* in what was looked through */
	char tail[BOUNDARY_STEM]; /* the last bytes of the text so far */
	size_t tail_len;
};

/* The n-th stem for this message; nothing was found yet. */
void boundary_init(struct boundary *, const struct ident *, unsigned n);
/* Another text, and its bytes in pieces. */
void boundary_begin(struct boundary *);
void boundary_update(struct boundary *, const char *bytes, size_t n);
/* One more boundary, none of which begins with another: up to 26. */
const char *boundary_next(struct boundary *, struct arena *);

#endif
