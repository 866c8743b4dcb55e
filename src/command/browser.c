#include "command/browser.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/child.h"
#include "oauth/authorize.h"

enum { WORDS_MAX = 64 };

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

/* The commands that are tried, with colons between. */
static const char *
commands(void)
{
	return is_set("BROWSER") ? getenv("BROWSER") : "xdg-open";
}

/* The word, with the address for each %s. */
static const char *
fill(struct arena *arena, const char *word, size_t n, const char *url,
    bool *has_url)
{
	struct buf filled = {0};
	const char *text;
	size_t i;

	for (i = 0; i < n; i++) {
		if (word[i] == '%' && i + 1 < n && word[i + 1] == 's') {
			buf_puts(&filled, url);
			*has_url = true;
			i++;
		} else {
			buf_putc(&filled, word[i]);
		}
	}
	text = arena_strdup(arena, buf_string(&filled));
	buf_clear(&filled);
	return text;
}

/* The words of one command; 0: it has none, or too many. */
static size_t
split(struct arena *arena, const char *command, size_t n, const char *url,
    const char *argv[WORDS_MAX + 2])
{
	const char *p = command, *end = command + n;
	size_t count = 0, len;
	bool has_url = false;

	while (p < end) {
		len = strcspn(p, " \t\n");
		if (len > (size_t)(end - p))
			len = (size_t)(end - p);
		if (len > 0 && count == WORDS_MAX)
			return 0;
		if (len > 0)
			argv[count++] = fill(arena, p, len, url, &has_url);
		p += len + 1;
	}
	if (count > 0 && !has_url)
		argv[count++] = url;
	argv[count] = NULL;
	return count;
}

/* Whether a program of that name can be run. */
static bool
is_program(const char *name)
{
	const char *path = getenv("PATH"), *p;
	struct buf file = {0};
	bool is = false;
	size_t n;

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0;
	for (p = path != NULL ? path : ""; !is && *p != '\0'; p += n) {
		p += strspn(p, ":");
		n = strcspn(p, ":");
		buf_reset(&file);
		buf_append(&file, p, n);
		buf_printf(&file, "/%s", name);
		is = n > 0 && access(buf_string(&file), X_OK) == 0;
	}
	buf_clear(&file);
	return is;
}

/* What it says is of no use to the person, ^C is not for it, and it outlives
 * us. */
static bool
start(const char *const *argv, int null)
{
	const struct child_params params = {.argv = argv,
	    .in = -1,
	    .out = null,
	    .err = null,
	    .group = true,
	    .alone = true};
	pid_t pid;

	return child_spawn(&params, &pid) == 0;
}

/* The first of the commands that can be run; with `null` not -1 it is. */
static bool
try_commands(const char *url, int null)
{
	const char *argv[WORDS_MAX + 2], *command;
	struct arena arena = {0};
	bool done = false;
	size_t n;

	for (command = commands(); !done; command += n + 1) {
		n = strcspn(command, ":");
		if (split(&arena, command, n, url, argv) > 0)
			done = is_program(argv[0]) &&
			    (null == -1 || start(argv, null));
		if (command[n] == '\0')
			break;
	}
	arena_clear(&arena);
	return done;
}

bool
browser_is_here(void)
{
	if (is_set("SSH_CONNECTION") ||
	    !(is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") ||
		is_set("BROWSER")))
		return false;
	return try_commands("", -1);
}

bool
browser_open(const char *url)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	bool done = null != -1 && oauth_is_url(url) && try_commands(url, null);

	if (null != -1)
		close(null);
	return done;
}
