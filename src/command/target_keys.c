#include "command/target_keys.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/secret_source.h"
#include "lib/ascii.h"
#include "options/missing.h"
#include "options/option.h"
#include "transport/host.h"
#include "transport/tls_keys.h"

static int
refuse(const struct settings *s, const char *option, const char *why,
    struct error *err)
{
	const struct option_row *row = option_by_name(option);

	return option_error(err, row, option_origin(s, row), "%s", why);
}

/* RFC 7512 2.4: in an argument they could be seen by others, and the library
 * would try one of them again. */
static bool
tells_pin(const char *url)
{
	return strstr(url, "pin-value=") != NULL ||
	    strstr(url, "pin-source=") != NULL;
}

static int
check_source(const struct settings *s, const char *option, const char *name,
    struct error *err)
{
	if (name == NULL)
		return 0;
	if (!ascii_begins(name, "pkcs11:")) {
		if (access(name, R_OK) == 0)
			return 0;
		error_set(err, EX_NOINPUT, "--%s: %s: %s", option, name,
		    strerror(errno));
		return missing_hint(name, err);
	}
	if (!tells_pin(name))
		return 0;
	refuse(s, option, "a PIN has no place in the URL of a token", err);
	return error_hint(err,
	    "--tls-key-password-command COMMAND or --tls-key-password-file "
	    "FILE gives it");
}

/* Given now, and of no use without a certificate. */
static int
check_alone(const struct settings *s, struct error *err)
{
	static const char *const options[] = {
	    "tls-key", "tls-key-password-file", "tls-key-password-command"};
	size_t i;

	for (i = 0; s->server.tls.cert == NULL && i < 3; i++) {
		if (!option_on_argv(s, options[i]))
			continue;
		error_set(err, EX_USAGE, "--%s: of no use without --tls-cert",
		    options[i]);
		return error_hint(err, "--tls-cert FILE names the certificate");
	}
	return 0;
}

int
target_keys_check(const struct settings *s, struct error *err)
{
	if (s->server.tls.mode == TLS_OFF && option_on_argv(s, "tls-cert")) {
		error_set(err, EX_USAGE,
		    "--tls-cert: of no use, since --tls=off shows no "
		    "certificate");
		return error_hint(err, "--tls=starttls demands TLS");
	}
	if (check_alone(s, err) == -1 ||
	    check_source(s, "tls-cert", s->server.tls.cert, err) == -1)
		return -1;
	return s->server.tls.cert != NULL
	    ? check_source(s, "tls-key", s->server.tls.key, err)
	    : 0;
}

/* Where TLS is used only if somebody signs in. */
static bool
is_here(const struct server *server)
{
	return server->kind != SERVER_TCP || host_is_here(server->host);
}

void
target_keys(const struct settings *s, struct hop *hop)
{
	/* --server-info=anonymous says to nobody who we are. */
	bool anonymous =
	    s->action == ACTION_SERVER_INFO && s->action_arguments.count > 0;

	if (s->server.tls.cert == NULL || hop->tls == CONNECTION_TLS_OFF ||
	    anonymous)
		return;
	if (hop->tls == CONNECTION_TLS_AUTO && option_on_argv(s, "tls-cert"))
		hop->tls = CONNECTION_TLS_STARTTLS;
	hop->shows_keys = hop->tls != CONNECTION_TLS_AUTO ||
	    hop->credentials != NULL || !is_here(hop->server);
}

struct asking {
	const struct settings *settings;
	const struct wait_limits *wait;
};

static int
get_password(void *arg, const char *of, struct secret *out, struct error *err)
{
	const struct asking *a = arg;
	const struct settings_tls *tls = &a->settings->server.tls;
	const struct secret_wanted wanted = {
	    .noun = "password", .option = "tls-key-password", .wait = a->wait};

	if (tls->key_password_file != NULL)
		return secret_from_file(&wanted, tls->key_password_file,
		    option_on_argv(a->settings, "tls-key-password-file"), out,
		    err);
	if (tls->key_password_command != NULL)
		return secret_from_command(
		    &wanted, tls->key_password_command, out, err);
	if (secret_from_prompt(&wanted, of, out, err) == 0)
		return 0;
	return err->hint[0] == '\0' ? -1
				    : error_hint(err,
					  "use --tls-key-password-file=FILE or "
					  "--tls-key-password-command=COMMAND");
}

int
target_keys_ready(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	const struct wait_limits wait = process_wait(process);
	struct asking asking = {s, &wait};
	const struct tls_keys_source source = {
	    .certificate = s->server.tls.cert,
	    .key = s->server.tls.key,
	    .named = option_on_argv(
		s, s->server.tls.key != NULL ? "tls-key" : "tls-cert"),
	    .now = time(NULL),
	    .wait = &wait,
	    .password = get_password,
	    .arg = &asking,
	};
	size_t i;

	for (i = 0; i < t->route.count; i++) {
		struct hop *hop = &t->route.hops[i];

		/* Another account has its own, or none. */
		if (!hop->shows_keys ||
		    (hop->params != NULL && hop->params != &t->connection))
			continue;
		process_hide();
		if (t->keys == NULL &&
		    tls_keys_new(&source, &t->keys, err) == -1)
			return -1;
		hop->policy.keys = t->keys;
	}
	return 0;
}
