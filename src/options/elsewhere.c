#include "options/elsewhere.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/url.h"

static int
where_we_are(struct arena *a, const char **out, struct error *err)
{
	char *here = getcwd(NULL, 0);

	if (here == NULL)
		return error_set(err, EX_OSERR,
		    "the current directory, for what is relative to it: %s",
		    strerror(errno));
	*out = arena_strdup(a, here);
	free(here);
	return 0;
}

int
elsewhere_file(
    struct arena *a, const char *file, const char **out, struct error *err)
{
	const char *here;

	*out = file;
	if (file[0] == '/')
		return 0;
	if (where_we_are(a, &here, err) == -1)
		return -1;
	*out = arena_printf(a, "%s/%s", here, file);
	return 0;
}

static bool
is_relative(const char *command)
{
	static const char before[] = " \t\n'\"`=:;|&(<>";
	const char *first = command + strspn(command, " \t"), *s;
	size_t n = strcspn(first, " \t\n");

	if (strchr("/~$'\"`(", *first) == NULL && memchr(first, '/', n) != NULL)
		return true;
	for (s = strstr(command, "./"); s != NULL; s = strstr(s + 1, "./")) {
		first = s > command && s[-1] == '.' ? s - 1 : s;
		if (first == command || strchr(before, first[-1]) != NULL)
			return true;
	}
	return false;
}

static void
put_quoted(struct buf *out, const char *text)
{
	buf_putc(out, '\'');
	for (; *text != '\0'; text++)
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *text);
	buf_putc(out, '\'');
}

int
elsewhere_command(
    struct arena *a, const char *command, const char **out, struct error *err)
{
	struct buf text = {0};
	const char *here;

	*out = command;
	if (!is_relative(command))
		return 0;
	if (where_we_are(a, &here, err) == -1)
		return -1;
	/* Nothing of it is run anywhere else. */
	buf_puts(&text, "cd ");
	put_quoted(&text, here);
	buf_printf(&text, " || exit; %s", command);
	*out = arena_strdup(a, buf_string(&text));
	buf_clear(&text);
	return 0;
}

int
elsewhere_server(
    struct arena *a, const char *server, const char **out, struct error *err)
{
	const char *command = url_command(server), *whole;

	*out = server;
	if (command == NULL)
		return 0;
	if (elsewhere_command(a, command, &whole, err) == -1)
		return -1;
	*out =
	    arena_printf(a, "%.*s%s", (int)(command - server), server, whole);
	return 0;
}
