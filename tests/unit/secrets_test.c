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

	memset(err, 0, sizeof(*err));
	return secrets_password(s, "bob", "mail.example", &wait, out, err);
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
	assert_fails(&s, 0, EX_SIGNAL + SIGUSR1, "interrupted", "");
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
