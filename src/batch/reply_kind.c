#include "batch/reply_kind.h"

#include <stddef.h>
#include <string.h>

#include "lib/ascii.h"
#include "smtp/reply.h"

#define AT(phase) (1U << SMTP_PHASE_##phase)

enum {
	ANYWHERE = ~0U,
	MESSAGE = AT(MAIL) | AT(DATA) | AT(MESSAGE),
	TRANSACTION = MESSAGE | AT(RCPT),
	BEFORE_END = ANYWHERE & ~AT(MESSAGE),
};

/* 0 and "": any.  Words stand in small letters between two of which neither is
 * a letter or digit; '*' at their end: they may go on.  The first row
 * counts. */
struct row {
	int code;
	const char *enhanced;
	const char *words;
	unsigned phases;
	enum reply_kind kind;
	const char *hint;
};

static const char from_hint[] =
    "send with an address of the account in From, or let an administrator "
    "allow \"send as\"";
static const char proof_hint[] =
    "send it by a server of the domain of From, or set up SPF and DKIM for it";
static const char day_hint[] = "the limit for one day is reached: go on "
			       "tomorrow";
static const char quota_hint[] =
    "the account has sent too much: go on tomorrow";
static const char banned_hint[] =
    "the account is blocked for what it has sent: ask the provider's support, "
    "once it is safe again";

static const struct row temporary[] = {
    /* They speak of a rate, but of the recipient's or of a transaction's. */
    {450, "4.2.1", "smtp relay limit", TRANSACTION, REPLY_TOO_MUCH},
    {0, "4.2.1", "", MESSAGE, REPLY_LATER},
    /* Nor is it a rate that one connection has had its share. */
    {421, "", "this connection", BEFORE_END, REPLY_LOST},
    {421, "", "this session", BEFORE_END, REPLY_LOST},
    {421, "", "per connection", BEFORE_END, REPLY_LOST},
    {421, "", "per session", BEFORE_END, REPLY_LOST},
    {432, "4.3.2", "recipient thread", MESSAGE, REPLY_LATER},
    {452, "4.5.3", "", AT(RCPT), REPLY_TRANSACTION},
    {452, "", "too many recipients", AT(RCPT), REPLY_TRANSACTION},
    {451, "4.3.0", "multiple destination domains", AT(RCPT), REPLY_TRANSACTION},
    /* Postfix' anvil, as which it asks at the first RCPT. */
    {450, "4.7.1", "too much mail from", TRANSACTION, REPLY_TOO_MUCH},
    {450, "4.7.1", "too many recipients from", TRANSACTION, REPLY_TOO_MUCH},
    {0, "4.7.28", "", ANYWHERE, REPLY_TOO_MUCH},
    {0, "", "throttl*", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "rate", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "rates", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "ratelimit*", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "too many messages", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "too many mails", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "too many emails", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "too much mail", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "too quickly", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "too fast", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "slow down", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "excessive volume", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "sending limit", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "sending quota", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "message quota", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "hourly limit", MESSAGE, REPLY_TOO_MUCH},
    {0, "", "daily limit", MESSAGE, REPLY_TOO_MUCH},
    {0, "4.4.5", "", MESSAGE, REPLY_TOO_MUCH},
    /* After the end of the message it is an answer like others. */
    {421, "", "", BEFORE_END, REPLY_LOST},
    {0, "4.3.1", "", MESSAGE, REPLY_BUSY},
    {0, "4.3.2", "", MESSAGE, REPLY_BUSY},
    {0, "", "", AT(RCPT), REPLY_RECIPIENT},
    {0, "", "", ANYWHERE, REPLY_LATER},
};

static const struct row permanent[] = {
    {535, "", "", ANYWHERE, REPLY_ACCOUNT,
	"check the user and the password; many providers want an app password "
	"here"},
    {550, "5.4.5", "", TRANSACTION, REPLY_ACCOUNT, day_hint},
    {0, "5.1.90", "", TRANSACTION, REPLY_ACCOUNT, day_hint},
    {554, "5.2.0", "sendasdenied*", MESSAGE, REPLY_ACCOUNT, from_hint},
    /* All that goes wrong with a mailbox at Exchange has this code. */
    {554, "5.2.0", "storedrv.deliver*", MESSAGE, REPLY_FINAL, NULL},
    {554, "5.2.0", "submissionquota*", MESSAGE, REPLY_ACCOUNT, quota_hint},
    {554, "5.2.0", "quota*", MESSAGE, REPLY_ACCOUNT, quota_hint},
    {554, "5.2.0", "sending limit*", MESSAGE, REPLY_ACCOUNT, quota_hint},
    {554, "5.2.0", "outboundspam*", MESSAGE, REPLY_ACCOUNT, banned_hint},
    {0, "5.2.2", "submission quota*", MESSAGE, REPLY_ACCOUNT, quota_hint},
    {0, "5.7.26", "", MESSAGE, REPLY_ACCOUNT, proof_hint},
    {0, "5.7.515", "", MESSAGE, REPLY_ACCOUNT,
	"set up SPF, DKIM and DMARC for the domain of From"},
    {0, "5.7.501", "", MESSAGE, REPLY_ACCOUNT, banned_hint},
    {0, "5.7.502", "", MESSAGE, REPLY_ACCOUNT, banned_hint},
    {0, "5.7.503", "", MESSAGE, REPLY_ACCOUNT, banned_hint},
    {0, "5.7.705", "", MESSAGE, REPLY_ACCOUNT, banned_hint},
    {0, "5.7.708", "", MESSAGE, REPLY_ACCOUNT,
	"nothing is taken from this address: ask the provider's support"},
    {0, "", "", ANYWHERE, REPLY_FINAL},
};

static bool
says(const char *text, const char *words)
{
	size_t n = strlen(words);
	bool open = n > 0 && words[n - 1] == '*';
	const char *p;

	if (n == 0)
		return true;
	if (open)
		n--;
	for (p = text; *p != '\0'; p++) {
		if (p > text && ascii_is_letter_or_digit(p[-1]))
			continue;
		if (strnlen(p, n) == n && ascii_equal_bytes(p, words, n) &&
		    (open || !ascii_is_letter_or_digit(p[n])))
			return true;
	}
	return false;
}

static const struct row *
find(const struct row *row, const struct schedule_reply *r)
{
	const char *enhanced = r->enhanced != NULL ? r->enhanced : "";
	const char *text = r->text != NULL ? r->text : "";

	/* The last row fits all. */
	while ((row->code != 0 && row->code != r->code) ||
	    (row->enhanced[0] != '\0' &&
		strcmp(row->enhanced, enhanced) != 0) ||
	    (row->phases & 1U << r->phase) == 0 || !says(text, row->words))
		row++;
	return row;
}

static bool
is_lost(int code)
{
	return code == 0 || code == SMTP_CODE_UNPARSABLE ||
	    code == SMTP_CODE_CUT;
}

enum reply_kind
reply_kind(const struct schedule_reply *r, const char **hint)
{
	const struct row *row;

	if (hint != NULL)
		*hint = NULL;
	if (r->accepted)
		return REPLY_FINAL;
	if (is_lost(r->code))
		return REPLY_LOST;
	if (r->code < 400 || r->code > 599)
		return REPLY_FINAL;
	row = find(r->code < 500 ? temporary : permanent, r);
	if (hint != NULL)
		*hint = row->hint;
	return row->kind;
}

bool
reply_counts(const struct schedule_reply *r)
{
	if (r->accepted || r->code < 500 || r->code > 599)
		return false;
	if ((1U << r->phase & MESSAGE) != 0)
		return true;
	return r->phase == SMTP_PHASE_RCPT && r->enhanced != NULL &&
	    strncmp(r->enhanced, "5.7.", 4) == 0;
}
