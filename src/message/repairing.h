/*
 * repairing: a message while its body is repaired.  What repair.c and
 * repair_nested.c share; nobody else includes this.
 */
#ifndef MESSAGE_REPAIRING_H
#define MESSAGE_REPAIRING_H

#include "message/repair.h"
#include "mime/signature.h"
#include "mime/structure.h"

struct repair {
	struct message *m;
	const struct repair_params *params;
	struct input *in;
	const struct buf *header; /* of the message */
	struct buf *outer;	  /* what stands before its body */
	struct mime_part *root;	  /* its body */
	struct structure s;
	enum signature *signatures; /* of the parts */
	bool is_signed;		    /* one of them is */
	bool silent;		    /* nothing is encoded in what follows */
	bool *global; /* messages with UTF-8 in the header of a part */
	bool *utf8;
	struct mime_part **tail; /* where the next piece goes */
	uint64_t at;		 /* all before is in pieces */
	uint64_t line;		 /* the number of the line there */
};

/* How bad it is. */
enum fault {
	FINE,
	EIGHT_BIT, /* for a server without 8BITMIME */
	ILLEGAL,
};

enum fault repairing_fault(const struct scan *);
/* The name of the input, for errors. */
const char *repairing_name(const struct repair *);
/* Whether a part must stay as it is: all of it, or what is in it. */
bool repairing_stays(const struct repair *, size_t part, enum signature what);
bool repairing_is_message(const struct repair *, const struct structure_part *);
/* A stretch that goes as it is; it was not scanned. */
struct mime_part *
repairing_stretch(struct repair *, const struct input_range *);

/* The fields of a part as they are to be, in CRLF lines, and what was wrong
 * with them. */
int repairing_header(struct repair *, size_t part, struct buf *fields,
    enum fault *, struct error *);
/* Where UTF-8 stays in the header of a part, all messages around it are
 * global; *change: there is something to be done about headers. */
int repairing_look(struct repair *, bool *change, struct error *);
/* Makes the type of a message message/global. */
void repairing_put_global(struct buf *fields);

#endif
