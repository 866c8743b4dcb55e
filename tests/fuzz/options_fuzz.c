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
#include "options/config_write.h"
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
read_text(
    struct config_file *c, const char *text, size_t n, struct arena *arena)
{
	struct error err = {0};
	char path[64];
	int fd = fuzz_file(text, n);

	(void)fchmod(fd, 0600);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)config_file_read(c, arena_strdup(arena, path), arena, &err);
	close(fd);
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

static bool
is_ours(const struct config_entry *e)
{
	return e->account != NULL && strcmp(e->account, "fuzz") == 0;
}

/* What is read of a text that an account was written into: no more faults than
 * before, the account's settings, and all others as they were. */
static void
check_written(const char *text, size_t n)
{
	static const struct config_setting ours[] = {
	    {"user", " \"me\\ "}, {"server", "x.test"}, {"password", NULL}};
	struct config_file before = {.lenient = true},
			   after = {.lenient = true};
	struct buf out = {0};
	struct arena arena = {0};
	struct error err = {0};
	size_t i, k = 0, found = 0;

	if (memchr(text, '\0', n) != NULL)
		return;
	MUST(config_write(&out, text, n, "fuzz", ours, 3, &err) == 0,
	    "not written: %s", err.text);
	read_text(&before, text, n, &arena);
	read_text(&after, out.data, out.len, &arena);
	for (i = 0; i < after.count; i++) {
		if (is_ours(&after.entries[i])) {
			found +=
			    strcmp(after.entries[i].row->name, "user") == 0 &&
			    strcmp(after.entries[i].value, ours[0].value) == 0;
			continue;
		}
		while (k < before.count && is_ours(&before.entries[k]))
			k++;
		MUST(k < before.count &&
			before.entries[k].row == after.entries[i].row,
		    "another setting is there");
		k++;
	}
	while (k < before.count && is_ours(&before.entries[k]))
		k++;
	MUST(k == before.count, "a setting is lost");
	MUST(found == 1, "the account was not written");
	config_file_clear(&before);
	config_file_clear(&after);
	buf_clear(&out);
	arena_clear(&arena);
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
		check_written(text, len);
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
