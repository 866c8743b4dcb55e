/* journal: whatever a file holds, it is read or refused, in both ways of
 * reading a line alike; and read again it says the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/journal.h"
#include "batch/journal_line.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must_be_same(const struct journal_text *a, const struct journal_text *b)
{
	MUST(a->n == b->n && (a->n == 0 || memcmp(a->s, b->s, a->n) == 0),
	    "two ways of reading differ in a text");
}

static void
read_line(const char *text, size_t n)
{
	struct journal_reader readers[2] = {{{0}}};
	struct journal_line one, two;
	int r = journal_line_read(&readers[0], text, n, &one);
	size_t i;

	MUST(journal_line_read_any(&readers[1], text, n, &two) == r,
	    "one way reads what the other does not");
	if (r == 0) {
		MUST(one.kind == two.kind && one.at == two.at &&
			one.record == two.record && one.count == two.count &&
			one.number == two.number &&
			one.verdict == two.verdict && one.over == two.over,
		    "two ways of reading differ");
		must_be_same(&one.key, &two.key);
		must_be_same(&one.recipient, &two.recipient);
		for (i = 0; i < one.count; i++)
			must_be_same(&one.recipients[i], &two.recipients[i]);
	}
	journal_reader_clear(&readers[0]);
	journal_reader_clear(&readers[1]);
}

static void
put_unknown(void *arg, const struct journal_key *key, const char *recipient)
{
	buf_printf(arg, "%llu %.*s %s\n", (unsigned long long)key->record,
	    (int)key->len, key->text, recipient);
}

/* What it says after it is opened, or nothing. */
static bool
say(const char *path, struct buf *out)
{
	struct journal_params params = {
	    .path = path, .resume = true, .batch = "fuzz"};
	struct journal_counts n;
	struct error err = {0};
	struct journal *j;

	if (journal_open(&j, &params, &err) == -1) {
		MUST(err.status == EX_DATAERR &&
			!fuzz_control(err.text, strlen(err.text), ""),
		    "status %d: %s", err.status, err.text);
		return false;
	}
	journal_count(j, &n);
	buf_printf(out, "%llu %llu %llu %llu %llu\n",
	    (unsigned long long)n.todo, (unsigned long long)n.part,
	    (unsigned long long)n.unknown, (unsigned long long)n.accepted,
	    (unsigned long long)n.refused);
	journal_unknown(j, put_unknown, out);
	journal_close(j);
	return true;
}

static void
read_file(const struct buf *bytes)
{
	int fd = fuzz_file(bytes->data, bytes->len);
	struct buf one = {0}, two = {0};
	char path[32], last = '\0';
	struct stat st;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (say(path, &one)) {
		/* Of a head that was torn nothing is left. */
		MUST(fstat(fd, &st) == 0 &&
			(st.st_size == 0 ||
			    (pread(fd, &last, 1, st.st_size - 1) == 1 &&
				last == '\n')),
		    "the last line is not whole");
		MUST(say(path, &two), "it cannot be read again");
		if (one.len != two.len ||
		    memcmp(one.data, two.data, one.len) != 0)
			fuzz_same("it says something else", one.data, one.len,
			    two.data, two.len);
	}
	close(fd);
	buf_clear(&one);
	buf_clear(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct journal_head head = {.version = JOURNAL_VERSION};
	struct fuzz f = {bytes, bytes + n};
	struct journal_stamp stamp = {0};
	struct buf file = {0};
	const char *line, *newline;
	size_t len;
	char *text;

	if (fuzz_byte(&f) % 2 == 0)
		journal_line_head(&file, &stamp, &head, 0);
	text = fuzz_rest(&f, &len);
	buf_append(&file, text, len);
	read_file(&file);
	for (line = text; (newline = memchr(line, '\n',
			       (size_t)(text + len - line))) != NULL;
	     line = newline + 1)
		read_line(line, (size_t)(newline - line));
	free(text);
	buf_clear(&file);
	return 0;
}
