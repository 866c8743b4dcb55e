#include "command/flush_as.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/options.h"

/* --- becoming somebody else -----------------------------------------------*/

static void
take_output(const int pipes[FLUSH_PIPES])
{
	if (dup2(pipes[FLUSH_OUT], STDOUT_FILENO) == -1 ||
	    dup2(pipes[FLUSH_ERR], STDERR_FILENO) == -1)
		_exit(EX_OSERR);
}

static void
let_go(const int pipes[FLUSH_PIPES])
{
	const unsigned told = (unsigned)pipes[FLUSH_TOLD];
	int null = open("/dev/null", O_RDONLY);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    (told > 3 && close_range(3, told - 1, 0) == -1) ||
	    close_range(told + 1, ~0U, 0) == -1)
		_exit(EX_OSERR);
}

static bool
has_become(const struct owner *o)
{
	uid_t uids[3];
	gid_t gids[3];
	int i;

	if (getresuid(&uids[0], &uids[1], &uids[2]) == -1 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) == -1)
		return false;
	for (i = 0; i < 3; i++)
		if (uids[i] != o->uid || gids[i] != o->gid)
			return false;
	/* What was given up for good cannot be had back. */
	return setuid(0) == -1 && seteuid(0) == -1 && geteuid() == o->uid;
}

/* No group of root's is left: a number without a name has his own alone. */
static bool
drop_groups(const struct owner *o)
{
	if (setgroups(0, NULL) == -1 || getgroups(0, NULL) != 0)
		return false;
	return o->name == NULL || initgroups(o->name, o->gid) == 0;
}

static int
become(const struct owner *o, struct error *err)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	process_hide();
	umask(077);
	if (!drop_groups(o) || setresgid(o->gid, o->gid, o->gid) == -1 ||
	    setresuid(o->uid, o->uid, o->uid) == -1)
		return error_set(err, EX_OSERR,
		    "root cannot become this user: %s", strerror(errno));
	/* The kernel sets it anew with the user. */
	process_hide();
	if (!has_become(o))
		_exit(EX_OSERR);
	return chdir("/") == -1
	    ? error_set(err, EX_OSERR, "/: %s", strerror(errno))
	    : 0;
}

static void
set(const char *name, const char *value)
{
	if (value != NULL)
		(void)setenv(name, value, 1);
}

/* As a login would have it; of root's the language and the time zone.  With
 * root's secrets in memory no place is the user's, from where a library could
 * let itself be led. */
static void
change_environment(const struct owner *o, bool marked)
{
	static const char *const kept[] = {"LANG", "LC_ALL", "LC_CTYPE", "TZ"};
	enum { KEPT = sizeof(kept) / sizeof(kept[0]) };
	struct arena arena = {0};
	const char *values[KEPT];
	size_t i;

	for (i = 0; i < KEPT; i++) {
		values[i] = getenv(kept[i]);
		if (values[i] != NULL)
			values[i] = arena_strdup(&arena, values[i]);
	}
	/* Where it began, it stays. */
	for (i = 0; environ[i] != NULL; i++)
		explicit_bzero(environ[i], strlen(environ[i]));
	clearenv();
	for (i = 0; i < KEPT; i++)
		set(kept[i], values[i]);
	arena_clear(&arena);
	set("PATH", "/usr/local/bin:/usr/bin:/bin");
	set("P11_KIT_NO_USER_CONFIG", marked ? "1" : NULL);
	if (marked)
		return;
	set("HOME", o->home);
	set("USER", o->name);
	set("LOGNAME", o->name);
	set("SHELL", o->shell);
}

/* --- what he sends --------------------------------------------------------*/

struct run {
	const struct settings *all; /* of root's call */
	struct process process;
	const char *spool;
	const struct owner *owner;
	const struct outbox_select *select;
	struct arena arena;
	struct flush_sum sum;
};

static void
flush_with(struct run *r, struct settings *s, const struct flush_system *system)
{
	const struct owned *owned = r->owner->owned;
	size_t i;
	const char *own = s->outbox.directory;
	struct spool_places places;

	s->outbox.directory = NULL;
	s->outbox.spool = r->spool;
	if (spool_places(s, &r->arena, &places, &r->sum.error) == -1) {
		r->sum.failed = r->sum.untold = true;
		return;
	}
	if (system == NULL && own != NULL)
		places = (struct spool_places){.paths = {places.paths[0], own},
		    .count = SPOOL_PLACES,
		    .in_spool = true,
		    .spool = r->spool};
	/* What waits elsewhere was never marked. */
	if (system != NULL)
		places.count = 1;
	flush_places(s, &r->process, &places, system, r->select, &r->sum);
	for (i = 0; i < owned->count; i++) {
		places = (struct spool_places){.count = 1};
		places.paths[0] =
		    arena_printf(&r->arena, "%s/%s", r->spool, owned->more[i]);
		flush_places(
		    s, &r->process, &places, system, r->select, &r->sum);
	}
}

static void
flush_roots(struct run *r)
{
	struct spool_places places;

	if (spool_places(r->all, &r->arena, &places, &r->sum.error) == -1)
		r->sum.failed = r->sum.untold = true;
	else
		flush_places(
		    r->all, &r->process, &places, NULL, r->select, &r->sum);
}

/* How much is told is root's to say; all else is his. */
static void
flush_own(struct run *r)
{
	char name[] = "smtpsend", flush[] = "--flush";
	char *argv[] = {name, flush, NULL};
	const struct options_origin origin = {.argc = 2,
	    .argv = argv,
	    .environ = environ,
	    .system_file = r->process.origin->system_file};
	const struct process roots = r->process;
	struct settings s;

	if (options_read(&origin, &s, &r->sum.error) == -1) {
		r->sum.failed = r->sum.untold = true;
	} else {
		s.report.verbose = r->all->report.verbose;
		s.report.quiet = r->all->report.quiet;
		s.report.json = r->all->report.json;
		s.report.log = log_of_user(&s, r->all);
		s.delivery.deadline_ms = r->all->delivery.deadline_ms;
		r->process.origin = &origin;
		r->process.given = &s;
		flush_with(r, &s, NULL);
		r->process = roots;
	}
	settings_clear(&s);
}

static void
say(const struct run *r, int fd)
{
	const struct flush_said told = {.counts = r->sum.counts,
	    .marked = r->sum.marked,
	    .status = r->sum.error.status,
	    .somebody = r->sum.somebody,
	    .failed = r->sum.failed};

	if (write(fd, &told, sizeof(told)) != sizeof(told))
		_exit(EX_IOERR);
}

static void
flush_of(struct run *r, const struct owner *owner, struct flush_system *system,
    bool marked)
{
	r->process.name =
	    arena_printf(&r->arena, "%s: %s", r->process.name, owner->shown);
	if (become(owner, &r->sum.error) == -1) {
		r->sum.failed = r->sum.untold = true;
		return;
	}
	change_environment(owner, marked);
	if (marked)
		flush_with(r, &system->settings, system);
	else
		flush_own(r);
}

_Noreturn void
flush_as(const struct settings *all, const struct process *process,
    const char *spool, const struct owner *owner,
    const struct outbox_select *select, struct flush_system *system,
    bool marked, const int pipes[FLUSH_PIPES])
{
	struct run r = {.all = all,
	    .process = *process,
	    .spool = spool,
	    .owner = owner,
	    .select = select};
	struct output output;

	/* Of root's own configuration. */
	if (owner->uid != 0) {
		settings_forget_secrets(process->given);
		settings_forget_proxy_password(process->given);
		(void)setsid();
	}
	if (!marked)
		flush_system_clear(system);
	take_output(pipes);
	if (owner->uid != 0)
		let_go(pipes);
	output_begin(&output);
	r.process.output = &output;
	if (owner->uid != 0)
		flush_of(&r, owner, system, marked);
	else
		flush_roots(&r);
	if (r.sum.untold)
		output_text_error(all, &r.process, &r.sum.error);
	(void)output_end(&r.process);
	say(&r, pipes[FLUSH_TOLD]);
	_exit(EX_OK);
}
