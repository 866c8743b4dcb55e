#include "journal_testutil.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"

int
journal_place_set_up(void **state)
{
	struct journal_place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	strcpy(p->base, "/tmp/journal.XXXXXX");
	if (mkdtemp(p->base) == NULL) {
		free(p);
		return -1;
	}
	snprintf(p->path, sizeof(p->path), "%s/journal", p->base);
	p->params = (struct journal_params){
	    .path = p->path, .resume = true, .batch = "0123456789abcde"};
	p->subject.now = JOURNAL_TEST_START;
	*state = p;
	return 0;
}

int
journal_place_tear_down(void **state)
{
	struct journal_place *p = *state;
	char command[64];
	int r;

	journal_close(p->journal);
	snprintf(command, sizeof(command), "rm -rf -- %s", p->base);
	r = system(command);
	free(p);
	return r;
}

struct journal_key
journal_test_key(const char *text)
{
	return (struct journal_key){text, strlen(text), 1};
}

static int
open_both(struct journal_place *p, struct error *err)
{
	if (journal_open(&p->journal, &p->params, err) == -1)
		return -1;
	if (journal_begin(p->journal, &p->subject, err) == 0)
		return 0;
	journal_close(p->journal);
	return -1;
}

void
journal_place_open(struct journal_place *p)
{
	struct error err = {0};

	if (open_both(p, &err) == -1) {
		p->journal = NULL;
		fail_msg("%s", err.text);
	}
}

void
journal_place_close(struct journal_place *p)
{
	journal_close(p->journal);
	p->journal = NULL;
}

void
journal_place_refuses(struct journal_place *p, int status, const char *text)
{
	struct journal *before = p->journal;
	struct error err = {0};

	assert_int_equal(open_both(p, &err), -1);
	p->journal = before;
	if (err.status != status || strstr(err.text, text) == NULL ||
	    strstr(err.text, p->params.path) == NULL)
		fail_msg("%d: %s", err.status, err.text);
}

static enum smtp_verdict
verdict_of(char letter)
{
	switch (letter) {
	case 'A':
		return SMTP_ACCEPTED;
	case 'R':
		return SMTP_REFUSED;
	case 'D':
		return SMTP_DEFERRED;
	case 'U':
		return SMTP_UNKNOWN;
	default:
		assert_int_equal(letter, 'N');
		return SMTP_NOT_SENT;
	}
}

/* Recipients are of one letter each. */
enum { RECIPIENTS = 8 };

static void
say_try(struct journal *j, const struct journal_key *key, const char *letters,
    size_t n)
{
	char names[RECIPIENTS][2] = {{0}};
	const char *recipients[RECIPIENTS];
	size_t i;

	assert_in_range(n, 1, RECIPIENTS);
	for (i = 0; i < n; i++) {
		names[i][0] = letters[i];
		recipients[i] = names[i];
	}
	journal_try(j, key, 1, recipients, n, JOURNAL_TEST_START);
}

void
journal_test_say(struct journal *j, const char *text, const char *steps)
{
	struct journal_key key = journal_test_key(text);
	char name[2] = "";
	size_t n;

	while (*steps != '\0') {
		n = strcspn(steps, " ");
		if (steps[0] == 'T') {
			say_try(j, &key, steps + 1, n - 1);
		} else {
			name[0] = steps[1];
			journal_verdict(j, &key,
			    &(struct journal_verdict){.recipient = name,
				.verdict = verdict_of(steps[0]),
				.over = n > 2 && steps[2] == '!'},
			    JOURNAL_TEST_START);
		}
		steps += n;
		steps += *steps == ' ';
	}
}

char
journal_test_letter(enum journal_state state)
{
	return "ntpuasr"[state];
}

void
journal_test_read(const char *path, struct buf *out)
{
	assert_int_equal(file_contents(path, out), 0);
}

void
journal_test_write(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd != -1);
	assert_int_equal(file_write(fd, bytes, n), 0);
	close(fd);
}

size_t
journal_test_lines(const char *bytes, size_t n)
{
	size_t lines = 0, i;

	for (i = 0; i < n; i++)
		lines += bytes[i] == '\n';
	return lines;
}
