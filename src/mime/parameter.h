/*
 * parameter: parameters of MIME fields (RFC 2045 section 5.1, RFC 2231), and
 * the file name that is one of them (RFC 2183 section 2.3).
 */
#ifndef MIME_PARAMETER_H
#define MIME_PARAMETER_H

#include "lib/arena.h"
#include "lib/buf.h"

enum { PARAMETER_NAME_MAX = 40 };

/*
 * Appends "; name=value" to a value that header_put folds (HEADER_PARAMETERS).
 * The name is a token without * ' %, of at most PARAMETER_NAME_MAX octets.
 *
 * Printable ASCII is a token or a quoted-string, and if it is too long for a
 * line, quoted-strings in segments name*0="..." (RFC 2231 3).  The extended
 * form name*=utf-8''... (RFC 2231 4), in segments name*0*=... if it is long,
 * is for what is not ASCII, and for what readers are known to mend: blanks at
 * the ends or several in a row, tabs, "=?", "; " (where a field may be folded).
 * A segment with its name fits on a folded line of 78 columns; none splits a
 * character.
 *
 * What is ill-formed UTF-8, and controls but tabs, become U+FFFD.  0, or -1 if
 * there is no room; then nothing was appended.
 */
int parameter_put(struct buf *field_value, const char *name, const char *utf8);

/*
 * Why this cannot be a suggested file name (RFC 2183 2.3), or NULL: it has a
 * directory in it ("/" or "\"), controls, line separators or bidirectional
 * controls (which make "exe.txt" of "txt.exe"), or only dots, or it is
 * ill-formed UTF-8.
 */
const char *parameter_filename_fault(const char *utf8);

#endif
