/* secrets from password managers: see secret_source.h. */
#include "command/secret_draft.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/arena.h"
#include "lib/child.h"
#include "lib/printable.h"
#include "lib/shell.h"

enum {
	WORDS = 9,
	STORED = 2, /* the first of them that also stores a secret */
	SAID_MAX = 4096,
	SHOWN_MAX = 240,
};

/* Which words ask for a secret, by the names that its owner gave it. */
struct manager {
	const char *name, *package;
	void (*ask)(struct arena *, const char *argv[WORDS], const char *user,
	    const char *host);
	const char *missing; /* what it says when it has none; "": nothing */
	const char *store;   /* the words before those that also ask for it */
};

/* The attributes are those of msmtp, so that one entry does for both. */
static void
ask_secret_tool(struct arena *a, const char *argv[WORDS], const char *user,
    const char *host)
{
	const char *const words[WORDS] = {"secret-tool", "lookup", "--", "host",
	    host, "service", "smtp", "user", user};

	(void)a;
	memcpy(argv, words, sizeof(words));
}

static void
ask_pass(struct arena *a, const char *argv[WORDS], const char *user,
    const char *host)
{
	const char *const words[WORDS] = {
	    "pass", "show", "--", arena_printf(a, "smtp/%s/%s", host, user)};

	memcpy(argv, words, sizeof(words));
}

static const struct manager managers[] = {
    {"secret-tool", "libsecret-tools", ask_secret_tool, "",
	"secret-tool store --label=smtpsend"},
    {"pass", "pass", ask_pass, "is not in the password store", "pass insert"},
};

static int
has_none(const struct manager *m, const char *const argv[], const char *user,
    const char *host, struct error *err)
{
	struct buf hint = BUF_WITH_MAX(sizeof(err->hint) - 1);
	char word[SHELL_WORD_SIZE];
	int r = buf_puts(&hint, m->store);
	size_t i;

	error_set(err, EX_CONFIG, "it has none for %s at %s", user, host);
	for (i = STORED; r == 0 && argv[i] != NULL; i++)
		r = buf_printf(&hint, " %s", shell_word(argv[i], "NAME", word));
	if (r == 0)
		error_hint(err, "%s", buf_string(&hint));
	buf_clear(&hint);
	return -1;
}

/* The first line of what it said is why, without its own name. */
static int
has_failed(const struct manager *m, int status, const struct buf *said,
    struct error *err)
{
	struct buf shown = BUF_WITH_MAX(0);
	size_t n = strlen(m->name);
	const char *text = buf_string(said);

	if (strncmp(text, m->name, n) == 0 && strncmp(text + n, ": ", 2) == 0)
		text += n + 2;
	n = strcspn(text, "\n");
	if (n == 0)
		return child_check(status, EX_NOPERM, err);
	printable_append(&shown, text, n < SHOWN_MAX ? n : SHOWN_MAX);
	error_set(err, EX_NOPERM, "%s", buf_string(&shown));
	buf_clear(&shown);
	return -1;
}

static int
not_started(const struct manager *m, struct error *err)
{
	if (errno != ENOENT)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	error_set(err, EX_CONFIG, "it is not installed");
	return error_hint(err, "Debian has it in the package %s", m->package);
}

static int
take(const struct manager *m, const struct secret_wanted *wanted,
    const char *user, const char *host, struct arena *a, struct buf *d,
    struct buf *said, struct error *err)
{
	const struct wait_limits limited = secret_limits(wanted->wait);
	const char *argv[WORDS + 1] = {NULL};
	const struct child_params params = {
	    .argv = argv, .in = -1, .group = !child_may_ask()};
	enum wait_end end;
	int status = 0;

	m->ask(a, argv, user, host);
	end = child_capture(&params, &limited, d, said, &status);
	if (end == WAIT_FAILED)
		return not_started(m, err);
	if (end != WAIT_READY)
		return secret_given_up(end, &limited, EX_OSERR, "", err);
	if (status != 0 && wait_stopped(&limited))
		return secret_given_up(WAIT_STOPPED, &limited, 0, "", err);
	if (d->len > SECRET_MAX || status == 0)
		return 0;
	if (d->len == 0 && WIFEXITED(status) &&
	    (*m->missing == '\0'
		    ? said->len == 0
		    : strstr(buf_string(said), m->missing) != NULL))
		return has_none(m, argv, user, host, err);
	return has_failed(m, status, said, err);
}

int
secret_from_manager(const struct secret_wanted *wanted, const char *manager,
    const char *user, const char *host, struct secret *out, struct error *err)
{
	const struct manager *m = managers;
	struct buf said = BUF_WITH_MAX(SAID_MAX), d;
	struct arena a = {0};
	int r;

	while (strcmp(m->name, manager) != 0)
		m++;
	secret_draft_init(&d);
	r = take(m, wanted, user, host, &a, &d, &said, err);
	if (r == 0)
		r = secret_draft_finish(&d, wanted, out, err);
	secret_draft_clear(&d);
	secret_wipe(said.data, said.cap);
	buf_clear(&said);
	arena_clear(&a);
	return r == 0 ? 0 : error_context(err, "%s", m->name);
}
