/*
 * form: which form a message may take on its way out, and what it then is.
 */
#ifndef MIME_FORM_H
#define MIME_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/source.h"

struct mime_form {
	bool eight_bit; /* 8BITMIME is offered: 8bit text may stay 8bit */
	bool binary;	/* BINARYMIME is offered and wanted: bytes may go as
			   they are */
	bool utf8;	/* SMTPUTF8 is offered */
};

/* The opened message. */
struct mime_stream {
	struct source *source; /* the caller frees */
	uint64_t size;	  /* exact number of bytes, MIME_SIZE_UNKNOWN if the
			  input is a pipe too large to be kept */
	bool eight_bit;	  /* BODY=8BITMIME is to be declared, */
	bool binary;	  /* or BODY=BINARYMIME */
	const char *note; /* what had to be changed that nobody asked to be; or
			     NULL */
};
#define MIME_SIZE_UNKNOWN UINT64_MAX

#endif
