/*
 * argv_sendmail: the command line of sendmail(8), mailq(1) and newaliases(1),
 * as programs call them that know Sendmail, Postfix or Exim.
 *
 * Letters stand alone or together (-ti, -itf ADDR); a value is glued to its
 * letter or the next word; options and operands may be mixed, "--" ends the
 * options; what is said twice is as it was said last.  Nothing is guessed.
 *
 * What would change who gets the mail, or needs a daemon, and cannot be had
 * here is refused with EX_USAGE, which names the word.  What tells Sendmail how
 * to go about it is taken and means nothing:
 *
 *   -i -oi -O IgnoreDots   a line with a dot never ends a message here
 *   -m -om                 no author is ever taken off a list
 *   -e -oe but for -oeq, -O ErrorMode
 *                          no mail is ever sent about a mail: errors are told
 *                          on standard error, and by the status
 *   -o7 -o8 -oj, other -B  whether a message has 8-bit text is seen from it
 *   -U -G                  what a message lacks is added to any
 *   -A c|m -c -x -oc -ol -on -oo -os -oC -oh -oL -oQ -or -oT -oMNAME, other -O,
 *   -d -D -h N -M X -p -T  how a daemon of Sendmail is set up, where its queue
 *                          is, what it tells of its work
 */
#ifndef OPTIONS_ARGV_SENDMAIL_H
#define OPTIONS_ARGV_SENDMAIL_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "options/personality.h"
#include "options/settings.h"

enum sendmail_mode {
	SENDMAIL_SEND,	  /* -bm: a message on standard input */
	SENDMAIL_SMTP,	  /* -bs: SMTP on standard input and output */
	SENDMAIL_VERIFY,  /* -bv: are the recipients taken? */
	SENDMAIL_LIST,	  /* -bp, mailq: what waits */
	SENDMAIL_ALIASES, /* -bi, -I, newaliases */
	SENDMAIL_FLUSH,	  /* -q: send what waits */
	SENDMAIL_VERSION, /* -bV, --version */
	SENDMAIL_HELP,	  /* --help */
};

enum sendmail_delivery {
	SENDMAIL_NOW,	     /* -odi, -odf; unless said otherwise */
	SENDMAIL_BACKGROUND, /* -odb: the caller does not wait for servers */
	SENDMAIL_LATER,	     /* -odq, -odd: it is queued, and no more */
};

/* Texts are argv's; NULL: not given. */
struct argv_sendmail {
	enum sendmail_mode mode;
	/* Operands, each a list of addresses (RFC 5322 3.4, bare names too), with
	 * something beside blanks in it; to be verified if the mode is that. */
	struct strings recipients;
	bool from_header; /* -t: To, Cc and Bcc of the message are recipients,
			     too */
	const char *reverse_path; /* -f, -r: an address; "": the null one, given
				     as an empty word or <> */
	const char *full_name;	  /* -F: for a From field that is added */
	const char *notify, *ret, *envelope_id; /* -N, -R, -V (RFC 3461): as
						   --dsn-… take them */
	enum sendmail_delivery delivery;
	bool no_aliases; /* -n */
	bool json;	 /* --json: as smtpsend has it */
	bool quiet; /* -oeq: the status tells of errors, and nothing else */
	unsigned verbose;	  /* -v: so many */
	const char *aliases_file; /* -oA, -O AliasFile= */
	const char *config_file;  /* -C */
	const char *log_tag;	  /* -L */
	const char *traffic_log;  /* -X: what was said to servers goes there */
	/* -q and -bp: only messages of this ID ('I'), of which a recipient ('R')
	 * or the sender ('S') has this in it; NULL: all */
	char selects;
	const char *selection;
	/* -q30m: how often a daemon would flush.  There is none: it is once. */
	const char *interval;
};

/*
 * Into *out, all of it; the arena gets the lists.  Not for PERSONALITY_SMTPSEND
 * unless it is sendmail that is meant; a first word --sendmail is read over.
 * EX_USAGE: an unknown or refused option, a value that is missing or wrong, no
 * recipients to send to or verify, operands where there can be none.
 */
int argv_sendmail_read(enum personality, int argc, char **argv, struct arena *,
    struct argv_sendmail *out, struct error *);

#endif
