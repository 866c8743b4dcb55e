/*
 * scan_lines: the lines of a scan and the odd bytes in them, looked at 64 at a
 * time by the widest vectors that the machine has.
 *
 * All of struct scan is brought up to date here but `bytes` and what it says of
 * UTF-8.
 */
#ifndef CONTENT_SCAN_LINES_H
#define CONTENT_SCAN_LINES_H

#include "content/scan.h"

typedef void scan_way(struct scan *, const char *bytes, size_t n);

/* The ways that this machine has of doing it, the quickest first; NULL: no
 * more.  What they find is the same. */
scan_way *scan_lines_way(size_t i);

/* Nothing comes behind what was scanned. */
void scan_lines_end(struct scan *);

#endif
