/*
 * each: many messages in one call, made of records one after another; what
 * each_*.c share.
 *
 * A list that can be read again is read twice: first all its records are
 * checked, then they are sent.  A pipe is read once, each record being
 * checked when it comes.
 */
#ifndef COMMAND_EACH_H
#define COMMAND_EACH_H

#include "batch/batch.h"
#include "command/each_mould.h"
#include "command/log.h"
#include "command/each_plan.h"
#include "command/parameters.h"
#include "command/trace.h"

/* Numbers of records that are not sent, in order: doubles, and bad ones. */
struct each_skips {
	uint64_t *numbers;
	size_t count, capacity;
	size_t at; /* the next one that is not passed */
};

/* Messages: of this run, and of earlier ones that the journal knows. */
struct each_counts {
	uint64_t all;	   /* that are to be sent, or were; so far known */
	uint64_t accepted; /* for all their recipients */
	uint64_t partial;  /* for some of them; the others were refused */
	uint64_t refused, unknown;
	uint64_t bad; /* records that cannot be sent */
	uint64_t doubles;
	uint64_t new; /* of them: finished in this run */
};

struct each {
	struct supply supply; /* the first member */
	const struct settings *settings;
	const struct process *process;
	struct arena arena;
	struct arena scratch; /* for one record that is checked */
	struct records records;
	struct plan plan;
	struct ident ident; /* of all messages, but for time and chance */
	const struct message_local *local;
	const char *charset;
	struct journal *journal;
	struct each_skips skips;
	bool ascii; /* the charset of the call has it */
	struct mould mould;
	struct each_message *spare; /* that are done with */
	bool proven;	/* a message was made of a plain record (each_plan.h) */
	bool checked;	/* all of the list was, before it is sent */
	uint64_t found; /* records in it, then */
	struct each_counts counts;
	bool somebody; /* has something, or may have it, from now or before */
	bool begun;    /* a message was given to a connection */
	bool over;     /* and this is the status: */
	int status;
	bool sending;	    /* the list is not only checked */
	size_t files;	    /* that one message holds open, at most */
	uint64_t list_hash; /* of what the records hold, so far */
	unsigned char list[JOURNAL_HASH]; /* of all of it */
	struct error bad; /* the first record that cannot be sent */
	struct log log;

	/* each_tell.c */
	int64_t begun_us, drawn_us;
	bool asked, shown; /* whether there is somebody to see progress, once
			      that is known */
	bool drawn;	   /* a line stands there that is to be wiped */
	unsigned lanes;	   /* connections that are open */
};

/* One message on its way. */
struct each_message {
	struct supply_message supply; /* the first member */
	struct arena arena;
	struct settings settings;
	struct composed composed;
	const char *octets; /* all of it, if it was cast; else NULL */
	size_t octets_len;
	const char *message_id;
	struct record record;
	struct smtp_texts texts;
	struct parameters parameters;
	struct smtp_parameter declared[2]; /* what MAIL says of its form */
	uint64_t line;			   /* of the list; 0: it has none */
	bool demands_binary;
	size_t files; /* that it holds open */
	size_t all;   /* recipients, those included who are done with */
};

/*
 * each_message.c: makes it, with all its recipients.  The record is taken over.
 * key: the record's, if it is known already; it is copied.
 * EX_DATAERR and others, with the record's place in front.
 */
int each_message_make(struct each *, struct record *,
    const struct journal_key *, struct each_message **, struct error *);
/* What tells the record from the others, in the arena. */
int each_message_key(const struct each *, const struct record *, struct arena *,
    struct journal_key *, struct error *);
/* Leaves out those of its recipients who are done with, or unknown unless
 * these are to be tried again; false: nobody is left. */
bool each_message_reduce(struct each *, struct each_message *, bool unknown);
int each_message_open(struct each *, struct each_message *,
    const struct smtp_capabilities *, struct error *);
/* Its memory is kept for another one, until each_message_forget. */
void each_message_free(struct each *, struct each_message *);
void each_message_forget(struct each *);
/* Puts "LIST: line 12, column 3" in front of the error of a record; the column
 * is that of the cell that the error shows. */
void
each_message_blame(const struct each *, const struct record *, struct error *);

/* each_list.c: the list as a supply.  each_check reads all of it: -1, if it
 * cannot be sent as a whole, or has bad records and --skip-bad is not given;
 * each bad one has been told. */
int each_check(struct each *, struct error *);
void each_supply_begin(struct each *);
/* Tells of the record, and counts it. */
void each_bad(struct each *, const struct error *);

/* each_tell.c */
void each_tell_message(struct each *, const struct each_message *);
void each_tell_line(struct each *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Draws progress, if there is somebody; when to be called again (monotonic). */
int64_t each_progress(struct each *);
void each_progress_over(struct each *);
/* The end: the sum, what is unknown, and how to go on.  Returns the status. */
int each_tell_end(struct each *, const struct batch_end *);

/* For --dry-run and --preview: the message of the record that --record names.
 * All is checked.  Both are the caller's. */
int each_pick(struct each *, struct each_message **, struct error *);
int each_begin(struct each *, const struct settings *, const struct process *,
    struct error *);
/* tried: see journal_params. */
int each_open_journal(
    struct each *, void (*tried)(void *, int64_t), void *arg, struct error *);
void each_end(struct each *);

#endif
