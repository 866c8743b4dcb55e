/*
 * result: what became of a recipient, as far as the server's replies tell.
 */
#ifndef SMTP_RESULT_H
#define SMTP_RESULT_H

/* Where in a session something happened (RFC 5321 4.5.3.2 and extensions). */
enum smtp_phase {
	SMTP_PHASE_CONNECT,
	SMTP_PHASE_GREETING,
	SMTP_PHASE_EHLO,
	SMTP_PHASE_STARTTLS,
	SMTP_PHASE_AUTH,
	SMTP_PHASE_MAIL,
	SMTP_PHASE_RCPT,
	SMTP_PHASE_DATA,    /* the DATA command, or a BDAT chunk */
	SMTP_PHASE_MESSAGE, /* the reply to the end of the message */
	SMTP_PHASE_RSET,
	SMTP_PHASE_COMMAND, /* a command of the user's */
	SMTP_PHASE_QUIT,
};

const char *smtp_phase_name(enum smtp_phase); /* "MAIL", "message", … */

enum smtp_verdict {
	SMTP_NOT_SENT, /* nothing was decided: the message was not sent */
	SMTP_ACCEPTED, /* 2yz to the end of the message */
	SMTP_DEFERRED, /* 4yz, or the connection failed before the end */
	SMTP_REFUSED,  /* 5yz */
	SMTP_UNKNOWN,  /* the whole message went out, no verdict came back */
};

const char *smtp_verdict_name(enum smtp_verdict); /* "accepted", … */

struct smtp_result {
	enum smtp_verdict verdict;
	enum smtp_phase phase; /* what decided it, */
	const char *command;   /* and how it was said, "BDAT"; NULL: as the
				  phase is called */
	int status;	       /* the exit status it stands for; 0: accepted, or
				  not sent because of another recipient */
	int code; /* reply code, 600 or 621 (see reply.h), 0: none */
	char enhanced[12];
	const char *text; /* the reply's lines, or our own words if code is 0
			     or beyond 599; raw bytes without NUL; never NULL */
};

/* What decided it: "HELO", "BDAT", "message", … */
const char *smtp_result_step(const struct smtp_result *);

#endif
