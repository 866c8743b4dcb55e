/*
 * mail: one message, those it goes to, what became of each, and the copy that
 * is kept of it; of servers and connections it knows nothing.
 */
#ifndef COMMAND_MAIL_H
#define COMMAND_MAIL_H

#include "command/compose.h"
#include "command/parameters.h"
#include "command/save.h"
#include "report/report.h"
#include "smtp/session.h"

struct mail {
	struct arena arena;
	struct message *message;
	const struct message_facts *facts;
	bool all_or_nothing;
	struct parameters parameters; /* of MAIL, and of recipients at large */
	bool demands_binary;	      /* it goes nowhere without BINARYMIME */

	struct smtp_recipient *recipients; /* results come here */
	size_t count;
	struct smtp_texts texts; /* of the results */
	uint64_t size;		 /* of it in the outbox; 0: it is not there */
	bool accepted;		 /* for somebody, in this form first */
	struct mime_form form;

	struct save save;	 /* save_prepare is the caller's */
	const char *saved;	 /* where a copy is, or NULL */
	struct error save_error; /* why there is none */
};

/* Reads the message.  mail_clear in either case. */
int mail_compose(struct mail *, const struct settings *, const struct process *,
    struct error *);
/* The same of one that is there already (compose_one). */
int mail_compose_own(struct mail *, const struct settings *,
    const struct process *, const struct compose_own *, struct error *);
/* A transaction of it is over, in which it had this form. */
void mail_note_form(
    struct mail *, const struct smtp_transaction *, const struct mime_form *);
/* All is known: keeps a copy, if one is wanted, of what a server has for
 * certain. */
void mail_save(struct mail *);
/* Fills in recipients, outcome, Message-ID and copy; pointers into the mail. */
void mail_report(const struct mail *, struct report *);
void mail_clear(struct mail *);

#endif
