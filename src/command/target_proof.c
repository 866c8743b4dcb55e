#include "command/target_proof.h"

#include <string.h>

#include "command/secret_source.h"
#include "command/secrets.h"
#include "command/target_token.h"
#include "command/ticket.h"
#include "options/option.h"

static const struct sasl_mechanism *
named(const struct settings *s)
{
	return s->auth.mechanism != NULL
	    ? sasl_mechanism_find(s->auth.mechanism)
	    : NULL;
}

static bool
has_token(const struct settings *s)
{
	return s->auth.token_file != NULL || s->auth.token_command != NULL ||
	    s->auth.oauth.provider != NULL;
}

unsigned
target_proofs(const struct settings *s)
{
	const struct sasl_mechanism *m = named(s);
	unsigned proofs = 0;

	if (m != NULL)
		return m->secret;
	if (has_token(s))
		proofs |= SASL_TOKEN;
	if (s->server.tls.cert != NULL && s->server.tls.mode != TLS_OFF)
		proofs |= SASL_CERTIFICATE;
	if (secrets_configured(&s->auth) || proofs == 0)
		proofs |= SASL_PASSWORD;
	return proofs;
}

bool
target_signs_in(const struct target *t, const struct settings *s, size_t i)
{
	const struct sasl_mechanism *m = named(s);

	return t->credentials[i].user != NULL ||
	    (m != NULL && (m->secret & (SASL_CERTIFICATE | SASL_TICKET)) != 0);
}

/* The option of the command line that gives a secret of this kind; NULL: none
 * does. */
static const char *
given(const struct settings *s, enum sasl_secret kind)
{
	static const struct {
		enum sasl_secret kind;
		const char *option;
	} options[] = {
	    {SASL_TOKEN, "token-file"},
	    {SASL_TOKEN, "token-command"},
	    {SASL_TOKEN, "oauth"},
	    {SASL_PASSWORD, "password-file"},
	    {SASL_PASSWORD, "password-command"},
	    {SASL_PASSWORD, "password-fd"},
	    {SASL_PASSWORD, "password-credential"},
	    {SASL_PASSWORD, "password-from"},
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if ((options[i].kind & kind) != 0 &&
		    option_on_argv(s, options[i].option))
			return options[i].option;
	return NULL;
}

/* The mechanism that is named makes use of one kind of secret. */
static int
check_mechanism(const struct settings *s, struct error *err)
{
	const struct option_row *row = option_by_name("auth");
	const struct sasl_mechanism *m = named(s);
	const char *idle;

	if (m == NULL)
		return 0;
	if (m->secret == SASL_TOKEN && !has_token(s)) {
		option_error(err, row, option_origin(s, row),
		    "%s needs a token", m->name);
		return error_hint(err,
		    "--token-command COMMAND or --token-file FILE gives it");
	}
	idle = given(s,
	    m->secret == SASL_PASSWORD	  ? SASL_TOKEN
		: m->secret == SASL_TOKEN ? SASL_PASSWORD
					  : SASL_TOKEN | SASL_PASSWORD);
	return idle != NULL
	    ? error_set(err, EX_USAGE, "--%s: of no use to the mechanism %s",
		  idle, m->name)
	    : 0;
}

int
target_proof_check(
    const struct target *t, const struct settings *s, struct error *err)
{
	const char *user = NULL, *option = given(s, SASL_TOKEN);
	const struct option_row *row;
	size_t i;

	if (check_mechanism(s, err) == -1)
		return -1;
	row = option_by_name(s->auth.token_file != NULL ? "token-file"
		: s->auth.token_command != NULL		? "token-command"
							: "oauth");
	for (i = 0; has_token(s) && i < t->count; i++) {
		if (t->credentials[i].user == NULL)
			continue;
		if (user != NULL && strcmp(user, t->credentials[i].user) != 0)
			return option_error(err, row, option_origin(s, row),
			    "is one token, and there are two users: %s and %s",
			    user, t->credentials[i].user);
		user = t->credentials[i].user;
	}
	if (user == NULL && option == NULL && s->auth.oauth.provider != NULL &&
	    (target_proofs(s) & SASL_TOKEN) != 0) {
		option_error(
		    err, row, option_origin(s, row), "signing in needs a user");
		return error_hint(err, "user = NAME names one");
	}
	return user == NULL && option != NULL
	    ? error_set(err, EX_USAGE,
		  "--%s needs a user: name one with --user", option)
	    : 0;
}

static int
get_token(struct target *t, const struct settings *s,
    const struct process *process, struct secret *out, struct error *err)
{
	const struct wait_limits wait = process_wait(process);
	const struct secret_wanted wanted = {
	    .noun = "token", .option = "token", .wait = &wait};

	if (s->auth.token_file != NULL)
		return secret_from_file(&wanted, s->auth.token_file,
		    option_on_argv(s, "token-file"), out, err);
	if (s->auth.token_command != NULL)
		return secret_from_command(
		    &wanted, s->auth.token_command, out, err);
	return target_token_get(t, s, process, out, err);
}

/* Of several servers one that the realm does not know must not be in the way of
 * the others. */
static int
get_tickets(
    const struct target *t, const struct process *process, struct error *err)
{
	const struct wait_limits wait = process_wait(process);
	size_t i;

	for (i = 0; i < t->count; i++)
		if (ticket_get(&t->credentials[i], &wait, err) == -1 &&
		    (t->count == 1 || err->status == EX_TEMPFAIL ||
			err->status > EX_SIGNAL))
			return error_context(err, "%s", t->servers[i].text);
	return 0;
}

int
target_proof_get(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	struct secret token = {0};

	if ((target_proofs(s) & SASL_TICKET) != 0)
		return get_tickets(t, process, err);
	if (!has_token(s) || (target_proofs(s) & SASL_TOKEN) == 0)
		return 0;
	if (get_token(t, s, process, &token, err) == -1)
		return -1;
	target_token_give(t, &token);
	secret_clear(&token);
	return 0;
}
