/*
 * message_testutil: messages and sources for tests, the same in every run.
 */
#ifndef MESSAGE_TESTUTIL_H
#define MESSAGE_TESTUTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/source.h"
#include "message/message.h"

/* 13 November 2025, 09:00:00 UTC, ann at host.test, "Ann O'Nym", zone +0100,
 * an empty body. */
struct message_params testmail_params(void);
/* The same, complete: the text with its own recipients. */
struct message_params testmail_complete_params(const char *text);
extern const char *const testmail_bob[1]; /* bob@host.test */
void testmail_to_bob(struct message_params *);
/* What a server offers: nothing, or 8BITMIME and SMTPUTF8. */
extern const struct mime_form testmail_plain, testmail_full;
/* A regular file without a name that holds the bytes, at its beginning. */
int testmail_file(const void *bytes, size_t n);
/* The reading end of a pipe that a child process fills, then closes. */
int testmail_pipe(const void *bytes, size_t n);
/* Lines of at most some 900 octets with LF and CRLF, up to n octets. */
void testmail_fill(struct buf *text, size_t n, bool eight_bit);
/* A pseudo-random number below n. */
size_t testmail_random(uint64_t *state, size_t n);

/* A source that gives the bytes in random pieces of at most `most`, and
 * SOURCE_AGAIN now and then. */
struct source *testmail_trickle(const void *bytes, size_t n, size_t most);
/* Reads the source to its end in pieces of `piece`, waiting where it says so;
 * 0 or -1. */
int
testmail_drain(struct source *, size_t piece, struct buf *out, struct error *);

/* The message as bytes, whose number is what was promised; the test fails if
 * there is none.  *message is the caller's, or NULL. */
void testmail_send(const struct message_params *, const struct mime_form *,
    struct buf *out, struct message **message);
/* No message, but an error with this status and these words. */
void
testmail_refused(const struct message_params *, int status, const char *words);
/* Nothing illegal: lines of at most 998, every CR with its LF, no NUL. */
void testmail_check_legal(const struct buf *out, bool eight_bit);

/* About the bytes of a message. */
bool testmail_has(const struct buf *out, const char *text);
size_t testmail_count_fields(const struct buf *out);
const char *testmail_body(const struct buf *out);
/* What must come out of a body that needs no encoding. */
void testmail_expect(const char *text, size_t n, struct buf *out);

#endif
