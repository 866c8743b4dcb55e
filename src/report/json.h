/* json: what the parts of the report in JSON share; see report.h. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "lib/jansson.h"

struct report;
struct smtp_recipient;

/* The members that say what a server is; report.info is not NULL. */
void json_put_info(struct jansson *, struct buf *, const struct report *);

/* The member "recipients". */
void json_put_recipients(struct jansson *, struct buf *,
    const struct smtp_recipient *, size_t count);

#endif
