/*
 * server_text: what is shown of the text that names a server, which may hold a
 * password or be nothing of the kind.  All are printable, and the arena's.
 */
#ifndef TRANSPORT_SERVER_TEXT_H
#define TRANSPORT_SERVER_TEXT_H

#include <stddef.h>

#include "lib/arena.h"

/* At most max characters of the n bytes, and dots for what is left out. */
const char *
server_text_part(struct arena *, const char *text, size_t n, size_t max);
/* For errors: what could be a password is not in it (lib/url.h). */
const char *server_text_masked(struct arena *, const char *text);
/* The program of a shell's command, and dots for its arguments, which may be
 * secrets: "ssh ..."; of what does not begin with a program's name, dots. */
const char *server_text_command(struct arena *, const char *command);

#endif
