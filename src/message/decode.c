/* decode: see encode.c for the shape of a filter. */
#include "message/decode.h"

struct source *
decode_base64(struct source *below)
{
	return below;
}

struct source *
decode_quoted_printable(struct source *below)
{
	return below;
}
