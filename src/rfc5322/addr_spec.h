/*
 * addr_spec: local part and domain (RFC 5322 3.4.1) with the obsolete white
 * space and comments around their dots, as the bytes that SMTP carries.
 */
#ifndef RFC5322_ADDR_SPEC_H
#define RFC5322_ADDR_SPEC_H

#include "lib/arena.h"

#include "rfc5322/address.h"
#include "rfc5322/lexer.h"

/*
 * Reads an addr-spec and what comments follow, and sets local, domain, mailbox,
 * utf8, bare and bare_end; the strings are the arena's.  A bare local part gets the domain
 * `fallback`, unless that is NULL, and ends before a comma, the end of the
 * text, or `end`; EX_CONFIG if the fallback is bad.  A lenient lexer has dots
 * anywhere in the local part, which then is quoted in the mailbox.
 */
int addr_spec_read(struct lexer *, struct arena *, const char *fallback,
    char end, struct address *);
/* Whether all n bytes at the beginning of the text are one address of the
 * plainest form, a dot-atom of ASCII at a host name, which most are; then *a has
 * the local part, mailbox and domain that the grammar makes of it, found in one
 * look.  Nothing is said of what else it may be, and *a is as it was. */
bool
addr_spec_plain(struct arena *, const char *text, size_t n, struct address *a);
/* Reads over a source route (4.4) inside of angle brackets, if there is one: a
 * lenient lexer ignores it, as RFC 5322 asks. */
int addr_spec_route(struct lexer *);
/* The domain in A-labels, or the address literal, as address.h promises. */
int addr_spec_domain(
    struct arena *, const char *utf8, const char **out, struct error *);

#endif
