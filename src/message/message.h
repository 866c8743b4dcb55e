/*
 * message: one mail, composed from fields or passed on complete, as a source
 * of bytes in the form that goes out (RFC 5322, CRLF line ends, no dots
 * doubled), together with its envelope.
 *
 * Life: message_new reads and checks everything that can be checked before a
 * connection is opened; message_open gives the bytes in the form that the
 * server can take, as often as the input allows.
 */
#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/wait.h"

#include "mime/form.h"
#include "rfc5322/address.h"
#include "rfc5322/aliases.h"
#include "rfc5322/ident.h"

/* What a part is there for. */
enum message_use {
	MESSAGE_ATTACHMENT,
	MESSAGE_FORWARD,  /* a message (message/rfc822) */
	MESSAGE_HTML,	  /* the text as HTML: one at most */
	MESSAGE_RELATED,  /* shown by the HTML, or where the text ends */
	MESSAGE_CALENDAR, /* an iCalendar object: one at most */
};

/* A file that becomes a part of a composed message. */
struct message_part {
	enum message_use use;
	const char *text; /* the bytes, or NULL: those of fd */
	int fd;		  /* -1: none; not closed */
	const char *name; /* as the user calls it, for errors and in HTML */
	/* The rest may be NULL. */
	const char *type;     /* Content-Type, with or without parameters;
				 NULL: by the name, then by the bytes; only of
				 attachments and what is related */
	const char *filename; /* suggested to whoever saves it; NULL: what is
				 behind the last slash of `name`, "": none */
	const char *cid;      /* Content-ID without brackets */
	const char *encoding; /* transfer encoding; NULL: the best one */
	bool is_inline;	      /* attachment: to be shown where it stands */
};

/* Where a list of addresses stands, for errors. */
struct message_place {
	const char *name; /* "recipient"; NULL: what its option is called */
	unsigned long long line; /* of the file of that name; 0: none */
};

/*
 * What is local, and how sendmail(8) takes messages.
 *
 * With `sendmail`, of a complete message:
 *  - a name without a domain may stand for a mailbox wherever an address may: in
 *    recipients, in the author, in the reverse-path, in the header;
 *  - what does not begin with a header field is the body of a message without a
 *    header; a line that is no field ends the header, with or without an empty
 *    line.  Of its lines, CR is left out at the end and a blank elsewhere;
 *  - a "From " line at the beginning is left out, and others are text;
 *  - what cannot be sent as it is, is encoded (`repair`), since those who call
 *    sendmail(8) do not look at what it says; 8-bit text without MIME fields gets
 *    them;
 *  - recipients stand for themselves alone (no parameters behind them), unless
 *    `parameters`.
 */
struct message_local {
	bool sendmail;
	const char *domain; /* of names without one; NULL: ident's host */
	/* For whom local names stand in the envelope; NULL: for themselves.
	 * EX_CONFIG: see aliases_expand. */
	const struct aliases *aliases;
	bool
	    qualify; /* sendmail: names in the address fields of the header that
			 goes out get the domain; all else in them stays, and
			 so do fields that cannot be read */
	/* sendmail: the display name in a From field that is added, in
	 * `charset`; NULL: ident's.  EX_USAGE: controls in it. */
	const char *full_name;
	bool header_too; /* recipients of the header, beside to, cc and bcc */
	bool parameters; /* to, cc and bcc may have some, as without sendmail */
};

/* All strings as the user gave them, in the charset `charset`. */
struct message_params {
	struct ident ident;
	const char *charset; /* of the strings and of the body text; NULL or
				US-ASCII: UTF-8 */

	/* Header fields of a composed message.  Lists of addresses, each of
	 * which may hold several, separated by commas. */
	const char *from;      /* NULL: ident's user at host.  complete: the
			       reverse-path, and the From field if there is
			       none */
	const char *no_author; /* why there is no user in ident either, for the
				  error; NULL: it is not known */
	bool from_standing;    /* complete: `from` is a habit, and counts only
			       where the header names no author */
	const char *const *to, *const *cc, *const *bcc, *const *reply_to;
	size_t to_count, cc_count, bcc_count, reply_to_count;
	/* Of each of them; NULL: all stand in the option. */
	const struct message_place *to_places, *cc_places, *bcc_places;
	/* complete: unseen recipients beside those of the message, whoever
	 * names these; alone they are none. */
	const char *const *standing_bcc;
	const struct message_place *standing_bcc_places;
	size_t standing_bcc_count;
	const char *subject;	    /* NULL: none */
	const char *const *headers; /* "Name: value" */
	size_t header_count;
	const char *date, *message_id;	     /* NULL: now, and a new one */
	const char *const *list_unsubscribe; /* URIs (RFC 2369, 8058) */
	size_t list_unsubscribe_count;
	const char *list_id;	    /* RFC 2919 */
	const char *auto_submitted; /* RFC 3834: a keyword */
	const char *importance;	    /* RFC 2156: a keyword */
	/* The message that is answered: its Message-ID, or itself. */
	const char *in_reply_to;
	const struct message_part *answered;

	/* Parts beside the body, in their order. */
	const struct message_part *parts;
	size_t part_count;
	const char *types_file; /* more types by name, as /etc/mime.types has
				   them; NULL: none */
	bool flowed;		/* the body as format=flowed (RFC 3676) */
	bool body_optional;	/* an empty body is none, if there is HTML */
	bool binary;		/* where BINARYMIME is offered, what would be
				   encoded goes as it is; complete: what says
				   that it is binary, and has CRLF at the end of
				   each line of its header, goes byte for byte
				   (not with `repair`) */

	/* The body, or with `complete` the whole message: exactly one. */
	const char *body_text;	 /* the text itself, or NULL */
	const char *input_name;	 /* file name for errors, "standard input" */
	int input_fd;		 /* read from here when body_text is NULL; not
				   closed; -1: an empty body */
	uint64_t input_size;	 /* of a file, only so many octets; 0: all */
	const char *temp_dir;	 /* for a body from a pipe that is too large to
				   be kept in memory; NULL: /tmp */
	struct wait_limits wait; /* for waiting for a pipe */

	bool lasting; /* it must be possible to open the message again: a long
			 complete message from a pipe is copied into a file */

	bool complete; /* -m: the input is a complete message */
	bool strict;   /* complete: refused if its line ends are not of one kind
			or a CR stands alone, instead of being normalised */
	bool repair;   /* complete: what cannot be sent as it is, is encoded */
	bool resend;   /* complete: a new Resent- block for to, cc and bcc */
	bool keep_bcc; /* in the header that goes out */
	bool recipients_from_header; /* complete: To, Cc, Bcc or the newest
				       Resent- block; else to, cc and bcc are
				       the envelope and stay out of the header */
	/* Reverse-path; "" or "<>": the null one; NULL: `from`, else the first
	 * of these in the header: Resent-Sender and Resent-From of the newest
	 * Resent- block, Sender, the first mailbox of From.  Return-Path is
	 * never used. */
	const char *envelope_from;
	const struct message_local *local; /* NULL: nothing is */
};

struct message;

/* What is known about it before it is sent. */
struct message_facts {
	const char *reverse_path;	  /* "" is the null one; A-labels */
	const struct address *recipients; /* without doubles, in order */
	size_t recipient_count;
	const char *message_id; /* with the angle brackets */
	bool utf8_envelope;	/* an address needs SMTPUTF8 */
	bool utf8_header;	/* the header needs SMTPUTF8 */
	bool lasting;		/* message_open may be called again */
	bool binary;		/* it takes a form that needs BINARYMIME, */
	bool as_written;	/* and may not be able to take another one */
	const char *changed;   /* the note of the stream opened last; or NULL */
	const char *not_shown; /* a file for the HTML to show that it does not
				   refer to, as far as can be seen; or NULL */
	const char *unanswered; /* a cid: or a local file that the HTML refers
				   to and that no part is, printable; or NULL */
	bool header_in_body;	/* a text that begins with header lines, as a
				   complete message does */
	const char *no_method;	/* a calendar that does not say whether it is an
				  invitation or what else; or NULL */
};

/*
 * Reads the header and as much of the input as is needed: all of it, except
 * for a complete message from a pipe that is longer than 1 MiB.  *out is the
 * caller's, to be freed; what the params point to may go, but for input_fd,
 * input_name, temp_dir and what `wait` points to, which have to stay.
 * Blocks waiting for the input only; `wait` says what ends that.
 *
 * A -H field of a name that is made here replaces ours in the header; the
 * addresses of To, Cc and Bcc fields so given are recipients too.
 *
 * Errors: EX_USAGE a bad option value (address, header; CR, LF or NUL in
 * any), no recipients; EX_DATAERR a message that cannot be sent as it is (NUL,
 * a line over 998, bad header, not in the charset); EX_NOINPUT unreadable
 * input; EX_SIGNAL plus n: interrupted; EX_TEMPFAIL deadline; EX_CANTCREAT,
 * EX_IOERR temporary file.
 */
int message_new(
    const struct message_params *, struct message **out, struct error *);
void message_free(struct message *);
const struct message_facts *message_facts(const struct message *);
/*
 * EX_DATAERR when the message cannot take this form (8-bit bytes in a complete
 * message and no 8BITMIME; utf8_header or utf8_envelope without utf8).
 *
 * The stream lives no longer than the message.  It fails, before its end, if
 * the input is not what message_new found (EX_DATAERR); if it comes through a
 * pipe (size unknown) also at what message_new would have refused, and at an
 * 8-bit byte that was not declared.
 */
int message_open(struct message *, const struct mime_form *,
    struct mime_stream *, struct error *);

#endif
