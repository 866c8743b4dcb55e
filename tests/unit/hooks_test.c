/* hooks_test: commands that run beside a delivery, and their time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/hooks.h"
#include "lib/child.h"
#include "lib/clock.h"

struct fixture {
	struct settings settings;
	struct process process;
	struct output output;
	struct mail mail;
	struct hooks hooks;
	struct smtp_recipient to;
	struct smtp_transaction tx;
};

static void
begin(struct fixture *f, const char *command, int64_t timeout_ms)
{
	*f = (struct fixture){
	    .settings.hooks.on_commit = command,
	    .settings.report.quiet = true,
	    .settings.delivery.timeout_ms = timeout_ms,
	    .process = {.name = "test", .output = &f->output},
	    .to = {.address = "bob@y.test"},
	};
	output_begin(&f->output);
	f->tx.recipients = &f->to;
	f->tx.recipient_count = 1;
	f->hooks.settings = &f->settings;
	f->hooks.process = &f->process;
	f->hooks.mail = &f->mail;
}

static void
end(struct fixture *f)
{
	struct report r = {0};

	hooks_end(&f->hooks, &r);
	assert_int_equal(f->hooks.count, 0);
	hooks_clear(&f->hooks);
	output_end(&f->process);
}

static void
only_so_many_run_at_a_time_and_each_has_its_turn(void **state)
{
	char name[] = "/tmp/hooks_test.XXXXXX";
	int fd = mkstemp(name), i;
	struct fixture f;
	char command[64], all[100];

	(void)state;
	assert_int_not_equal(fd, -1);
	snprintf(command, sizeof(command), "printf x >>%s", name);
	begin(&f, command, 0);
	for (i = 0; i < 3 * HOOKS_AT_ONCE; i++) {
		hooks_commit(&f.hooks, &f.tx);
		assert_in_range(f.hooks.running, 0, HOOKS_AT_ONCE);
	}
	end(&f);
	assert_int_equal(read(fd, all, sizeof(all)), 3 * HOOKS_AT_ONCE);
	close(fd);
	unlink(name);
}

static void
when_to_look_after_one_is_known_and_then_it_is_ended(void **state)
{
	const int64_t now = clock_monotonic_us();
	struct wait_limits limit = {0};
	struct fixture f;
	int64_t at;

	(void)state;
	begin(&f, "exec sleep 1000", 50);
	assert_true(hooks_watch(&f.hooks) == INT64_MAX);
	hooks_commit(&f.hooks, &f.tx);
	at = hooks_watch(&f.hooks);
	assert_in_range(at, now + 50000, now + 5000000);
	limit.deadline_us = at;
	assert_int_equal(child_await(f.hooks.runs[0].pid, &limit), WAIT_LATE);
	assert_in_range(hooks_watch(&f.hooks), at, INT64_MAX - 1);
	limit.deadline_us = 0;
	assert_int_equal(child_await(f.hooks.runs[0].pid, &limit), WAIT_READY);
	assert_true(hooks_watch(&f.hooks) == INT64_MAX);
	assert_int_equal(f.hooks.count, 0);
	end(&f);
}

static void
without_a_timeout_there_is_a_limit_and_the_deadline_lowers_it(void **state)
{
	const int64_t now = clock_monotonic_us();
	struct fixture f;

	(void)state;
	begin(&f, "exec sleep 1000", 0);
	hooks_commit(&f.hooks, &f.tx);
	assert_in_range(hooks_watch(&f.hooks), now + HOOKS_LIMIT_MS * 1000,
	    now + 2 * HOOKS_LIMIT_MS * 1000);
	/* it has passed already: a second in any case */
	f.process.deadline_us = now;
	hooks_commit(&f.hooks, &f.tx);
	assert_in_range(hooks_watch(&f.hooks), now + 1000000, now + 5000000);
	f.hooks.runs[0].until_us = f.hooks.runs[1].until_us = 0;
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_so_many_run_at_a_time_and_each_has_its_turn),
	    cmocka_unit_test(
		when_to_look_after_one_is_known_and_then_it_is_ended),
	    cmocka_unit_test(
		without_a_timeout_there_is_a_limit_and_the_deadline_lowers_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
