/*
 * list_header: values of the header fields that mail to many people has:
 * List-Unsubscribe (RFC 2369, RFC 8058) and List-Id (RFC 2919).
 *
 * Text is UTF-8, values are ASCII in the arena, for header_put.  Errors are
 * EX_USAGE, name the option and show the character.
 */
#ifndef RFC5322_LIST_HEADER_H
#define RFC5322_LIST_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

enum {
	LIST_URI_MAX = 900, /* octets, so that one fits on a line */
	LIST_ID_MAX = 255,  /* octets (RFC 2919 2) */
};

/*
 * "<uri>, <uri>", in the order given, which is that of preference: http,
 * https and mailto by RFC 3986; an e-mail address becomes a mailto URI, with
 * its characters encoded as RFC 6068 asks.
 *
 * A comma within a URI is refused: RFC 2369 2 separates URIs by commas, some
 * programs split there, and %2C need not mean the same to the server (RFC 3986
 * 2.2), so it is not put in silently.
 *
 * *one_click: there is just one https URI and none by http, so that a field
 * "List-Unsubscribe-Post: List-Unsubscribe=One-Click" may go along (RFC 8058
 * 3.1; it also wants both fields signed by DKIM).
 */
int list_unsubscribe(struct arena *, const char *const *uris, size_t count,
    const char **value, bool *one_click, struct error *);

/* "list.example.org", "<list.example.org>" or "Phrase <list.example.org>",
 * where the phrase may be a quoted-string. */
int
list_id(struct arena *, const char *text, const char **value, struct error *);

#endif
