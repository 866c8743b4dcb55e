/*
 * personality: which of our programs was called: smtpsend, or one of those that
 * other programs expect to find.
 *
 * The name decides, up to its last '/' and without the '-' of a login shell:
 * sendmail and send-mail, mailq, newaliases; no other name, in no other case.
 * Under any other name it is sendmail
 *  - if the first word is --sendmail, or
 *  - if there is a word that only sendmail(8) has, and what stands before it
 *    means the same to both: -v; -f with its value, glued or not; and -t where
 *    it has none.  So it can neither be an option's value nor an operand.
 * Only sendmail(8) has -i, -it, -ti, -toi, -oi, -om, -o7, -o8, -oe and -od with
 * a letter of theirs behind them, and -bm, -bs, -bp, -bv, -bi, written exactly
 * so.  Nothing else is looked at, least of all the message.
 */
#ifndef OPTIONS_PERSONALITY_H
#define OPTIONS_PERSONALITY_H

enum personality {
	PERSONALITY_SMTPSEND,
	PERSONALITY_SENDMAIL,
	PERSONALITY_MAILQ,
	PERSONALITY_NEWALIASES,
};

/* argv is not changed; there may be none at all. */
enum personality personality_of(int argc, char *const *argv);
/* What stands in front of messages: that one of those names under which it was
 * started, else "smtpsend". */
const char *personality_name(int argc, char *const *argv);

#endif
