/*
 * library: a shared library that is opened when it is first needed.
 *
 * Linked, a library would cost every run its start-up, also those that do not
 * need it.  A library is a struct of function pointers, named and typed after
 * its own header, and a row for each: so that t->init(...) is gnutls_init(...).
 */
#ifndef LIB_LIBRARY_H
#define LIB_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* Without pointers, so that a start pays nothing for rows that are not used. */
struct library_row {
	char symbol[48];
	size_t where; /* offset of its pointer in the struct */
};

struct library {
	const char *soname, *other; /* the first that is there; other may be
				       NULL */
	const char *package;	    /* "GnuTLS (Debian: libgnutls30)" */
	const struct library_row *rows;
	size_t row_count;
};

/* Fills the struct.  The library stays open until the process ends; opening it
 * again is cheap and gives the same.  -1 with EX_OSERR and a text that names
 * the library, or the function that it lacks; the caller adds what it was
 * needed for and may have a better hint than to install it. */
int library_open(const struct library *, void *functions, struct error *);

/*
 * Tells packaging tools what will be opened, as DT_NEEDED would; see
 * https://systemd.io/ELF_DLOPEN_METADATA/.  All four are string literals, and
 * the priority one of required, recommended, suggested.  To be followed by a
 * semicolon.
 */
#define LIBRARY_NOTE(feature, description, priority, soname)     \
	LIBRARY_NOTE_TEXT("[{\"feature\":\"" feature "\","       \
			  "\"description\":\"" description "\"," \
			  "\"priority\":\"" priority "\","       \
			  "\"soname\":[\"" soname "\"]}]")
/* The sonames of a library that has two. */
#define LIBRARY_EITHER(soname, other) soname "\",\"" other

#define LIBRARY_NOTE_TEXT(json)                                      \
	static const struct {                                        \
		uint32_t owner_size, text_size, type;                \
		char owner[4];                                       \
		_Alignas(uint32_t) char text[sizeof(json)];          \
	} library_note __attribute__((used, section(".note.dlopen"), \
	    aligned(4))) = {4, sizeof(json), 0x407c0c0a, "FDO", json}

#endif
