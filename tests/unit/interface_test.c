/* Interfaces of this host, and sockets that are bound to them; what is not
 * permitted is played. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <ifaddrs.h>
#include <string.h>
#include <unistd.h>

#include "transport/interface.h"

static struct {
	int device_errno; /* of SO_BINDTODEVICE; 0: it is done */
	char device[IFNAMSIZ];
} played;

/* Takes the place of the C library's. */
int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int (*real)(int, int, int, const void *, socklen_t);

	*(void **)&real = dlsym(RTLD_NEXT, "setsockopt");
	if (level != SOL_SOCKET || name != SO_BINDTODEVICE)
		return real(fd, level, name, value, len);
	memcpy(played.device, value, len);
	errno = played.device_errno;
	return played.device_errno == 0 ? 0 : -1;
}

/* An interface of each kind, whose addresses come in this order. */
int
getifaddrs(struct ifaddrs **list)
{
	static const struct {
		const char *name, *address;
		unsigned flags;
	} rows[] = {
	    {"lo", "127.0.0.1", IFF_UP},
	    {"four", "127.0.0.4", IFF_UP},
	    {"four", "127.0.0.5", IFF_UP},
	    {"both", NULL, IFF_UP},
	    {"both", "127.0.0.6", IFF_UP},
	    {"both", "fe80::1", IFF_UP},
	    {"both", "::1", IFF_UP},
	    {"down", "127.0.0.7", 0},
	    {"bare", NULL, IFF_UP},
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	static struct ifaddrs all[ROWS];
	static struct endpoint endpoints[ROWS];
	size_t i;

	for (i = 0; i < ROWS; i++) {
		all[i] = (struct ifaddrs){.ifa_name = (char *)rows[i].name,
		    .ifa_flags = rows[i].flags,
		    .ifa_next = i + 1 < ROWS ? &all[i + 1] : NULL};
		if (rows[i].address == NULL)
			continue;
		assert_int_equal(
		    endpoint_parse(&endpoints[i], rows[i].address), 0);
		all[i].ifa_addr = &endpoints[i].any;
	}
	*list = all;
	return 0;
}

void
freeifaddrs(struct ifaddrs *list)
{
	(void)list;
}

static void
find(struct interface *i, const char *text)
{
	struct error err;

	assert_int_equal(interface_find(i, text, &err), 0);
}

static void
has(const struct interface *i, const char *v4, const char *v6)
{
	char text[64] = "";

	if (i->v4.len > 0)
		endpoint_text(&i->v4, text);
	assert_string_equal(text, v4);
	text[0] = '\0';
	if (i->v6.len > 0)
		endpoint_text(&i->v6, text);
	assert_string_equal(text, v6);
}

static void
an_address_or_a_name_is_found_with_its_families(void **state)
{
	struct interface i;
	char text[64];

	(void)state;
	find(&i, "192.0.2.1");
	has(&i, "192.0.2.1", "");
	assert_int_equal(interface_family(&i), AF_INET);
	assert_string_equal(interface_text(&i, text), "192.0.2.1");
	find(&i, "2001:db8::1");
	has(&i, "", "2001:db8::1");
	assert_int_equal(interface_family(&i), AF_INET6);
	assert_string_equal(interface_text(&i, text), "2001:db8::1");
	find(&i, "four");
	has(&i, "127.0.0.4", "");
	assert_int_equal(interface_family(&i), AF_INET);
	assert_string_equal(interface_text(&i, text), "four");
	find(&i, "both");
	has(&i, "127.0.0.6", "::1");
	assert_int_equal(interface_family(&i), AF_UNSPEC);
}

static void
what_is_no_interface_is_refused_with_the_reason(void **state)
{
	static const char *const rows[][2] = {
	    {"none", "neither a numeric address nor an interface"},
	    {"fou", "neither a numeric address nor an interface"},
	    {"192.0.2.256", "neither a numeric address nor an interface"},
	    {"a-name-that-is-too-long", "neither a numeric address"},
	    {"down", "is down"},
	    {"bare", "has no address"},
	};
	struct interface i;
	struct error err;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		assert_int_equal(interface_find(&i, rows[k][0], &err), -1);
		assert_int_equal(err.status, EX_USAGE);
		assert_non_null(strstr(err.text, rows[k][1]));
	}
}

/* What a socket of this family is bound to; returns what the call did. */
static int
bound(const char *name, int device_errno, int family, char *address,
    struct error *err)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), r;
	struct endpoint own = {.len = sizeof(own.v6)};
	struct interface i;

	memset(&played, 0, sizeof(played));
	played.device_errno = device_errno;
	find(&i, name);
	r = interface_bind(&i, fd, family, err);
	assert_int_equal(getsockname(fd, &own.any, &own.len), 0);
	endpoint_text(&own, address);
	close(fd);
	return r;
}

static void
a_named_interface_is_the_device_or_else_its_address(void **state)
{
	struct error err;
	char address[64];

	(void)state;
	assert_int_equal(bound("four", 0, AF_INET, address, &err), 0);
	assert_string_equal(played.device, "four");
	assert_string_equal(address, "0.0.0.0");
	assert_int_equal(bound("four", EPERM, AF_INET, address, &err), 0);
	assert_string_equal(address, "127.0.0.4");
	assert_int_equal(
	    bound("four", EPERM, AF_INET6, address, &err), EAFNOSUPPORT);
	assert_int_equal(bound("four", ENODEV, AF_INET, address, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	assert_non_null(strstr(err.text, "the interface four: "));
}

static void
an_address_is_never_a_device(void **state)
{
	struct error err;
	char address[64];

	(void)state;
	assert_int_equal(bound("127.0.0.9", 0, AF_INET, address, &err), 0);
	assert_string_equal(played.device, "");
	assert_string_equal(address, "127.0.0.9");
	assert_int_equal(bound("192.0.2.77", 0, AF_INET, address, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	assert_non_null(strstr(err.text, "the address 192.0.2.77: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_or_a_name_is_found_with_its_families),
	    cmocka_unit_test(what_is_no_interface_is_refused_with_the_reason),
	    cmocka_unit_test(
		a_named_interface_is_the_device_or_else_its_address),
	    cmocka_unit_test(an_address_is_never_a_device),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
