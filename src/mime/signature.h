/*
 * signature: what a signature covers, octet by octet, so that nothing of it may
 * be encoded anew: the parts of a multipart/signed (RFC 1847), the content of
 * an application/pkcs7-mime (RFC 8551), and a message, header and all, that has
 * a DKIM-Signature (RFC 6376) or is sealed by ARC (RFC 8617).
 */
#ifndef MIME_SIGNATURE_H
#define MIME_SIGNATURE_H

#include "lib/arena.h"

#include "mime/structure.h"

enum signature {
	SIGNATURE_NONE,
	SIGNATURE_BODY, /* over what is in the part */
	SIGNATURE_ALL,	/* over its header, too */
};

/* Whether a message with these fields (lines that end with LF or CRLF) is
 * signed as a whole. */
bool signature_in_header(const char *fields, size_t n);
/* For each part of the structure what of it is signed. */
enum signature *signature_find(struct arena *, const struct structure *);

#endif
