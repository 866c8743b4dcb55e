/* flush_owners: root's flush of the spool, a child for each owner of an outbox;
 * see flush.h. */
#include <string.h>
#include <sys/random.h>

#include "command/flush_child.h"
#include "lib/clock.h"

enum {
	AT_ONCE = 8,
	LOOK_US = 1000000,
	AGAIN_US = 60 * 1000000, /* as often as somebody calls root's flush */
};

struct job {
	const struct owned *owned;
	bool marked;
};

struct round {
	const struct settings *settings;
	const struct process *process;
	const char *spool;
	const struct outbox_select *select;
	struct flush_sum *sum;
	struct flush_system system;
	bool read; /* the system's settings were */
	struct arena arena;
	struct job *jobs;
	size_t count, capacity, next;
	struct flush_child children[AT_ONCE];
	int64_t looked_us;
	int heeded; /* the last signal, which was passed on */
};

/* --- whose outboxes there are ---------------------------------------------*/

static void
add_job(struct round *o, const struct owned *owned, bool marked)
{
	o->jobs = arena_grown(
	    &o->arena, o->jobs, o->count, &o->capacity, sizeof(*o->jobs));
	o->jobs[o->count++] = (struct job){owned, marked};
}

static bool
is_served(const struct round *o, uid_t uid)
{
	size_t i;

	for (i = 0; i < AT_ONCE; i++)
		if (o->children[i].pid != 0 && o->children[i].owner.uid == uid)
			return true;
	return false;
}

static int
find_owners(struct round *o, bool quietly, struct error *err)
{
	static const struct owned roots = {.uid = 0};
	struct owners owners;
	int r = owners_find(&owners, o->settings, o->process, o->spool, quietly,
	    &o->arena, err);
	size_t i;

	if (!is_served(o, 0))
		add_job(o, &roots, false);
	for (i = 0; r == 0 && i < owners.count; i++)
		if (!is_served(o, owners.items[i].uid))
			add_job(o, &owners.items[i], false);
	o->looked_us = clock_monotonic_us();
	return r;
}

/* Another one is the first each time, so that a run that is cut short leaves no
 * one out for ever. */
static void
rotate(struct round *o)
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
pass_signal_on(struct round *o)
{
	size_t i;

	/* Another one is to be seen, too. */
	o->heeded = process_swap_signal(0);
	for (i = 0; i < AT_ONCE; i++)
		if (o->children[i].pid != 0)
			flush_child_stop(&o->children[i]);
}

static bool
is_over(const struct round *o, int64_t now)
{
	const int64_t deadline = o->process->deadline_us;

	return o->heeded != 0 || (deadline != 0 && now >= deadline);
}

static void
start(struct round *o, struct flush_child *c, const struct job *job)
{
	struct flush_sum *sum = o->sum;
	struct error err;

	if (flush_child_start(c, o->settings, o->process, o->spool, job->owned,
		o->select, job->marked, &o->system, &err) == 0)
		return;
	output_text_error(o->settings, o->process, &err);
	sum->failed = true;
	if (sum->error.status == 0)
		sum->error = err;
}

/* False when nobody is left who could end. */
static bool
start_some(struct round *o)
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
await_some(struct round *o)
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

/* Whoever calls this each minute does not while it runs: who is slow must not
 * keep from the others what was queued meanwhile. */
static void
look_again(struct round *o)
{
	const int64_t now = clock_monotonic_us();
	struct error ignored;

	/* That was for all that waits, once. */
	if (o->select != NULL && o->select->undue)
		return;
	if (o->next < o->count || now < o->looked_us + AGAIN_US ||
	    is_over(o, now))
		return;
	o->next = o->count = 0;
	flush_system_clear(&o->system);
	o->read = false;
	(void)find_owners(o, true, &ignored);
}

/* What only the system's settings can send is sent by another child, which has
 * them, and nothing of the user's. */
static void
look_after(struct round *o, struct flush_child *c)
{
	if (!flush_child_has_ended(c, o->sum))
		return;
	if (c->told.marked > 0 && !c->marked && c->owner.uid != 0) {
		if (!o->read)
			flush_system_read(&o->system, o->settings, o->process);
		o->read = true;
		add_job(o, c->owner.owned, true);
	}
	flush_child_clear(c);
}

void
flush_owners(const struct settings *s, const struct process *process,
    const char *spool, const struct outbox_select *select,
    struct flush_sum *sum)
{
	struct round o = {.settings = s,
	    .process = process,
	    .spool = spool,
	    .select = select,
	    .sum = sum,
	    .heeded = process_swap_signal(0)};
	struct error err;
	size_t i;

	if (find_owners(&o, false, &err) == -1) {
		output_text_error(s, process, &err);
		sum->failed = true;
	}
	rotate(&o);
	while (start_some(&o)) {
		await_some(&o);
		for (i = 0; i < AT_ONCE; i++)
			if (o.children[i].pid != 0)
				look_after(&o, &o.children[i]);
		look_again(&o);
	}
	/* Time was up before it came to these. */
	sum->failed |= o.next < o.count;
	(void)process_swap_signal(o.heeded);
	flush_system_clear(&o.system);
	arena_clear(&o.arena);
}
