/* options: the table, every origin of a value, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/memory.h"
#include "options/foreign.h"
#include "options/help.h"
#include "options/nearest.h"
#include "options/option.h"
#include "options/options.h"
#include "options/show_settings.h"
#include "options/value.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PIN_BASE64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PIN_HEX \
	"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

/* A directory for configuration files, and what is read from them. */
struct house {
	char dir[64];
	char system_file[96], user_file[96];
	struct settings settings;
	struct error err;
	bool used;
};

enum { WORDS = 12 };
typedef const char *words[WORDS];

static int
set_up(void **state)
{
	struct house *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return -1;
	strcpy(h->dir, "/tmp/options_test.XXXXXX");
	if (mkdtemp(h->dir) == NULL) {
		free(h);
		return -1;
	}
	snprintf(h->system_file, sizeof(h->system_file), "%s/system", h->dir);
	snprintf(h->user_file, sizeof(h->user_file), "%s/user", h->dir);
	*state = h;
	return 0;
}

static int
tear_down(void **state)
{
	struct house *h = *state;

	if (h->used)
		settings_clear(&h->settings);
	unlink(h->system_file);
	unlink(h->user_file);
	rmdir(h->dir);
	free(h);
	return 0;
}

static void
write_bytes(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static void
write_file(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/* argv begins behind the program's name; environ may be NULL. */
static int
read_options(struct house *h, const char *const *args, char **environment)
{
	struct options_origin o = {0};
	char *argv[WORDS + 2] = {(char *)"smtpsend"};
	int argc = 1, r;

	/* Passwords are wiped there. */
	for (; args != NULL && *args != NULL; args++)
		argv[argc++] = memory_strdup(*args);
	if (h->used)
		settings_clear(&h->settings);
	h->used = true;
	memset(&h->err, 0, sizeof(h->err));
	o.argc = argc;
	o.argv = argv;
	o.environ = environment;
	o.system_file = h->system_file;
	o.user_file = h->user_file;
	r = options_read(&o, &h->settings, &h->err);
	while (argc > 1)
		free(argv[--argc]);
	return r;
}

static void
assert_reads(struct house *h, const char *const *args, char **environment)
{
	if (read_options(h, args, environment) == -1)
		fail_msg("%s", h->err.text);
}

static void
assert_refused(struct house *h, const char *const *args, char **environment,
    int status, const char *text)
{
	if (read_options(h, args, environment) != -1)
		fail_msg("should be refused: %s", text);
	if (h->err.status != status || strstr(h->err.text, text) == NULL)
		fail_msg("%d '%s' instead of %d '%s'", h->err.status,
		    h->err.text, status, text);
}

static char *
print_settings(const struct settings *s)
{
	struct buf text = {0};

	show_settings(&text, s);
	return text.data;
}

/* A whole line of --show-settings -v. */
static void
assert_setting(const struct settings *s, const char *line)
{
	struct settings all = *s;
	char *text, *found;
	size_t n = strlen(line);

	all.report.verbose += all.report.verbose == 0;
	text = found = print_settings(&all);
	while ((found = strstr(found, line)) != NULL &&
	    !((found == text || found[-1] == '\n') && found[n] == '\n'))
		found++;
	if (found == NULL)
		fail_msg("no line '%s' in:\n%s", line, text);
	free(text);
}

static char *
print_usage(void)
{
	struct buf text = {0};

	help_usage(&text);
	return text.data;
}

/* --- the table --- */

static void
every_row_is_complete(void **state)
{
	const struct option_row *row = NULL;
	const char *c;
	size_t marks;

	(void)state;
	while ((row = option_next(row)) != NULL) {
		assert_non_null(row->name);
		assert_true(strspn(row->name,
				"abcdefghijklmnopqrstuvwxyz"
				"0123456789-") == strlen(row->name));
		assert_true(row->scope != 0);
		assert_true(
		    (row->applies == 0) == (row->type == OPTION_ACTION));
		assert_non_null(row->summary);
		assert_in_range(strlen(row->summary), 5, 46);
		assert_true(row->summary[strlen(row->summary) - 1] != '.');
		assert_non_null(row->manual);
		assert_true(row->manual[strlen(row->manual) - 1] == '.');
		for (c = row->manual, marks = 0; *c != '\0'; c++) {
			marks += *c == '`';
			assert_in_range(*c, *c == '\n' ? '\n' : ' ', '~');
			if (*c == '\n') {
				c++;
				assert_int_equal(*c, '\n');
			}
		}
		assert_int_equal(marks % 2, 0);
	}
}

static void
a_row_fits_its_type(void **state)
{
	const struct option_row *row = NULL;

	(void)state;
	while ((row = option_next(row)) != NULL) {
		bool takes_text = row->type != OPTION_FLAG &&
		    row->type != OPTION_COUNT && row->type != OPTION_ACTION;

		if (takes_text)
			assert_non_null(row->argument);
		if (row->type != OPTION_STRING && row->type != OPTION_ACTION)
			assert_true((row->type == OPTION_CHOICE) ==
			    (row->choices != NULL));
		/* What is left out stands for a value, but for actions. */
		assert_true((row->omitted != NULL) ==
		    (row->optional && row->type != OPTION_ACTION));
		assert_true(
		    row->type != OPTION_ACTION || row->scope == OPTION_ARGV);
		if (row->type == OPTION_ACTION)
			assert_true(row->action != ACTION_SEND &&
			    row->scope == OPTION_ARGV);
		else
			assert_true(row->offset >= sizeof(struct arena) &&
			    row->offset < sizeof(struct settings));
		if (row->check != NULL || row->secret != SECRET_NONE)
			assert_true(takes_text || row->type == OPTION_ACTION);
		if (row->type == OPTION_SECRET)
			assert_int_equal(row->scope, OPTION_FILE);
	}
}

static void
names_letters_and_fields_are_unique(void **state)
{
	const struct option_row *a = NULL, *b;

	(void)state;
	while ((a = option_next(a)) != NULL) {
		assert_ptr_equal(option_by_name(a->name), a);
		for (b = option_next(NULL); b != a; b = option_next(b)) {
			assert_string_not_equal(a->name, b->name);
			assert_false(
			    a->letter != '\0' && a->letter == b->letter);
			assert_false(
			    a->type != OPTION_ACTION && a->offset == b->offset);
			assert_false(
			    a->type == OPTION_ACTION && a->action == b->action);
		}
	}
}

static void
all_rows_are_those_of_the_sections_in_their_order(void **state)
{
	const struct option_section *const *s = option_sections;
	const struct option_row *row = NULL;
	size_t n = 0, i;

	(void)state;
	for (; *s != NULL; s++) {
		assert_non_null((*s)->title);
		assert_true((*s)->count > 0);
		for (i = 0; i < (*s)->count; i++, n++) {
			row = option_next(row);
			assert_ptr_equal(row, &(*s)->rows[i]);
			assert_int_equal(option_number(row), n);
			assert_ptr_equal(option_numbered(n), row);
		}
		assert_null((*s)->rows[i].name);
	}
	assert_null(option_next(row));
	assert_int_equal(n, option_count());
}

static void
the_usage_fits_a_terminal(void **state)
{
	char *text = print_usage(), *line, *rest = text;
	size_t lines = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		assert_in_range(strlen(line), 1, 80);
		lines++;
	}
	assert_in_range(lines, 10, 24);
	free(text);
}

static void
no_topic_is_the_name_of_an_option(void **state)
{
	const struct option_section *const *s = option_sections;

	(void)state;
	assert_null(option_by_name("all"));
	assert_null(option_by_name("exit"));
	for (; *s != NULL; s++)
		assert_null(option_by_name((*s)->topic));
}

static void
all_help_lists_every_option_within_80_columns(void **state)
{
	const struct option_row *row = NULL;
	struct buf out = {0};
	struct error err;
	char *text, *line, *rest, name[80];
	size_t lines = 0;

	(void)state;
	assert_int_equal(help_option(&out, "all", &err), 0);
	text = rest = out.data;
	while ((row = option_next(row)) != NULL) {
		snprintf(name, sizeof(name), "--%s%s", row->name,
		    row->optional		? "[="
			: row->argument != NULL ? "="
						: " ");
		if ((row->scope & OPTION_ARGV) != 0)
			assert_non_null(strstr(text, name));
	}
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		assert_in_range(strlen(line), 1, 80);
		lines++;
	}
	assert_in_range(lines, option_count(), option_count() + 20);
	buf_clear(&out);
}

static void
the_help_on_an_option_is_its_manual(void **state)
{
	const struct option_row *row = NULL;
	struct error err;
	struct buf text = {0};
	char *line, *rest;

	(void)state;
	while ((row = option_next(row)) != NULL) {
		buf_reset(&text);
		assert_int_equal(help_option(&text, row->name, &err), 0);
		assert_non_null(strstr(text.data, row->name));
		assert_true(text.len > strlen(row->manual) / 2);
		assert_null(strchr(text.data, '`'));
		rest = text.data;
		while ((line = strsep(&rest, "\n")) != NULL)
			assert_in_range(strlen(line), 0, 80);
	}
	buf_clear(&text);
}

static void
help_finds_an_option_by_any_of_its_names(void **state)
{
	static const char *const names[] = {"--subject", "-s"};
	struct error err;
	struct buf first = {0}, text = {0};
	size_t i;

	(void)state;
	assert_int_equal(help_option(&first, "subject", &err), 0);
	for (i = 0; i < LENGTH(names); i++) {
		buf_reset(&text);
		assert_int_equal(help_option(&text, names[i], &err), 0);
		assert_string_equal(text.data, first.data);
	}
	assert_int_equal(help_option(&text, "--subjet", &err), -1);
	assert_int_equal(err.status, EX_USAGE);
	assert_non_null(strstr(err.text, "did you mean 'subject'?"));
	assert_int_equal(help_option(&text, "-y", &err), -1);
	buf_clear(&text);
	buf_clear(&first);
}

/* What the generator prints, NULL if it was not built. */
static char *
generated(const char *kind)
{
	const char *build = getenv("SMTPSEND_BUILD");
	char command[512], *text = NULL;
	size_t size = 0;
	FILE *f;

	if (build == NULL)
		return NULL;
	snprintf(command, sizeof(command), "exec %s/generate %s", build, kind);
	f = popen(command, "r");
	assert_non_null(f);
	assert_true(getdelim(&text, &size, '\0', f) > 0);
	assert_int_equal(pclose(f), 0);
	return text;
}

static void
the_manuals_and_completions_list_every_row(void **state)
{
	static const struct {
		const char *kind, *format;
		unsigned scope;
	} kinds[] = {
	    {"man", " Fl -%s", OPTION_ARGV},
	    {"man-rc", ".It Ic %s No = Ar ", OPTION_FILE},
	    {"bash", " --%s", OPTION_ARGV},
	    {"zsh", "--%s", OPTION_ARGV},
	    {"fish", " -l %s ", OPTION_ARGV},
	};
	const struct option_row *row;
	char *text, name[80];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(kinds); i++) {
		text = generated(kinds[i].kind);
		if (text == NULL)
			skip();
		row = NULL;
		while ((row = option_next(row)) != NULL) {
			snprintf(
			    name, sizeof(name), kinds[i].format, row->name);
			if ((row->scope & kinds[i].scope) != 0 &&
			    strstr(text, name) == NULL)
				fail_msg("%s: no '%s'", kinds[i].kind, name);
		}
		free(text);
	}
}

/* --- values --- */

static void
durations_have_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
	    {"0", 0},
	    {"3", 3000},
	    {"500ms", 500},
	    {"3s", 3000},
	    {"5m", 300000},
	    {"1h", 3600000},
	    {"1H", 3600000},
	    {"14d", 1209600000},
	};
	static const char *const bad[] = {"", "s", "-1", "+1", "3x", "1.5",
	    "3 s", " 3", "0x10", "1h30m", "18446744073709551616",
	    "99999999999h", "99999999999d"};
	struct error err;
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(good); i++) {
		assert_int_equal(value_duration(good[i].text, &ms, &err), 0);
		assert_int_equal(ms, good[i].ms);
	}
	ms = 7;
	for (i = 0; i < LENGTH(bad); i++)
		assert_int_equal(value_duration(bad[i], &ms, &err), -1);
	assert_int_equal(ms, 7);
}

static void
a_host_is_a_name_or_an_address(void **state)
{
	static const struct {
		const char *text, *form; /* NULL: it is refused */
	} rows[] = {
	    {"mail.example.test", "mail.example.test"},
	    {"mail.example.test.", "mail.example.test"},
	    {"b\xc3\xbc"
	     "cher.test",
		"xn--bcher-kva.test"},
	    {"localhost", "localhost"},
	    {"192.0.2.1", "192.0.2.1"},
	    {"2001:db8::1", "2001:db8::1"},
	    {"", NULL},
	    {".", NULL},
	    {"a b", NULL},
	    {"a..b", NULL},
	    {"[192.0.2.1]", NULL},
	    {"192.0.2.300", NULL},
	    {"fe80::1%lo", NULL},
	    {"*.example.test", NULL},
	    {"mail\r\nRSET", NULL},
	    {"mail:25", NULL},
	};
	struct arena a = {0};
	struct error err;
	const char *form;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(value_host(rows[i].text, &err),
		    rows[i].form != NULL ? 0 : -1);
		if (rows[i].form == NULL)
			continue;
		assert_int_equal(
		    value_host_form(&a, rows[i].text, &form, &err), 0);
		assert_string_equal(form, rows[i].form);
	}
	arena_clear(&a);
}

static void
a_priority_string_is_one_that_tls_can_use(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it is good */
	} rows[] = {
	    {"NORMAL", NULL},
	    {"SECURE256:-VERS-TLS1.2", NULL},
	    {"NORMAL:+VERS-TLS1.0:%PROFILE_LOW", NULL},
	    {"", "is empty"},
	    {"NORMAL:", "missing at its end"},
	    {"WHATEVER", "'WHATEVER'"},
	    {"NORMAL:+FOO:%COMPAT", "'+FOO'"},
	    {"NORMAL:%FOO", "'%FOO'"},
	    {"NORMAL\r\n", "line break"},
	    {"NORMAL:\033[1m", "control"},
	    {"NONE", "nothing"},
	    {"NORMAL:-VERS-ALL", "nothing"},
	    {"NORMAL:+NULL", "no encryption"},
	    {"NORMAL: +null", "no encryption"},
	};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(value_tls_priority(rows[i].text, &err),
		    rows[i].why == NULL ? 0 : -1);
		if (rows[i].why == NULL)
			continue;
		assert_int_equal(err.status, EX_USAGE);
		assert_non_null(strstr(err.text, rows[i].why));
	}
}

static void
numbers_do_not_overflow(void **state)
{
	struct error err;
	uint64_t n = 7;

	(void)state;
	assert_int_equal(value_number("12", &n, &err), 0);
	assert_int_equal(n, 12);
	assert_int_equal(value_number("12k", &n, &err), -1);
	assert_int_equal(value_number("99999999999999999999", &n, &err), -1);
	assert_int_equal(n, 12);
}

static void
texts_have_a_form(void **state)
{
	static const struct {
		value_check *check;
		const char *text;
		bool good;
	} cases[] = {
	    {value_line, "a b\tc", true},
	    {value_line, "", false},
	    {value_line, "a\rb", false},
	    {value_line, "a\n", false},
	    {value_line_or_empty, "", true},
	    {value_line_or_empty, "\n", false},
	    {value_any, "a\nb", true},
	    {value_plain, "Jürgen \\ x", true},
	    {value_plain, "a\tb", false},
	    {value_plain, "a\x7f", false},
	    {value_plain, "a\xc2\x85", false},
	    {value_plain, "a\xe2\x80\xa8", false},
	    {value_plain, "a\xff", false},
	    {value_token, "SCRAM-SHA-256", true},
	    {value_token, "X_PIPE", true},
	    {value_token, "A B", false},
	    {value_token, "AUTH=PLAIN", false},
	    {value_tokens, "", true},
	    {value_tokens, "8BITMIME", true},
	    {value_tokens, "8BITMIME,SMTPUTF8,X-A", true},
	    {value_tokens, ",", false},
	    {value_tokens, "A,", false},
	    {value_tokens, ",A", false},
	    {value_tokens, "A,,B", false},
	    {value_tokens, "A B", false},
	    {value_tokens, "A\n", false},
	    {value_ehlo_name, "mail.example.org", true},
	    {value_ehlo_name, "localhost", true},
	    {value_ehlo_name, "[192.0.2.1]", true},
	    {value_ehlo_name, "[IPv6:2001:db8::1]", true},
	    {value_ehlo_name, "[2001:db8::1]", false},
	    {value_ehlo_name, "[192.0.2.256]", false},
	    {value_ehlo_name, "[]", false},
	    {value_ehlo_name, "[", false},
	    {value_ehlo_name, "a..b", false},
	    {value_ehlo_name, ".a", false},
	    {value_ehlo_name, "a.", true},
	    {value_ehlo_name, "mail.example.org.", true},
	    {value_ehlo_name, "a..", false},
	    {value_ehlo_name, ".", false},
	    {value_ehlo_name, "[192.0.2.1].", false},
	    {value_ehlo_name, "-a", false},
	    {value_ehlo_name, "a-.b", false},
	    {value_ehlo_name, "a b", false},
	    {value_ehlo_name, "a>b", false},
	    {value_ehlo_name, "münchen.example", true},
	    {value_ehlo_name, "münchen.example.", true},
	    {value_ehlo_name, "mün chen.example", false},
	    {value_ehlo_name, "mün>chen.example", false},
	    {value_ehlo_name, "m\u200bünchen.example", false},
	    {value_ehlo_name, "m\xfcnchen.example", false},
	    {value_ehlo_name, "münchen..example", false},
	    {value_ip_address, "192.0.2.1", true},
	    {value_ip_address, "::1", true},
	    {value_ip_address, "fe80::1%eth0", true},
	    {value_ip_address, "fe80::1%", false},
	    {value_ip_address, "localhost", false},
	    {value_pin, PIN_BASE64, true},
	    {value_pin, "sha256//" PIN_BASE64, true},
	    {value_pin, "sha256:" PIN_HEX, true},
	    {value_pin, PIN_HEX, true},
	    {value_pin, PIN_HEX "0", false},
	    {value_pin, "A" PIN_BASE64, false},
	    {value_pin, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", false},
	    {value_pin, "sha1//" PIN_BASE64, false},
	};
	char long_text[322], label[70];
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		if ((cases[i].check(cases[i].text, &err) == 0) != cases[i].good)
			fail_msg("'%s'", cases[i].text);
	memset(long_text, 'a', sizeof(long_text));
	long_text[320] = '\0';
	assert_int_equal(value_query(long_text, &err), 0);
	long_text[320] = 'a';
	long_text[321] = '\0';
	assert_int_equal(value_query(long_text, &err), -1);
	memset(label, 'a', sizeof(label));
	label[63] = '\0';
	assert_int_equal(value_ehlo_name(label, &err), 0);
	label[63] = 'a';
	label[64] = '\0';
	assert_int_equal(value_ehlo_name(label, &err), -1);
}

static void
the_nearest_name_is_found_or_none(void **state)
{
	static const struct {
		const char *word, *expected;
	} cases[] = {
	    {"subjet", "subject"},
	    {"sujbect", "subject"},
	    {"subjekt", "subject"},
	    {"form", "from"},
	    {"password_command", "password-command"},
	    {"tsl", "tls"},
	    {"tlsca", "tls-ca"},
	    {"xyzzy", NULL},
	    {"", NULL},
	    {"q", NULL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		const char *near = option_nearest(cases[i].word, OPTION_ARGV);

		if (cases[i].expected == NULL)
			assert_null(near);
		else
			assert_string_equal(near, cases[i].expected);
	}
}

static void
a_long_value_is_quoted_in_part(void **state)
{
	char text[1000], out[OPTION_QUOTED_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[i] = '\0';
	option_quote(text, out);
	assert_true(strlen(out) < sizeof(out));
	assert_string_equal(out + strlen(out) - 6, "\xc3\xa4...'");
	assert_string_equal(option_quote("a\033b", out), "'a\\x1Bb'");
	assert_string_equal(option_quote("", out), "''");
}

/* --- the command line --- */

static void
options_become_settings(void **state)
{
	static const struct {
		words args;
		const char *line;
	} cases[] = {
	    {{NULL}, "server = localhost  # default"},
	    {{NULL}, "tls = auto  # default"},
	    {{"-t", "a@x"}, "to = a@x  # command line"},
	    {{"-ta@x"}, "to = a@x  # command line"},
	    {{"--to=a@x"}, "to = a@x  # command line"},
	    {{"--to", "a@x", "-t", "b@x"}, "to = b@x  # command line"},
	    {{"--to", "a@x", "-t", "b@x"}, "to = a@x  # command line"},
	    {{"-vt", "a@x"}, "to = a@x  # command line"},
	    {{"-t", "-"}, "to = -  # command line"},
	    {{"-s", ""}, "subject =  # command line"},
	    {{"-s", "-t"}, "subject = -t  # command line"},
	    {{"-s", " a\"b\\"}, "subject = \" a\\\"b\\\\\"  # command line"},
	    {{"--subj", "x"}, "subject = x  # command line"},
	    {{"-H", "X: y", "-HZ: w"}, "header = Z: w  # command line"},
	    {{"--body", "a\nb"}, "body = a\\nb  # command line"},
	    {{"op", "-q", "op"}, "quiet = yes  # command line"},
	    {{"-vv", "-v"}, "verbose = 3  # command line"},
	    {{"--verbose=2"}, "verbose = 2  # command line"},
	    {{"--json=no"}, "json = no  # command line"},
	    {{"--tls=implicit"}, "tls = implicit  # command line"},
	    {{"--timeout", "90"}, "timeout = 90s  # command line"},
	    {{"--timeout", "500ms"}, "timeout = 500ms  # command line"},
	    {{"--deadline", "2h"}, "deadline = 2h  # command line"},
	    {{"-4"}, "ipv4 = yes  # command line"},
	    {{"-4", "--ipv6=no"}, "ipv4 = yes  # command line"},
	    {{"--tls-pin", PIN_HEX}, "tls-pin = " PIN_HEX "  # command line"},
	    {{"-S", "a", "-S", "b"}, "server = b  # command line"},
	    {{"--envelope-from="}, "envelope-from =  # command line"},
	    {{"-u", "Jürgen"}, "user = Jürgen  # command line"},
	    {{"--", "-q"}, "quiet = no  # default"},
	    {{"-a", "a,type=b/c", "-ad"},
		"attach = a,type=b/c  # command line"},
	    {{"-a", "a,type=b/c", "-ad"}, "attach = d  # command line"},
	    {{"--html", "-"}, "html = -  # command line"},
	    {{"--inline=a", "--inline=b"}, "inline = b  # command line"},
	    {{"--forward", "-"}, "forward = -  # command line"},
	    {{"--flowed"}, "flowed = yes  # command line"},
	    {{"--auto-submitted=auto-replied"},
		"auto-submitted = auto-replied  # command line"},
	    {{"--importance", "low"}, "importance = low  # command line"},
	    {{"--list-unsubscribe=https://x/u"},
		"list-unsubscribe = https://x/u  # command line"},
	    {{"-n"}, "dry-run =  # command line"},
	    {{"--dry-run", "-q"}, "dry-run =  # command line"},
	    {{"--dry-run=8BITMIME,SMTPUTF8"},
		"dry-run = 8BITMIME,SMTPUTF8  # command line"},
	    {{"-vnq"}, "dry-run =  # command line"},
	    {{"--preview"}, "preview = text  # command line"},
	    {{"--preview=open"}, "preview = open  # command line"},
	    {{"--save", "sent.eml"}, "save = sent.eml  # command line"},
	};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		assert_reads(h, cases[i].args, NULL);
		assert_setting(&h->settings, cases[i].line);
	}
}

static void
a_bad_call_is_named(void **state)
{
	static const struct {
		words args;
		const char *text;
	} cases[] = {
	    {{"--subjet", "x"},
		"unknown option '--subjet'; did you mean '--subject'?"},
	    {{"--subjet=secret"}, "unknown option '--subjet';"},
	    {{"--xyzzy"}, "unknown option '--xyzzy'"},
	    {{"-z"}, "unknown option '-z'"},
	    {{"-qz"}, "unknown option '-z'"},
	    {{"--ccfile"},
		"unknown option '--ccfile'; did you mean "
		"'--cc-file'?"},
	    {{"--s", "x"},
		"option '--s' is ambiguous: --subject, "
		"--strict, --server,"},
	    {{"--to"}, "--to needs a value: ADDRESS"},
	    {{"-s"}, "-s needs a value: TEXT"},
	    {{"--noop=x"}, "--noop takes no value"},
	    {{"--password=x"}, "'--password' is for configuration files only"},
	    {{"--timeout", "3x"},
		"--timeout: '3x' is not a duration "
		"(500ms, 3s, 5m, 1h, 2d;"},
	    {{"--tls=star"},
		"--tls: 'star' is none of auto, off, "
		"starttls, implicit; did you mean 'starttls'"},
	    {{"--json=maybe"}, "--json: 'maybe' is neither yes"},
	    {{"-S", ""}, "--server: '' is empty"},
	    {{"-s", "a\nb"}, "--subject: 'a\\nb' has a line break"},
	    {{"-t", "a\r@x"}, "--to: 'a\\x0D@x' has a line break"},
	    {{"-H", "A: b\r\nC: d"}, "--header: "},
	    {{"-f", "a\n"}, "--from: "},
	    {{"-u", "a\033"}, "--user: 'a\\x1B' has control characters"},
	    {{"--ehlo-name", "a b"}, "--ehlo-name: 'a b' is neither"},
	    {{"--ehlo-name", "192.0.2.1"}, "'192.0.2.1' is neither"},
	    {{"--ehlo-name", "a_b.test"}, "'a_b.test' is neither"},
	    {{"--ehlo-name", "lap.."}, "'lap..' is neither"},
	    {{"--tls-pin", "abc"}, "--tls-pin: 'abc' is not a SHA-256"},
	    {{"--source-address", "eth0"}, "--source-address: "},
	    {{"a\nb@x"}, "recipient 'a\\nb@x' has a line break"},
	    {{""}, "recipient '' is empty"},
	    {{"-4", "-6"}, "--ipv6: cannot be combined with --ipv4"},
	    {{"--body", "a", "-m", "f"},
		"--message: cannot be combined with --body"},
	    {{"--body", "a", "-t"},
		"--body: a complete message brings its own header and parts"},
	    {{"-m", "f", "-t"}, "cannot be combined with --message"},
	    {{"--password-file", "a", "--password-command", "b"},
		"--password-command: cannot be combined with "
		"--password-file"},
	    {{"--vrfy", "a", "--noop"}, "--vrfy and --noop cannot be combined"},
	    {{"--noop", "a"}, "'a': of no use to --noop"},
	    {{"--check", "--noop"}, "--check and --noop cannot be combined"},
	    {{"--server-info=all"}, "--server-info: 'all' is none of anonym"},
	    {{"--check=a"}, "--check takes no value"},
	    {{"--check", "a@x\nRSET"}, "recipient 'a@x\\nRSET' has a line"},
	    {{"--vrfy", "a\nRSET"}, "--vrfy: 'a\\nRSET' has a line break"},
	    {{"--vrfy", "a", "b\033"}, "--vrfy: 'b\\x1B' has control"},
	    {{"--help=a", "b"}, "--help: one option at a time"},
	    {{"-a", "a\nb"}, "--attach: 'a\\nb' has a line break"},
	    {{"--attach="}, "--attach: '' is empty"},
	    {{"--inline"}, "--inline needs a value: FILE"},
	    {{"--flowed=perhaps"}, "--flowed: 'perhaps' is neither yes"},
	    {{"--importance=hihg"},
		"--importance: 'hihg' is none of high, normal, low; did you "
		"mean 'high'?"},
	    {{"--auto-submitted=yes"}, "--auto-submitted: 'yes' is none of"},
	    {{"--preview=opne"},
		"--preview: 'opne' is none of text, open; did you mean "
		"'open'?"},
	    {{"--preview="}, "--preview: '' is none of text, open"},
	    {{"--dry-run=A B"}, "--dry-run: 'A B' is not a list of keywords"},
	    {{"--dry-run=A,,B"}, "--dry-run: 'A,,B' is not a list"},
	    {{"-n", "--preview"},
		"--preview: cannot be combined with --dry-run"},
	    {{"--strict", "--repair"},
		"--repair: cannot be combined with --strict"},
	};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++)
		assert_refused(h, cases[i].args, NULL, EX_USAGE, cases[i].text);
}

static void
options_of_other_mailers_have_a_way_on(void **state)
{
	const struct foreign_row *foreign;
	const struct option_row *row;
	struct house *h = *state;
	char word[64];
	const char *at;

	for (foreign = foreign_rows; foreign->names != NULL; foreign++) {
		for (at = foreign->names; *at != '\0';
		     at += strlen(word), at += strspn(at, " ")) {
			snprintf(word, sizeof(word), "%.*s",
			    (int)strcspn(at, " "), at);
			for (row = NULL; (row = option_next(row)) != NULL;)
				if (word[1] == '-'
					? strcmp(row->name, word + 2) == 0
					: row->letter == word[1] &&
					    word[2] == '\0')
					fail_msg("%s is ours", word);
			assert_string_equal(foreign_hint(word), foreign->hint);
			assert_refused(h, (words){word, "x"}, NULL, EX_USAGE,
			    "unknown option '");
		}
	}
	assert_string_equal(foreign_hint("--h-From"), foreign_hint("--h-To"));
	assert_string_equal(foreign_hint("-port"), foreign_hint("--port"));
	assert_string_equal(foreign_hint("-pass"), foreign_hint("--pass"));
	assert_string_equal(foreign_hint("-helo"), foreign_hint("--helo"));
	assert_ptr_not_equal(foreign_hint("-pass"), foreign_hint("-p"));
	assert_refused(
	    h, (words){"-pass", "x"}, NULL, EX_USAGE, "unknown option '-pass'");
	assert_string_equal(h->err.hint, foreign_hint("--pass"));
	assert_refused(
	    h, (words){"-helo", "x"}, NULL, EX_USAGE, "unknown option '-helo'");
	assert_refused(
	    h, (words){"-smtp", "x"}, NULL, EX_USAGE, "unknown option '-smtp'");
	assert_refused(
	    h, (words){"-y", "-port"}, NULL, EX_USAGE, "unknown option '-y'");
	assert_null(foreign_hint("--hos"));
	assert_null(foreign_hint("--hosts"));
	assert_null(foreign_hint("-"));
	assert_null(foreign_hint("host"));
}

static void
a_long_name_behind_one_dash_is_no_cluster(void **state)
{
	static const char *const names[] = {"-to", "-from", "-server", "-cc",
	    "-subject", "-verbose", "-bcc", "-body", "-attach", "-timeout"};
	struct house *h = *state;
	char text[64];
	size_t i;

	for (i = 0; i < LENGTH(names); i++) {
		snprintf(text, sizeof(text), "unknown option '%s'", names[i]);
		assert_refused(h, (words){names[i], "x"}, NULL, EX_USAGE, text);
	}
	assert_int_equal(read_options(h, (words){"-sserve", "-toto"}, NULL), 0);
	assert_string_equal(h->settings.message.subject, "serve");
	assert_string_equal(h->settings.message.to.items[0], "oto");
}

static void
what_a_call_would_ignore_is_named(void **state)
{
	static const struct {
		words args;
		const char *text;
	} cases[] = {
	    {{"-s", "a", "-t", "b@x", "--noop"},
		"--to, --subject: of no use to --noop, which asks"},
	    {{"-m", "f", "--noop"}, "--message: of no use to --noop"},
	    {{"--explain", "550", "--hold-for", "3", "--on-commit", "x"},
		"--hold-for, --on-commit: of no use to --explain"},
	    {{"--explain", "550", "--json"}, "--json: of no use to --explain"},
	    {{"--explain", "550", "-u", "bob"}, "--user: of no use to"},
	    {{"-t", "--noop"}, "-t: of no use to --noop"},
	    {{"-t", "b@x", "--noop"}, "--to: of no use to --noop"},
	    {{"--noop", "a", "--", "-b"}, "'a', '-b': of no use to --noop"},
	    {{"--vrfy", "a", "-a", "f"}, "--attach: of no use to --vrfy"},
	    {{"--vrfy", "a", "--save", "f"}, "--save: of no use to --vrfy"},
	    {{"--expn", "a", "--charset=utf-8"}, "--charset: of no use to"},
	    {{"--expn", "a", "--envelope-from="}, "--envelope-from: of no use"},
	    {{"--server-help", "--all-or-nothing"}, "--all-or-nothing: of no"},
	    {{"--noop", "-n"}, "--dry-run: of no use to --noop"},
	    {{"--noop", "--preview"}, "--preview: of no use to --noop"},
	    {{"--noop", "--repair"}, "--repair: of no use to --noop"},
	    {{"--noop", "--to-file=f"}, "--to-file: of no use to --noop"},
	    {{"--server-info", "b@x"}, "'b@x': of no use to --server-info"},
	    {{"--server-info", "-m", "f"}, "--message: of no use to"},
	    {{"--server-info=anonymous", "-u", "a", "--password-file=f"},
		"--user, --password-file: of no use to --server-info=anonymous"},
	    {{"--server-info=anonymous", "--password-command=a"},
		"--password-command: of no use to --server-info=anonymous"},
	    {{"--server-info=anonymous", "-s", "a"},
		"--subject: of no use to --server-info, which asks"},
	    {{"--check", "b@x", "--save=f"}, "--save: of no use to --check"},
	    {{"--check", "b@x", "-n"}, "--dry-run: of no use to --check"},
	    {{"--check", "b@x", "--on-commit=a"}, "--on-commit: of no use to"},
	    {{"--check", "b@x", "--keep-open"}, "--keep-open is for scripts"},
	    {{"--check", "-m", "f", "-s", "a"},
		"--subject: a complete message brings"},
	    {{"-m", "f", "-s", ""}, "--subject: a complete message brings"},
	    {{"-m", "f", "-s", "a", "-n", "--json"},
		"--subject: a complete message brings"},
	    {{"-t", "-H", "A: b", "-a", "f"},
		"--header, --attach: a complete message brings"},
	    {{"-t", "--body-file=f"}, "--body-file: a complete message"},
	    {{"b@x", "--resend"}, "--resend is for complete messages"},
	    {{"-n", "b@x", "--json"}, "--json: of no use to --dry-run"},
	    {{"-m", "f", "-m", "g", "--save=f"}, "--save is for one message"},
	    {{"--each=f", "--on-commit=f"}, "--on-commit is for one message"},
	    {{"--each=f", "-m", "g"}, "--each brings its messages itself"},
	    {{"-t", "-m", "f", "-m", "g"}, "cannot be combined with --message"},
	    {{"b@x", "--rate=1/s"}, "--rate is for many messages (--each)"},
	    {{"--check", "--each=f"}, "--each: of no use to --check"},
	    {{"--each=f", "--each=g"}, "--each: given twice"},
	    {{"--each=f", "--resend-unknown", "--results=g"},
		"--resend-unknown is for --resume"},
	    {{"--each=f", "--results=g", "--resume=h"},
		"--resume: cannot be combined with --results"},
	    {{"b@x", "--importance={{i}}"}, "--importance: '{{i}}' is none of"},
	    {{"--each=f", "--vrfy=b"}, "--each: of no use to --vrfy"},
	    {{"--body=a", "--body=b"}, "--body: given twice"},
	    {{"--html=a", "--html=b"}, "--html: given twice"},
	    {{"--preview", "-m", "f", "--json"},
		"--json: of no use to --preview, which sends nothing"},
	    {{"-n", "b@x", "--save=f"}, "--save: of no use to --dry-run"},
	    {{"-n", "b@x", "--transcript=f", "--timing"},
		"--timing, --transcript: of no use to --dry-run"},
	    {{"--preview", "b@x", "--save=f"}, "--save: of no use to --prev"},
	    {{"--preview", "b@x", "--timing"}, "--timing: of no use to --prev"},
	    {{"-n", "b@x", "--on-commit=f"}, "--on-commit: of no use to"},
	    {{"--noop", "--on-success=f", "--on-failure=f"},
		"--on-success, --on-failure: of no use to --noop"},
	};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++)
		assert_refused(h, cases[i].args, NULL, EX_USAGE, cases[i].text);
}

static void
what_a_call_uses_is_not_refused(void **state)
{
	static const words cases[] = {
	    {"--noop", "-q", "-v", "--timeout=3", "--deadline=9", "--json"},
	    {"--noop", "-S", "x", "-4", "-u", "me", "--password-file=f"},
	    {"--vrfy", "a", "--transcript=f", "--timing", "--tls=off"},
	    {"--noop", "-f", "me@x", "--without=PIPELINING", "--auth=PLAIN"},
	    {"--noop", "--flowed=no", "--all-or-nothing=no"},
	    {"-n", "-S", "x", "-u", "me", "--tls=starttls", "-v", "b@x"},
	    {"-n", "--all-or-nothing", "--timeout=3", "-s", "a", "b@x"},
	    {"--preview", "-m", "f", "--repair", "--keep-bcc", "-q"},
	    {"-n", "--json=no", "--timing=no", "-vv", "b@x"},
	    {"b@x", "--on-commit=f", "--on-success=f", "--on-failure=f"},
	    {"-S", "x", "-S", "y", "-s", "a", "-s", "b"},
	    {"-a", "f", "-a", "g", "b@x", "--timing=no"},
	    {"-m", "f", "-f", "me@x", "-c", "a@x", "--charset=utf-8", "b@x"},
	    {"-t", "-m", "-", "--strict", "--envelope-from=", "--save=f"},
	    {"-b", "b@x", "--flowed", "--keep-bcc", "--strict=no"},
	    {"--show-settings", "b@x", "-s", "a", "-m", "f", "--json"},
	    {"--version", "-m", "f", "-s", "a"},
	    {"-h", "b@x", "-n", "--json"},
	    {"--help=to", "-m", "f", "-s", "a"},
	};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++)
		assert_reads(h, cases[i], NULL);
}

static void
what_is_configured_is_for_all_calls(void **state)
{
	static const words cases[] = {{"--noop"}, {"--vrfy", "a"}, {"-m", "f"},
	    {"-t"}, {"-n", "b@x"}, {"--preview", "b@x"}};
	char *environment[] = {(char[]){"SMTPSEND_JSON=yes"},
	    (char[]){"SMTPSEND_SAVE=f"}, (char[]){"SMTPSEND_TO=b@x"}, NULL};
	struct house *h = *state;
	size_t i;

	write_file(h->user_file,
	    "subject = a\nrepair\nbcc = c@x\nall-or-nothing\n"
	    "timing\ntranscript = f\nflowed\n");
	for (i = 0; i < LENGTH(cases); i++)
		assert_reads(h, cases[i], environment);
}

static void
an_argument_that_may_be_left_out_is_told_from_none(void **state)
{
	static const struct {
		words args;
		const char *capabilities, *mode; /* NULL: not asked for */
		size_t operands;
	} cases[] = {
	    {{NULL}, NULL, NULL, 0},
	    {{"-n"}, "", NULL, 0},
	    {{"-n", "a@x"}, "", NULL, 1},
	    {{"-na@x"}, "", NULL, 0}, /* -n -a @x */
	    {{"--dry-run", "a@x"}, "", NULL, 1},
	    {{"--dry-run=A,B"}, "A,B", NULL, 0},
	    {{"--dry-run="}, "", NULL, 0},
	    {{"--dry-run=A", "-n"}, "", NULL, 0},
	    {{"--preview", "open"}, NULL, "text", 1},
	    {{"--preview=text"}, NULL, "text", 0},
	    {{"--preview=open"}, NULL, "open", 0},
	};
	struct house *h = *state;
	struct settings *s = &h->settings;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		assert_reads(h, cases[i].args, NULL);
		if (cases[i].capabilities == NULL)
			assert_null(s->delivery.dry_run);
		else
			assert_string_equal(
			    s->delivery.dry_run, cases[i].capabilities);
		if (cases[i].mode == NULL)
			assert_null(s->delivery.preview);
		else
			assert_string_equal(s->delivery.preview, cases[i].mode);
		assert_int_equal(s->message.operands.count, cases[i].operands);
	}
}

static void
what_is_asked_for_is_found_out(void **state)
{
	static const struct {
		words args;
		enum settings_action action;
		const char *arguments; /* joined by commas */
		const char *operands;
	} cases[] = {
	    {{"a", "-q", "b", "--", "-c"}, ACTION_SEND, "", "a,b,-c"},
	    {{"-"}, ACTION_SEND, "", "-"},
	    {{"-n", "a"}, ACTION_DRY_RUN, "", "a"},
	    {{"--preview=open", "-m", "f"}, ACTION_PREVIEW, "", ""},
	    {{"-h", "-n"}, ACTION_USAGE, "", ""},
	    {{"-h"}, ACTION_USAGE, "", ""},
	    {{"--help"}, ACTION_USAGE, "", ""},
	    {{"-h", "-S", "x"}, ACTION_USAGE, "", ""},
	    {{"-h", "--help=to", "x"}, ACTION_USAGE, "", ""},
	    {{"--help=to"}, ACTION_OPTION_HELP, "to", ""},
	    {{"--help", "to"}, ACTION_OPTION_HELP, "to", ""},
	    {{"--help", "-S", "x"}, ACTION_SERVER_HELP, "", ""},
	    {{"-S", "x", "--help=MAIL"}, ACTION_SERVER_HELP, "MAIL", ""},
	    {{"--help", "-S", "x", "MAIL"}, ACTION_SERVER_HELP, "MAIL", ""},
	    {{"--help", "-S", "x", "-t", "b@x"}, ACTION_USAGE, "", ""},
	    {{"--help", "-S", "x", "-m", "f"}, ACTION_USAGE, "", ""},
	    {{"--help", "-S", "x", "-a", "f"}, ACTION_USAGE, "", ""},
	    {{"--help=to", "-S", "x", "--body", "b"}, ACTION_OPTION_HELP, "to",
		""},
	    {{"--server-help"}, ACTION_SERVER_HELP, "", ""},
	    {{"--server-help=DATA", "MAIL"}, ACTION_SERVER_HELP, "DATA,MAIL",
		""},
	    {{"--vrfy", "a", "\"b c\"", "-q", "d"}, ACTION_VRFY, "a,\"b c\",d",
		""},
	    {{"--vrfy=a", "--vrfy=b"}, ACTION_VRFY, "a,b", ""},
	    {{"--expn", "staff"}, ACTION_EXPN, "staff", ""},
	    {{"--noop"}, ACTION_NOOP, "", ""},
	    {{"--server-info", "-S", "x"}, ACTION_SERVER_INFO, "", ""},
	    {{"--server-info=anonymous"}, ACTION_SERVER_INFO, "anonymous", ""},
	    {{"--check", "a@x", "-a", "f"}, ACTION_CHECK, "", "a@x"},
	    {{"-V"}, ACTION_VERSION, "", ""},
	    {{"--show-settings", "a"}, ACTION_SHOW_SETTINGS, "", "a"},
	};
	struct house *h = *state;
	char joined[2][100];
	size_t i, k;

	for (i = 0; i < LENGTH(cases); i++) {
		assert_reads(h, cases[i].args, NULL);
		memset(joined, 0, sizeof(joined));
		for (k = 0; k < h->settings.action_arguments.count; k++) {
			strcat(joined[0], k > 0 ? "," : "");
			strcat(
			    joined[0], h->settings.action_arguments.items[k]);
		}
		for (k = 0; k < h->settings.message.operands.count; k++) {
			strcat(joined[1], k > 0 ? "," : "");
			strcat(
			    joined[1], h->settings.message.operands.items[k]);
		}
		assert_int_equal(h->settings.action, cases[i].action);
		assert_string_equal(joined[0], cases[i].arguments);
		assert_string_equal(joined[1], cases[i].operands);
		if (cases[i].action == ACTION_OPTION_HELP)
			assert_string_equal(h->settings.action_argument, "to");
	}
}

static void
a_bare_t_is_a_message_on_standard_input(void **state)
{
	static const struct {
		words args;
		bool bare;
		size_t recipients, operands;
	} cases[] = {
	    {{"-t"}, true, 0, 0},
	    {{"-vt"}, true, 0, 0},
	    {{"-t", "-q"}, true, 0, 0},
	    {{"-t", "--quiet"}, true, 0, 0},
	    {{"-vt", "-q", "a@x"}, true, 0, 1},
	    {{"a@x", "-t"}, true, 0, 1},
	    {{"-t", "--", "a@x"}, true, 0, 1},
	    {{"-t", "-m", "-"}, true, 0, 0},
	    {{"-t", "a@x"}, false, 1, 0},
	    {{"-t", "a@x", "b@x"}, false, 1, 1},
	    {{"o@x", "-t", "a@x", "p@x"}, false, 1, 2},
	    {{"-t", "a@x", "-t"}, true, 1, 0},
	    {{"-t", "-"}, false, 1, 0},
	    {{"-s", "-t"}, false, 0, 0},
	    {{"--to", "-t"}, false, 1, 0},
	    {{"--", "-t"}, false, 0, 1},
	};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		assert_reads(h, cases[i].args, NULL);
		assert_int_equal(h->settings.message.on_stdin, cases[i].bare);
		assert_int_equal(
		    h->settings.message.to.count, cases[i].recipients);
		assert_int_equal(
		    h->settings.message.operands.count, cases[i].operands);
	}
}

static void
no_arguments_at_all_are_no_harm(void **state)
{
	struct house *h = *state;
	struct options_origin o = {0};

	h->used = true;
	assert_int_equal(options_read(&o, &h->settings, &h->err), 0);
	assert_int_equal(h->settings.action, ACTION_SEND);
	assert_null(h->settings.server.origin);
}

static void
many_operands_keep_their_order(void **state)
{
	enum { MANY = 3000 };
	struct house *h = *state;
	struct options_origin o = {0};
	char **argv = calloc(MANY + 2, sizeof(*argv));
	char numbers[MANY][12];
	int i;

	assert_non_null(argv);
	argv[0] = (char *)"smtpsend";
	for (i = 0; i < MANY; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", i);
		argv[i + 1] = numbers[i];
	}
	o.argc = MANY + 1;
	o.argv = argv;
	h->used = true;
	assert_int_equal(options_read(&o, &h->settings, &h->err), 0);
	assert_int_equal(h->settings.message.operands.count, MANY);
	for (i = 0; i < MANY; i++)
		assert_string_equal(
		    h->settings.message.operands.items[i], numbers[i]);
	free(argv);
}

/* --- files and the environment --- */

static void
a_higher_origin_goes_before_a_lower_one(void **state)
{
	static char *environment[] = {(char *)"SMTPSEND_SUBJECT=variable",
	    (char *)"SMTPSEND_TIMEOUT=3", (char *)"EMAIL=me@fallback",
	    (char *)"SMTPSERVER=fallback", (char *)"SMTPSEND_BCC=", NULL};
	words args = {"-s", "argument", "-b", "arg@x"};
	struct house *h = *state;
	char line[200];

	write_file(h->system_file,
	    "server = system\ntimeout = 1\nsubject = system\nuser = s\n");
	write_file(h->user_file,
	    "server = user\ntimeout = 2\nsubject = user\ncharset = u\n");
	assert_reads(h, args, environment);
	assert_setting(&h->settings, "subject = argument  # command line");
	assert_setting(&h->settings, "timeout = 3s  # SMTPSEND_TIMEOUT");
	assert_setting(&h->settings, "from = me@fallback  # EMAIL");
	assert_setting(&h->settings, "bcc = arg@x  # command line");
	snprintf(line, sizeof(line), "server = user  # %s:1", h->user_file);
	assert_setting(&h->settings, line);
	snprintf(line, sizeof(line), "user = s  # %s:4", h->system_file);
	assert_setting(&h->settings, line);
	snprintf(line, sizeof(line), "%s:1", h->user_file);
	assert_string_equal(h->settings.server.origin, line);
	assert_false(h->settings.server.on_argv);

	unlink(h->user_file);
	unlink(h->system_file);
	assert_reads(h, NULL, environment);
	assert_string_equal(h->settings.server.names.items[0], "fallback");
	assert_string_equal(h->settings.server.origin, "SMTPSERVER");
	assert_int_equal(h->settings.files.count, 2);
	snprintf(line, sizeof(line), "%s (not there)", h->user_file);
	assert_string_equal(h->settings.files.items[1], line);
}

static void
a_list_is_replaced_by_a_higher_origin_and_grows_within_one(void **state)
{
	static char *environment[] = {(char *)"SMTPSEND_CC=e@x, f@x", NULL};
	words args = {"-H", "A: 1", "-H", "B: 2"};
	struct house *h = *state;
	struct settings *s = &h->settings;

	write_file(h->system_file, "bcc = s@x\nheader = S: 0\ncc = s@x\n");
	write_file(h->user_file, "bcc = u@x\nbcc = v@x\nheader = U: 0\n");
	assert_reads(h, args, environment);
	assert_int_equal(s->message.bcc.count, 2);
	assert_string_equal(s->message.bcc.items[0], "u@x");
	assert_string_equal(s->message.bcc.items[1], "v@x");
	assert_int_equal(s->message.headers.count, 2);
	assert_string_equal(s->message.headers.items[0], "A: 1");
	assert_int_equal(s->message.cc.count, 1);
	assert_string_equal(s->message.cc.items[0], "e@x, f@x");
}

static void
of_a_group_the_highest_origin_is_in_force(void **state)
{
	words args = {"-6", "--password-file", "f"};
	struct house *h = *state;
	struct settings *s = &h->settings;

	write_file(
	    h->system_file, "ipv4\npassword-command = c\nrepair = yes\n");
	write_file(h->user_file, "password = p\nstrict\n");
	assert_reads(h, NULL, NULL);
	assert_true(s->server.ipv4);
	assert_true(s->message.strict);
	assert_false(s->message.repair);
	assert_null(s->auth.password_command);
	assert_string_equal(s->auth.password.bytes, "p");
	assert_reads(h, args, NULL);
	assert_false(s->server.ipv4);
	assert_true(s->server.ipv6);
	assert_null(s->auth.password.bytes);
	assert_string_equal(s->auth.password_file, "f");
}

static void
files_have_comments_quotes_and_flags(void **state)
{
	struct house *h = *state;
	struct settings *s = &h->settings;

	write_file(h->user_file,
	    "\xef\xbb\xbf# comment\n\n"
	    "  subject=a # b  \r\n"
	    "header = \" X: \\\"y\\\\ \"\n"
	    "\tjson\n"
	    "quiet = Off\n"
	    "envelope-from =\n"
	    "user = x\"y\n"
	    "verbose = 2\n"
	    "charset = utf-8");
	assert_reads(h, NULL, NULL);
	assert_string_equal(s->message.subject, "a # b");
	assert_string_equal(s->message.headers.items[0], " X: \"y\\ ");
	assert_true(s->report.json);
	assert_false(s->report.quiet);
	assert_string_equal(s->message.envelope_from, "");
	assert_string_equal(s->auth.user, "x\"y");
	assert_int_equal(s->report.verbose, 2);
	assert_string_equal(s->message.charset, "utf-8");
}

static void
a_bad_line_is_named_with_its_number(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"subjet = x",
		":1: unknown setting 'subjet'; did you mean "
		"'subject'?"},
	    {"\n\npasswort hunter2",
		":3: unknown setting 'passwort'; did "
		"you mean 'password'?"},
	    {"timeout = x", ":1: timeout: 'x' is not a duration"},
	    {"timeout", ":1: timeout: needs a value: DURATION"},
	    {"timeout 3s", ":1: a setting is written timeout = VALUE"},
	    {"quiet no", ":1: a setting is written quiet = VALUE"},
	    {"account work", ":1: a setting is written account = VALUE"},
	    {"timeout: 3s", ":1: a setting is written timeout = VALUE"},
	    {"password: swordfish",
		":1: a setting is written password = VALUE"},
	    {"password x=", ":1: a setting is written password = VALUE"},
	    {"server =", ":1: server: '' is empty"},
	    {"vrfy = x", ":1: 'vrfy' is for the command line only"},
	    {"body = x", ":1: 'body' is for the command line only"},
	    {"attach = x", ":1: 'attach' is for the command line only"},
	    {"dry-run", ":1: 'dry-run' is for the command line only"},
	    {"importance = urgent",
		":1: importance: 'urgent' is none of high, normal, low"},
	    {"subject = \"x", ":1: subject: a value that begins with"},
	    {"subject = \"x\" y", ":1: subject: a value that begins with"},
	    {"subject = \"x\\", ":1: subject: a value that begins with"},
	    {"[account]", ":1: a section is written [account NAME]"},
	    {"[accounts x]", ":1: a section is written [account NAME]"},
	    {"[account x", ":1: a section is written [account NAME]"},
	    {"[", ":1: a section is written [account NAME]"},
	    {"[account a]\n[account b]\n[account a]",
		":3: there is an account 'a' already"},
	    {"[account a]\naccount = b",
		":2: account: belongs above the first section"},
	    {"[account unused]\ntls = x",
		":2: tls: 'x' is none of auto, off, starttls, implicit"},
	    {"ipv4\nipv6", ":2: ipv6: cannot be combined with ipv4"},
	    {"= x", ":1: unknown setting ''"},
	};
	struct house *h = *state;
	char expected[300];
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		write_file(h->user_file, cases[i].text);
		snprintf(expected, sizeof(expected), "%s%s", h->user_file,
		    cases[i].error);
		assert_refused(h, NULL, NULL, EX_CONFIG, expected);
		assert_null(strstr(h->err.text, "hunter2"));
	}
	write_file(h->user_file, "\ntls_trust_file = /x\n");
	assert_refused(
	    h, NULL, NULL, EX_CONFIG, ":2: unknown setting 'tls_trust_file'");
	assert_string_equal(h->err.hint, foreign_hint("--tls-trust-file"));
	assert_null(strstr(h->err.text, "did you mean"));
	write_bytes(h->user_file, "user = a\0b\n", 11);
	assert_refused(h, NULL, NULL, EX_CONFIG, ":1: there is a NUL byte");
}

static void
any_bytes_as_a_file_do_no_harm(void **state)
{
	static const char alphabet[] = "\n\n\n= \t\"\\[]#\r\0\xff"
				       "to cc account password json tls";
	struct house *h = *state;
	char text[200];
	uint32_t n = 1;
	size_t i;
	int round;

	for (round = 0; round < 300; round++) {
		for (i = 0; i < sizeof(text); i++) {
			n = n * 1664525 + 1013904223;
			text[i] = alphabet[(n >> 16) % (sizeof(alphabet) - 1)];
		}
		write_bytes(h->user_file, text, sizeof(text));
		if (read_options(h, NULL, NULL) == -1)
			assert_int_equal(h->err.status, EX_CONFIG);
	}
}

static void
a_broken_configuration_does_not_hide_the_help(void **state)
{
	static char *environment[] = {(char *)"SMTPSEND_X=y", NULL};
	static const words calls[] = {
	    {"-h"}, {"--version"}, {"--help=to"}, {"--help"}};
	struct house *h = *state;
	size_t i;

	write_file(h->user_file, "nonsense\n");
	for (i = 0; i < LENGTH(calls); i++)
		assert_reads(h, calls[i], environment);
}

static void
the_account_is_named_or_matched_or_default(void **state)
{
	static const char common[] = "timeout = 1\nuser = top\ncc = top@x\n";
	static const char accounts[] =
	    "[account work]\nfrom = Me <me@Work.test>\n"
	    "user = work\ncc = w@x\n"
	    "[account home]\nfrom = me@home.test\n"
	    "user = home\n"
	    "[account default]\nuser = default\n";
	static char *named[] = {(char *)"SMTPSEND_ACCOUNT=home", NULL};
	static char *from[] = {(char *)"SMTPSEND_FROM=<me@HOME.test>", NULL};
	static const struct {
		const char *top;
		words args;
		char **environment;
		const char *user;
	} cases[] = {
	    {"", {NULL}, NULL, "default"},
	    {"", {"-A", "work"}, NULL, "work"},
	    {"", {"-A", "work"}, named, "work"},
	    {"", {NULL}, named, "home"},
	    {"account = work\n", {NULL}, NULL, "work"},
	    {"account = work\n", {NULL}, named, "home"},
	    {"account = work\n", {"-f", "me@home.test"}, NULL, "work"},
	    {"", {"-f", "me@work.TEST"}, NULL, "work"},
	    {"", {"-f", "Other <me@home.test>"}, NULL, "home"},
	    {"", {NULL}, from, "home"},
	    {"", {"-f", "ME@work.test"}, NULL, "work"},
	    {"", {"-f", "you@work.test"}, NULL, "default"},
	    {"", {"-A", "home", "-u", "argv"}, NULL, "argv"},
	};
	struct house *h = *state;
	char text[600];
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		snprintf(text, sizeof(text), "%s%s%s", cases[i].top, common,
		    accounts);
		write_file(h->user_file, text);
		assert_reads(h, cases[i].args, cases[i].environment);
		assert_string_equal(h->settings.auth.user, cases[i].user);
		assert_int_equal(h->settings.delivery.timeout_ms, 1000);
		assert_int_equal(h->settings.message.cc.count, 1);
	}
	write_file(h->user_file, "user = top\n[account work]\nuser = work\n");
	assert_reads(h, NULL, NULL);
	assert_string_equal(h->settings.auth.user, "top");
	assert_null(h->settings.account);
}

static void
an_account_may_be_in_both_files(void **state)
{
	words args = {"-A", "work"};
	struct house *h = *state;
	struct settings *s = &h->settings;

	write_file(h->system_file,
	    "user = st\n[account work]\nuser = sw\n"
	    "server = sw\ntls-ca = sw\n");
	write_file(h->user_file, "server = ut\n[account work]\ntls-ca = uw\n");
	assert_reads(h, args, NULL);
	assert_string_equal(s->auth.user, "sw");
	assert_string_equal(s->server.names.items[0], "ut");
	assert_string_equal(s->server.tls.ca, "uw");
}

static void
an_unknown_account_is_named_with_those_there_are(void **state)
{
	words args = {"-A", "wrok"};
	struct house *h = *state;

	write_file(h->user_file, "[account work]\n[account home]\n");
	assert_refused(h, args, NULL, EX_CONFIG,
	    "--account: there is no account 'wrok'; did you mean 'work'?");
	assert_non_null(strstr(h->err.hint, h->user_file));
	assert_non_null(strstr(h->err.hint, "(not there)"));
	assert_non_null(strstr(h->err.hint, "work, home"));
}

static void
variables_are_checked(void **state)
{
	static const struct {
		const char *variable, *error;
	} cases[] = {
	    {"SMTPSEND_TIMEOUT=x", "SMTPSEND_TIMEOUT: 'x' is not"},
	    {"SMTPSEND_SUBJET=x",
		"unknown variable 'SMTPSEND_SUBJET' in "
		"the environment; did you mean "
		"'SMTPSEND_SUBJECT'?"},
	    {"SMTPSEND_XYZZY=", "unknown variable 'SMTPSEND_XYZZY'"},
	    {"SMTPSEND_PASSWORD=hunter2",
		"SMTPSEND_PASSWORD: secrets are "
		"not taken"},
	    {"SMTPSEND_VRFY=x",
		"SMTPSEND_VRFY: --vrfy is for the command "
		"line only"},
	    {"SMTPSEND_TO=a\nb", "SMTPSEND_TO: 'a\\nb' has a line break"},
	    {"SMTPSEND_ACCOUNT=x",
		"SMTPSEND_ACCOUNT: there is no "
		"account 'x'"},
	    {"EMAIL=a\nb", "EMAIL: 'a\\nb' has a line break"},
	};
	char *environment[] = {NULL, NULL};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		environment[0] = (char *)cases[i].variable;
		assert_refused(h, NULL, environment, EX_CONFIG, cases[i].error);
		assert_null(strstr(h->err.text, "hunter2"));
	}
	environment[0] = (char *)"SMTPSEND_SMTP_HOST=x";
	assert_refused(h, NULL, environment, EX_CONFIG,
	    "unknown variable 'SMTPSEND_SMTP_HOST'");
	assert_string_equal(h->err.hint, foreign_hint("--host"));
	environment[0] = (char *)"SMTPSEND_TLS_CA=/x";
	assert_reads(h, NULL, environment);
	assert_string_equal(h->settings.server.tls.ca, "/x");
	environment[0] = (char *)"SMTPSEND_QUIET=1";
	assert_reads(h, NULL, environment);
	assert_true(h->settings.report.quiet);
	environment[0] = (char *)"SMTPSEND_TIMEOUT=";
	assert_reads(h, NULL, environment);
}

static void
a_secret_is_masked_and_its_file_must_be_private(void **state)
{
	struct house *h = *state;
	char line[200], other[100];
	char *text;

	write_file(h->user_file, "user = me\npassword = \"hunter 2\"\n");
	assert_reads(h, NULL, NULL);
	assert_string_equal(h->settings.auth.password.bytes, "hunter 2");
	snprintf(
	    line, sizeof(line), "password = ********  # %s:2", h->user_file);
	assert_setting(&h->settings, line);
	text = print_settings(&h->settings);
	assert_null(strstr(text, "hunter"));
	free(text);

	chmod(h->user_file, 0640);
	assert_refused(h, NULL, NULL, EX_CONFIG,
	    ":2: this file holds a password, and others can get at it "
	    "(mode 0640)");
	assert_non_null(strstr(h->err.hint, "chmod 600 "));
	assert_null(strstr(h->err.text, "hunter"));

	chmod(h->user_file, 0600);
	snprintf(other, sizeof(other), "%s/other", h->dir);
	assert_int_equal(rename(h->user_file, other), 0);
	assert_int_equal(symlink(other, h->user_file), 0);
	assert_refused(h, NULL, NULL, EX_CONFIG, "symbolic link");
	write_file(other, "user = me\n");
	assert_reads(h, NULL, NULL);
	assert_string_equal(h->settings.auth.user, "me");
	unlink(other);
}

static void
what_holds_a_secret_is_not_shown(void **state)
{
	static const words cases[] = {
	    {"-S", "smtp://bob:hunter2"},
	    {"-S", "smtp://bob:hunter2@host"},
	    {"-S", "smtp://bob:hunter2@host:hunter2"},
	    {"-S", "unix://bob:hunter2@/x"},
	    {"-S", "bob://hunter2@host"},
	    {"-S", "fd:hunter2"},
	    {"--password-command", "echo hunter2"},
	};
	static const words bad[] = {
	    {"-S", "smtp://bob:hunter2\033@host"},
	    {"-S", "smtp://bob:hunter2\n"},
	    {"--password-command", "echo hunter2\n"},
	};
	char *environment[] = {
	    (char[]){"SMTPSEND_SERVER=smtp://bob:hunter2\xff"}, NULL};
	struct house *h = *state;
	char *shown;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		assert_reads(h, cases[i], NULL);
		shown = print_settings(&h->settings);
		assert_null(strstr(shown, "hunter2"));
		free(shown);
	}
	for (i = 0; i < LENGTH(bad); i++) {
		assert_refused(h, bad[i], NULL, EX_USAGE, "--");
		assert_null(strstr(h->err.text, "hunter2"));
	}
	assert_refused(
	    h, (words){"--noop"}, environment, EX_CONFIG, "SMTPSEND_SERVER: ");
	assert_null(strstr(h->err.text, "hunter2"));
	assert_null(strstr(environment[0], "hunter2"));
	write_file(h->user_file, "\nserver = smtp://bob:hunter2\xff\n");
	assert_refused(h, (words){"--noop"}, NULL, EX_CONFIG, ":2: server: ");
	assert_null(strstr(h->err.text, "hunter2"));
}

static void
a_configuration_is_a_small_file_of_ours(void **state)
{
	static char big[(1 << 20) + 1];
	struct house *h = *state;

	assert_int_equal(mkfifo(h->user_file, 0600), 0);
	assert_refused(h, NULL, NULL, EX_CONFIG, "is not a regular file");
	unlink(h->user_file);
	assert_int_equal(mkdir(h->user_file, 0700), 0);
	assert_refused(h, NULL, NULL, EX_CONFIG, "is not a regular file");
	rmdir(h->user_file);
	memset(big, '\n', sizeof(big));
	write_bytes(h->user_file, big, sizeof(big));
	assert_refused(h, NULL, NULL, EX_CONFIG, "is larger than 1 MiB");
	write_bytes(h->user_file, big, sizeof(big) - 1);
	assert_reads(h, NULL, NULL);
	write_file(h->user_file, "user = me\n");
	chmod(h->user_file, 0666);
	assert_refused(h, NULL, NULL, EX_CONFIG, "can be changed by everybody");
	if (geteuid() != 0) {
		/* What we may not read counts as empty. */
		chmod(h->user_file, 0);
		assert_reads(h, NULL, NULL);
		assert_non_null(
		    strstr(h->settings.files.items[1], "(permission denied)"));
		return;
	}
	chmod(h->user_file, 0600);
	assert_int_equal(chown(h->user_file, 65534, 65534), 0);
	assert_refused(h, NULL, NULL, EX_CONFIG, "belongs to another user");
}

static void
the_user_file_is_found_in_a_home_of_ours(void **state)
{
	struct house *h = *state;
	char path[200], home[100], xdg[120];
	char *environment[] = {home, NULL, NULL};
	struct options_origin o = {.environ = environment};
	struct settings *s = &h->settings;

	snprintf(home, sizeof(home), "HOME=%s", h->dir);
	snprintf(xdg, sizeof(xdg), "XDG_CONFIG_HOME=%s/.config", h->dir);
	snprintf(path, sizeof(path), "mkdir -p %s/.config/smtpsend", h->dir);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/.config/smtpsend/config", h->dir);
	write_file(path, "user = me\n");

	assert_int_equal(options_read(&o, s, &h->err), 0);
	assert_string_equal(s->auth.user, "me");
	settings_clear(s);
	strcpy(home, "HOME=/nonexistent");
	environment[1] = xdg;
	assert_int_equal(options_read(&o, s, &h->err), 0);
	assert_string_equal(s->auth.user, "me");
	settings_clear(s);
	strcpy(xdg, "XDG_CONFIG_HOME=relative");
	assert_int_equal(options_read(&o, s, &h->err), 0);
	assert_null(s->auth.user);
	settings_clear(s);
	if (geteuid() == 0) {
		snprintf(home, sizeof(home), "HOME=%s", h->dir);
		assert_int_equal(chown(h->dir, 65534, 65534), 0);
		assert_int_equal(options_read(&o, s, &h->err), 0);
		assert_null(s->auth.user);
		settings_clear(s);
	}
	unlink(path);
	snprintf(path, sizeof(path), "%s/.config/smtpsend", h->dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/.config", h->dir);
	rmdir(path);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_is_complete),
	    cmocka_unit_test(a_row_fits_its_type),
	    cmocka_unit_test(names_letters_and_fields_are_unique),
	    cmocka_unit_test(all_rows_are_those_of_the_sections_in_their_order),
	    cmocka_unit_test(the_usage_fits_a_terminal),
	    cmocka_unit_test(no_topic_is_the_name_of_an_option),
	    cmocka_unit_test(all_help_lists_every_option_within_80_columns),
	    cmocka_unit_test(the_help_on_an_option_is_its_manual),
	    cmocka_unit_test(help_finds_an_option_by_any_of_its_names),
	    cmocka_unit_test(the_manuals_and_completions_list_every_row),
	    cmocka_unit_test(durations_have_units),
	    cmocka_unit_test(a_host_is_a_name_or_an_address),
	    cmocka_unit_test(a_priority_string_is_one_that_tls_can_use),
	    cmocka_unit_test(numbers_do_not_overflow),
	    cmocka_unit_test(texts_have_a_form),
	    cmocka_unit_test(the_nearest_name_is_found_or_none),
	    cmocka_unit_test(a_long_value_is_quoted_in_part),
	    TEST(options_become_settings),
	    TEST(a_bad_call_is_named),
	    TEST(options_of_other_mailers_have_a_way_on),
	    TEST(a_long_name_behind_one_dash_is_no_cluster),
	    TEST(what_a_call_would_ignore_is_named),
	    TEST(what_a_call_uses_is_not_refused),
	    TEST(what_is_configured_is_for_all_calls),
	    TEST(an_argument_that_may_be_left_out_is_told_from_none),
	    TEST(what_is_asked_for_is_found_out),
	    TEST(a_bare_t_is_a_message_on_standard_input),
	    TEST(no_arguments_at_all_are_no_harm),
	    TEST(many_operands_keep_their_order),
	    TEST(a_higher_origin_goes_before_a_lower_one),
	    TEST(a_list_is_replaced_by_a_higher_origin_and_grows_within_one),
	    TEST(of_a_group_the_highest_origin_is_in_force),
	    TEST(files_have_comments_quotes_and_flags),
	    TEST(a_bad_line_is_named_with_its_number),
	    TEST(any_bytes_as_a_file_do_no_harm),
	    TEST(a_broken_configuration_does_not_hide_the_help),
	    TEST(the_account_is_named_or_matched_or_default),
	    TEST(an_account_may_be_in_both_files),
	    TEST(an_unknown_account_is_named_with_those_there_are),
	    TEST(variables_are_checked),
	    TEST(a_secret_is_masked_and_its_file_must_be_private),
	    TEST(what_holds_a_secret_is_not_shown),
	    TEST(a_configuration_is_a_small_file_of_ours),
	    TEST(the_user_file_is_found_in_a_home_of_ours),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
