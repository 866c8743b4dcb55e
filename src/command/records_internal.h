/* records_internal: what records.c (FILE) and records_read.c share. */
#ifndef COMMAND_RECORDS_INTERNAL_H
#define COMMAND_RECORDS_INTERNAL_H

#include "command/records.h"

int
records_reader_begin(struct records *, struct records_reader *, struct error *);
void records_reader_end(const struct records *, struct records_reader *);
/* The first row of CSV is what its records are told by. */
int records_header(struct records *, struct error *);

#endif
