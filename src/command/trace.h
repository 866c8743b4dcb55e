/*
 * trace: where the transcript of a run goes, standard error (-vv, or --hexdump
 * without a file) and a file (--transcript); written as it happens, but never
 * waited for before the end.
 *
 * A file that exists is replaced only if it is empty or a transcript that
 * nobody is writing to, and nothing else of this run; and not before there is
 * something to tell.
 */
#ifndef COMMAND_TRACE_H
#define COMMAND_TRACE_H

#include "command/command.h"
#include "delivery/delivery.h"
#include "report/transcript.h"

struct trace {
	const struct settings *settings;
	const struct process *process;
	bool show; /* on standard error */
	int fd;	   /* the file, -1: none */
	bool open;
	bool begun;	     /* something was told */
	bool replaces;	     /* what stands in the file, if anything does */
	struct outlet own;   /* for fd, unless it is one of the first three */
	struct outlet *file; /* where it is written, NULL: nowhere (any more) */
	struct transcript transcript;
};

/* To be called when all input is open.  EX_CANTCREAT when the file cannot be
 * opened or is not ours to replace. */
int trace_open(struct trace *, const struct settings *, const struct process *,
    struct error *);
void trace_event(struct trace *, struct delivery *, const struct smtp_event *);
void trace_close(struct trace *);

#endif
