/* provider: the table, which row is meant, and what a table may not be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provider/column.h"
#include "provider/provider.h"
#include "provider/table.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct arena arena;
	struct providers providers;
	struct error err;
};

static int
open_ours(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL ||
	    providers_open(&f->providers, NULL, &f->arena, &f->err) == -1) {
		fprintf(stderr, "%s\n", f != NULL ? f->err.text : "");
		return -1;
	}
	*state = f;
	return 0;
}

static int
close_ours(void **state)
{
	struct fixture *f = *state;

	arena_clear(&f->arena);
	free(f);
	return 0;
}

static const char *
id_of(const struct provider *p)
{
	return p != NULL ? p->id : "-";
}

static void
our_own_table_can_be_read_and_every_row_says_where_it_is_from(void **state)
{
	struct fixture *f = *state;
	size_t i;

	assert_true(f->providers.count >= 30);
	for (i = 0; i < f->providers.count; i++) {
		const struct provider *p = &f->providers.rows[i];

		if (p->source == NULL || p->checked == NULL ||
		    p->name == NULL || p->auth == NULL)
			fail_msg("%s lacks source, date, name or auth", p->id);
		if (p->domains != NULL && p->server == NULL)
			fail_msg("%s has domains, but no server", p->id);
		if ((p->auth_url != NULL) != (p->token_url != NULL))
			fail_msg("%s has half of its endpoints", p->id);
		if (p->auth_url != NULL &&
		    (p->scope == NULL || p->flow == NULL || p->client == NULL))
			fail_msg(
			    "%s has endpoints, but no scope, flow or client",
			    p->id);
		if (p->secret == NULL && p->auth_url == NULL)
			fail_msg("nobody can sign in at %s", p->id);
	}
}

static void
no_domain_is_named_by_two_rows(void **state)
{
	struct fixture *f = *state;
	const struct provider *p;
	char domain[256];
	const char *s;
	size_t i, n;

	for (i = 0; i < f->providers.count; i++) {
		p = &f->providers.rows[i];
		for (s = p->domains; s != NULL && *s != '\0';
		     s += n + (s[n] == ',')) {
			n = strcspn(s, ",");
			snprintf(domain, sizeof(domain), "%.*s", (int)n, s);
			if (provider_by_domain(&f->providers, domain) != p)
				fail_msg("%s: of %s, too", domain, p->id);
		}
	}
}

static void
a_row_is_found_by_its_id_a_domain_an_mx_and_its_server(void **state)
{
	static const struct {
		const struct provider *(*by)(
		    const struct providers *, const char *);
		const char *name, *id;
	} cases[] = {
	    {provider_by_id, "gmail", "gmail"},
	    {provider_by_id, "GMail", "gmail"},
	    {provider_by_id, "gmai", "-"},
	    {provider_by_id, "", "-"},
	    {provider_by_domain, "gmail.com", "gmail"},
	    {provider_by_domain, "GoogleMail.COM.", "gmail"},
	    {provider_by_domain, "www.gmail.com", "-"},
	    {provider_by_domain, "gmail.co", "-"},
	    {provider_by_domain, "mail.com.evil.example", "-"},
	    {provider_by_domain, "", "-"},
	    {provider_by_domain, ".", "-"},
	    {provider_by_mx, "aspmx.l.google.com", "gmail"},
	    {provider_by_mx, "ALT1.ASPMX.L.GOOGLE.COM.", "gmail"},
	    {provider_by_mx, "example-com.mail.protection.outlook.com",
		"microsoft365"},
	    {provider_by_mx, "mail.gm0.yahoodns.net", "aol"},
	    {provider_by_mx, "mx-biz.mail.am0.yahoodns.net", "yahoo"},
	    {provider_by_mx, "eur.olc.protection.outlook.com", "outlook"},
	    {provider_by_mx, "google.com", "-"},
	    {provider_by_mx, "notgoogle.com", "-"},
	    {provider_by_mx, "mx.google.com.evil.example", "-"},
	    {provider_by_mx, "", "-"},
	    {provider_by_server, "smtp.office365.com", "microsoft365"},
	    {provider_by_server, "smtp.gmail.com.", "gmail"},
	    {provider_by_server, "gmail.com", "-"},
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		const char *got =
		    id_of(cases[i].by(&f->providers, cases[i].name));

		if (strcmp(got, cases[i].id) != 0)
			fail_msg("'%s': %s, not %s", cases[i].name, got,
			    cases[i].id);
	}
}

static void
a_user_is_made_of_the_address(void **state)
{
	static const struct {
		const char *user, *address, *wanted;
	} cases[] = {
	    {"%address", "bob@example.org", "bob@example.org"},
	    {NULL, "bob@example.org", "bob@example.org"},
	    {"%local", "bob@example.org", "bob"},
	    {"%local", "\"a@b\"@example.org", "\"a@b\""},
	    {"%local%%domain", "bob@example.org", "bob%example.org"},
	    {"mail-%local", "bob@example.org", "mail-bob"},
	    {"%other%", "bob@example.org", "%other%"},
	    {"fixed", "%local@example.org", "fixed"},
	    {"%address", "%local@example.org", "%local@example.org"},
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++)
		assert_string_equal(
		    provider_user(cases[i].user, cases[i].address, &f->arena),
		    cases[i].wanted);
}

static void
cells_that_are_wrong_are_named_with_line_and_column(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"name\tserver\n", "t:1:1: the first line names the columns"},
	    {"id\tsever\n", "t:1:4: no column has the name 'sever'"},
	    {"id\tserver\tid\n", "t:1:11: the column 'id' again"},
	    {"id\t\033[31m\n", "t:1:4: no column has the name '\\x1B[31m'"},
	    {"id\tserver\n\n# x\nmy\n", "t:4:1: 1 cells, and 2 columns"},
	    {"id\tserver\nmy\ta.example\tx\n", "t:2:14: more cells"},
	    {"id\tserver\nmy\t\n", "t:2:4: server: an empty cell"},
	    {"id\tserver\nmy\tno host\n",
		"t:2:4: server 'no host': wanted: a domain"},
	    {"id\tserver\nmy\t-x.example\n", "t:2:4: server '-x.example'"},
	    {"id\tserver\nmy\ta..b\n", "t:2:4: server"},
	    {"id\tserver\nmy\ta.example:25\n", "t:2:4: server"},
	    {"id\tserver\nmy\ta\001b\n",
		"t:2:4: server 'a\\x01b': wanted: UTF-8"},
	    {"id\tserver\nmy\ta\rb\n",
		"t:2:4: server 'a\\x0Db': wanted: UTF-8"},
	    {"id\tserver\nmy\t\xff\n", "t:2:4: server '\\xFF': wanted: UTF-8"},
	    {"id\tserver\nmy\t a\n", "t:2:4: server ' a': wanted: no blanks"},
	    {"id\tname\nmy\ta\302\205b\n", "t:2:4: name"},
	    {"id\tname\nmy\ta\342\200\256b\n", "t:2:4: name"},
	    {"id\n550\n", "t:2:1: id '550'"},
	    {"id\nMy\n", "t:2:1: id 'My'"},
	    {"id\nproviders\n", "t:2:1: id 'providers'"},
	    {"id\n-\n", "t:2:1: a provider without an id"},
	    {"id\nmy\nmy\n", "t:3:1: the provider 'my' stands here twice"},
	    {"id\tport\nmy\t0\n", "t:2:4: port '0'"},
	    {"id\tport\nmy\t65536\n", "t:2:4: port '65536'"},
	    {"id\tport\nmy\t+25\n", "t:2:4: port '+25'"},
	    {"id\ttls\nmy\tnone\n", "t:2:4: tls 'none'"},
	    {"id\tdomains\nmy\ta.example,\n", "t:2:4: domains"},
	    {"id\tdomains\nmy\t*.a.example\n", "t:2:4: domains"},
	    {"id\tmx\nmy\t*.com\n", "t:2:4: mx '*.com'"},
	    {"id\tmx\nmy\t*\n", "t:2:4: mx '*'"},
	    {"id\tmx\nmy\tmx*.example.org\n", "t:2:4: mx"},
	    {"id\tauth\nmy\tplain\n", "t:2:4: auth 'plain'"},
	    {"id\tuser\nmy\ta b\n", "t:2:4: user 'a b'"},
	    {"id\tsecret\nmy\tApp Password\n", "t:2:4: secret"},
	    {"id\tissuer\nmy\tguess\n", "t:2:4: issuer 'guess'"},
	    {"id\ttoken_url\nmy\thttp://example.org/\n", "t:2:4: token_url"},
	    {"id\ttoken_url\nmy\thttp://localhost.example.org/\n",
		"t:2:4: token_url"},
	    {"id\ttoken_url\nmy\thttps://\n", "t:2:4: token_url"},
	    {"id\ttoken_url\nmy\thttps:///x\n", "t:2:4: token_url"},
	    {"id\ttoken_url\nmy\thttps://a@example.org/\n", "t:2:4: token_url"},
	    {"id\ttoken_url\nmy\thttps://example.org/#a\n", "t:2:4: token_url"},
	    {"id\ttoken_url\nmy\thttps://example.org/a b\n",
		"t:2:4: token_url"},
	    {"id\tscope\nmy\ta\\b\n", "t:2:4: scope"},
	    {"id\tredirect\nmy\texample.org\n", "t:2:4: redirect"},
	    {"id\tflow\nmy\tbrowser,implicit\n",
		"t:2:4: flow 'browser,implicit'"},
	    {"id\tchecked\nmy\tyesterday\n", "t:2:4: checked"},
	    {"id\tchecked\nmy\t2026-11-2\n", "t:2:4: checked"},
	    {"id\tchecked\nmy\t2026-11-288\n", "t:2:4: checked"},
	};
	struct arena arena = {0};
	struct providers p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		err.text[0] = '\0';
		if (providers_parse(&p, cases[i].text, strlen(cases[i].text),
			"t", &arena, &err) != -1)
			fail_msg("'%s' was taken", cases[i].text);
		if (err.status != EX_CONFIG ||
		    strncmp(err.text, cases[i].wanted,
			strlen(cases[i].wanted)) != 0)
			fail_msg("'%s', not '%s'", err.text, cases[i].wanted);
	}
	arena_clear(&arena);
}

static void
a_nul_ends_no_cell_unseen(void **state)
{
	static const char text[] = "id\tserver\nmy\ta.example\0.org\n";
	struct arena arena = {0};
	struct providers p;
	struct error err;

	(void)state;
	assert_int_equal(
	    providers_parse(&p, text, sizeof(text) - 1, "t", &arena, &err), -1);
	arena_clear(&arena);
}

static void
what_a_row_leaves_out_has_a_default(void **state)
{
	static const char text[] = "# mine\r\n"
				   "server\tid\tport\tdomains\r\n"
				   "Mail.Example\tmine\t587\tB\xc3\xbc"
				   "cher.example,b.example\r\n"
				   "mail.example\tother\t-\t-";
	struct arena arena = {0};
	struct providers p;
	struct error err;

	(void)state;
	assert_int_equal(
	    providers_parse(&p, text, sizeof(text) - 1, "t", &arena, &err), 0);
	assert_int_equal(p.count, 2);
	assert_string_equal(p.rows[0].server, "mail.example");
	assert_string_equal(p.rows[0].name, "mine");
	assert_string_equal(p.rows[0].tls, "starttls");
	assert_string_equal(p.rows[0].user, "%address");
	assert_string_equal(
	    p.rows[0].domains, "xn--bcher-kva.example,b.example");
	assert_string_equal(p.rows[1].tls, "implicit");
	assert_string_equal(p.rows[1].port, "465");
	assert_null(p.rows[1].domains);
	assert_ptr_equal(
	    provider_by_domain(&p, "xn--bcher-kva.example"), &p.rows[0]);
	arena_clear(&arena);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void
the_users_rows_go_first(void **state)
{
	char path[] = "/tmp/providersXXXXXX";
	struct arena arena = {0};
	struct providers p;
	struct error err;
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	write_file(
	    path, "id\tserver\tdomains\ngmail\tmy.example\tgmail.com\n", 0644);
	assert_int_equal(providers_open(&p, path, &arena, &err), 0);
	assert_string_equal(
	    provider_by_domain(&p, "gmail.com")->server, "my.example");
	assert_string_equal(provider_by_id(&p, "gmail")->server, "my.example");
	assert_string_equal(
	    provider_by_domain(&p, "googlemail.com")->server, "smtp.gmail.com");

	write_file(path, "id\tport\nmy\t0\n", 0644);
	assert_int_equal(providers_open(&p, path, &arena, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_non_null(strstr(err.text, ":2:4: port '0'"));

	write_file(path, "id\n", 0646);
	assert_int_equal(providers_open(&p, path, &arena, &err), -1);
	assert_non_null(strstr(err.text, "can be changed by everybody"));
	assert_non_null(strstr(err.hint, "chmod o-w"));

	assert_int_equal(unlink(path), 0);
	assert_int_equal(providers_open(&p, path, &arena, &err), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(providers_open(&p, path, &arena, &err), -1);
	assert_non_null(strstr(err.text, "is not a regular file"));
	assert_int_equal(rmdir(path), 0);
	arena_clear(&arena);
}

static void
an_error_of_oauth_has_the_step_of_its_provider(void **state)
{
	static const struct {
		const char *id, *error, *description, *wanted;
	} cases[] = {
	    {"gmail", "invalid_grant", "", "seven days"},
	    {"gmail", "invalid_request", "client_secret is missing.", "secret"},
	    {"gmail", "invalid_client", "Unauthorized", "secret"},
	    {"gmail", "org_internal", NULL, "External"},
	    {"gmail", "admin_policy_enforced", NULL, "administrator"},
	    {"gmail", "invalid_client", "Invalid client type.", "device flow"},
	    {"microsoft365", "invalid_client",
		"AADSTS7000218: The request body must contain the following "
		"parameter: 'client_assertion' or 'client_secret'.",
		"public client flows"},
	    {"microsoft365", "invalid_client",
		"AADSTS700025: Client is public so neither 'client_assertion' "
		"nor 'client_secret' should be presented.",
		"take away"},
	    {"outlook", "unauthorized_client", "", "public client flows"},
	    {"microsoft365", "unauthorized_client",
		"AADSTS700016: Application with identifier 'x' was not found "
		"in the directory 'y'.",
		"oauth-tenant"},
	    {"microsoft365", "invalid_grant",
		"AADSTS65001: The user or administrator has not consented",
		"administrator"},
	    {"microsoft365", "invalid_grant",
		"AADSTS53003: Access has been blocked by Conditional Access "
		"policies.",
		"--login=browser"},
	    {"microsoft365", "invalid_grant", "AADSTS50173", "90 days"},
	    {"microsoft365", "interaction_required", "", "sign in anew"},
	    {NULL, "invalid_grant", "", "sign in anew"},
	    {"stalwart", "access_denied", NULL, "said no"},
	    {NULL, "invalid_request", "client_secret is missing.", NULL},
	    {"gmail", "no_such_error", "", NULL},
	    {"gmail", "", "", NULL},
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		const struct provider *p = cases[i].id != NULL
		    ? provider_by_id(&f->providers, cases[i].id)
		    : NULL;
		const char *got = provider_oauth_hint(
		    p, cases[i].error, cases[i].description);

		if (cases[i].wanted == NULL
			? got != NULL
			: got == NULL || strstr(got, cases[i].wanted) == NULL)
			fail_msg("%s at %s: %s", cases[i].error,
			    cases[i].id != NULL ? cases[i].id : "any",
			    got != NULL ? got : "nothing");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		our_own_table_can_be_read_and_every_row_says_where_it_is_from),
	    cmocka_unit_test(no_domain_is_named_by_two_rows),
	    cmocka_unit_test(
		a_row_is_found_by_its_id_a_domain_an_mx_and_its_server),
	    cmocka_unit_test(a_user_is_made_of_the_address),
	    cmocka_unit_test(
		cells_that_are_wrong_are_named_with_line_and_column),
	    cmocka_unit_test(a_nul_ends_no_cell_unseen),
	    cmocka_unit_test(what_a_row_leaves_out_has_a_default),
	    cmocka_unit_test(the_users_rows_go_first),
	    cmocka_unit_test(an_error_of_oauth_has_the_step_of_its_provider),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_ours, close_ours);
}
