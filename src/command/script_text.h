/*
 * script_text: a script, read line by line into steps (smtpsend-script(7)).
 *
 * A line is an SMTP command as it goes out; STARTTLS, AUTH, DATA and BDAT are
 * whole exchanges, lines that begin with '!' are directives, empty lines and
 * those that begin with '#' are left out.  Everything that can be known to be
 * wrong is found while it is read: EX_DATAERR with "NAME:LINE: ", EX_NOINPUT
 * for a file that a line names.
 */
#ifndef COMMAND_SCRIPT_TEXT_H
#define COMMAND_SCRIPT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"

#include "command/script_body.h"

enum script_kind {
	SCRIPT_COMMAND,
	SCRIPT_STARTTLS,
	SCRIPT_AUTH,
	SCRIPT_DATA,
	SCRIPT_BDAT,
	SCRIPT_SEND,
	SCRIPT_EXPECT,
	SCRIPT_SLEEP,
	SCRIPT_DROP,
	SCRIPT_END, /* of a flight */
};

struct script_step {
	enum script_kind kind;
	uint64_t line;	   /* its number */
	const char *text;  /* as it is written */
	const char *shown; /* without a secret; NULL: text has none */
	bool flight;	   /* goes with what follows it (!pipeline) */

	const char *mechanism;	  /* AUTH; NULL: the best one */
	struct script_body *body; /* DATA, BDAT */
	const char *bytes;	  /* SEND */
	size_t length;
	const char *codes; /* EXPECT: as they are written */
	int64_t pause_ms;  /* SLEEP */
};

struct script {
	const char *name; /* for errors */
	const char *home;
	struct arena arena;
	struct input input;
	int fd;		   /* -1: standard input, or none */
	bool live;	   /* read while it runs */
	uint64_t at;	   /* offset of window.data[used] */
	struct buf window; /* bytes that were read, */
	size_t used;	   /* and lines of them taken */
	uint64_t line;	   /* number of the line that was taken last */
	bool failed;	   /* it could not be read further */
	uint64_t flight;   /* number of the line of !pipeline; 0: none */
	bool flight_ends;  /* nothing but !end may follow */
	bool flight_sent;  /* bytes were the last: !expect may follow */
	struct script_body **bodies;
	size_t body_count;
};

struct script_params {
	const char *path; /* "-": standard input */
	bool live; /* read it line by line, unless it is a regular file; else
		      all of it is there when this returns */
	struct wait_limits wait;
	const char *temp_dir; /* NULL: /tmp */
	const char *home;     /* "~" of "~/" in a file's name; NULL: none */
};

/* script_close in either case. */
int script_open(struct script *, const struct script_params *, struct error *);
/* 1, 0 at the end, or -1.  The step's pointers live as long as the script. */
int script_next(struct script *, struct script_step *, struct error *);
void script_close(struct script *);

/* Whether it is this command. */
bool script_is_verb(const struct script_step *, const char *verb);
/* The line as others may see it. */
const char *script_shown(const struct script_step *);
/* Whether a reply code is one of those of an EXPECT. */
bool script_expects(const struct script_step *, int code);
#endif
