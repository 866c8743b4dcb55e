/*
 * pin: the SHA-256 digest of a public key (of its SubjectPublicKeyInfo in DER,
 * as in RFC 7469 2.4), as users write it.
 */
#ifndef LIB_PIN_H
#define LIB_PIN_H

enum { PIN_DIGEST = 32 };

struct pin {
	unsigned char digest[PIN_DIGEST];
};

/* 44 characters of base64 or 64 hexadecimal digits, with or without "sha256//"
 * or "sha256:" before them.  0, or -1 for any other text; the digest is then
 * all zero, which no key has. */
int pin_parse(struct pin *, const char *text);

#endif
