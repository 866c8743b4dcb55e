/*
 * rows: one file for each section of the table; option_table.c is their index.
 */
#ifndef OPTIONS_ROWS_H
#define OPTIONS_ROWS_H

#include "options/option_table.h"

#define FIELD(name) offsetof(struct settings, name)
/* An array whose last row has no name. */
#define ROWS(array) (array), sizeof(array) / sizeof((array)[0]) - 1

extern const struct option_section section_recipients, section_message,
    section_parts, section_envelope, section_server, section_proxy,
    section_authentication, section_delivery, section_report, section_queries,
    section_general, section_many, section_outbox;

#endif
