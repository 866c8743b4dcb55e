#ifndef DIALOGUE_H
#define DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A dialogue is an SMTP session written down as in an RFC, and a player takes
 * the server's side of it.  A player does no I/O and knows no time: bytes that
 * the client sent go in, bytes for the client and actions come out.  Only
 * dialogue_load() reads a file.  When memory runs out, abort() is called.
 *
 *
 * THE FILE
 *
 * Lines end with LF.  A line that begins with # is a comment, anywhere.
 * First come "key: value" lines, up to the first blank line.  Keys are lower
 * case letters, digits and hyphens, may be repeated, and any key is allowed;
 * "name" is required.  The value begins after the colon and the blanks that
 * follow it, and is taken as written, trailing blanks included.
 *
 *	name: TEXT		what is tested, a sentence
 *	from: ADDRESS		reverse-path; empty for the null reverse-path
 *	to: ADDRESS		a recipient
 *	body: TEXT		the message, with escapes
 *	body-repeat: N TEXT	N times TEXT, with escapes, appended to it
 *	option: TEXT		for the runner; NAME or NAME=VALUE
 *	status: N		exit status required, 0 to 255
 *	result: ADDRESS VERDICT CODE	verdict required for a recipient;
 *				without CODE any code will do
 *	stderr: TEXT		must be contained in standard error
 *
 * body and body-repeat lines are joined in the order in which they stand.
 * Escapes: \r \n \t \0 \\ \" \xHH.
 *
 * Options in use: lmtp, all-or-nothing, check, without=KEYWORD, user=NAME,
 * password=TEXT, auth-in-clear, starttls=must, timeout=DURATION,
 * deadline=DURATION, mail-param=PARAMETER, rcpt-param=PARAMETER (of all
 * recipients; demanded, KEYWORD or KEYWORD=VALUE); tls: needs a certificate;
 * socket-only, in-process-only: for one kind of runner.
 *
 * After the blank line come directives, one a line: two characters, one blank
 * (any further blank belongs to the text), the text.  Blank lines are ignored.
 *
 *	S: TEXT		send TEXT, as written, and CRLF
 *	S" TEXT"	send TEXT, with escapes, and nothing else
 *	S* N "TEXT"	send TEXT, with escapes, N times; made as it is needed
 *	C: PATTERN	the next line of the client is PATTERN: * matches any
 *			run of bytes, everything else matches itself
 *	C= TEXT		the next line of the client is exactly TEXT
 *	C? PATTERN	as C: if the next line matches; passed over if it does
 *			not, or if the client has closed
 *	C+ bdat		take as many octets as the last BDAT line said
 *	C+ data		take everything up to the lone dot, remove the dots
 *	C+ octets N	take N octets and forget them
 *	C+ some		take what there is, at least one octet, and forget it
 *	C+ end		the client closes, and sends nothing before that
 *	C! wait		the client has sent nothing beyond what was taken so far
 *	M: "TEXT"	the message received is exactly TEXT, with escapes
 *	M~ TEXT		the message received contains TEXT, with escapes
 *	S! flush	what came before goes out on its own
 *	S! drip MS	from here on one byte goes out every MS milliseconds
 *	S! tls		the TLS handshake takes place here
 *	S! halfclose	nothing is sent any more, input is still read
 *	S! close	the connection is closed in good order
 *	S! cut		the same, but TLS is not told (no close_notify)
 *	S! reset	the connection is reset
 *	S! stall	nothing is sent any more; input is read and forgotten
 *	S! deaf		nothing is sent any more, nothing is read any more
 *	==		the dialogue of the next connection begins
 *
 * close, cut, reset, stall and deaf are the last of their connection.  Where
 * none of them stands, the connection is closed at the end, as by close.
 * C! wait belongs before the reply that is to be waited for: behind it, the
 * client may have gone on already.
 * What the client sends behind the last directive is not looked at: C+ end
 * says that there must be nothing.
 *
 * A line of the client ends with CRLF.  A bare LF, a bare CR or a NUL in it,
 * or 1 MiB without an end, is a failure.  Input that comes before it is
 * expected is kept; only C! wait and S! tls require that there is none.
 *
 * The first C+ bdat after a MAIL or RSET line, after a BDAT line with LAST,
 * or after C+ data begins a new message, and so does every C+ data.
 */
struct dialogue;

/*
 * Both return 0 and set *d, to be freed by the caller; or return -1 with
 * "FILE:LINE: what is wrong" or "FILE: what is wrong" in err.  dialogue_parse()
 * takes the text from memory and calls it by the name of path.
 */
int dialogue_load(
    const char *path, struct dialogue **d, char *err, size_t err_size);
int dialogue_parse(const char *path, const char *text, size_t n,
    struct dialogue **d, char *err, size_t err_size);
void dialogue_free(struct dialogue *);

const char *dialogue_path(const struct dialogue *);

/* The i-th value of a key, counted from 0; NULL when there are not as many. */
const char *dialogue_value(const struct dialogue *, const char *key, size_t i);
size_t dialogue_value_count(const struct dialogue *, const char *key);

/*
 * The value of "option: NAME=VALUE", "" for "option: NAME", NULL when the
 * option is not there.  Where it stands several times the i-th is returned.
 */
const char *
dialogue_option(const struct dialogue *, const char *name, size_t i);

/* The message; not terminated by a NUL, may contain some. */
void dialogue_body(const struct dialogue *, const char **bytes, size_t *n);

/* The exit status required; -1 when the file names none. */
int dialogue_status(const struct dialogue *);

/* A copy; an address too long for it is an error when the file is read. */
struct dialogue_result {
	char address[512];
	char verdict[32]; /* as written: accepted, refused … */
	int code;	  /* 0 when none is written */
};

/* False when there are not as many; the form was checked when it was read. */
bool
dialogue_result(const struct dialogue *, size_t i, struct dialogue_result *);

/* How many connections the dialogue describes: at least 1. */
size_t dialogue_connections(const struct dialogue *);

/*
 * THE PLAYER
 *
 *	for (;;) switch (dialogue_player_action(p)) { … }
 *
 * dialogue_player_action() goes as far as it can and says what is to be done
 * next.  It has no effect when nothing was done since the last call.
 */
enum dialogue_action {
	/*
	 * More input: call _receive(), or _peer_closed() when the client has
	 * closed.  Never returned after _peer_closed().
	 */
	DIALOGUE_WANT_INPUT,
	/*
	 * Send what _output() gives and tell by _sent().  Also after
	 * _peer_closed(), since a client may have closed one way only: what
	 * cannot be sent any more is reported as sent.
	 * Input may be handed over at any time.
	 */
	DIALOGUE_HAVE_OUTPUT,
	/*
	 * From S! flush and C! wait.  Everything sent so far is to reach the
	 * client, the client is to run until it has nothing more to say,
	 * what it says is handed over by _receive(); then call _proceed().
	 */
	DIALOGUE_PAUSE,
	/*
	 * Make a TLS handshake as the server, then call _secured(); when it
	 * fails, _peer_closed() (C+ end behind S! tls says that it must).
	 * Bytes of the handshake do not go through the player.
	 */
	DIALOGUE_TLS,
	/*
	 * Close the sending side, which to the client is the end of the
	 * connection, and go on reading; then call _proceed().
	 */
	DIALOGUE_HALFCLOSE,
	/*
	 * Final, the dialogue was followed to its end: close the connection
	 * (with close_notify under TLS), close it without, reset it.
	 */
	DIALOGUE_CLOSE,
	DIALOGUE_CUT,
	DIALOGUE_RESET,
	/*
	 * Final as well: read and forget (DEAF: do not read), and wait until
	 * the client has closed or the runner has seen enough.  After
	 * _peer_closed() the action is END.
	 */
	DIALOGUE_STALL,
	DIALOGUE_DEAF,
	/* Final: the end was reached.  Close. */
	DIALOGUE_END,
	/* Final: the client did not follow; _failure() says how. */
	DIALOGUE_FAILED
};

struct dialogue_player;

/*
 * Plays one connection, counted from 0, less than dialogue_connections().
 * The dialogue must outlive the player.
 */
struct dialogue_player *
dialogue_player_new(const struct dialogue *, size_t connection);
void dialogue_player_free(struct dialogue_player *);

enum dialogue_action dialogue_player_action(struct dialogue_player *);

/* The client sent n bytes; they are copied. */
void
dialogue_player_receive(struct dialogue_player *, const void *bytes, size_t n);

/*
 * What is waiting to go, n is 0 when nothing is: at most about 64 KiB, valid
 * until the next call that takes the player.  Bytes before and behind S! flush
 * or S! drip are never given together.
 */
void dialogue_player_output(
    const struct dialogue_player *, const char **bytes, size_t *n);
void dialogue_player_sent(struct dialogue_player *, size_t n);

void dialogue_player_proceed(struct dialogue_player *);
void dialogue_player_secured(struct dialogue_player *);
void dialogue_player_peer_closed(struct dialogue_player *);

/* Milliseconds for each byte of the output at hand; 0: at once. */
unsigned dialogue_player_drip_ms(const struct dialogue_player *);

/* "FILE:LINE: expected …, got …", printable, no LF; NULL if not FAILED. */
const char *dialogue_player_failure(const struct dialogue_player *);

/* The line of the file that is being played, the last one at the end. */
unsigned dialogue_player_line(const struct dialogue_player *);

/*
 * The message received so far, dots removed; n is 0 and bytes is not NULL when
 * there is none.  Valid until the next call that takes the player.
 * _complete: C+ data came to its dot, or C+ bdat to the end of a LAST chunk.
 */
void dialogue_player_message(
    const struct dialogue_player *, const char **bytes, size_t *n);
bool dialogue_player_message_complete(const struct dialogue_player *);

/*
 * Removes the dots of RFC 5321 4.5.2 from what follows a 354.  Begin with
 * a state that is all zero.  Takes up to n bytes from in, puts what belongs to
 * the message to out, which has room for n + 1 bytes, and its length to *out_n;
 * returns how many bytes were taken.  They are fewer than n only when the lone
 * dot has come, and then *done is set.  Only CRLF ends a line.
 */
struct undot {
	enum { UNDOT_BOL, UNDOT_DOT, UNDOT_DOT_CR, UNDOT_TEXT, UNDOT_CR } state;
};

size_t undot(struct undot *, const char *in, size_t n, char *out, size_t *out_n,
    bool *done);

#endif
