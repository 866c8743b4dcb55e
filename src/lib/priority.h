/*
 * priority: GnuTLS's priority strings, which say what TLS may agree on.
 *
 * What of ours a string does not speak of stands: without a version by its own
 * name nothing below TLS 1.2 is spoken, and without a profile no key is shorter
 * than 2048 bits of RSA, nor any signature made with SHA-1.
 */
#ifndef LIB_PRIORITY_H
#define LIB_PRIORITY_H

#include "lib/buf.h"
#include "lib/error.h"

enum priority_least {
	PRIORITY_USUAL, /* TLS 1.2, unless the string names one below it */
	PRIORITY_TLS_1_2,
	PRIORITY_TLS_1_3,
};

/* What gnutls_priority_init is to get for a given string, or for none (NULL).
 * May live in the buffer. */
const char *priority_text(const char *given, enum priority_least, struct buf *);

/* 0, or -1 with EX_USAGE: what is wrong with it and where, the rest of a sentence
 * that begins with the string; EX_OSERR: the library is missing. */
int priority_check(const char *text, struct error *);

#endif
