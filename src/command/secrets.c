#include "command/secrets.h"

#include "command/secret_source.h"
#include "lib/buf.h"

static int
ask(const struct secret_wanted *wanted, const char *user, const char *host,
    struct secret *out, struct error *err)
{
	struct buf owner = BUF_WITH_MAX(0);
	int r;

	buf_printf(&owner, "%s at %s", user, host);
	r = secret_from_prompt(wanted, buf_string(&owner), out, err);
	buf_clear(&owner);
	return r;
}

int
secrets_password(const struct settings_auth *s, const char *user,
    const char *host, const struct wait_limits *wait, struct secret *out,
    struct error *err)
{
	const struct secret_wanted wanted = {
	    .noun = "password", .option = "password", .wait = wait};

	if (s->password.bytes != NULL) {
		if (s->password.len == 0)
			return error_set(err, EX_CONFIG, "empty password");
		secret_set(out, s->password.bytes, s->password.len);
		return 0;
	}
	if (s->password_file != NULL)
		return secret_from_file(
		    &wanted, s->password_file, s->file_on_argv, out, err);
	if (s->password_command != NULL)
		return secret_from_command(
		    &wanted, s->password_command, out, err);
	return ask(&wanted, user, host, out, err);
}
