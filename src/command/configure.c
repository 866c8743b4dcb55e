/* configure: see configure.h. */
#include "command/configure.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/child.h"
#include "lib/dns.h"
#include "lib/http.h"
#include "lib/shell.h"
#include "options/author.h"
#include "options/option.h"
#include "rfc5322/address.h"

/* --- what is asked for -------------------------------------------------- */

/* Where the configuration is, and that it can be written to. */
static int
open_file(struct configure *c, struct error *err)
{
	const struct settings *s = c->settings;
	const char *path = s->user_file;

	if (path == NULL) {
		error_set(err, EX_CONFIG,
		    "--configure: there is no place for a configuration");
		return error_hint(err,
		    "HOME or XDG_CONFIG_HOME names a directory that is yours");
	}
	c->directory =
	    arena_strndup(&c->arena, path, (size_t)(strrchr(path, '/') - path));
	return configure_file_read(&c->file, path, &c->arena, err);
}

static int
parse_address(struct configure *c, const char *text, struct error *err)
{
	const struct address_params params = {
	    .what = "--configure", .single = true};
	struct address_list list = {0};

	if (address_parse(&c->arena, text, &params, &list, err) == -1)
		return strchr(text, '@') != NULL
		    ? -1
		    : error_hint(err, "an address is written name@host");
	c->address = list.addresses[0].mailbox;
	c->domain = list.addresses[0].domain;
	c->from = text;
	/* An asterisk outside of quotation marks would make it a pattern. */
	if (author_is_pattern(c->from))
		c->from = author_is_pattern(c->address)
		    ? arena_printf(&c->arena, "\"%s\"@%s",
			  list.addresses[0].local, c->domain)
		    : c->address;
	if (*c->domain == '[')
		return error_set(err, EX_USAGE,
		    "--configure: %s: an address of a domain is needed",
		    c->address);
	return 0;
}

static int
get_address(struct configure *c, struct error *err)
{
	const struct strings *given = &c->settings->action_arguments;
	const char *text;

	if (given->count > 1) {
		error_set(err, EX_USAGE, "--configure: one address at a time");
		return error_hint(
		    err, "a name goes with it in quotes: 'Ann <ann@x.test>'");
	}
	if (given->count == 1)
		return parse_address(c, given->items[0], err);
	if (!person_can_be_asked(&c->person)) {
		error_set(err, EX_USAGE,
		    "--configure: an address is needed, and there is %s",
		    c->dry ? "nobody to ask with -n" : "no terminal to ask on");
		return error_hint(err, "smtpsend --configure ADDRESS");
	}
	for (;;) {
		if (person_ask(&c->person, "Your mail address", NULL, &c->arena,
			&text, err) == -1)
			return -1;
		if (parse_address(c, text, err) == 0)
			return 0;
		person_tell_error(&c->person, err);
	}
}

/* --- the name ----------------------------------------------------------- */

static bool
is_taken(const struct configure *c, const char *name)
{
	const struct strings *names = &c->settings->accounts;
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

/* The account that is for this address already; NULL: none is. */
static const char *
account_of_address(const struct configure *c)
{
	const struct settings *s = c->settings;
	size_t i, k;

	for (i = 1; i < s->other_count; i++)
		for (k = 0; k < s->others[i].from.count; k++)
			if (author_fit(s->others[i].from.items[k],
				c->address) == AUTHOR_EXACT)
				return s->others[i].name;
	return NULL;
}

/* The first account is used by itself; what stands above all of them would be
 * an account without a name. */
static bool
is_first(const struct configure *c)
{
	return !is_taken(c, "default") && c->base->server.origin == NULL;
}

static const char *
free_name(const struct configure *c)
{
	if (is_first(c))
		return "default";
	if (c->provider != NULL && !is_taken(c, c->provider->id))
		return c->provider->id;
	return !is_taken(c, c->domain) ? c->domain : c->address;
}

static int
choose_name(struct configure *c, struct error *err)
{
	const char *same = account_of_address(c);
	int r;

	c->name = c->settings->account;
	if (c->name == NULL)
		c->name = same != NULL ? same : free_name(c);
	c->account.name = c->name;
	if (!is_taken(c, c->name)) {
		if (same != NULL)
			person_tell(&c->person,
			    "account %s is for %s, too: -A chooses one", same,
			    c->address);
		return 0;
	}
	if (!config_has_account(
		buf_string(&c->file.text), c->file.text.len, c->name)) {
		error_set(err, EX_CONFIG,
		    "account %s stands in the system's configuration", c->name);
		return error_hint(err, "-A NAME gives another name");
	}
	c->replaces = true;
	if (c->dry)
		return 0;
	if (!person_can_be_asked(&c->person)) {
		error_set(err, EX_USAGE,
		    "account %s is there already, and there is no terminal "
		    "to ask whether it may be changed",
		    c->name);
		return error_hint(err, "-A NAME gives another name");
	}
	r = person_agrees(&c->person,
	    arena_printf(&c->arena,
		"Account %s is there already. Is it to be changed?", c->name),
	    false, err);
	if (r == 0) {
		error_set(err, EX_NOPERM, "nothing was changed");
		error_hint(err, "-A NAME gives another name");
	}
	return r == 1 ? 0 : -1;
}

/* --- writing ------------------------------------------------------------ */

/* The section, as it is for a reader. */
static int
print(struct configure *c, struct error *err)
{
	struct buf out = {0};
	int r;

	r = config_write(
	    &out, "", 0, c->name, c->account.settings, c->account.count, err);
	if (r == 0)
		r = output_text(c->process, &out, err);
	if (r == 0)
		person_tell(&c->person,
		    "%s would be %s %s, nothing was written", c->name,
		    c->replaces ? "changed in" : "added to", c->file.path);
	buf_clear(&out);
	return r;
}

static int
write_account(struct configure *c, struct configure_secret *secret,
    const struct secret *password, struct error *err)
{
	struct buf text = {0};
	int r;

	account_new_complete(&c->account);
	r = config_write(&text, buf_string(&c->file.text), c->file.text.len,
	    c->name, c->account.settings, c->account.count, err);
	if (r == 0 && password->bytes != NULL)
		r = configure_secret_keep(secret, &c->person, password, err);
	if (r == 0) {
		r = configure_file_write(&c->file, &text, err);
		if (r == -1 && password->bytes != NULL)
			configure_secret_drop(secret);
	}
	secret_wipe(text.data, text.cap);
	buf_clear(&text);
	return r;
}

/* --- afterwards --------------------------------------------------------- */

/* " -A NAME", where that is needed. */
static const char *
choice(struct configure *c)
{
	char word[SHELL_WORD_SIZE];

	return strcmp(c->name, "default") == 0
	    ? ""
	    : arena_printf(
		  &c->arena, " -A %s", shell_word(c->name, "NAME", word));
}

static void
tell_end(struct configure *c, const struct configure_secret *secret)
{
	char word[SHELL_WORD_SIZE];

	if (account_new_value(&c->account, "password-file") != NULL &&
	    secret->path != NULL)
		person_tell(&c->person, "the password is in %s", secret->path);
	if (getenv("SMTPSEND_SERVER") != NULL)
		person_tell(&c->person,
		    "SMTPSEND_SERVER is set, and goes before what an account "
		    "says");
	person_tell(&c->person, "account %s was %s %s", c->name,
	    c->replaces ? "changed in" : "added to", c->file.path);
	person_tell(&c->person,
	    "to send a mail: smtpsend%s -s Subject %s < body.txt", choice(c),
	    shell_word(c->address, "ADDRESS", word));
}

/* By the program itself, as it will be called. */
static int
send_test(struct configure *c, struct error *err)
{
	const char *const argv[] = {"/proc/self/exe", "-A", c->name, "-s",
	    "A test of smtpsend", "--body",
	    "This account works: it was made by smtpsend --configure.", "-v",
	    "--", c->address, NULL};
	const struct child_params params = {.argv = argv, .in = -1, .out = 1};
	const struct wait_limits wait = process_wait(c->process);
	enum wait_end end;
	int status = 0, error;
	pid_t pid;

	error = child_spawn(&params, &pid);
	if (error != 0)
		return error_set(
		    err, EX_OSERR, "/proc/self/exe: %s", strerror(error));
	end = child_wait(pid, &wait, &status);
	if (end != WAIT_READY) {
		child_end(pid, false);
		return error_set(err,
		    end == WAIT_STOPPED ? EX_SIGNAL + *c->process->signal
					: EX_TEMPFAIL,
		    "the account is there, and the test was given up");
	}
	if (status == 0)
		return 0;
	return WIFEXITED(status)
	    ? error_set(err, WEXITSTATUS(status),
		  "the account is there, but the test mail was not accepted")
	    : child_check(status, EX_SOFTWARE, err);
}

static int
offer_test(struct configure *c, struct error *err)
{
	const char *question;
	int r;

	if (!person_can_be_asked(&c->person))
		return 0;
	question =
	    arena_printf(&c->arena, "Send a test mail to %s?", c->address);
	r = person_agrees(&c->person, question, true, err);
	if (r == -1) {
		/* Who has had enough has his account. */
		person_tell(&c->person, "the account is there");
		return err->status > EX_SIGNAL ? -1 : 0;
	}
	return r == 1 ? send_test(c, err) : 0;
}

/* --- all of it ---------------------------------------------------------- */

static int
begin(struct configure *c, struct error *err)
{
	const struct settings *s = c->settings;

	c->account.arena = &c->arena;
	c->base = s->others[0].settings;
	if (c->dry && *s->delivery.dry_run != '\0')
		return error_set(err, EX_USAGE,
		    "--dry-run=%s: with --configure it has no value",
		    s->delivery.dry_run);
	if (s->search.dns_server != NULL &&
	    dns_server_check(s->search.dns_server, err) == -1)
		return error_context(err, "--dns-server");
	if (s->search.autoconfig_url != NULL &&
	    !http_url_is_safe(s->search.autoconfig_url))
		return error_set(err, EX_USAGE,
		    "--autoconfig-url: an https URL is needed, or http on "
		    "this machine");
	if (open_file(c, err) == -1 ||
	    account_new_take_given(&c->account, s, LAYER_ARGV, err) == -1 ||
	    get_address(c, err) == -1)
		return -1;
	if (option_on_argv(s, "from"))
		c->from = s->message.from;
	c->user = account_new_value(&c->account, "user");
	c->user_is_guessed = c->user == NULL;
	if (c->user_is_guessed)
		c->user = c->address;
	return 0;
}

static int
make(struct configure *c, struct configure_secret *secret,
    struct secret *password, struct error *err)
{
	if (begin(c, err) == -1 || configure_find(c, err) == -1 ||
	    choose_name(c, err) == -1 ||
	    configure_enter(c, secret, password, err) == -1)
		return -1;
	account_new_add(&c->account, "from", c->from);
	account_new_sort(&c->account);
	if (c->dry)
		return print(c, err);
	if (write_account(c, secret, password, err) == -1)
		return -1;
	secret_clear(password);
	c->client_secret = NULL;
	c->signed_in = false;
	tell_end(c, secret);
	return offer_test(c, err);
}

int
configure_run(const struct settings *settings, const struct process *process)
{
	struct configure c = {
	    .settings = settings,
	    .process = process,
	    .dry = settings->delivery.dry_run != NULL,
	};
	struct configure_secret secret = {0};
	struct secret password = {0};
	struct error err;
	int status = EX_OK;

	person_init(&c.person, settings, process, !c.dry);
	if (make(&c, &secret, &password, &err) == -1) {
		configure_oauth_undo(&c);
		status = output_error(settings, process, &err);
	}
	secret_clear(&password);
	secret_clear(&secret.before);
	configure_file_clear(&c.file);
	person_clear(&c.person);
	arena_clear(&c.arena);
	return status;
}
