/*
 * url: what may be a password in a text that names a server or a proxy, be the
 * text right or wrong: it is not to be shown.
 */
#ifndef LIB_URL_H
#define LIB_URL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The first byte of it, and *len bytes; NULL: there is none.  In a text that
 * is as it should be that is the password of USER:PASSWORD@HOST (RFC 3986
 * 3.2.1); in any other, all behind the first colon that is no port, no IPv6
 * address and no path of a Unix socket.
 */
const char *url_password(const char *text, size_t *len);
/* COMMAND of exec:COMMAND and lmtp+exec:COMMAND, which may hold a secret; NULL:
 * it is none. */
const char *url_command(const char *text);
/* Whether it begins as a URL of a host does (RFC 3986 3): SCHEME://.  Such a
 * text may stand where none is expected. */
bool url_begins(const char *text);
/* Makes stars of it, in place. */
void url_forget_password(char *text);

#endif
