/*
 * rich: the forms of a text beside the plain one: HTML with what it shows
 * (RFC 2387), a calendar (RFC 5545, 6047).
 */
#ifndef MESSAGE_RICH_H
#define MESSAGE_RICH_H

#include "html/html.h"
#include "message/leaf.h"

enum { RICH_MAX = 64 << 20 }; /* octets of a text that has to be read whole */

/* The Content-ID of what the HTML shows: made of its name and of the beginning
 * of its bytes, so that the same picture has it every time, and no other. */
const char *rich_cid(const struct leaf_context *, const struct message_part *,
    const struct input *);

/* The HTML with its references replaced, and what is unanswered noted in the
 * message's facts; and the text that says the same, if
 * that is wanted (NULL: it is not). */
int rich_html(const struct leaf_context *, struct input *,
    struct html_reference *refs, size_t count, struct mime_part **html,
    struct mime_part **text, struct error *);

/* An iCalendar object as a form of the text, with the method that it has. */
int rich_calendar(const struct leaf_context *, struct input *,
    struct mime_part **out, struct error *);

#endif
