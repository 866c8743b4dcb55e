/*
 * Configuration files and values of options: what is taken has the form that
 * its row asks for, and an error names its place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "options/config_file.h"
#include "options/option.h"
#include "options/options.h"

static void
check_error(const struct error *err, int status)
{
	MUST(err->status == status, "status %d", err->status);
	MUST(err->text[0] != '\0', "an error without a word");
	MUST(!fuzz_control(err->text, strlen(err->text), "\t"),
	    "a control in the error: %s", err->text);
}

/* A value by itself, and what is shown of it. */
static void
check_value(const struct option_row *row, const char *value)
{
	static const struct option_origin origin = {LAYER_ARGV, "command line"};
	struct error err = {0};

	if (option_check(row, value, &origin, &err) == -1) {
		check_error(&err, EX_USAGE);
		return;
	}
	if (row->type != OPTION_STRING && row->type != OPTION_LIST)
		return;
	MUST(row->check == value_any || strpbrk(value, "\r\n") == NULL,
	    "--%s takes a line end", row->name);
	MUST((row->check != value_plain && row->check != value_query) ||
		(fuzz_utf8(value, strlen(value)) &&
		    !fuzz_control(value, strlen(value), "")),
	    "--%s takes a control", row->name);
}

static void
check_file(const char *text, size_t n)
{
	struct arena arena = {0};
	struct config_file c = {0};
	struct error err = {0};
	char path[64];
	int fd = fuzz_file(text, n);
	size_t i;

	(void)fchmod(fd, 0600);
	/* By a link a secret would be refused: it is the file itself. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_file_read(&c, path, &arena, &err) == -1)
		check_error(&err, EX_CONFIG);
	for (i = 0; i < c.count; i++) {
		MUST(c.entries[i].row != NULL && c.entries[i].place != NULL,
		    "an entry of no option");
		MUST(c.entries[i].row->scope & OPTION_FILE,
		    "%s may not stand in a file", c.entries[i].row->name);
		MUST(c.entries[i].value == NULL ||
			strchr(c.entries[i].value, '\n') == NULL,
		    "a value with a line end");
	}
	config_file_clear(&c);
	arena_clear(&arena);
	close(fd);
}

/* The whole way: the file, and one option that is given. */
static void
check_settings(const char *option, const char *text, size_t n)
{
	char program[] = "smtpsend", path[64], *argv[] = {program, NULL, NULL};
	char *none[] = {NULL};
	int fd = fuzz_file(text, n);
	struct options_origin origin = {.argc = option[0] != '\0' ? 2 : 1,
	    .argv = argv,
	    .environ = none,
	    .user_file = path};
	struct settings settings;
	struct error err = {0};
	char *copy = strdup(option);

	argv[1] = option[0] != '\0' ? copy : NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (options_read(&origin, &settings, &err) == -1)
		check_error(
		    &err, err.status == EX_USAGE ? EX_USAGE : EX_CONFIG);
	else
		MUST(settings.server.names.count > 0, "no server");
	settings_clear(&settings);
	free(copy);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	unsigned how = fuzz_byte(&f);
	const struct option_row *row =
	    option_numbered(fuzz_byte(&f) % option_count());
	size_t len;
	char *text = fuzz_rest(&f, &len), *line_end;

	switch (how % 4) {
	case 0:
		check_value(row, text);
		break;
	case 1:
		check_file(text, len);
		break;
	default:
		/* The first line is given, the rest is the file. */
		line_end = strchr(text, '\n');
		if (line_end != NULL)
			*line_end = '\0';
		check_settings(how % 4 == 2 ? text : "",
		    line_end != NULL ? line_end + 1 : text,
		    line_end != NULL ? len - (size_t)(line_end + 1 - text)
				     : len);
	}
	free(text);
	return 0;
}
