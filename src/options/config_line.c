/* config_line: see config_line.h. */
#include "options/config_line.h"

#include <string.h>

#include "options/value.h"

const char config_blanks[] = " \t\r\f\v";

char *
config_trim(char *s)
{
	size_t n;

	s += strspn(s, config_blanks);
	for (n = strlen(s); n > 0 && strchr(config_blanks, s[n - 1]) != NULL;
	     n--)
		;
	s[n] = '\0';
	return s;
}

char *
config_account(char *line)
{
	static const char keyword[] = "account";
	const size_t n = sizeof(keyword) - 1;
	struct error why;
	char *close, *name;

	line = config_trim(line);
	close = line + strlen(line) - 1;
	if (*line != '[' || *close != ']')
		return NULL;
	*close = '\0';
	name = config_trim(line + 1);
	if (strncmp(name, keyword, n) != 0 ||
	    strspn(name + n, config_blanks) == 0)
		return NULL;
	name = config_trim(name + n);
	return value_plain(name, &why) == 0 ? name : NULL;
}

char *
config_unquote(char *s)
{
	char *in = s + 1, *out = s;

	if (*s != '"')
		return s;
	for (; *in != '"'; in++) {
		if (*in == '\\' && (in[1] == '"' || in[1] == '\\'))
			in++;
		if (*in == '\0')
			return NULL;
		*out++ = *in;
	}
	if (in[1] != '\0')
		return NULL;
	*out = '\0';
	return s;
}

void
config_quote(struct buf *out, const char *value)
{
	size_t n = strlen(value);

	if (n == 0 ||
	    (value[0] != '"' && strchr(config_blanks, value[0]) == NULL &&
		strchr(config_blanks, value[n - 1]) == NULL)) {
		buf_puts(out, value);
		return;
	}
	buf_putc(out, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *value);
	}
	buf_putc(out, '"');
}
