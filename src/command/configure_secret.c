/* configure_secret: see configure_secret.h. */
#include "command/configure_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/configure_file.h"
#include "command/secret_draft.h"
#include "lib/child.h"
#include "lib/file.h"
#include "lib/printable.h"

enum { SAID_MAX = 64 * 1024 }; /* as git talks, for pass */

static const char *const manager_names[] = {"secret-tool", "pass"};

static bool
is_installed(const char *program)
{
	const char *path = getenv("PATH"), *end;
	struct buf file = {0};
	bool is = false;

	for (; path != NULL && !is; path = *end == ':' ? end + 1 : NULL) {
		end = path + strcspn(path, ":");
		buf_reset(&file);
		buf_printf(&file, "%.*s/%s", (int)(end - path), path, program);
		is = end > path && access(buf_string(&file), X_OK) == 0;
	}
	buf_clear(&file);
	return is;
}

/* A keyring belongs to a session of a desktop. */
static bool
has_keyring(void)
{
	return getenv("DBUS_SESSION_BUS_ADDRESS") != NULL &&
	    is_installed("secret-tool");
}

/* pass does nothing without a key. */
static bool
has_pass(void)
{
	const char *store = getenv("PASSWORD_STORE_DIR");
	const char *home = getenv("HOME");
	struct buf file = {0};
	bool has;

	if (store != NULL && *store != '\0')
		buf_printf(&file, "%s/.gpg-id", store);
	else
		buf_printf(&file, "%s/.password-store/.gpg-id",
		    home != NULL ? home : "");
	has = access(buf_string(&file), R_OK) == 0 && is_installed("pass");
	buf_clear(&file);
	return has;
}

int
configure_secret_choose(
    struct configure_secret *c, const struct person *p, struct error *err)
{
	enum configure_keeper offered[KEEPERS];
	const char *texts[KEEPERS];
	struct buf file = {0};
	size_t n = 0;
	int chosen = 0;

	if (has_keyring()) {
		texts[n] = "the keyring of the desktop (secret-tool)";
		offered[n++] = KEEPER_SECRET_TOOL;
	}
	if (has_pass()) {
		texts[n] = "the password store (pass)";
		offered[n++] = KEEPER_PASS;
	}
	buf_printf(&file, "a file that only you can read, %s", c->path);
	texts[n] = buf_string(&file);
	offered[n++] = KEEPER_FILE;
	if (person_can_be_asked(p))
		chosen = person_chooses(
		    p, "Where is the password to be kept?", texts, n, 0, err);
	buf_clear(&file);
	if (chosen == -1)
		return -1;
	c->keeper = offered[chosen];
	return 0;
}

void
configure_secret_name(
    const struct configure_secret *c, struct account_new *account)
{
	if (c->keeper == KEEPER_FILE)
		account_new_add(account, "password-file", c->path);
	else
		account_new_add(
		    account, "password-from", manager_names[c->keeper]);
}

/* A pipe that holds the secret, and nothing behind it.  -1 with errno. */
static int
pipe_with(const struct secret *secret)
{
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	r = file_write(fds[1], secret->bytes, secret->len);
	close(fds[1]);
	if (r == -1) {
		close(fds[0]);
		return -1;
	}
	/* The program's end is to wait as it is used to. */
	fcntl(fds[0], F_SETFL, 0);
	return fds[0];
}

/* The attributes are those that secret_from_manager looks for. */
static int
run_store(const char *const *argv, const struct person *p,
    const struct secret *secret, struct error *err)
{
	const struct wait_limits limited = secret_limits(&p->wait);
	struct child_params params = {.argv = argv, .group = !child_may_ask()};
	struct buf out = BUF_WITH_MAX(SAID_MAX), said = BUF_WITH_MAX(SAID_MAX);
	struct buf shown = {0};
	enum wait_end end;
	int status = 0, r = 0;

	params.in = pipe_with(secret);
	if (params.in == -1)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	end = child_capture(&params, &limited, &out, &said, &status);
	close(params.in);
	if (end != WAIT_READY)
		r = secret_given_up(end, &limited, EX_OSERR, "", err);
	else if (status != 0) {
		printable_append(&shown, buf_string(&said),
		    strcspn(buf_string(&said), "\n"));
		r = shown.len > 0
		    ? error_set(err, EX_NOPERM, "%s", buf_string(&shown))
		    : child_check(status, EX_NOPERM, err);
	}
	secret_wipe(out.data, out.cap);
	secret_wipe(said.data, said.cap);
	buf_clear(&out);
	buf_clear(&said);
	buf_clear(&shown);
	return r;
}

/* What was stored under these names is what a send will find. */
static int
look_again(const struct configure_secret *c, const struct person *p,
    const struct secret *secret, struct error *err)
{
	const struct secret_wanted wanted = {
	    .noun = "password", .option = "password", .wait = &p->wait};
	struct secret kept = {0};
	int r;

	if (secret_from_manager(&wanted, manager_names[c->keeper], c->user,
		c->host, &kept, err) == -1)
		return -1;
	r = kept.len == secret->len &&
		memcmp(kept.bytes, secret->bytes, kept.len) == 0
	    ? 0
	    : error_set(err, EX_CONFIG, "it gives another password back");
	secret_clear(&kept);
	return r == 0 ? 0 : error_context(err, "%s", manager_names[c->keeper]);
}

static int
keep_in_manager(const struct configure_secret *c, const struct person *p,
    const struct secret *secret, struct error *err)
{
	struct arena a = {0};
	const char *const tool[] = {"secret-tool", "store",
	    arena_printf(&a, "--label=Mail of %s", c->user), "--", "host",
	    c->host, "service", "smtp", "user", c->user, NULL};
	const char *const pass[] = {"pass", "insert", "--multiline", "--force",
	    "--", arena_printf(&a, "smtp/%s/%s", c->host, c->user), NULL};
	int r;

	r = run_store(c->keeper == KEEPER_PASS ? pass : tool, p, secret, err);
	arena_clear(&a);
	if (r == -1)
		return error_context(err, "%s", manager_names[c->keeper]);
	return look_again(c, p, secret, err);
}

/* Another account's password, or an older one. */
static void
remember(struct configure_secret *c)
{
	struct buf text = BUF_WITH_MAX(SECRET_MAX);

	buf_reserve(&text, SECRET_MAX - 1);
	if (file_contents(c->path, &text) == 0)
		secret_set(&c->before, buf_string(&text), text.len);
	secret_wipe(text.data, text.cap);
	buf_clear(&text);
}

int
configure_secret_keep(struct configure_secret *c, const struct person *p,
    const struct secret *secret, struct error *err)
{
	struct buf line = BUF_WITH_MAX(0);
	int r;

	if (c->keeper != KEEPER_FILE)
		return keep_in_manager(c, p, secret, err);
	remember(c);
	/* One piece of memory, so that one is to be wiped. */
	buf_reserve(&line, secret->len + 2);
	buf_append(&line, secret->bytes, secret->len);
	buf_putc(&line, '\n');
	r = configure_file_put(c->path, line.data, line.len, err);
	secret_wipe(line.data, line.cap);
	buf_clear(&line);
	return r;
}

void
configure_secret_drop(const struct configure_secret *c)
{
	struct error ignored;

	if (c->keeper != KEEPER_FILE)
		return;
	if (c->before.bytes == NULL)
		(void)unlink(c->path);
	else
		(void)configure_file_put(
		    c->path, c->before.bytes, c->before.len, &ignored);
}
