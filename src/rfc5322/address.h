/*
 * address: the whole address grammar of RFC 5322 section 3.4 with its
 * obsolete forms that occur in practice (comments, folding, empty list
 * members; no source routes), RFC 6531/6532 (UTF-8), RFC 5321 limits (local
 * part 64 octets, domain 255, path 256), IDN (IDNA 2008 by GnuTLS/libidn2,
 * opened when first needed: a plain ASCII address loads nothing).
 */
#ifndef RFC5322_ADDRESS_H
#define RFC5322_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"

/* What a user says behind an address of how it is to be treated. */
struct address_parameter {
	const char *keyword; /* letters, digits and hyphens, as given */
	const char *value;   /* without quotes, not empty; NULL: none */
};

struct address {
	const char *display; /* decoded display name in UTF-8, NULL if none */
	/* Comments, as a header has them in ASCII: "(one) (two)", those before
	 * the angle bracket and those behind it; NULL if none. */
	const char *comments, *comments_behind;
	const char *encoded; /* the name as it stands, in encoded words that
				cannot be decoded; NULL: `display` has it all */
	const char *local;   /* local part: its value, without quotes */
	const char *domain;  /* A-labels, or an address literal "[…]" */
	const char *mailbox; /* local@domain as RFC 5321 writes it: quoted where
				needed, in A-labels; for envelope and header */
	const char *group;   /* display name of the group it is in, or NULL */
	bool utf8;	     /* the local part is not ASCII: needs SMTPUTF8 */
	bool bare;	     /* it was a local part alone, and has the domain of
				address_params */
	size_t bare_end;     /* of a bare one: where in the text it ends */
	/* In order, keyword NULL at the end; NULL: none. */
	const struct address_parameter *parameters;
};

/* {0} is an empty list. */
struct address_list {
	struct address *addresses;
	size_t count;
	/* Groups without members ("undisclosed-recipients:;") have none above,
	 * so they are listed: the names of all groups, in order. */
	const char **groups;
	size_t group_count;
	bool incomplete; /* comments that belong to no address were read over */
	size_t capacity, group_capacity; /* address_parse's own */
};

struct address_params {
	const char *domain; /* for a bare local part; NULL: that is an error */
	const char *what;   /* for errors: "--to", "Cc in the message", … */
	bool single;	    /* exactly one mailbox, no group */
	bool encoded_words; /* decode RFC 2047 in display names and comments */
	bool folded; /* the text is a header field's value: CR LF or LF before
			white space folds, names may be in another charset (bad
			bytes become U+FFFD), and errors are EX_DATAERR.  It is
			read as MTAs read it, where that can leave nobody out:
			see address_parse */
	bool parameters; /* an address outside of groups may have some */
	bool unhinted;	 /* nothing is guessed of what was meant */
};

/*
 * Parses UTF-8 text, a list separated by commas; appends to *list, whose
 * memory is the arena's, or leaves it as it was.  A text without any address
 * is no error (but with `single`).  Errors are EX_USAGE and show the text with
 * the place of the offending character: "--to: 'bob@@x.test': unexpected '@'
 * at character 5".  CR, LF outside of folding, controls, `<` `>` in odd
 * places, U+0085, U+2028, invisible characters in the local part, an address
 * of over 254 octets: refused.  A NUL ends the text: who has bytes that may
 * hold one looks for it first.  EX_OSERR: an IDN, and no library for it;
 * EX_CONFIG: `domain` was needed and is none.
 * `Name (comment)`: a comment right after a bare addr-spec is its display name
 * (RFC 5322 3.4, the old way), as cron writes it.  All others stay comments.
 * If `folded`, what stands before an angle bracket is the name, whatever it is,
 * but for a comma or semicolon behind what may be a member of the list (one
 * word, or an '@' in it; not the semicolon of an HTML entity or a smiley), and
 * but for a quote that is not closed and may hold another; a source route is
 * ignored; the local part may have dots anywhere; a group may end with the list;
 * a semicolon separates addresses behind an angle bracket, or where none follows.
 * Those beside no address (of a group, of an empty member) are refused, or if
 * `folded` read over, which the list tells.  White space in a display name is
 * one space each if `folded`, else as it is.
 */
int address_parse(struct arena *, const char *text,
    const struct address_params *, struct address_list *list, struct error *);
/* Room for so many more, where it is known that they come. */
static inline void
address_list_reserve(struct arena *a, struct address_list *list, size_t more)
{
	list->addresses = arena_roomy(a, list->addresses, list->count, more,
	    &list->capacity, sizeof(*list->addresses));
}

/*
 * Parameters stand behind an address: "bob@x.test;notify=never;x-y", with blanks
 * only after a semicolon, which in RFC 5322 ends a group and is an error
 * elsewhere.  A value is a quoted-string, or characters of ASCII but for blanks
 * and , ; " ( ) < > @ = \ ; but a comma that nothing except a word of letters
 * follows, up to the next comma, semicolon or end, belongs to it: such a word is
 * no address beside others ("bob@x.test;notify=delay,failure,ann@x.test").
 */

/* One address for a header field: display name quoted or encoded as needed
 * (RFC 2047), and its comments, without folding. */
int address_format(const struct address *, struct buf *out);
/* The domain in A-labels, as the domain of an address: EX_USAGE if it is no
 * host name, EX_OSERR if the library for IDN is missing. */
int address_domain_to_ascii(
    struct arena *, const char *domain_utf8, const char **out, struct error *);
/* Whether both name the same mailbox: domains without regard to case. */
bool address_equal(const struct address *, const struct address *);

#endif
