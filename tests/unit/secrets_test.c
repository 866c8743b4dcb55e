/* secrets: every source of a password, and what each of them refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "command/secret_source.h"
#include "command/secrets.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/memory.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PROMPT "Password for bob at mail.example: "
#define LIMIT (64 * 1024)

/* The signal that was handled. */
static volatile sig_atomic_t caught;

static void
handle(int signal)
{
	caught = signal;
}

static int
ask(const struct settings_auth *s, int64_t deadline_us, struct secret *out,
    struct error *err)
{
	const struct wait_limits wait = {
	    .stop = &caught, .deadline_us = deadline_us};
	const struct secrets_owner owner = {.user = "bob",
	    .host = "mail.example",
	    .port = 587,
	    .shown = "bob at mail.example"};

	memset(err, 0, sizeof(*err));
	return secrets_password(s, &owner, &wait, out, err);
}

static void
assert_gives(const struct settings_auth *s, const char *wanted)
{
	struct secret out = {0};
	struct error err;

	if (ask(s, 0, &out, &err) == -1)
		fail_msg("%s", err.text);
	assert_string_equal(out.bytes, wanted);
	assert_int_equal(out.len, strlen(wanted));
	secret_clear(&out);
}

static void
assert_fails(const struct settings_auth *s, int64_t deadline_us, int status,
    const char *why, const char *hint)
{
	struct secret out = {0};
	struct error err;

	if (ask(s, deadline_us, &out, &err) == 0)
		fail_msg("'%s' where '%s' was to come", out.bytes, why);
	if (strstr(err.text, why) == NULL || strstr(err.hint, hint) == NULL)
		fail_msg("%s (%s), not %s", err.text, err.hint, why);
	if (err.status != status)
		fail_msg("%s: status %d", err.text, err.status);
	assert_null(out.bytes);
}

/* A directory for the test's files, and one file in it. */
static char directory[] = "/tmp/secrets_test.XXXXXX";
static char file[sizeof(directory) + 8];

static int
make_directory(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(file, sizeof(file), "%s/secret", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(directory);
}

static void
write_file(const char *bytes, size_t n, mode_t mode)
{
	int fd;

	unlink(file);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
the_configured_password_comes_first_and_is_copied(void **state)
{
	struct settings_auth s = {
	    .password_file = "/nonexistent", .password_command = "exit 1"};
	struct secret out = {0};
	struct error err;

	(void)state;
	secret_set(&s.password, "a\0b", 3);
	assert_int_equal(ask(&s, 0, &out, &err), 0);
	assert_int_equal(out.len, 3);
	assert_memory_equal(out.bytes, "a\0b", 4);
	assert_ptr_not_equal(out.bytes, s.password.bytes);
	secret_clear(&out);
	secret_set(&s.password, "", 0);
	assert_fails(&s, 0, EX_CONFIG, "empty password", "");
	secret_clear(&s.password);
}

static void
the_first_line_of_a_file_is_the_password(void **state)
{
	static const struct {
		const char *bytes, *password;
	} cases[] = {
	    {"secret", "secret"},
	    {"secret\n", "secret"},
	    {"secret\r\n", "secret"},
	    {" se cret \nuser: bob\n", " se cret "},
	    {"\r\r\n", "\r"},
	    {"p\xc3\xa4ss\n\n", "p\xc3\xa4ss"},
	    {"\xef\xbb\xbfsecret\r\n", "secret"},
	};
	struct settings_auth s = {
	    .password_file = file, .password_command = "exit 1"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		write_file(cases[i].bytes, strlen(cases[i].bytes), 0600);
		assert_gives(&s, cases[i].password);
	}
	write_file("secret\nand a NUL\0here", 21, 0400);
	assert_gives(&s, "secret");
}

static void
a_file_without_a_usable_password_is_refused(void **state)
{
	struct settings_auth s = {.password_file = file};
	char *big = memory_alloc(LIMIT + 2);

	(void)state;
	write_file("", 0, 0600);
	assert_fails(&s, 0, EX_CONFIG, "no password", "");
	write_file("\nsecret\n", 8, 0600);
	assert_fails(&s, 0, EX_CONFIG, "no password", "");
	write_file("\r\nsecret\n", 9, 0600);
	assert_fails(&s, 0, EX_CONFIG, "no password", "");
	write_file("se\0cret\n", 8, 0600);
	assert_fails(&s, 0, EX_CONFIG, "a NUL", "");
	memset(big, 'a', LIMIT + 1);
	write_file(big, LIMIT + 1, 0600);
	assert_fails(&s, 0, EX_CONFIG, "more than 64 KiB", "");
	big[LIMIT] = '\0';
	write_file(big, LIMIT, 0600);
	assert_gives(&s, big);
	free(big);
	unlink(file);
	assert_fails(&s, 0, EX_CONFIG, "No such file", "");
}

static void
a_file_that_others_can_get_at_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0777};
	struct settings_auth s = {.password_file = file};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(modes); i++) {
		write_file("secret\n", 7, modes[i]);
		assert_fails(&s, 0, EX_CONFIG, "others have access",
		    "chmod 600 /tmp/secrets_test.");
	}
	if (geteuid() == 0) {
		write_file("secret\n", 7, 0600);
		assert_int_equal(chown(file, 65534, 65534), 0);
		assert_fails(&s, 0, EX_CONFIG, "another user", "");
	}
}

static void
a_file_that_is_none_is_refused_without_waiting(void **state)
{
	struct settings_auth s = {.password_file = directory};

	(void)state;
	assert_fails(&s, 0, EX_CONFIG, "neither a file nor a pipe", "");
	s.password_file = "/dev/zero";
	assert_fails(&s, 0, EX_CONFIG, "neither a file nor a pipe", "");
	s.password_file = file;
	unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_fails(&s, clock_monotonic_us() + 50000, EX_TEMPFAIL,
	    "it took too long", "");
	unlink(file);
}

/* A pipe with these bytes in it and no more to come, or a file. */
static int
pipe_of(const char *bytes, size_t n)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], bytes, n), n);
	close(fds[1]);
	return fds[0];
}

static const char *
number(int fd)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	return text;
}

static void
a_descriptor_gives_a_line_for_each_call(void **state)
{
	struct settings_auth s = {0};
	int fds[2];

	(void)state;
	write_file("one\ntwo\r\nthree", 14, 0644);
	fds[0] = open(file, O_RDONLY);
	s.password_fd = number(fds[0]);
	assert_gives(&s, "one");
	assert_gives(&s, "two");
	assert_gives(&s, "three");
	assert_fails(&s, 0, EX_CONFIG, "nothing is left to be read", "");
	close(fds[0]);
	/* Nobody has to close the other end. */
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "secret\nrest", 11), 11);
	s.password_fd = number(fds[0]);
	assert_gives(&s, "secret");
	assert_fails(&s, clock_monotonic_us() + 50000, EX_TEMPFAIL,
	    "it took too long", "");
	close(fds[0]);
	close(fds[1]);
}

static void
a_descriptor_without_a_usable_password_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *why;
	} cases[] = {
	    {"", 0, "nothing is left"},
	    {"\nsecret", 7, "no password in it"},
	    {"\r\n", 2, "no password in it"},
	    {"se\0cret\n", 8, "a NUL in the password"},
	};
	struct settings_auth s = {0};
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		fd = pipe_of(cases[i].bytes, cases[i].n);
		s.password_fd = number(fd);
		assert_fails(&s, 0, EX_CONFIG, cases[i].why, "");
		close(fd);
	}
	fd = open("/dev/zero", O_RDONLY);
	s.password_fd = number(fd);
	assert_fails(&s, 0, EX_CONFIG, "more than 64 KiB", "");
	close(fd);
	assert_fails(&s, 0, EX_IOERR, "password descriptor", "");
}

static void
a_descriptor_that_cannot_be_read_is_known_before(void **state)
{
	struct error err;
	int fds[2], fd;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(secret_check_fd(fds[1], &err), -1);
	assert_non_null(strstr(err.text, "writing only"));
	assert_int_equal(secret_check_fd(fds[0], &err), 0);
	assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(secret_check_fd(fds[0], &err), -1);
	assert_non_null(strstr(err.text, "no descriptor of that number"));
	fd = open("/", O_RDONLY);
	assert_int_equal(secret_check_fd(fd, &err), -1);
	assert_non_null(strstr(err.text, "neither a file nor a pipe"));
	close(fd);
	assert_int_equal(openpty(&fds[0], &fds[1], NULL, NULL, NULL), 0);
	assert_int_equal(secret_check_fd(fds[1], &err), -1);
	assert_non_null(strstr(err.text, "it is a terminal"));
	assert_int_equal(err.status, EX_USAGE);
	close(fds[0]);
	close(fds[1]);
}

static void
a_credential_is_a_file_of_the_unit(void **state)
{
	struct settings_auth s = {.password_credential = "secret"};
	static const mode_t refused[] = {0444, 0420, 0602, 0450, 0604};
	size_t i;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_fails(&s, 0, EX_CONFIG, "CREDENTIALS_DIRECTORY is not set",
	    "LoadCredential=secret:FILE");
	setenv("CREDENTIALS_DIRECTORY", "tmp", 1);
	assert_fails(&s, 0, EX_CONFIG, "CREDENTIALS_DIRECTORY is not set", "");
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	unlink(file);
	assert_fails(&s, 0, EX_CONFIG, "/secret: No such file",
	    "LoadCredential=secret:FILE");
	write_file("secret", 6, 0400);
	assert_gives(&s, "secret");
	/* So a file of root's looks with an access control list for us. */
	if (geteuid() == 0) {
		write_file("secret\n", 7, 0440);
		assert_gives(&s, "secret");
	}
	for (i = 0; i < LENGTH(refused); i++) {
		write_file("secret\n", 7, refused[i]);
		assert_fails(&s, 0, EX_CONFIG, "others have access", "");
	}
	write_file("", 0, 0400);
	assert_fails(&s, 0, EX_CONFIG, "no password in it", "");
	if (geteuid() == 0) {
		write_file("secret\n", 7, 0400);
		assert_int_equal(chown(file, 65534, 65534), 0);
		assert_fails(&s, 0, EX_CONFIG, "another user", "");
	}
	unlink(file);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_fails(&s, 0, EX_CONFIG, "neither a file nor a pipe", "");
	assert_int_equal(rmdir(file), 0);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
a_netrc_is_distrusted_where_its_password_is_used(void **state)
{
	static const char text[] = "machine mail.example login bob password pw";
	struct settings_auth s = {.netrc = file};
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0777};
	size_t i;

	(void)state;
	write_file(text, strlen(text), 0600);
	assert_gives(&s, "pw");
	for (i = 0; i < LENGTH(modes); i++) {
		write_file(text, strlen(text), modes[i]);
		assert_fails(&s, 0, EX_CONFIG, "secret: others have access",
		    "chmod 600 /tmp/secrets_test.");
	}
	write_file("machine mail.example login zoe password pw", 42, 0644);
	assert_fails(
	    &s, 0, EX_CONFIG, "it has no password for bob at mail.example", "");
	write_file("machine mail.example login bob", 30, 0600);
	assert_fails(&s, 0, EX_CONFIG, "it has no password for bob", "");
	write_file("machine \"", 9, 0600);
	assert_fails(&s, 0, EX_CONFIG, "secret: line 1: ", "");
	write_file("a\0b", 3, 0600);
	assert_fails(&s, 0, EX_CONFIG, "a NUL", "");
	if (geteuid() == 0) {
		write_file(text, strlen(text), 0600);
		assert_int_equal(chown(file, 65534, 65534), 0);
		assert_fails(&s, 0, EX_CONFIG, "another user", "");
	}
	unlink(file);
	assert_fails(&s, 0, EX_CONFIG, "secret: No such file", "");
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_fails(&s, 0, EX_CONFIG, "it is no file", "");
	unlink(file);
	write_file("", 0, 0600);
	assert_int_equal(truncate(file, (1 << 20) + 1), 0);
	assert_fails(&s, 0, EX_CONFIG, "larger than 1 MiB", "");
}

static void
a_netrc_in_the_home_is_asked_for_a_user_that_is_named(void **state)
{
	const struct secrets_owner bob = {
	    .user = "bob", .host = "mail.example", .port = 25};
	struct secret out = {0};
	struct error err;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/.netrc", directory);
	assert_int_equal(secrets_in_netrc(NULL, &bob, &out, &err), 0);
	assert_int_equal(secrets_in_netrc("/dev/null", &bob, &out, &err), 0);
	assert_int_equal(secrets_in_netrc(directory, &bob, &out, &err), 0);
	write_file("default login bob password pw", 29, 0600);
	assert_int_equal(rename(file, path), 0);
	assert_int_equal(secrets_in_netrc(directory, &bob, &out, &err), 1);
	assert_string_equal(out.bytes, "pw");
	secret_clear(&out);
	write_file("default password pw", 19, 0644);
	assert_int_equal(rename(file, path), 0);
	assert_int_equal(secrets_in_netrc(directory, &bob, &out, &err), 0);
	write_file("machine mail.example password pw", 32, 0644);
	assert_int_equal(rename(file, path), 0);
	assert_int_equal(secrets_in_netrc(directory, &bob, &out, &err), -1);
	assert_non_null(strstr(err.text, "others have access"));
	assert_null(out.bytes);
	unlink(path);
}

/* A program of this name, found in PATH, that does this. */
static void
write_program(const char *name, const char *script)
{
	char path[64], text[512];
	int n = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);

	write_file(text, (size_t)n, 0700);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(rename(file, path), 0);
}

static void
remove_program(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(unlink(path), 0);
}

static void
managers_are_asked_by_host_and_user(void **state)
{
	static const struct {
		const char *manager, *script, *gives;
		int status;
		const char *why, *hint;
	} cases[] = {
	    {"secret-tool", "printf %s \"$*\"",
		"lookup -- host mail.example service smtp user bob"},
	    {"secret-tool", "exit 1", NULL, EX_CONFIG,
		"secret-tool: it has none for bob at mail.example",
		"secret-tool store --label=smtpsend -- host mail.example "
		"service smtp user bob"},
	    {"secret-tool",
		"echo 'secret-tool: Cannot autolaunch D-Bus' >&2; exit 1", NULL,
		EX_NOPERM, "secret-tool: Cannot autolaunch D-Bus", ""},
	    {"secret-tool", "printf 'a\\033b\\nc' >&2; exit 1", NULL, EX_NOPERM,
		"secret-tool: a", ""},
	    {"secret-tool", "head -c 4000 /dev/zero | tr '\\000' x >&2; exit 1",
		NULL, EX_NOPERM, "secret-tool: xxxxxxxxxxxx", ""},
	    {"secret-tool", "true", NULL, EX_CONFIG, "no password in it", ""},
	    {"secret-tool", "echo", NULL, EX_CONFIG, "no password in it", ""},
	    {"secret-tool", "echo secret; exit 1", NULL, EX_NOPERM, "status 1",
		""},
	    {"secret-tool", "kill -KILL $$", NULL, EX_NOPERM, "signal 9", ""},
	    {"secret-tool", "cat /dev/zero", NULL, EX_CONFIG,
		"more than 64 KiB", ""},
	    {"secret-tool", "printf 'a\\000b'", NULL, EX_CONFIG, "a NUL", ""},
	    {"pass", "echo \"$*\"; echo user: bob",
		"show -- smtp/mail.example/bob"},
	    {"pass",
		"echo \"Error: $3 is not in the password store.\" >&2; exit 1",
		NULL, EX_CONFIG, "pass: it has none for bob at mail.example",
		"pass insert -- smtp/mail.example/bob"},
	    {"pass", "echo 'gpg: decryption failed: No secret key' >&2; exit 2",
		NULL, EX_NOPERM, "pass: gpg: decryption failed", ""},
	    {"pass", "exit 1", NULL, EX_NOPERM, "status 1", ""},
	};
	struct settings_auth s = {0};
	char *before = memory_strdup(getenv("PATH")), *path;
	size_t i;

	(void)state;
	assert_true(asprintf(&path, "%s:%s", directory, before) > 0);
	setenv("PATH", path, 1);
	for (i = 0; i < LENGTH(cases); i++) {
		s.password_from = cases[i].manager;
		write_program(cases[i].manager, cases[i].script);
		if (cases[i].gives != NULL)
			assert_gives(&s, cases[i].gives);
		else
			assert_fails(&s, 0, cases[i].status, cases[i].why,
			    cases[i].hint);
	}
	write_program("pass", "sleep 1000 & wait");
	assert_fails(
	    &s, clock_monotonic_us() + 50000, EX_TEMPFAIL, "too long", "");
	remove_program("pass");
	remove_program("secret-tool");
	setenv("PATH", directory, 1);
	assert_fails(&s, 0, EX_CONFIG, "pass: it is not installed", "package");
	setenv("PATH", before, 1);
	free(before);
	free(path);
}

static void
what_a_manager_is_asked_needs_no_shell(void **state)
{
	const struct secret_wanted wanted = {
	    .noun = "password", .wait = &(struct wait_limits){0}};
	char *before = memory_strdup(getenv("PATH"));
	struct secret out = {0};
	struct error err;

	(void)state;
	setenv("PATH", directory, 1);
	write_program("pass", "printf '[%s]' \"$@\"");
	assert_int_equal(secret_from_manager(
			     &wanted, "pass", "-b $(x) 'y'", "h", &out, &err),
	    0);
	assert_string_equal(out.bytes, "[show][--][smtp/h/-b $(x) 'y']");
	secret_clear(&out);
	write_program("pass",
	    "echo '$3 is not in the password store' >&2\n"
	    "exit 1");
	assert_int_equal(
	    secret_from_manager(&wanted, "pass", "b c", "h", &out, &err), -1);
	assert_string_equal(err.hint, "pass insert -- 'smtp/h/b c'");
	remove_program("pass");
	setenv("PATH", before, 1);
	free(before);
}

static void
a_command_prints_the_password(void **state)
{
	static const struct {
		const char *command, *password;
	} cases[] = {
	    {"echo secret", "secret"},
	    {"printf secret", "secret"},
	    {"printf 'sec\\r\\n'", "sec"},
	    {"printf 'se cret\\n'", "se cret"},
	    {"printf se; printf cret", "secret"},
	    {"cat; echo end", "end"},
	};
	struct settings_auth s = {0};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		s.password_command = cases[i].command;
		assert_gives(&s, cases[i].password);
	}
}

static void
a_command_whose_output_is_no_password_is_refused(void **state)
{
	static const struct {
		const char *command, *why;
		int status;
	} cases[] = {
	    {"true", "no password", EX_CONFIG},
	    {"echo", "no password", EX_CONFIG},
	    {"printf '\\na'", "no password", EX_CONFIG},
	    {"printf 'a\\0b'", "a NUL", EX_CONFIG},
	    {"cat /dev/zero", "more than 64 KiB", EX_CONFIG},
	    {"trap '' TERM; cat /dev/zero", "more than 64 KiB", EX_CONFIG},
	    {"exit 3", "status 3", EX_NOPERM},
	    {"echo secret; exit 1", "status 1", EX_NOPERM},
	    {"/nonexistent/x 2>/dev/null", "status 127", EX_NOPERM},
	    {"kill -KILL $$", "signal 9", EX_NOPERM},
	};
	struct settings_auth s = {0};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		s.password_command = cases[i].command;
		assert_fails(&s, 0, cases[i].status, cases[i].why, "");
	}
}

/* Whoever holds the other end of the pipe is gone when this returns. */
static void
assert_all_gone(int fds[2])
{
	char c;

	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
}

static void
a_command_that_hangs_is_ended_with_all_that_it_started(void **state)
{
	static const char *const commands[] = {
	    "sleep 1000",
	    "sleep 1000 & wait",
	    "exec >&-; sleep 1000",
	    "trap '' TERM; sleep 1000 & wait; sleep 1000",
	};
	struct settings_auth s = {0};
	int fds[2];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(commands); i++) {
		assert_int_equal(pipe(fds), 0);
		s.password_command = commands[i];
		assert_fails(&s, clock_monotonic_us() + 50000, EX_TEMPFAIL,
		    "too long", "");
		assert_all_gone(fds);
	}
	s.password_command = "echo secret; sleep 1000";
	assert_fails(&s, 1, EX_TEMPFAIL, "too long", "");
}

static void
a_signal_that_is_handled_ends_the_wait_for_a_command(void **state)
{
	struct sigaction action = {.sa_handler = handle}, before;
	struct settings_auth s = {
	    .password_command = "while :; do kill -USR1 $PPID; done"};

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_fails(
	    &s, 0, EX_SIGNAL + SIGUSR1, "cancelled, nothing was sent", "");
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	caught = 0;
}

static void
a_command_gets_ordinary_signals_whatever_ours_are(void **state)
{
	struct settings_auth s = {
	    .password_command = "yes | head -n 1; kill -TERM $$; echo no"};
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	assert_fails(&s, 0, EX_NOPERM, "signal 15", "");
	s.password_command = "echo secret";
	assert_gives(&s, "secret");
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void
without_source_and_terminal_the_ways_are_named(void **state)
{
	struct settings_auth s = {0};

	(void)state;
	assert_fails(&s, 0, EX_CONFIG,
	    "password for bob at mail.example: none is configured",
	    "--password-file=FILE");
	assert_fails(&s, 0, EX_CONFIG, "no terminal", "--password-command");
	assert_fails(&s, 0, EX_CONFIG, "no terminal", "configuration file");
}

/* A process that asks on a terminal of its own. */
struct asker {
	int master, slave; /* slave is held so that its settings stay */
	int result;	   /* "STATUS:PASSWORD", at the end */
	pid_t pid;
	struct buf seen;
};

static void
answer(const char *command, int64_t deadline_us, int fd)
{
	struct settings_auth s = {.password_command = command};
	struct secret out = {0};
	struct error err;

	if (ask(&s, deadline_us, &out, &err) == 0)
		dprintf(fd, "0:%s", out.bytes);
	else
		dprintf(fd, "%d:%s", err.status, err.text);
	secret_clear(&out);
	_exit(0);
}

static void
start_asker(struct asker *a, const char *command, void (*on_interrupt)(int),
    int64_t deadline_us)
{
	int fds[2];

	*a = (struct asker){.seen = BUF_WITH_MAX(4096)};
	assert_int_equal(openpty(&a->master, &a->slave, NULL, NULL, NULL), 0);
	assert_int_equal(pipe(fds), 0);
	a->pid = fork();
	assert_true(a->pid >= 0);
	if (a->pid == 0) {
		close(fds[0]);
		close(a->master);
		signal(SIGINT, on_interrupt);
		if (login_tty(a->slave) == -1)
			_exit(1);
		answer(command, deadline_us, fds[1]);
	}
	close(fds[1]);
	a->result = fds[0];
}

static bool
echoes(const struct asker *a)
{
	struct termios t;

	assert_int_equal(tcgetattr(a->slave, &t), 0);
	return (t.c_lflag & ECHO) != 0;
}

/* Reads the terminal until its last bytes are these; then forgets them. */
static void
expect(struct asker *a, const char *end)
{
	size_t n = strlen(end);

	while (a->seen.len < n ||
	    memcmp(a->seen.data + a->seen.len - n, end, n) != 0) {
		assert_int_equal(buf_reserve(&a->seen, 1), 0);
		assert_int_equal(
		    read(a->master, a->seen.data + a->seen.len, 1), 1);
		a->seen.data[++a->seen.len] = '\0';
	}
	buf_reset(&a->seen);
}

static void
type(struct asker *a, const char *keys)
{
	assert_int_equal(write(a->master, keys, strlen(keys)), strlen(keys));
}

/* The wait status of the asker; its result must begin with this. */
static int
finish_asker(struct asker *a, const char *result)
{
	char text[2048] = "";
	size_t n = 0;
	ssize_t got;
	int status;

	while ((got = read(a->result, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	assert_int_equal(waitpid(a->pid, &status, 0), a->pid);
	if (strncmp(text, result, strlen(result)) != 0 ||
	    (result[0] == '\0' && n > 0))
		fail_msg("%s, not %s", text, result);
	assert_true(echoes(a));
	close(a->result);
	close(a->master);
	close(a->slave);
	buf_clear(&a->seen);
	return status;
}

static void
a_password_is_typed_without_echo(void **state)
{
	struct asker a;

	(void)state;
	start_asker(&a, NULL, SIG_DFL, 0);
	assert_true(echoes(&a));
	expect(&a, PROMPT);
	assert_false(echoes(&a));
	type(&a, "sex\177cret\n");
	/* All that is seen of it is the end of the line. */
	assert_int_equal(a.seen.len, 0);
	expect(&a, "\r\n");
	assert_int_equal(finish_asker(&a, "0:secret"), 0);
}

static void
nothing_typed_is_no_password(void **state)
{
	static const char *const keys[] = {"\n", "\004"};
	struct asker a;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(keys); i++) {
		start_asker(&a, NULL, SIG_DFL, 0);
		expect(&a, PROMPT);
		type(&a, keys[i]);
		assert_int_equal(finish_asker(&a, "77:password for bob at"), 0);
	}
}

static void
an_interrupt_at_the_prompt_ends_us_with_the_echo_on_again(void **state)
{
	struct asker a;
	int status;

	(void)state;
	start_asker(&a, NULL, SIG_DFL, 0);
	expect(&a, PROMPT);
	type(&a, "sec\003");
	status = finish_asker(&a, "");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

static void
an_interrupt_with_a_handler_ends_the_prompt_only(void **state)
{
	struct asker a;

	(void)state;
	start_asker(&a, NULL, handle, 0);
	expect(&a, PROMPT);
	type(&a, "\003");
	assert_int_equal(finish_asker(&a, "130:"), 0);
}

static void
after_a_stop_the_prompt_comes_again(void **state)
{
	struct asker a;

	(void)state;
	start_asker(&a, NULL, SIG_IGN, 0);
	expect(&a, PROMPT);
	type(&a, "\032");
	expect(&a, PROMPT);
	type(&a, "\003secret\n"); /* which is ignored */
	assert_int_equal(finish_asker(&a, "0:secret"), 0);
}

static void
the_prompt_does_not_outlast_the_deadline(void **state)
{
	struct asker a;

	(void)state;
	start_asker(&a, NULL, SIG_DFL, 1);
	assert_int_equal(
	    finish_asker(
		&a, "75:password for bob at mail.example: it took too long"),
	    0);
}

static void
a_command_can_ask_on_our_terminal(void **state)
{
	struct asker a;

	(void)state;
	start_asker(&a,
	    "printf 'PIN: ' >/dev/tty; read -r pin </dev/tty; echo $pin",
	    SIG_DFL, 0);
	expect(&a, "PIN: ");
	type(&a, "1234\n");
	assert_int_equal(finish_asker(&a, "0:1234"), 0);
}

static int
run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_configured_password_comes_first_and_is_copied),
	    cmocka_unit_test(the_first_line_of_a_file_is_the_password),
	    cmocka_unit_test(a_file_without_a_usable_password_is_refused),
	    cmocka_unit_test(a_file_that_others_can_get_at_is_refused),
	    cmocka_unit_test(a_file_that_is_none_is_refused_without_waiting),
	    cmocka_unit_test(a_descriptor_gives_a_line_for_each_call),
	    cmocka_unit_test(a_descriptor_without_a_usable_password_is_refused),
	    cmocka_unit_test(a_descriptor_that_cannot_be_read_is_known_before),
	    cmocka_unit_test(a_credential_is_a_file_of_the_unit),
	    cmocka_unit_test(a_netrc_is_distrusted_where_its_password_is_used),
	    cmocka_unit_test(
		a_netrc_in_the_home_is_asked_for_a_user_that_is_named),
	    cmocka_unit_test(managers_are_asked_by_host_and_user),
	    cmocka_unit_test(what_a_manager_is_asked_needs_no_shell),
	    cmocka_unit_test(a_command_prints_the_password),
	    cmocka_unit_test(a_command_whose_output_is_no_password_is_refused),
	    cmocka_unit_test(
		a_command_that_hangs_is_ended_with_all_that_it_started),
	    cmocka_unit_test(
		a_signal_that_is_handled_ends_the_wait_for_a_command),
	    cmocka_unit_test(a_command_gets_ordinary_signals_whatever_ours_are),
	    cmocka_unit_test(without_source_and_terminal_the_ways_are_named),
	    cmocka_unit_test(a_password_is_typed_without_echo),
	    cmocka_unit_test(nothing_typed_is_no_password),
	    cmocka_unit_test(
		an_interrupt_at_the_prompt_ends_us_with_the_echo_on_again),
	    cmocka_unit_test(an_interrupt_with_a_handler_ends_the_prompt_only),
	    cmocka_unit_test(after_a_stop_the_prompt_comes_again),
	    cmocka_unit_test(the_prompt_does_not_outlast_the_deadline),
	    cmocka_unit_test(a_command_can_ask_on_our_terminal),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

/* In a session of its own: without the terminal that make may run on. */
int
main(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setsid() == -1)
			return 1;
		return run();
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
