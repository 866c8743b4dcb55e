/*
 * each_mould: messages of one batch that differ in words only are alike to the
 * octet but for these: date, recipient, subject, Message-ID and text.  One that
 * was composed is the mould that the others are cast in.
 *
 * A mould is trusted only when it gave the very octets of some messages that
 * were composed, too; anything that might be written in another way when it is
 * another word (long, folded, encoded) is composed.
 */
#ifndef COMMAND_EACH_MOULD_H
#define COMMAND_EACH_MOULD_H

#include "command/parameters.h"

enum mould_piece {
	MOULD_DATE,
	MOULD_TO,
	MOULD_SUBJECT, /* empty: the same in all */
	MOULD_ID,
	MOULD_TEXT,
	MOULD_PIECES
};

struct mould {
	bool useless; /* the messages are not alike */
	unsigned proofs;
	struct buf octets; /* of the message */
	struct {
		size_t at, len;
	} pieces[MOULD_PIECES]; /* in it, in order */
	bool open;		/* the text does not end with a line end */
	const char *host;	/* right side of Message-ID */
	const char *reverse_path;
	struct parameters parameters;
	struct arena arena;
};

struct each;
struct each_message;
struct ident;

/* The message of a record, unless it is to be composed.  ident: the message's. */
bool mould_cast(struct each *, struct each_message *, const struct ident *);
/* From one that was composed, as long as the mould is not trusted. */
void mould_learn(struct each *, struct each_message *, const struct ident *);
void mould_clear(struct mould *);

#endif
