/*
 * option_table: every option, once.
 *
 * The rows drive getopt_long, configuration files, SMTPSEND_* variables,
 * --help, --help=OPTION, --show-settings, the manual pages and the shell
 * completions.  An ordinary option is one row, in the file of its section
 * (rows_*.c), and one field in struct settings.
 *
 * Texts: the summary is a phrase of up to 46 columns without a full stop; the
 * manual is a few sentences, paragraphs parted by an empty line, with what is
 * to be typed literally between `grave accents`.
 */
#ifndef OPTIONS_OPTION_TABLE_H
#define OPTIONS_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "options/settings.h"
#include "options/value.h"

/* The type of the field that the option fills. */
enum option_type {
	OPTION_FLAG,	 /* bool */
	OPTION_COUNT,	 /* unsigned: how often it was given */
	OPTION_NUMBER,	 /* uint64_t; of its check the text is judged first */
	OPTION_DURATION, /* int64_t, milliseconds */
	OPTION_STRING,	 /* const char *; with choices: one of them */
	OPTION_LIST,	 /* struct strings */
	OPTION_CHOICE,	 /* an enum: the index in choices */
	OPTION_SECRET,	 /* struct secret */
	OPTION_ACTION,	 /* none: settings.action and action_arguments */
};

/* Where it can be given. */
enum {
	OPTION_ARGV = 1,
	OPTION_FILE = 2,
	OPTION_ENVIRONMENT = 4,
	OPTION_ANYWHERE = 7,
};

/* The calls that an option makes sense in.  A call is one of the first three,
 * and one that is offline, a check, or neither, a message also one of many or not,
 * a query also an anonymous one; or one of the others.  (What --each sends, composed
 * or complete, is seen later: see call_check_form.)  An option is of use to it that
 * has all of its bits. */
enum {
	CALL_COMPOSED = 1,
	CALL_COMPLETE = 2,
	CALL_QUERY = 4,
	CALL_OFFLINE = 8, /* --dry-run, --preview: of how a message is made
			     and sent, but not of what is told and kept of it */
	CALL_SCRIPT = 16,
	CALL_CHECK = 32, /* --check */
	CALL_EXPLAIN = 64,
	CALL_ANONYMOUS = 128,  /* a query that does not sign in */
	CALL_ACCOUNTS = 256,   /* --accounts */
	CALL_IMPORT = 512,     /* --import-msmtprc */
	CALL_LOGIN = 1024,     /* --login */
	CALL_SIGNED = 2048,    /* --logout, --print-token */
	CALL_CONFIGURE = 4096, /* --configure */
	CALL_ONE = 8192,       /* message */
	CALL_MANY = 16384,     /* messages: --each, several --message */
	CALL_OUTBOX = 32768,   /* --flush, --outbox */
	CALL_NUMBER = CALL_ONE | CALL_MANY,
	CALL_SENDING = CALL_COMPOSED | CALL_COMPLETE | CALL_NUMBER,
	CALL_COMPOSING =
	    CALL_COMPOSED | CALL_OFFLINE | CALL_CHECK | CALL_NUMBER,
	CALL_COMPLETING =
	    CALL_COMPLETE | CALL_OFFLINE | CALL_CHECK | CALL_NUMBER,
	CALL_MESSAGE = CALL_COMPOSING | CALL_COMPLETING,
	CALL_REAL = CALL_SENDING | CALL_QUERY | CALL_SCRIPT | CALL_CHECK |
	    CALL_ANONYMOUS,
	CALL_ANY = CALL_REAL | CALL_OFFLINE | CALL_CONFIGURE,
};

/* Of a group, one option can be in force: the one of the highest origin.  Two
 * from the same origin contradict each other. */
enum option_group {
	GROUP_NONE,
	GROUP_INPUT,
	GROUP_FIDELITY,
	GROUP_PASSWORD,
	GROUP_TOKEN,
	GROUP_CLIENT_SECRET,
	GROUP_PROXY_PASSWORD,
	GROUP_KEY_PASSWORD,
	GROUP_FAMILY,
	GROUP_SOURCE,
	GROUP_OFFLINE,
	GROUP_HOLD,
	GROUP_TLS_REQUIRED,
	GROUP_JOURNAL,
};

/* What of its value is a secret, and not shown. */
enum option_secret {
	SECRET_NONE,
	SECRET_COMMAND,	 /* a command: it may hold one */
	SECRET_PASSWORD, /* the password in a URL */
};

/* What a shell can complete its argument with, apart from choices. */
enum option_completion {
	COMPLETE_NONE,
	COMPLETE_FILE,
	COMPLETE_HOST,
	COMPLETE_INTERFACE,
	COMPLETE_ACCOUNT,  /* one, or several with commas between */
	COMPLETE_TOPIC,	   /* of --help, or an option's name */
	COMPLETE_PROVIDER, /* an id that --explain knows */
};

struct option_row {
	const char *name; /* long name, and the keyword in files */
	char letter;	  /* '\0': none */
	bool bare_letter; /* the letter may stand without its argument */
	enum option_type type;
	/* Judges a text, from wherever it comes; NULL: value_line. */
	value_check *check;
	enum option_secret secret;
	size_t offset; /* of its field in struct settings */
	unsigned scope;
	unsigned applies; /* calls; none: an action, which is a call itself */
	enum option_group group;
	bool for_all; /* on the command line or in a variable: also for servers
			 of --failover, which have the rest from their
			 accounts alone */
	bool once;    /* names content: of two on the command line, one would be
		      left out */
	const char *argument;	    /* its name in texts; NULL: takes none */
	bool optional;		    /* … which may be left out */
	const char *omitted;	    /* … and then stands for this value */
	const char *const *choices; /* NULL at the end */
	/* Values that a shell offers, among others; NULL at the end. */
	const char *const *hints;
	enum option_completion completion;
	const char *initial; /* default, as it would be written; or NULL */
	const char *unset; /* of a duration without a default: what holds then;
			      NULL: no limit */
	const char *summary;
	const char *manual;
	enum settings_action action;
};

/* What is shown under one title. */
struct option_section {
	const char *title;
	const char *topic;	       /* of --help; no option has this name */
	const struct option_row *rows; /* the last one is followed by one
					  without a name */
	size_t count;
};

/* In the order in which they are shown; NULL at the end. */
extern const struct option_section *const option_sections[];

/* Whether the value is a text, or several, that a message is made of. */
bool option_is_of_message(const struct option_row *);
/* The same for values of every kind. */
bool option_composes(const struct option_row *);

/* row is the last one of its section: the first one of the next; NULL as with
 * option_next, which is what others call. */
const struct option_row *option_first_after(const struct option_row *);

/* All rows, section by section: the first one after NULL; NULL at the end. */
static inline const struct option_row *
option_next(const struct option_row *row)
{
	return row != NULL && row[1].name != NULL ? row + 1
						  : option_first_after(row);
}

size_t option_count(void);
/* Its place among all, from 0, and the one of that place. */
size_t option_number(const struct option_row *);
const struct option_row *option_numbered(size_t);
/* By long name; NULL: there is none. */
const struct option_row *option_by_name(const char *name);
/* The name among those in scope that was probably meant, or NULL. */
const char *option_nearest(const char *name, unsigned scope);
/* "SMTPSEND_TLS_CA" for the row "tls-ca"; out has room for the longest. */
enum { OPTION_VARIABLE_SIZE = 64 };
void option_variable(const struct option_row *, char out[OPTION_VARIABLE_SIZE]);

#endif
