/*
 * chain: sources read one after the other as one: a header and its body, the
 * parts of a multipart.
 *
 * It owns the sources and frees them.
 */
#ifndef CONTENT_CHAIN_H
#define CONTENT_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/source.h"

/*
 * The bytes of `head` come first; they become the chain's, and *head is empty
 * afterwards (NULL: no head).
 *
 * Promises `size` bytes, or any number with UINT64_MAX: should the sources
 * give fewer or more, the read that finds out is an error (EX_DATAERR, "name
 * changed while it was read"), so that what has been announced is what goes
 * out or nothing does.  The name is the caller's and stays.
 */
struct source *chain_new(struct buf *head, struct source *const *links,
    size_t count, uint64_t size, const char *name);

#endif
