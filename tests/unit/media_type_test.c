/* The built-in table, and files in the form of /etc/mime.types. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mime/media_type.c" /* for its table */

static char table[] = "/tmp/media_type_test.XXXXXX";

static int
make_table(void **state)
{
	int fd = mkstemp(table);

	(void)state;
	return fd == -1 ? -1 : close(fd);
}

static int
remove_table(void **state)
{
	(void)state;
	return unlink(table);
}

static void
write_table(const char *bytes, size_t n)
{
	FILE *f = fopen(table, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* NULL: not known. */
static void
check(const char *filename, const char *path, const char *expected)
{
	struct arena a = {0};
	const char *type = media_type_of(&a, filename, path);

	if (type == NULL || expected == NULL) {
		if (type != expected)
			fail_msg("%s: %s", filename, type ? type : "unknown");
	} else {
		assert_string_equal(type, expected);
	}
	arena_clear(&a);
}

static void
the_table_is_sorted(void **state)
{
	const struct media_type *t = types;
	size_t i, n = sizeof(types) / sizeof(types[0]);

	(void)state;
	assert_in_range(n, 100, 200);
	for (i = 1; i < n; i++)
		if (strcmp(t[i - 1].extension, t[i].extension) >= 0)
			fail_msg("%s", t[i].extension);
}

static void
the_table_has_only_types_in_the_registered_form(void **state)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char token[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$&-^_.+";
	static const char *const tops[] = {"application/", "audio/", "font/",
	    "image/", "message/", "model/", "text/", "video/"};
	const struct media_type *t = types;
	const char *slash;
	size_t i, k, n = sizeof(types) / sizeof(types[0]);

	(void)state;
	for (i = 0; i < n; i++) {
		assert_non_null(
		    memchr(t[i].extension, '\0', sizeof(t[i].extension)));
		assert_non_null(memchr(t[i].type, '\0', sizeof(t[i].type)));
		assert_int_equal(
		    strspn(t[i].extension, small), strlen(t[i].extension));
		slash = strchr(t[i].type, '/');
		assert_non_null(slash);
		for (k = 0; strncmp(t[i].type, tops[k],
				(size_t)(slash + 1 - t[i].type)) != 0;)
			assert_true(++k < sizeof(tops) / sizeof(tops[0]));
		assert_int_equal(strspn(slash + 1, token), strlen(slash + 1));
		assert_in_range(strlen(slash + 1), 1, 127);
	}
}

static void
every_row_is_found_in_any_case(void **state)
{
	const struct media_type *t = types;
	char name[64];
	size_t i, k, n = sizeof(types) / sizeof(types[0]);

	(void)state;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "a.%.8s", t[i].extension);
		check(name, NULL, t[i].type);
		for (k = 2; name[k] != '\0'; k += 2)
			if (name[k] >= 'a' && name[k] <= 'z')
				name[k] = (char)(name[k] - ('a' - 'A'));
		check(name, NULL, t[i].type);
	}
}

static void
the_last_extension_of_the_file_name_counts(void **state)
{
	(void)state;
	check("Report.PDF", NULL, "application/pdf");
	check("dir.d/report.pdf", NULL, "application/pdf");
	check("/a.b/c.tar.gz", NULL, "application/gzip");
	check("a.pdf.txt", NULL, "text/plain");
	check("..hidden.png", NULL, "image/png");
	check("key.asc", NULL, "text/plain");
	check("mail.eml", NULL, "message/rfc822");
	check("fix.patch", NULL, "text/x-diff");
	check("\xc3\xbc.csv", NULL, "text/csv");
}

static void
a_name_without_an_extension_has_no_type(void **state)
{
	static const char *const names[] = {"", "README", ".pdf", ".bashrc",
	    "a.d/file", "a.pdf/file", "a.pdf/", "file.", "pdf", "...", "a/.txt",
	    "a.pdf~", "a.p", "a.pdff", "a.pd", "a.\xc3\xbc", "a. pdf",
	    "a.PDF "};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check(names[i], NULL, NULL);
}

static void
what_is_not_built_in_is_looked_up_in_the_file(void **state)
{
	static const char text[] = "# comment a/b qq1\n"
				   "\n"
				   "application/none\n"
				   "application/first  qq1 QQ2\tqq3\r\n"
				   "application/second qq1 qq4 # qq5\n"
				   "application/pdf2 pdf\n"
				   "  application/indented qq6\n"
				   "x/last qq7";

	(void)state;
	write_table(text, sizeof(text) - 1);
	check("a.qq1", table, "application/first");
	check("a.qq2", table, "application/first");
	check("a.QQ3", table, "application/first");
	check("a.qq4", table, "application/second");
	check("a.qq5", table, NULL);
	check("a.qq6", table, "application/indented");
	check("a.qq7", table, "x/last");
	check("a.qq8", table, NULL);
	check("a.first", table, NULL);
	check("qq1", table, NULL);
	check("a.pdf", table, "application/pdf");
}

static void
nonsense_in_the_file_is_not_known(void **state)
{
	static const char text[] =
	    "qq1\nqq1 qq1\n/b qq1\na/ qq1\na/b/c qq1\n;/b qq1\na/b;x=y qq1\n"
	    "a/\"b\" qq1\n\xc3\xbc/b qq1\na/b\0c qq1\nmultipart/mixed qq1\n"
	    "a /b qq1\na\x7f/b qq1\n\0\0\0\n"
	    "type=a/b exts=\"qq1\"\n";

	(void)state;
	write_table(text, sizeof(text) - 1);
	check("a.qq1", table, NULL);
	check("a.qq1 qq1", table, NULL);
}

static void
a_type_that_is_too_long_is_not_known(void **state)
{
	char text[400];
	int n;

	(void)state;
	n = snprintf(text, sizeof(text), "a/%0127d qq1\na/%0128d qq2\n", 0, 0);
	write_table(text, (size_t)n);
	text[129] = '\0';
	check("a.qq1", table, text);
	check("a.qq2", table, NULL);
}

static void
of_a_huge_file_the_first_mebibyte_counts(void **state)
{
	size_t n = (1 << 20) + 50000, at = (1 << 20) - 11;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', n);
	memcpy(text + 1000, "a/b qq1\n", 8);
	/* The limit falls into "qq2x", behind "qq2". */
	memcpy(text + at, "\nb/bbbb qq2x\nc/c qq3\n", 21);
	write_table(text, n);
	check("a.qq1", table, "a/b");
	check("a.qq2", table, NULL);
	check("a.qq2x", table, NULL);
	check("a.qq3", table, NULL);
	memset(text, 'x', n);
	write_table(text, n);
	check("a.qq1", table, NULL);
	free(text);
}

static void
a_table_that_is_no_file_is_passed_over(void **state)
{
	char fifo[64];

	(void)state;
	check("a.qq1", "/nonexistent/mime.types", NULL);
	check("a.qq1", "/", NULL);
	check("a.qq1", "", NULL);
	check("a.qq1", "/dev/zero", NULL);
	snprintf(fifo, sizeof(fifo), "%s.fifo", table);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	check("a.qq1", fifo, NULL);
	check("a.pdf", fifo, "application/pdf");
	unlink(fifo);
	write_table("", 0);
	check("a.qq1", table, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_is_sorted),
	    cmocka_unit_test(the_table_has_only_types_in_the_registered_form),
	    cmocka_unit_test(every_row_is_found_in_any_case),
	    cmocka_unit_test(the_last_extension_of_the_file_name_counts),
	    cmocka_unit_test(a_name_without_an_extension_has_no_type),
	    cmocka_unit_test(what_is_not_built_in_is_looked_up_in_the_file),
	    cmocka_unit_test(nonsense_in_the_file_is_not_known),
	    cmocka_unit_test(a_type_that_is_too_long_is_not_known),
	    cmocka_unit_test(of_a_huge_file_the_first_mebibyte_counts),
	    cmocka_unit_test(a_table_that_is_no_file_is_passed_over),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_table, remove_table);
}
