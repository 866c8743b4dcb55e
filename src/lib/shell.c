#include "lib/shell.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"

static bool
is_plain(const char *text)
{
	static const char plain[] = "_./:=@%+,-";
	const char *c;

	for (c = text; *c != '\0'; c++)
		if (!ascii_is_letter_or_digit(*c) && strchr(plain, *c) == NULL)
			return false;
	return c > text;
}

static int
put_quoted(struct buf *out, const char *text)
{
	int r = buf_putc(out, '\'');

	for (; *text != '\0'; text++)
		r |= *text == '\'' ? buf_puts(out, "'\\''")
				   : buf_putc(out, *text);
	return r | buf_putc(out, '\'');
}

static bool
is_shown(const char *text)
{
	struct buf shown = BUF_WITH_MAX(0);
	bool same;

	same = printable_append(&shown, text, strlen(text)) == 0 &&
	    strcmp(buf_string(&shown), text) == 0;
	buf_clear(&shown);
	return same;
}

static char *
word(const char *before, const char *text, const char *otherwise,
    char out[SHELL_WORD_SIZE])
{
	struct buf b = BUF_WITH_MAX(SHELL_WORD_SIZE - 1);

	if (buf_puts(&b, before) != 0 || !is_shown(text) ||
	    (is_plain(text) ? buf_puts(&b, text) : put_quoted(&b, text)) != 0) {
		buf_reset(&b);
		buf_puts(&b, otherwise);
	}
	strcpy(out, buf_string(&b));
	buf_clear(&b);
	return out;
}

char *
shell_word(const char *text, const char *otherwise, char out[SHELL_WORD_SIZE])
{
	return word("", text, otherwise, out);
}

char *
shell_file(const char *path, char out[SHELL_WORD_SIZE])
{
	bool option = path[0] == '-' && path[1] != '\0';

	return word(option ? "./" : "", path, "FILE", out);
}
