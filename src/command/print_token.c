/* print_token: the access token of a sign-in, for another program. */
#include "command/command.h"

#include "command/target_token.h"

static int
check(const struct settings *s, struct error *err)
{
	if (s->auth.oauth.provider != NULL)
		return 0;
	error_set(err, EX_CONFIG, "--print-token: %s%.200s has no oauth",
	    s->account != NULL ? "account " : "what is configured",
	    s->account != NULL ? s->account : "");
	return error_hint(err,
	    "name another one with -A, or give it oauth = PROVIDER and sign in "
	    "with --login");
}

static int
print(const struct process *process, const struct secret *token,
    struct error *err)
{
	struct buf out = BUF_WITH_MAX(0);
	int r;

	buf_reserve(&out, token->len + 1);
	buf_append(&out, token->bytes, token->len);
	buf_putc(&out, '\n');
	r = output_text(process, &out, err);
	secret_wipe(out.data, out.cap);
	buf_clear(&out);
	return r;
}

int
print_token_run(const struct settings *s, const struct process *process)
{
	struct target t = {0};
	struct secret token = {0};
	struct error err;
	int r;

	process_hide();
	r = check(s, &err);
	if (r == 0)
		r = target_init(&t, s, &err);
	if (r == 0)
		r = target_token_get(&t, s, process, &token, &err);
	if (r == 0)
		r = print(process, &token, &err);
	secret_clear(&token);
	target_clear(&t);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
