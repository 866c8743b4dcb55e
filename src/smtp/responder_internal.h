/* What the files of the responder know of one another. */
#ifndef SMTP_RESPONDER_INTERNAL_H
#define SMTP_RESPONDER_INTERNAL_H

#include "smtp/responder.h"

/* The line in r->line, which has no line end: true when it makes an event. */
bool responder_command(struct responder *, struct responder_event *);
/* Waits for the answer to this. */
void responder_ask(
    struct responder *, struct responder_event *, enum responder_event_type);

/* A reply; enhanced NULL: none, nor is one taken from the text. */
void responder_reply(
    struct responder *, int code, const char *enhanced, const char *text);

/*
 * What follows "MAIL FROM:" or "RCPT TO:", which is changed: the path and the
 * parameters into the event.  False: it was replied to.
 */
bool
responder_read_path(struct responder *, char *text, struct responder_event *);

#endif
