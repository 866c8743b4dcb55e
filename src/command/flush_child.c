#include "command/flush_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/printable.h"

enum {
	LIMIT_US = 5 * 60 * 1000000,
	ROOTS_US = 15 * 60 * 1000000,
	/* A server may answer a message for so long (RFC 5321 4.5.3.2.6). */
	GRACE_US = 11 * 60 * 1000000,
	PIECE_MAX = 64 * 1024,
	SAID_MAX = 1024 * 1024, /* octets on standard error */
};

/* --- what a child says ----------------------------------------------------*/

/* Whose line it is, also one that his programs print. */
static void
put_name(
    const struct flush_child *c, const char *line, size_t n, struct buf *out)
{
	buf_printf(out, "%s: %s: ", c->process->name, c->owner.shown);
	if (n >= out->len && memcmp(line, out->data, out->len) == 0)
		buf_reset(out);
}

/* What a user's programs print is made safe, and not without end. */
static void
pass_on(struct flush_child *c, int which, const char *line, size_t n)
{
	const struct process *p = c->process;
	struct buf out = {0};

	if (which == FLUSH_OUT) {
		(void)outlet_put(p->output->out, line, n);
		(void)outlet_put(p->output->out, "\n", 1);
		return;
	}
	if (c->said > SAID_MAX && c->owner.uid != 0)
		return;
	c->said += n + 1;
	if (c->owner.uid != 0)
		put_name(c, line, n, &out);
	printable_append(&out, line, n);
	buf_putc(&out, '\n');
	(void)outlet_offer(p->output->err, buf_string(&out), out.len);
	buf_clear(&out);
}

/* Whole lines; with `all` also the rest. */
static void
pass_lines(struct flush_child *c, int which, bool all)
{
	struct buf *b = &c->lines[which];
	const char *line = b->data, *newline;
	size_t rest = b->len;

	while (rest > 0 && (newline = memchr(line, '\n', rest)) != NULL) {
		pass_on(c, which, line, (size_t)(newline - line));
		rest -= (size_t)(newline - line) + 1;
		line = newline + 1;
	}
	if (rest > 0 && (all || rest >= PIECE_MAX)) {
		pass_on(c, which, line, rest);
		rest = 0;
	}
	if (rest > 0)
		memmove(b->data, line, rest);
	b->len = rest;
}

static void
close_pipe(struct flush_child *c, int which)
{
	if (c->fds[which] != -1)
		close(c->fds[which]);
	c->fds[which] = -1;
}

/* What there is now, but for what comes faster than it is read. */
static void
read_lines(struct flush_child *c, int which)
{
	char bytes[16 * 1024];
	ssize_t n;
	int i;

	for (i = 0; i < 16 && c->fds[which] != -1; i++) {
		n = read(c->fds[which], bytes, sizeof(bytes));
		if (n > 0) {
			buf_append(&c->lines[which], bytes, (size_t)n);
			pass_lines(c, which, false);
		} else if (n == 0 || errno != EINTR) {
			if (n == 0 || errno != EAGAIN)
				close_pipe(c, which);
			break;
		}
	}
}

/* True at its end, which is that of the child. */
static bool
read_told(struct flush_child *c)
{
	ssize_t n;

	do {
		n = read(c->fds[FLUSH_TOLD], (char *)&c->told + c->got,
		    sizeof(c->told) - c->got);
		if (n > 0)
			c->got += (size_t)n;
	} while (
	    (n > 0 && c->got < sizeof(c->told)) || (n == -1 && errno == EINTR));
	return n != -1 || errno != EAGAIN;
}

/* --- one child ------------------------------------------------------------*/

/* Ours are the ends that are read. */
static int
open_pipes(struct flush_child *c, int theirs[FLUSH_PIPES])
{
	int i, ends[2];

	for (i = 0; i < FLUSH_PIPES; i++)
		c->fds[i] = theirs[i] = -1;
	for (i = 0; i < FLUSH_PIPES; i++) {
		if (pipe2(ends, O_CLOEXEC) == -1)
			return -1;
		c->fds[i] = ends[0];
		theirs[i] = ends[1];
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1)
			return -1;
	}
	return 0;
}

void
flush_child_clear(struct flush_child *c)
{
	int i;

	for (i = 0; i < FLUSH_PIPES; i++)
		close_pipe(c, i);
	for (i = 0; i < FLUSH_TOLD; i++)
		buf_clear(&c->lines[i]);
	arena_clear(&c->arena);
	*c = (struct flush_child){0};
}

int
flush_child_start(struct flush_child *c, const struct settings *s,
    const struct process *process, const char *spool, const struct owned *owned,
    const struct outbox_select *select, bool marked,
    struct flush_system *system, struct error *err)
{
	int theirs[FLUSH_PIPES], i;

	*c = (struct flush_child){
	    .settings = s, .process = process, .marked = marked};
	owner_find(&c->owner, owned, &c->arena);
	c->until_us =
	    clock_monotonic_us() + (owned->uid == 0 ? ROOTS_US : LIMIT_US);
	if (process->deadline_us != 0 && process->deadline_us < c->until_us)
		c->until_us = process->deadline_us;
	c->pid = open_pipes(c, theirs) == 0 ? fork() : -1;
	if (c->pid == 0)
		flush_as(s, process, spool, &c->owner, select, system, marked,
		    theirs);
	if (c->pid == -1)
		error_set(
		    err, EX_OSERR, "%s: %s", c->owner.shown, strerror(errno));
	for (i = 0; i < FLUSH_PIPES; i++)
		if (theirs[i] != -1)
			close(theirs[i]);
	if (c->pid != -1)
		return 0;
	flush_child_clear(c);
	return -1;
}

/* --- its end --------------------------------------------------------------*/

/* How one ended that has not said what it did. */
static void
tell_end(const struct flush_child *c, int status, struct flush_sum *sum)
{
	struct error err;

	if (c->killed)
		error_set(&err, EX_TEMPFAIL,
		    "the flush was stopped or took too long, and was ended");
	else if (WIFSIGNALED(status))
		error_set(&err, EX_TEMPFAIL, "the flush was ended by signal %d",
		    WTERMSIG(status));
	else
		error_set(&err, EX_TEMPFAIL, "the flush ended with status %d",
		    WEXITSTATUS(status));
	error_context(&err, "%s", c->owner.shown);
	output_text_error(c->settings, c->process, &err);
	sum->failed = true;
	if (sum->error.status == 0)
		sum->error = err;
	/* It may have sent some, and nobody says that it has not. */
	sum->somebody = true;
}

/* What a user has not in order is his affair: for root it only waits. */
static void
add_told(const struct flush_child *c, struct flush_sum *sum)
{
	const struct flush_said *t = &c->told;
	const bool his = c->owner.uid != 0 && !c->marked;

	flush_add_counts(&sum->counts, &t->counts);
	sum->somebody |= t->somebody;
	sum->failed |= t->failed;
	if (sum->error.status == 0)
		sum->error.status =
		    his && t->status != EX_OK ? EX_TEMPFAIL : t->status;
}

static void
end(struct flush_child *c, struct flush_sum *sum)
{
	int status = 0, i;

	/* It has said its last; its user could still stop it, and us with it. */
	if (c->got == sizeof(c->told))
		(void)kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
	/* Programs of his may live on and hold these. */
	for (i = 0; i < FLUSH_TOLD; i++) {
		read_lines(c, i);
		pass_lines(c, i, true);
	}
	if (c->got == sizeof(c->told))
		add_told(c, sum);
	else
		tell_end(c, status, sum);
}

/* By somebody else than us, who only let it end. */
static bool
is_stopped(const struct flush_child *c)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)c->pid, &info,
		   WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == c->pid;
}

/* What went past its commit point has a verdict to come. */
void
flush_child_stop(struct flush_child *c)
{
	(void)kill(c->pid, SIGTERM);
	if (!c->late)
		c->until_us = clock_monotonic_us() + GRACE_US;
	c->late = true;
}

static void
end_in_time(struct flush_child *c)
{
	const bool in_time = clock_monotonic_us() < c->until_us;

	if (c->killed || (in_time && !is_stopped(c)))
		return;
	if (!in_time && !c->late) {
		flush_child_stop(c);
		return;
	}
	c->killed = true;
	/* It leads a group, as soon as it can. */
	(void)kill(-c->pid, SIGKILL);
	(void)kill(c->pid, SIGKILL);
}

bool
flush_child_has_ended(struct flush_child *c, struct flush_sum *sum)
{
	read_lines(c, FLUSH_OUT);
	read_lines(c, FLUSH_ERR);
	if (!read_told(c)) {
		end_in_time(c);
		return false;
	}
	end(c, sum);
	return true;
}
