/*
 * submission: one message that a client hands over by SMTP, from MAIL to the
 * answer to its last line.
 *
 * It is composed as every complete message is: what it lacks is added, Bcc goes,
 * names without a domain get one, aliases are looked up; and so are recipients
 * when they are asked for.
 *
 * 250 says that each recipient is taken care of: the server has it for him, or it
 * waits in the outbox; what was refused after others were taken lies in its
 * failed/, and what nobody knows of in its unknown/.  Both are told in the same
 * answer, and by mailq.  4yz says that nobody has it and nothing is kept; 5yz
 * that nobody has it, or, where a part could not even be kept, says who: a
 * client sends nothing again by itself after that.
 */
#ifndef COMMAND_SUBMISSION_H
#define COMMAND_SUBMISSION_H

#include "command/relay.h"
#include "content/spill.h"
#include "rfc5322/ident.h"
#include "smtp/responder.h"

struct submission {
	struct arena arena;
	const struct process *process;
	struct settings settings; /* of this message */
	struct ident ident;
	const struct message_local *local;
	const char *charset;
	struct strings recipients; /* as operands */
	struct spill spill;
	struct error error; /* why it could not be kept, or sent; status 0 */
	struct mail mail;   /* it, when it is complete */
	struct hooks hooks;
	bool taken;	    /* somebody has it, or it is kept */
	const char *queued; /* the ID of what waits; NULL: nothing does */
	int status;	    /* what it would end with, if it were sent alone */
};

struct answer {
	int code;
	const char *enhanced; /* "": as the text has it */
	const char *text;     /* the submission's, until it ends */
};

/* MAIL.  The settings outlive it; relay NULL: no server is asked, everything
 * waits in the outbox.  submission_clear in any case. */
void submission_begin(struct submission *, const struct settings *,
    const struct process *, struct relay *, const struct responder_event *,
    struct answer *);
/* RCPT; with 2yz he is one of its recipients. */
void submission_ask(struct submission *, struct relay *,
    const struct responder_event *, struct answer *);
/* Octets of the message.  What goes wrong is told at the end. */
void submission_add(struct submission *, const char *bytes, size_t n);
void submission_end(struct submission *, struct relay *, struct answer *);
/* The client has its answer: the log and commands are told of the message. */
void submission_told(struct submission *, struct relay *, struct log *);
void submission_clear(struct submission *);

/* submission_settle.c: what is answered to the mail, whose recipients have their
 * results, and what is kept of it; fills taken, queued and status.  relay NULL: as above. */
void
submission_settle(struct submission *, const struct relay *, struct answer *);
/* What is answered to an error of ours; in_mail: to something wrong with what
 * the client said, else with the message. */
void submission_answer_error(
    struct arena *, const struct error *, bool in_mail, struct answer *);

#endif
