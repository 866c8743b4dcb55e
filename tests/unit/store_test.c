/* Sign-ins on disk: whole, ours alone, and one writer at a time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "oauth/store.h"

struct place {
	char base[32], directory[64], file[96];
	struct oauth_store store;
};

static const char *const hosts[] = {"smtp.example.org", "other.example.org"};

static struct oauth_entry
sample(void)
{
	struct oauth_entry e = {
	    .oauth = "gmail",
	    .user = "me@example.org",
	    .hosts = hosts,
	    .host_count = 2,
	    .server =
		{
		    .issuer = "https://issuer.example",
		    .token_endpoint = "https://issuer.example/token",
		    .scope = "a \"b\" \\c",
		    .redirect = OAUTH_REDIRECT_NAME,
		    .says_issuer = true,
		},
	    .client = {.id = "client"},
	    .registered = true,
	    .token = {.obtained_s = 1700000000, .lifetime_s = 3599},
	};

	secret_set(&e.client.secret, "s\001\n", 3);
	secret_set(&e.token.access, "access", 6);
	secret_set(&e.token.refresh, "refresh", 7);
	return e;
}

static void
open_store(struct place *p, bool lock)
{
	struct error err;

	if (oauth_store_open(&p->store, p->directory, "me", lock, NULL, &err) ==
	    -1)
		fail_msg("%s", err.text);
}

static void
write_sample(struct place *p)
{
	struct oauth_entry e = sample();
	struct error err;

	open_store(p, true);
	if (oauth_store_write(&p->store, &e, &err) == -1)
		fail_msg("%s", err.text);
	oauth_store_close(&p->store);
	oauth_entry_clear(&e);
}

static void
put_file(struct place *p, const char *text)
{
	FILE *f;

	write_sample(p);
	f = fopen(p->file, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

/* What is said of the file contains this, and so does its hint. */
static void
assert_refused(struct place *p, const char *text, const char *hint)
{
	struct oauth_entry e;
	struct error err = {0};

	open_store(p, false);
	assert_int_equal(oauth_store_read(&p->store, &e, &err), -1);
	oauth_store_close(&p->store);
	assert_int_equal(err.status, EX_CONFIG);
	assert_non_null(strstr(err.text, p->file));
	if (strstr(err.text, text) == NULL || strstr(err.hint, hint) == NULL)
		fail_msg("%s\n%s", err.text, err.hint);
	assert_null(e.token.access.bytes);
	assert_null(e.token.refresh.bytes);
	assert_null(e.client.secret.bytes);
}

static void
assert_secret(const struct secret *s, const char *bytes)
{
	assert_int_equal(s->len, strlen(bytes));
	assert_memory_equal(s->bytes, bytes, s->len);
}

static void
what_was_written_is_read(void **state)
{
	struct place *p = *state;
	struct oauth_entry e;
	struct error err;
	struct stat st;
	mode_t old = umask(0);

	write_sample(p);
	umask(old);
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(p->directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	open_store(p, false);
	assert_int_equal(oauth_store_read(&p->store, &e, &err), 1);
	assert_string_equal(e.oauth, "gmail");
	assert_string_equal(e.user, "me@example.org");
	assert_int_equal(e.host_count, 2);
	assert_true(oauth_entry_is_for(&e, "SMTP.example.ORG"));
	assert_true(oauth_entry_is_for(&e, "other.example.org"));
	assert_false(oauth_entry_is_for(&e, "example.org"));
	assert_string_equal(e.server.issuer, "https://issuer.example");
	assert_null(e.server.device_endpoint);
	assert_string_equal(e.server.scope, "a \"b\" \\c");
	assert_int_equal(e.server.redirect, OAUTH_REDIRECT_NAME);
	assert_true(e.server.says_issuer);
	assert_true(e.registered);
	assert_false(e.signed_out);
	assert_string_equal(e.client.id, "client");
	assert_secret(&e.client.secret, "s\001\n");
	assert_secret(&e.token.access, "access");
	assert_secret(&e.token.refresh, "refresh");
	assert_int_equal(e.token.obtained_s, 1700000000);
	assert_int_equal(e.token.lifetime_s, 3599);
	oauth_entry_clear(&e);
	oauth_store_close(&p->store);
}

static void
where_nothing_is_nothing_is_made_for_a_reader(void **state)
{
	struct place *p = *state;
	struct oauth_entry e;
	struct error err;

	open_store(p, false);
	assert_int_equal(oauth_store_read(&p->store, &e, &err), 0);
	assert_int_equal(oauth_store_remove(&p->store, &err), 0);
	oauth_store_close(&p->store);
	assert_int_equal(access(p->directory, F_OK), -1);
	open_store(p, true);
	assert_int_equal(oauth_store_read(&p->store, &e, &err), 0);
	oauth_store_close(&p->store);
}

static void
what_is_removed_is_gone(void **state)
{
	struct place *p = *state;
	struct oauth_entry e;
	struct error err;

	write_sample(p);
	open_store(p, true);
	assert_int_equal(oauth_store_remove(&p->store, &err), 1);
	assert_int_equal(oauth_store_remove(&p->store, &err), 0);
	assert_int_equal(oauth_store_read(&p->store, &e, &err), 0);
	oauth_store_close(&p->store);
}

static void
no_two_names_are_one_file_and_none_leaves(void **state)
{
	static const char *const names[] = {"", ".", "..", "../me", "a/b",
	    "a%2Fb", "a%2fb", "%", "%%", ".json", "me.json", "me.lock", "me",
	    "Me", "me@example.org", "-rf", "a b", "a\nb", "a\\b", "\303\244"};
	enum { N = sizeof(names) / sizeof(names[0]) };
	struct place *p = *state;
	struct oauth_store stores[N];
	struct error err;
	size_t i, k;

	for (i = 0; i < N; i++) {
		assert_int_equal(oauth_store_open(&stores[i], p->directory,
				     names[i], false, NULL, &err),
		    0);
		assert_null(strchr(stores[i].name, '/'));
		assert_true(stores[i].name[0] != '.');
		assert_null(strpbrk(stores[i].name, " \n\\"));
		for (k = 0; k < i; k++)
			assert_string_not_equal(stores[i].name, stores[k].name);
	}
	for (i = 0; i < N; i++)
		oauth_store_close(&stores[i]);
}

static void
a_name_that_is_too_long_is_refused(void **state)
{
	struct place *p = *state;
	struct oauth_store s;
	char name[202];
	struct error err;

	memset(name, 'x', 201);
	name[201] = '\0';
	assert_int_equal(
	    oauth_store_open(&s, p->directory, name, true, NULL, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	oauth_store_close(&s);
	name[200] = '\0';
	assert_int_equal(
	    oauth_store_open(&s, p->directory, name, true, NULL, &err), 0);
	oauth_store_close(&s);
}

static void
a_file_that_is_torn_at_any_octet_is_refused(void **state)
{
	struct place *p = *state;
	char whole[4096];
	size_t n;
	FILE *f;

	write_sample(p);
	f = fopen(p->file, "re");
	n = fread(whole, 1, sizeof(whole) - 1, f);
	fclose(f);
	/* All but the final line end is needed. */
	for (whole[--n] = '\0'; n-- > 0; whole[n] = '\0') {
		whole[n] = '\0';
		put_file(p, whole);
		assert_refused(p, "", "smtpsend --login -A me");
	}
}

static void
what_this_version_does_not_know_is_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
	    {"{\"version\": 2, \"oauth\": \"gmail\"}", "version 2"},
	    {"{\"version\": 1, \"oauth\": \"gmail\", \"access_token\": "
	     "\"a\\r\\nb\"}",
		"the value of access_token"},
	    {"{\"version\": 1, \"oauth\": \"gmail\", \"access_token\": "
	     "\"a\\u0000b\"}",
		"the value of access_token"},
	    {"{\"version\": 1, \"oauth\": \"gmail\", \"access_token\": \"\"}",
		"the value of access_token"},
	    {"{\"version\": 1, \"oauth\": \"gmail\", \"refresh_token\": "
	     "\"a b\"}",
		"the value of refresh_token"},
	    {"{\"version\": 1, \"oauth\": \"gmail\", \"x\": 1}", "member 'x'"},
	    {"{\"oauth\": \"gmail\"}", "torn"},
	    {"{\"version\": 1}", "torn"},
	    {"{\"version\": 1, \"oauth\": 7}", "value of oauth"},
	    {"{\"version\": \"1\", \"oauth\": \"x\"}", "value of version"},
	    {"{\"version\": 1, \"oauth\": \"x\", \"oauth\": \"y\"}",
		"value of oauth"},
	    {"{\"version\": 1, \"oauth\": [\"x\"]}", "value of oauth"},
	    {"{\"version\": 1, \"oauth\": \"x\", \"hosts\": \"h\"}",
		"value of hosts"},
	    {"{\"version\": 1, \"oauth\": \"x\", \"redirect\": \"h\"}",
		"value of redirect"},
	    {"{\"version\": 1, \"oauth\": \"x\", \"obtained\": 1.5}", "torn"},
	    {"{\"version\": 1, \"oauth\": \"x\", \"obtained\": -1}", "torn"},
	    {"{\"version\": 1, \"oauth\": \"x\", \"obtained\": "
	     "99999999999999999999}",
		"torn"},
	    {"{\"version\": 1, \"oauth\": \"x\"} {}", "torn"},
	    {"[]", "torn"},
	    {"", "torn"},
	    {"\377\376", "torn"},
	};
	struct place *p = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_file(p, cases[i].text);
		assert_refused(p, cases[i].said, "smtpsend --login -A me");
	}
}

static void
what_is_no_file_of_ours_is_refused(void **state)
{
	struct place *p = *state;
	char elsewhere[64];

	write_sample(p);
	assert_int_equal(truncate(p->file, 70000), 0);
	assert_refused(p, "too long", "--login");
	assert_int_equal(chmod(p->file, 0640), 0);
	assert_refused(p, "mode 0640", "chmod 600 ");
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", p->base);
	assert_int_equal(rename(p->file, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, p->file), 0);
	assert_refused(p, "symbolic link", "rm ");
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(mkfifo(p->file, 0600), 0);
	assert_refused(p, "no file", "--login");
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(mkdir(p->file, 0700), 0);
	assert_refused(p, "neither a file", "");
	assert_int_equal(rmdir(p->file), 0);
	if (geteuid() != 0)
		return;
	write_sample(p);
	assert_int_equal(chown(p->file, 65534, 65534), 0);
	assert_refused(p, "another user", "");
}

static void
a_directory_that_is_not_ours_alone_is_refused(void **state)
{
	struct place *p = *state;
	struct oauth_store s;
	struct error err;
	char elsewhere[64];

	write_sample(p);
	assert_int_equal(chmod(p->directory, 0750), 0);
	assert_int_equal(
	    oauth_store_open(&s, p->directory, "me", false, NULL, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_non_null(strstr(err.text, "mode 0750"));
	assert_non_null(strstr(err.hint, "chmod 700 "));
	oauth_store_close(&s);
	assert_int_equal(chmod(p->directory, 0700), 0);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", p->base);
	assert_int_equal(rename(p->directory, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, p->directory), 0);
	assert_int_equal(
	    oauth_store_open(&s, p->directory, "me", true, NULL, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	oauth_store_close(&s);
}

static void
a_symbolic_link_is_replaced_and_not_followed(void **state)
{
	struct place *p = *state;
	char elsewhere[64], temp[96];
	struct stat st;

	write_sample(p);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", p->base);
	snprintf(temp, sizeof(temp), "%s/.me.new", p->directory);
	assert_int_equal(rename(p->file, elsewhere), 0);
	assert_int_equal(truncate(elsewhere, 0), 0);
	assert_int_equal(symlink(elsewhere, p->file), 0);
	/* And what was left behind by who was killed. */
	assert_int_equal(symlink(elsewhere, temp), 0);
	write_sample(p);
	assert_int_equal(stat(elsewhere, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(lstat(p->file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(lstat(temp, &st), -1);
}

static void
what_cannot_be_written_leaves_what_was_there(void **state)
{
	struct place *p = *state;
	struct oauth_entry e = sample();
	char *big = malloc(70000);
	struct error err;

	write_sample(p);
	assert_non_null(big);
	memset(big, '"', 70000);
	open_store(p, true);
	secret_set(&e.token.access, big, 70000);
	assert_int_equal(oauth_store_write(&p->store, &e, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	oauth_entry_clear(&e);
	assert_int_equal(oauth_store_read(&p->store, &e, &err), 1);
	assert_secret(&e.token.access, "access");
	oauth_entry_clear(&e);
	/* The name cannot be had. */
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(mkdir(p->file, 0700), 0);
	e = sample();
	assert_int_equal(oauth_store_write(&p->store, &e, &err), -1);
	assert_int_equal(err.status, EX_IOERR);
	assert_non_null(strstr(err.text, p->file));
	oauth_entry_clear(&e);
	oauth_store_close(&p->store);
	assert_int_equal(rmdir(p->file), 0);
	free(big);
}

/* Whether a process has a file open that is called so. */
static bool
has_open(pid_t pid, const char *name)
{
	char path[64], target[256];
	ssize_t n;
	int fd;

	for (fd = 3; fd < 32; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (n > 0 && strstr(target, name) != NULL)
			return true;
	}
	return false;
}

/* One holds the lock of a file that is removed, another that of the next: who
 * has waited for the first waits for the second. */
static void
who_waited_for_a_lock_that_was_removed_has_none(void **state)
{
	struct place *p = *state;
	struct wait_limits wait = {0};
	struct oauth_store other;
	struct error err;
	int go[2], status;
	char name[96];
	pid_t child;

	assert_int_equal(pipe(go), 0);
	child = fork();
	if (child == 0) {
		(void)!read(go[0], name, 1);
		wait.deadline_us = clock_monotonic_us() + 500000;
		_exit(oauth_store_open(
			  &other, p->directory, "me", true, &wait, &err) == 0
			? 0
			: err.status);
	}
	open_store(p, true);
	assert_int_equal(write(go[1], "", 1), 1);
	while (!has_open(child, "me.lock"))
		;
	snprintf(name, sizeof(name), "%s/me.lock", p->directory);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(
	    oauth_store_open(&other, p->directory, "me", true, NULL, &err), 0);
	oauth_store_close(&p->store);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_TEMPFAIL);
	oauth_store_close(&other);
	close(go[0]);
	close(go[1]);
}

static void
who_waits_for_the_lock_is_ended_by_deadline_and_signal(void **state)
{
	struct place *p = *state;
	struct oauth_store second;
	volatile int stop = 0;
	struct wait_limits wait = {
	    .stop = &stop, .deadline_us = clock_monotonic_us() + 20000};
	struct error err;

	open_store(p, true);
	assert_int_equal(
	    oauth_store_open(&second, p->directory, "me", true, &wait, &err),
	    -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	oauth_store_close(&second);
	stop = SIGINT;
	wait.deadline_us = 0;
	assert_int_equal(
	    oauth_store_open(&second, p->directory, "me", true, &wait, &err),
	    -1);
	assert_int_equal(err.status, EX_SIGNAL + SIGINT);
	oauth_store_close(&second);
	/* Another account's is free. */
	assert_int_equal(
	    oauth_store_open(&second, p->directory, "you", true, NULL, &err),
	    0);
	oauth_store_close(&second);
	oauth_store_close(&p->store);
	open_store(p, true);
	oauth_store_close(&p->store);
}

/* Each adds one; none is lost. */
static void
of_many_at_once_each_sees_what_the_one_before_wrote(void **state)
{
	enum { RIVALS = 6, ROUNDS = 10 };
	struct place *p = *state;
	struct oauth_entry e;
	struct error err;
	int i, k, status;

	write_sample(p);
	for (i = 0; i < RIVALS; i++) {
		if (fork() != 0)
			continue;
		for (k = 0; k < ROUNDS; k++) {
			open_store(p, true);
			if (oauth_store_read(&p->store, &e, &err) != 1)
				_exit(1);
			e.token.obtained_s++;
			if (oauth_store_write(&p->store, &e, &err) == -1)
				_exit(1);
			oauth_entry_clear(&e);
			oauth_store_close(&p->store);
		}
		_exit(0);
	}
	for (i = 0; i < RIVALS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	open_store(p, false);
	assert_int_equal(oauth_store_read(&p->store, &e, &err), 1);
	assert_int_equal(e.token.obtained_s, 1700000000 + RIVALS * ROUNDS);
	oauth_entry_clear(&e);
	oauth_store_close(&p->store);
}

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	strcpy(p->base, "/tmp/store.XXXXXX");
	if (mkdtemp(p->base) == NULL) {
		free(p);
		return -1;
	}
	snprintf(p->directory, sizeof(p->directory), "%s/a/b/c", p->base);
	snprintf(p->file, sizeof(p->file), "%s/me.json", p->directory);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char command[64];
	int r;

	snprintf(command, sizeof(command), "rm -rf -- %s", p->base);
	r = system(command);
	free(p);
	return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_written_is_read),
	    TEST(where_nothing_is_nothing_is_made_for_a_reader),
	    TEST(what_is_removed_is_gone),
	    TEST(no_two_names_are_one_file_and_none_leaves),
	    TEST(a_name_that_is_too_long_is_refused),
	    TEST(a_file_that_is_torn_at_any_octet_is_refused),
	    TEST(what_this_version_does_not_know_is_refused),
	    TEST(what_is_no_file_of_ours_is_refused),
	    TEST(a_directory_that_is_not_ours_alone_is_refused),
	    TEST(a_symbolic_link_is_replaced_and_not_followed),
	    TEST(what_cannot_be_written_leaves_what_was_there),
	    TEST(who_waited_for_a_lock_that_was_removed_has_none),
	    TEST(who_waits_for_the_lock_is_ended_by_deadline_and_signal),
	    TEST(of_many_at_once_each_sees_what_the_one_before_wrote),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
