/*
 * command: what the program can be asked for, one file each.
 *
 * A command gets the settings and what the process is, and returns the exit
 * status.  It alone knows all the rooms; it reads settings, fills the params
 * of the libraries, and decides what goes to standard output and error.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/outlet.h"
#include "lib/wait.h"
#include "options/settings.h"

/* Standard output and error: one outlet where both lead to the same reader. */
struct output {
	struct outlet outlets[2];
	struct outlet *out, *err;
};

struct options_origin; /* options/options.h */

struct process {
	const struct options_origin *origin; /* what it was started with */
	const char *name;		     /* the name in front of messages */
	const char
	    *sendmail_file; /* under the name sendmail: the configuration,
				      which is told of in place of options;
				      NULL: under that of smtpsend */
	const volatile sig_atomic_t *signal; /* one of stop_signals that came */
	const volatile sig_atomic_t *came;   /* how many of them did */
	sigset_t stop_signals; /* those that end the run; blocked, so that they
				  come in only where we wait */
	sigset_t wait_mask;    /* for those waits */
	struct output *output;
	int64_t start_us;	/* monotonic */
	int64_t deadline_us;	/* monotonic; 0: none */
	int64_t timeout_ms;	/* for one step; 0: none */
	struct settings *given; /* whose secrets are wiped after use */
	bool unattended;	/* nobody is to be asked anything */
};

int send_run(const struct settings *, const struct process *);
int each_run(const struct settings *, const struct process *);
int query_run(const struct settings *, const struct process *);
int dry_run(const struct settings *, const struct process *);
int preview(const struct settings *, const struct process *);
int print_run(const struct settings *, const struct process *);
int server_info_run(const struct settings *, const struct process *);
int script_run(const struct settings *, const struct process *);
int explain_run(const struct settings *, const struct process *);
int login_run(const struct settings *, const struct process *);
int logout_run(const struct settings *, const struct process *);
int print_token_run(const struct settings *, const struct process *);
int flush_run(const struct settings *, const struct process *);
int outbox_run(const struct settings *, const struct process *);
int accounts_run(const struct settings *, const struct process *);
int import_msmtprc_run(const struct settings *, const struct process *);
int configure_run(const struct settings *, const struct process *);

/* What ends the reading of input. */
static inline struct wait_limits
process_wait(const struct process *p)
{
	return (struct wait_limits){.stop = p->signal,
	    .deadline_us = p->deadline_us,
	    .mask = &p->wait_mask,
	    .timeout_ms = p->timeout_ms,
	    .came = p->came,
	    .unattended = p->unattended};
}

/* Takes the time, fills descriptors that are closed, and catches signals. */
void process_begin(struct process *);
/* Puts another in the place of the signal that came (0: none), and returns that:
 * what has been heeded ends nothing more. */
int process_swap_signal(int number);
/* How long it may take, from its start on. */
void process_limit(struct process *, const struct settings *);
/* There is a secret in memory from here on: no core dump, no tracing. */
void process_hide(void);
/* The status to return.  Of a run that was cancelled: whoever started us sees
 * what the signal would have done. */
int process_end(const struct process *, int status);

/*
 * output.c: nothing that is said here waits for its reader; output_end does,
 * when all is done.  Until then what a reader does not take is kept.
 */
void output_begin(struct output *);
/* Waits until all has been read, the deadline has passed or a signal has come,
 * and says what was lost.  The number of the signal, else 0. */
int output_end(const struct process *);
/* To standard output, or to standard error: 0, or -1 when it could not be
 * written. */
int output_print(const struct process *, const struct buf *);
int output_tell(const struct process *, const struct buf *);
/* Waits for the readers of both: 0, or -1 with EX_IOERR (standard output),
 * EX_TEMPFAIL (the deadline) or EX_SIGNAL plus n. */
int output_finish(const struct process *, struct error *);
/* The same for a text that is all that was asked for; what is lost of it is
 * told by the error. */
int output_text(const struct process *, const struct buf *, struct error *);
/* Writes the error and its hints to standard error. */
void output_text_error(
    const struct settings *, const struct process *, const struct error *);
/* The same and, with --json, as an object to standard output; of a value that
 * cannot be, where it stands is named.  Returns the error's status, which
 * that may have changed. */
int output_error(
    const struct settings *, const struct process *, const struct error *);
/* How long each phase took, as wide and in such characters as standard error
 * has. */
struct report;
void output_timing(const struct process *, const struct report *);
/* A warning: one line on standard error, unless -q. */
void output_warning(const struct settings *, const struct process *,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
