#include "command/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command/identity.h"
#include "command/secrets.h"
#include "options/option.h"
#include "options/value.h"
#include "report/codes.h"

/* What extensions and mechanisms there are smtp knows. */
static int
unknown(const struct settings *s, const char *option, const char *value,
    const char *what, struct error *err)
{
	const struct option_row *row = option_by_name(option);
	char quoted[OPTION_QUOTED_SIZE];

	return option_error(err, row, option_origin(s, row), "%s is no %s",
	    option_quote(value, quoted), what);
}

static int
check_names(const struct settings *s, struct error *err)
{
	struct buf known = BUF_WITH_MAX(256);
	size_t i;

	for (i = 0; i < s->server.without.count; i++)
		if (!smtp_capability_known(s->server.without.items[i]))
			return unknown(s, "without", s->server.without.items[i],
			    "extension that smtpsend uses", err);
	if (s->auth.mechanism == NULL ||
	    sasl_mechanism_find(s->auth.mechanism) != NULL)
		return 0;
	buf_puts(&known, "mechanism that smtpsend knows (");
	for (i = 0; i < sasl_mechanism_count; i++)
		buf_printf(
		    &known, "%s%s", i > 0 ? ", " : "", sasl_mechanisms[i].name);
	buf_putc(&known, ')');
	unknown(s, "auth", s->auth.mechanism, buf_string(&known), err);
	buf_clear(&known);
	return -1;
}

static int
check_files(const struct settings *s, struct error *err)
{
	if (s->server.tls.ca != NULL && access(s->server.tls.ca, R_OK) == -1)
		return error_set(err, EX_NOINPUT, "--tls-ca: %s: %s",
		    s->server.tls.ca, strerror(errno));
	return 0;
}

/* The options have judged the texts. */
static const struct pin *
read_pins(struct arena *a, const struct strings *texts)
{
	struct pin *pins = arena_alloc(a, texts->count * sizeof(*pins));
	size_t i;

	for (i = 0; i < texts->count; i++)
		(void)pin_parse(&pins[i], texts->items[i]);
	return pins;
}

static void
fill_params(struct target *t, const struct settings *s)
{
	struct connection_params *p = &t->connection;
	struct smtp_params *smtp = &p->smtp;
	struct hop *hop = &t->hop;
	struct error ignored;

	hop->family = s->server.ipv4 ? AF_INET
	    : s->server.ipv6	     ? AF_INET6
				     : AF_UNSPEC;
	hop->source = s->server.source_address;
	hop->policy.ca_file = s->server.tls.ca;
	hop->policy.pins = read_pins(&t->arena, &s->server.tls.pins);
	hop->policy.pin_count = s->server.tls.pins.count;
	p->auth_in_clear = s->auth.in_clear;
	p->timeout_ms = s->delivery.timeout_ms;
	p->await_quit = smtp->trace = s->report.verbose > 1 ||
	    s->report.hexdump || s->report.transcript != NULL;
	smtp->octets = s->report.hexdump;
	smtp->lmtp = t->server.lmtp;
	smtp->mechanism = s->auth.mechanism;
	smtp->without = s->server.without.items;
	smtp->without_count = s->server.without.count;
	/* The options have judged it. */
	if (s->server.ehlo_name == NULL ||
	    value_ehlo_form(&t->arena, s->server.ehlo_name, &smtp->ehlo_name,
		&ignored) == -1)
		smtp->ehlo_name = identity_host_name(&t->arena);
}

static enum connection_tls
wanted_tls(const struct settings *s)
{
	static const enum connection_tls map[] = {
	    [TLS_AUTO] = CONNECTION_TLS_AUTO,
	    [TLS_OFF] = CONNECTION_TLS_OFF,
	    [TLS_STARTTLS] = CONNECTION_TLS_STARTTLS,
	    [TLS_IMPLICIT] = CONNECTION_TLS_IMPLICIT,
	};

	return map[s->server.tls.mode];
}

/* What is given now for signing in would be ignored without a user, or beside
 * a password in the URL; that of a configured URL gives way to it. */
static int
check_credentials(struct target *t, const struct settings *s, struct error *err)
{
	const char *password = option_on_argv(s, "password-file")
	    ? "password-file"
	    : option_on_argv(s, "password-command") ? "password-command"
						    : NULL;
	const char *option = option_on_argv(s, "auth") ? "auth" : password;

	if (t->credentials.user == NULL && option != NULL)
		return error_set(err, EX_USAGE,
		    "--%s needs a user: name one with --user", option);
	if (password == NULL || t->server.password.bytes == NULL)
		return 0;
	if (s->server.on_argv)
		return error_set(err, EX_USAGE,
		    "--%s: the server's URL has a password already", password);
	secret_clear(&t->server.password);
	return 0;
}

/* What is given now for a kind of connection that this one is not. */
static int
check_connection(
    const struct target *t, const struct settings *s, struct error *err)
{
	const char *option = s->server.ipv4 && option_on_argv(s, "ipv4")
	    ? "ipv4"
	    : s->server.ipv6 && option_on_argv(s, "ipv6") ? "ipv6"
	    : option_on_argv(s, "source-address")	  ? "source-address"
							  : NULL;

	if (option != NULL && t->server.kind != SERVER_TCP)
		return error_set(err, EX_USAGE,
		    "--%s: of no use for %s, which is no host", option,
		    t->server.text);
	option = option_on_argv(s, "tls-pin") ? "tls-pin"
	    : option_on_argv(s, "tls-ca")     ? "tls-ca"
					      : NULL;
	if (option == NULL || s->server.tls.mode != TLS_OFF)
		return 0;
	error_set(err, EX_USAGE,
	    "--%s: of no use, since --tls=off asks for no certificate", option);
	return error_hint(err, "--tls=starttls demands TLS");
}

int
target_init(struct target *t, const struct settings *s, struct error *err)
{
	*t = (struct target){0};
	if (check_names(s, err) == -1 || check_files(s, err) == -1)
		return -1;
	if (server_parse(&t->arena, s->server.text,
		s->server.tls.mode == TLS_IMPLICIT ? "465" : "25", &t->server,
		err) == -1) {
		if (!s->server.on_argv && err->status == EX_USAGE)
			err->status = EX_CONFIG;
		return error_context(err, "%s",
		    s->server.origin != NULL ? s->server.origin : "server");
	}
	if (t->server.password.bytes != NULL)
		process_hide();
	/* It is the session's, and nobody's whom we start. */
	if (t->server.kind == SERVER_FD)
		fcntl(t->server.fd, F_SETFD, FD_CLOEXEC);
	if (route_hop(&t->server, wanted_tls(s), &t->hop, err) == -1)
		return -1;
	t->credentials.user =
	    s->auth.user != NULL ? s->auth.user : t->server.user;
	if (check_credentials(t, s, err) == -1 ||
	    check_connection(t, s, err) == -1)
		return -1;
	fill_params(t, s);
	return 0;
}

int
target_require_tls(
    struct target *t, const struct settings *s, struct error *err)
{
	const struct option_row *row = option_by_name("require-tls");

	if (!s->envelope.require_tls || t->hop.tls == CONNECTION_TLS_IMPLICIT)
		return 0;
	if (t->hop.tls == CONNECTION_TLS_OFF) {
		option_error(err, row, option_origin(s, row),
		    "cannot be had with --tls=off");
		return error_hint(err, "--tls=starttls demands TLS");
	}
	t->hop.tls = CONNECTION_TLS_STARTTLS;
	return 0;
}

/* A password may have been put behind the name, as other programs have it. */
static const char *
shown_user(struct target *t)
{
	const char *user = t->credentials.user;
	size_t n = strcspn(user, ":");

	if (user[n] == '\0')
		return user;
	return arena_printf(&t->arena, "%.*s:***", (int)n, user);
}

int
target_ready(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	struct wait_limits wait = process_wait(process);

	if (t->credentials.user == NULL)
		return 0;
	process_hide();
	if (t->server.password.bytes != NULL) {
		output_warning(s, process,
		    "warning: the password in the server's URL can be seen by "
		    "others; use --password-file or --password-command");
		t->credentials.password = t->server.password;
		t->server.password = (struct secret){0};
	} else if (secrets_password(&s->auth, shown_user(t), t->server.text,
		       &wait, &t->credentials.password, err) == -1) {
		return -1;
	}
	settings_forget_secrets(process->given);
	t->connection.smtp.credentials = &t->credentials;
	return 0;
}

void
target_forget(struct target *t)
{
	secret_clear(&t->credentials.password);
}

void
target_clear(struct target *t)
{
	secret_clear(&t->credentials.password);
	secret_clear(&t->server.password);
	arena_clear(&t->arena);
}

/* Errors of the transport begin with the host, and say where and why. */
static bool
names_the_host(const struct target *t, const char *text)
{
	const char *name =
	    t->server.host != NULL ? t->server.host : t->server.path;
	size_t n = name != NULL ? strlen(name) : 0;

	return n > 0 && strncmp(text, name, n) == 0 &&
	    strchr(": (", text[n]) != NULL;
}

void
target_explain(
    const struct target *t, const struct settings *s, struct error *err)
{
	struct buf hint = BUF_WITH_MAX(sizeof(err->hint) - 1);
	bool connected = !names_the_host(t, err->text);
	const char *step;
	size_t i;

	if (connected)
		error_context(err, "%s", t->server.text);
	if (err->hint[0] != '\0')
		return;
	step = codes_step(err->reply, err->enhanced, err->text, t->server.host,
	    t->credentials.user != NULL);
	if (step != NULL) {
		buf_puts(&hint, step);
	} else if (s->server.origin == NULL && err->status == EX_TEMPFAIL &&
	    !connected) {
		buf_puts(&hint,
		    "no server is configured and nothing answers at the "
		    "default\nname one with --server HOST, or write "
		    "'server = HOST' into ");
		for (i = 0; i < s->files.count; i++)
			buf_printf(&hint, "%s%s", i > 0 ? " or " : "",
			    s->files.items[i]);
	} else if (err->status == EX_PROTOCOL && t->server.port == 465) {
		buf_puts(&hint, "port 465 wants TLS first: --tls=implicit");
	} else if (err->status == EX_NOPERM &&
	    strcmp(err->enhanced, "5.7.30") == 0) {
		buf_puts(&hint,
		    "the server has switched password authentication off");
	}
	error_hint(err, "%s", buf_string(&hint));
	buf_clear(&hint);
}
