/* flush_owners: root's flush of the spool, a child for each owner of an outbox;
 * see flush.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/flush_child.h"
#include "lib/clock.h"

enum {
	AT_ONCE = 8,
	LOOK_US = 1000000,
	PASSED_OVER_MAX = 20, /* that are named */
};

struct job {
	uid_t uid;
	bool marked;
};

struct owners {
	const struct settings *settings;
	const struct process *process;
	const char *spool;
	struct flush_sum *sum;
	struct flush_system system;
	bool read; /* the system's settings were */
	struct arena arena;
	struct job *jobs;
	size_t count, capacity, next;
	struct flush_child children[AT_ONCE];
	size_t passed_over;
	int heeded; /* the last signal, which was passed on */
};

/* --- whose outboxes there are ---------------------------------------------*/

static void
add_job(struct owners *o, uid_t uid, bool marked)
{
	o->jobs = arena_grown(
	    &o->arena, o->jobs, o->count, &o->capacity, sizeof(*o->jobs));
	o->jobs[o->count++] = (struct job){uid, marked};
}

static void
pass_over(struct owners *o, const char *name, const char *why)
{
	if (++o->passed_over <= PASSED_OVER_MAX)
		output_warning(o->settings, o->process,
		    "%s/%s: %s, and is passed over", o->spool, name, why);
}

/* A user's number as we would write it. */
static bool
is_uid(const char *name, uid_t *uid)
{
	char again[32];
	unsigned long n = strtoul(name, NULL, 10);

	snprintf(again, sizeof(again), "%lu", n);
	*uid = (uid_t)n;
	return strcmp(again, name) == 0 && n < (uid_t)-1;
}

/* Whoever has made it can have no status of root's spoilt: it is named, and no
 * more. */
static void
look_at(struct owners *o, int spool, const char *name)
{
	struct stat st;
	uid_t uid;

	if (name[0] == '.' ||
	    fstatat(spool, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (!is_uid(name, &uid)) {
		if (st.st_uid != 0)
			pass_over(o, name, "is no user's number");
	} else if (!S_ISDIR(st.st_mode)) {
		pass_over(o, name, "is not a directory of its own");
	} else if (st.st_uid != uid) {
		pass_over(o, name, "belongs to another user");
	} else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		pass_over(o, name, "is open to others");
	} else if (uid != 0) {
		add_job(o, uid, false);
	}
}

static int
find_owners(struct owners *o, struct error *err)
{
	int fd =
	    open(o->spool, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (fd == -1 || fstat(fd, &st) == -1)
		return error_set(
		    err, EX_IOERR, "%s: %s", o->spool, strerror(errno));
	dir = st.st_uid == 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		close(fd);
		return error_set(err, EX_IOERR, "%s: cannot be read", o->spool);
	}
	while ((entry = readdir(dir)) != NULL)
		look_at(o, dirfd(dir), entry->d_name);
	closedir(dir);
	if (o->passed_over > PASSED_OVER_MAX)
		output_warning(o->settings, o->process,
		    "%s: and %zu more are passed over", o->spool,
		    o->passed_over - PASSED_OVER_MAX);
	return 0;
}

/* Another one is the first each time, so that a run that is cut short leaves no
 * one out for ever. */
static void
rotate(struct owners *o)
{
	const size_t n = o->count;
	struct job *turned;
	uint32_t chance = 0;
	size_t i;

	if (n < 2)
		return;
	(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	turned = arena_alloc(&o->arena, n * sizeof(*turned));
	for (i = 0; i < n; i++)
		turned[i] = o->jobs[(i + chance) % n];
	memcpy(o->jobs, turned, n * sizeof(*turned));
}

/* --- all of them ----------------------------------------------------------*/

static void
pass_signal_on(struct owners *o)
{
	size_t i;

	/* Another one is to be seen, too. */
	o->heeded = process_swap_signal(0);
	for (i = 0; i < AT_ONCE; i++)
		if (o->children[i].pid != 0)
			flush_child_stop(&o->children[i]);
}

static bool
is_over(const struct owners *o, int64_t now)
{
	const int64_t deadline = o->process->deadline_us;

	return o->heeded != 0 || (deadline != 0 && now >= deadline);
}

static void
start(struct owners *o, struct flush_child *c, const struct job *job)
{
	struct flush_sum *sum = o->sum;
	struct error err;

	if (flush_child_start(c, o->settings, o->process, o->spool, job->uid,
		job->marked, &o->system, &err) == 0)
		return;
	output_text_error(o->settings, o->process, &err);
	sum->failed = true;
	if (sum->error.status == 0)
		sum->error = err;
}

/* False when nobody is left who could end. */
static bool
start_some(struct owners *o)
{
	bool any = false;
	size_t i;

	for (i = 0; i < AT_ONCE; i++) {
		struct flush_child *c = &o->children[i];

		while (c->pid == 0 && o->next < o->count &&
		    !is_over(o, clock_monotonic_us()))
			start(o, c, &o->jobs[o->next++]);
		any |= c->pid != 0;
	}
	return any;
}

static void
await_some(struct owners *o)
{
	struct wait_limits wait = process_wait(o->process);
	struct pollfd fds[AT_ONCE * FLUSH_PIPES];
	size_t i, n = 0;
	int k;

	for (i = 0; i < AT_ONCE; i++)
		for (k = 0; o->children[i].pid != 0 && k < FLUSH_PIPES; k++)
			if (o->children[i].fds[k] != -1)
				fds[n++] = (struct pollfd){
				    o->children[i].fds[k], POLLIN, 0};
	wait.deadline_us = clock_monotonic_us() + LOOK_US;
	(void)wait_poll(&wait, fds, n);
	if (wait_stopped(&wait))
		pass_signal_on(o);
}

/* What only the system's settings can send is sent by another child, which has
 * them, and nothing of the user's. */
static void
look_after(struct owners *o, struct flush_child *c)
{
	if (!flush_child_has_ended(c, o->sum))
		return;
	if (c->told.marked > 0 && !c->marked) {
		if (!o->read)
			flush_system_read(&o->system, o->settings, o->process);
		o->read = true;
		add_job(o, c->owner.uid, true);
	}
	flush_child_clear(c);
}

void
flush_owners(const struct settings *s, const struct process *process,
    const char *spool, struct flush_sum *sum)
{
	struct owners o = {.settings = s,
	    .process = process,
	    .spool = spool,
	    .sum = sum,
	    .heeded = process_swap_signal(0)};
	struct error err;
	size_t i;

	if (find_owners(&o, &err) == -1) {
		output_text_error(s, process, &err);
		sum->failed = true;
	}
	rotate(&o);
	while (start_some(&o)) {
		await_some(&o);
		for (i = 0; i < AT_ONCE; i++)
			if (o.children[i].pid != 0)
				look_after(&o, &o.children[i]);
	}
	/* Time was up before it came to these. */
	sum->failed |= o.next < o.count;
	(void)process_swap_signal(o.heeded);
	flush_system_clear(&o.system);
	arena_clear(&o.arena);
}
