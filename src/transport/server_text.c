#include "transport/server_text.h"

#include <stdbool.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/printable.h"
#include "lib/url.h"

enum {
	SHOWN = 200, /* characters of the text in an error */
	PROGRAM = 40,
};

const char *
server_text_part(struct arena *arena, const char *text, size_t n, size_t max)
{
	struct buf b = BUF_WITH_MAX(0);
	const char *p, *copy;
	bool cut;

	printable_append(&b, text, n);
	for (p = buf_string(&b); *p != '\0' && max > 0; max--)
		for (p++; ((unsigned char)*p & 0xc0) == 0x80; p++)
			continue;
	cut = *p != '\0';
	copy = arena_printf(arena, "%.*s%s", (int)(p - buf_string(&b)),
	    buf_string(&b), cut ? "..." : "");
	buf_clear(&b);
	return copy;
}

const char *
server_text_masked(struct arena *arena, const char *text)
{
	size_t len;
	const char *password = url_password(text, &len);

	if (password == NULL)
		return server_text_part(arena, text, strlen(text), SHOWN);
	return arena_printf(arena, "%s***%s",
	    server_text_part(arena, text, (size_t)(password - text), SHOWN / 2),
	    server_text_part(
		arena, password + len, strlen(password + len), SHOWN / 2));
}

const char *
server_text_command(struct arena *arena, const char *command)
{
	size_t n;

	command += strspn(command, " ");
	if (strncmp(command, "exec ", 5) == 0)
		command += 5 + strspn(command + 5, " ");
	n = strcspn(command, " \t\"'`$\\;|&<>(){}[]*?!=~#@:");
	if (command[n] == '\0')
		return server_text_part(arena, command, n, PROGRAM);
	/* NAME=VALUE before the program sets a variable. */
	if (n == 0 || strchr(" \t;|&<>", command[n]) == NULL)
		return "...";
	return arena_printf(
	    arena, "%s ...", server_text_part(arena, command, n, PROGRAM));
}
