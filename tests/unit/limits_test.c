/* How many recipients and transactions a connection takes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "command/limits.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static void
set_addresses(struct smtp_recipient *r, const char *const *addresses, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		r[i] = (struct smtp_recipient){.address = addresses[i]};
}

static void
without_limits_all_are_taken(void **state)
{
	static const char *const addresses[] = {
	    "a@x.test", "b@y.test", "c@z.test", "postmaster"};
	const struct smtp_capabilities none = {0},
				       all = {
					   .mail_max = 1, .rcpt_domain_max = 1};
	struct smtp_recipient r[ELEMENTS(addresses)];
	struct limits l;
	int i;

	(void)state;
	set_addresses(r, addresses, ELEMENTS(r));
	limits_begin(&l, &none, true);
	for (i = 0; i < 1000; i++)
		assert_int_equal(limits_admit(&l, r, 4), 4);
	limits_begin(&l, &all, false);
	for (i = 0; i < 1000; i++)
		assert_int_equal(limits_admit(&l, r, 4), 4);
	assert_int_not_equal(l.mails, 0);
}

static void
a_connection_takes_so_many_transactions(void **state)
{
	const struct smtp_capabilities c = {.mail_max = 3};
	struct smtp_recipient r[] = {
	    {.address = "a@x.test"}, {.address = "b@y.test"}};
	struct limits l;

	(void)state;
	limits_begin(&l, &c, true);
	assert_int_equal(limits_admit(&l, r, 2), 2);
	assert_int_equal(limits_admit(&l, r, 1), 1);
	assert_int_equal(l.mails, 1);
	assert_int_equal(limits_admit(&l, r, 2), 2);
	assert_int_equal(l.mails, 0);
	assert_int_equal(limits_admit(&l, r, 2), 0);
	assert_int_equal(limits_admit(&l, r, 1), 0);
}

static void
a_connection_takes_so_many_domains(void **state)
{
	static const char *const addresses[] = {"a@x.test", "b@X.TEST",
	    "\"a@y\"@x.test", "c@y.test", "d@y.test", "e@z.test", "postmaster"};
	const struct smtp_capabilities c = {.rcpt_domain_max = 2};
	struct smtp_recipient r[ELEMENTS(addresses)];
	struct limits l;

	(void)state;
	set_addresses(r, addresses, ELEMENTS(r));
	limits_begin(&l, &c, true);
	assert_int_equal(limits_admit(&l, r, 7), 5);
	assert_int_equal(limits_admit(&l, r + 5, 2), 0);
	limits_begin(&l, &c, true);
	assert_int_equal(limits_admit(&l, r, 2), 2);
	assert_int_equal(limits_admit(&l, r + 2, 2), 2);
	assert_int_equal(limits_admit(&l, r + 4, 2), 1);
	assert_int_equal(limits_admit(&l, r + 5, 1), 0);
	limits_begin(&l, &c, true);
	assert_int_equal(limits_admit(&l, r + 5, 2), 2);
}

/* Whatever the limits are, a new connection takes somebody. */
static void
a_connection_takes_one_recipient_at_least(void **state)
{
	const struct smtp_capabilities c = {
	    .mail_max = 1, .rcpt_domain_max = 1};
	struct smtp_recipient r[] = {
	    {.address = "a@x.test"}, {.address = "b@y.test"}};
	struct limits l;

	(void)state;
	limits_begin(&l, &c, true);
	assert_int_equal(limits_admit(&l, r, 2), 1);
}

static void
those_of_a_domain_are_put_together(void **state)
{
	static const char *const addresses[] = {"a@y.test", "b@x.test",
	    "c@Y.test", "postmaster", "d@x.tes", "e@x.test2", "f@X.TEST",
	    "g@y.test"};
	static const size_t expected[] = {3, 4, 1, 6, 5, 0, 2, 7};
	struct smtp_recipient r[ELEMENTS(addresses)];
	size_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};
	size_t few[] = {6, 0, 1};

	(void)state;
	set_addresses(r, addresses, ELEMENTS(r));
	limits_sort(numbers, ELEMENTS(numbers), r);
	assert_memory_equal(numbers, expected, sizeof(expected));
	limits_sort(few, ELEMENTS(few), r);
	assert_int_equal(few[0], 1);
	assert_int_equal(few[1], 6);
	assert_int_equal(few[2], 0);
	limits_sort(NULL, 0, r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_limits_all_are_taken),
	    cmocka_unit_test(a_connection_takes_so_many_transactions),
	    cmocka_unit_test(a_connection_takes_so_many_domains),
	    cmocka_unit_test(a_connection_takes_one_recipient_at_least),
	    cmocka_unit_test(those_of_a_domain_are_put_together),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
