/* secret_heap: free(3) that wipes, for libraries that are told what to free their
 * memory with and may have had a secret in it. */
#ifndef LIB_SECRET_HEAP_H
#define LIB_SECRET_HEAP_H

#include <malloc.h>
#include <stdlib.h>

#include "lib/secret.h"

static inline void
secret_heap_free(void *p)
{
	if (p != NULL)
		secret_wipe(p, malloc_usable_size(p));
	free(p);
}

#endif
