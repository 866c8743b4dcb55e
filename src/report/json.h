/* json: what the parts of the report in JSON share; see report.h. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "lib/jansson.h"

struct report;

/* The members that say what a server is; report.info is not NULL. */
void json_put_info(struct jansson *, struct buf *, const struct report *);

#endif
