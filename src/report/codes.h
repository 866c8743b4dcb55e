/*
 * codes: what a reply code (RFC 5321 4.2) or an enhanced status code (RFC 3463)
 * means, and what to do about it.
 *
 * The same code means one thing in the registry and others to providers, so a
 * row's key is who says it, the code, and where one code has several meanings
 * there, words of the reply.
 */
#ifndef REPORT_CODES_H
#define REPORT_CODES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

enum codes_speaker {
	CODES_STANDARD, /* RFCs, the IANA registry, and our own 600, 621, 700 */
	CODES_GOOGLE,
	CODES_MICROSOFT,
	CODES_YAHOO,
	CODES_ICLOUD,
	CODES_SES,
	CODES_GMX,
	CODES_FASTMAIL,
	CODES_POSTFIX, /* from here on programs, known by their words alone */
	CODES_EXIM,
	CODES_SPEAKERS,
};

/*
 * Without pointers, so that a start pays nothing for rows that are not used.
 * "" and 0: any.  Of those that fit a reply the first one counts.
 */
struct codes_row {
	enum codes_speaker speaker;
	int reply;
	char enhanced[12]; /* "5.7.30"; "X.7.30": in any class; "5.7.1-20" */
	char words[40];	   /* in the reply, in small letters */
	char meaning[112]; /* a phrase without a full stop */
	char step[112];	   /* the next step; "": none is known */
	char source[9];	   /* "RFC 5321"; "": the speaker's own words */
	bool certain;	   /* of a standard row: the step helps whoever said it;
			      those of providers always do */
};

extern const struct codes_row codes_rows[];
extern const size_t codes_row_count;

/* "Google", "Postfix", …; "" for CODES_STANDARD. */
const char *codes_speaker_name(enum codes_speaker);

/* Whether text is a reply code, an enhanced code or both, alone or at the
 * beginning of a reply of one or more lines. */
bool codes_begin(const char *text);
/*
 * Appends what it means: in the standards, then to its speaker, or to all who
 * have a meaning of their own if nobody knows who that is.  It is seen from
 * marks in the text or from the server, a host or a URL (NULL: not known).  -1:
 * it is no code.
 */
int codes_explain(struct buf *out, const char *text, const char *server);

/* What to do after a reply, as a hint; NULL: nothing that is certain to help.
 * text: its lines with or without codes, perhaps with more before them.  has_user:
 * the call names a user already, so that is no step. */
const char *codes_step(int reply, const char *enhanced, const char *text,
    const char *server, bool has_user);

#endif
