/* table: providers.tsv, as it is in the program. */
#ifndef PROVIDER_TABLE_H
#define PROVIDER_TABLE_H

#include "provider/provider.h"

/* One text, which is read when somebody asks: a start pays nothing for it.  Made
 * from the file when smtpsend is built. */
extern const char provider_table[];
extern const size_t provider_table_size;

#endif
