#include "report/codes.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/enhanced.h"
#include "smtp/reply.h"

/* A code, and what is known of the reply that it stands in. */
struct reply {
	int code;	   /* 0: none */
	char enhanced[12]; /* "": none */
	enum codes_speaker speaker;
	bool bare;	  /* nothing but the code is known */
	struct buf words; /* in small letters, on one line, without codes */
};

enum { WORDS_MAX = 4096 };

/* --- who said it ----------------------------------------------------------*/

const char *
codes_speaker_name(enum codes_speaker speaker)
{
	static const char names[CODES_SPEAKERS][16] = {
	    [CODES_GOOGLE] = "Google",
	    [CODES_MICROSOFT] = "Microsoft",
	    [CODES_YAHOO] = "Yahoo",
	    [CODES_ICLOUD] = "iCloud",
	    [CODES_SES] = "Amazon SES",
	    [CODES_GMX] = "GMX and WEB.DE",
	    [CODES_FASTMAIL] = "Fastmail",
	    [CODES_POSTFIX] = "Postfix",
	    [CODES_EXIM] = "Exim",
	};

	return names[speaker];
}

/* Recipients' addresses stand in replies of others, too: a domain alone is no
 * mark of its owner's. */
static const struct {
	enum codes_speaker speaker;
	char words[36];
} marks[] = {
    {CODES_GOOGLE, "gsmtp"},
    {CODES_GOOGLE, "support.google.com"},
    {CODES_MICROSOFT, "prod.outlook.com"},
    {CODES_MICROSOFT, "protection.outlook.com"},
    {CODES_MICROSOFT, "postmaster.live.com"},
    {CODES_MICROSOFT, "sender.office.com"},
    {CODES_MICROSOFT, "aka.ms/"},
    {CODES_MICROSOFT, "go.microsoft.com"},
    {CODES_MICROSOFT, "smtpclientauthentication"},
    {CODES_MICROSOFT, "basic authentication is"},
    {CODES_MICROSOFT, "storedrv."},
    {CODES_YAHOO, "yahooinc.com"},
    {CODES_YAHOO, "postmaster.yahoo.com"},
    {CODES_YAHOO, "yahoodns.net"},
    {CODES_ICLOUD, "support.apple.com"},
    {CODES_SES, "email address is not verified"},
    {CODES_SES, "throttling failure"},
    {CODES_GMX, "postmaster.gmx."},
    {CODES_GMX, "postmaster.web.de"},
    {CODES_GMX, "nemesis esmtp"},
    {CODES_FASTMAIL, "messagingengine.com"},
    {CODES_FASTMAIL, "authorised to send from this header"},
};

static const struct {
	enum codes_speaker speaker;
	char domain[20];
} hosts[] = {
    {CODES_GOOGLE, "gmail.com"},
    {CODES_GOOGLE, "google.com"},
    {CODES_GOOGLE, "googlemail.com"},
    {CODES_MICROSOFT, "office365.com"},
    {CODES_MICROSOFT, "outlook.com"},
    {CODES_MICROSOFT, "hotmail.com"},
    {CODES_MICROSOFT, "live.com"},
    {CODES_YAHOO, "yahoo.com"},
    {CODES_YAHOO, "yahoodns.net"},
    {CODES_YAHOO, "aol.com"},
    {CODES_ICLOUD, "icloud.com"},
    {CODES_ICLOUD, "me.com"},
    {CODES_SES, "amazonaws.com"},
    {CODES_GMX, "gmx.net"},
    {CODES_GMX, "gmx.com"},
    {CODES_GMX, "web.de"},
    {CODES_FASTMAIL, "fastmail.com"},
    {CODES_FASTMAIL, "messagingengine.com"},
};

/* The domain or a host in it, also as the host of a URL. */
static bool
is_in_domain(const char *server, const char *domain)
{
	size_t n = strlen(domain);
	const char *at;

	for (at = server; *at != '\0'; at++)
		if ((at == server || strchr("./@", at[-1]) != NULL) &&
		    ascii_begins(at, domain) &&
		    (at[n] == '\0' || strchr(":/", at[n]) != NULL))
			return true;
	return false;
}

static enum codes_speaker
speaker_of(const char *words, const char *server)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strstr(words, marks[i].words) != NULL)
			return marks[i].speaker;
	for (i = 0; server != NULL && i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (is_in_domain(server, hosts[i].domain))
			return hosts[i].speaker;
	return CODES_STANDARD;
}

/* --- which rows fit -------------------------------------------------------*/

static bool
enhanced_fits(const char *pattern, const char *enhanced)
{
	const char *dash = strchr(pattern, '-'), *detail, *end;
	long n;

	if (enhanced[0] == '\0' ||
	    (pattern[0] != 'X' && pattern[0] != enhanced[0]))
		return false;
	if (dash == NULL)
		return strcmp(pattern + 1, enhanced + 1) == 0;
	for (end = dash; *end != '.'; end--)
		;
	detail = enhanced + (end + 1 - pattern);
	if (strncmp(pattern + 1, enhanced + 1, (size_t)(end - pattern)) != 0)
		return false;
	n = strtol(detail, NULL, 10);
	return n >= strtol(end + 1, NULL, 10) &&
	    n <= strtol(dash + 1, NULL, 10);
}

static bool
fits(const struct codes_row *row, const struct reply *r)
{
	if (row->reply != 0 && r->code != 0 && row->reply != r->code)
		return false;
	if (row->enhanced[0] != '\0') {
		if (!enhanced_fits(row->enhanced, r->enhanced))
			return false;
	} else if (row->reply != r->code) {
		return false;
	} else if (row->speaker != CODES_STANDARD && r->enhanced[0] != '\0') {
		/* Its replies have no such codes. */
		return false;
	}
	return row->words[0] == '\0' || r->bare ||
	    strstr(buf_string(&r->words), row->words) != NULL;
}

/* The next row of the speaker that fits, after one or from the first on. */
static const struct codes_row *
next_fit(const struct codes_row *row, const struct reply *r,
    enum codes_speaker speaker)
{
	const struct codes_row *end = codes_rows + codes_row_count;

	for (row = row != NULL ? row + 1 : codes_rows; row < end; row++)
		if (row->speaker == speaker && fits(row, r))
			return row;
	return NULL;
}

/* What the standards say of the reply code, or of the enhanced one. */
static const struct codes_row *
standard(const struct reply *r, bool enhanced)
{
	const struct codes_row *row = NULL;

	while ((row = next_fit(row, r, CODES_STANDARD)) != NULL)
		if ((row->enhanced[0] != '\0') == enhanced &&
		    (row->words[0] == '\0' || !r->bare))
			break;
	return row;
}

/* --- reading a reply ------------------------------------------------------*/

static size_t
enhanced_at(const char *s, size_t n)
{
	return n > 0 && strchr("245", s[0]) != NULL
	    ? enhanced_length(s, n, s[0])
	    : 0;
}

/* The length of "550", "550 " or "550-" at s; 0: there is no reply code. */
static size_t
reply_code(const char *s, size_t n, int *code)
{
	int number;

	if (n < 3 || !ascii_is_digit(s[0]) || !ascii_is_digit(s[1]) ||
	    !ascii_is_digit(s[2]) || (n > 3 && s[3] != ' ' && s[3] != '-'))
		return 0;
	number = (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
	if ((number < 200 || number > 599) && number != SMTP_CODE_UNPARSABLE &&
	    number != SMTP_CODE_CUT && number != SMTP_CODE_RECIPIENTS)
		return 0;
	*code = number;
	return n > 3 ? 4 : 3;
}

/* The length of the codes at the beginning of a line. */
static size_t
line_codes(const char *line, size_t n, int *code, char enhanced[12])
{
	size_t used, length;

	*code = 0;
	used = reply_code(line, n, code);
	while (used > 0 && used < n && line[used] == ' ')
		used++;
	length = enhanced_at(line + used, n - used);
	memcpy(enhanced, line + used, length);
	enhanced[length] = '\0';
	return used + length;
}

static void
put_lower(struct buf *b, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		(void)buf_putc(b, ascii_lower(text[i]));
}

static void
put_words(struct buf *words, const char *text)
{
	char enhanced[12];
	size_t n, codes;
	int code;

	for (; *text != '\0'; text += n) {
		text += strspn(text, " \t\r\n");
		n = strcspn(text, "\r\n");
		codes = line_codes(text, n, &code, enhanced);
		if (words->len > 0 && codes < n && text[codes] != ' ')
			(void)buf_putc(words, ' ');
		put_lower(words, text + codes, n - codes);
	}
}

static void
know_speaker(struct reply *r, const char *server)
{
	const enum codes_speaker end = CODES_SPEAKERS;
	enum codes_speaker program;

	r->speaker = speaker_of(buf_string(&r->words), server);
	for (program = CODES_POSTFIX;
	     !r->bare && program < end && r->speaker == CODES_STANDARD;
	     program++)
		if (next_fit(NULL, r, program) != NULL)
			r->speaker = program;
}

static int
read_reply(struct reply *r, const char *text, const char *server)
{
	*r = (struct reply){.words = BUF_WITH_MAX(WORDS_MAX)};
	text += strspn(text, " \t\r\n");
	(void)line_codes(text, strcspn(text, "\r\n"), &r->code, r->enhanced);
	if (r->code == 0 && r->enhanced[0] == '\0')
		return -1;
	put_words(&r->words, text);
	r->bare = strspn(buf_string(&r->words), " ") == r->words.len;
	know_speaker(r, server);
	return 0;
}

bool
codes_begin(const char *text)
{
	char enhanced[12];
	int code;

	return line_codes(text, strcspn(text, "\r\n"), &code, enhanced) > 0;
}

/* --- what is said of it ---------------------------------------------------*/

static const char *
verdict(char class)
{
	return class == '4' ? "deferred: " : class == '5' ? "refused: " : "";
}

static void
put_row(struct buf *out, const struct codes_row *row, const struct reply *r)
{
	bool enhanced = row->enhanced[0] != '\0';

	if (row->reply != 0)
		buf_printf(out, "%d%s", row->reply, enhanced ? " " : "");
	if (enhanced)
		buf_puts(out, r->enhanced);
	if (row->speaker != CODES_STANDARD)
		buf_printf(out, " at %s", codes_speaker_name(row->speaker));
	if (row->words[0] != '\0' && r->bare)
		buf_printf(out, " (\"%s\")", row->words);
	buf_puts(out, ": ");
	if (row->speaker == CODES_STANDARD)
		buf_puts(out,
		    verdict(enhanced ? r->enhanced[0]
				     : (char)('0' + row->reply / 100)));
	buf_puts(out, row->meaning);
	if (row->source[0] != '\0')
		buf_printf(out, " (%s)", row->source);
	buf_putc(out, '\n');
	if (row->step[0] != '\0')
		buf_printf(out, "    %s\n", row->step);
}

/* A code that no row of the standards has: what its digits say. */
static void
put_unregistered(struct buf *out, const struct reply *r, bool enhanced)
{
	static const char subjects[][24] = {"nothing in particular",
	    "an address", "a mailbox", "the mail system",
	    "the network or routing", "the protocol", "the content",
	    "security or policy"};
	static const char groups[10][16] = {
	    "syntax", "information", "the connection", [5] = "mail"};
	size_t subject;
	const char *about = groups[r->code / 10 % 10];

	if (enhanced) {
		subject = (size_t)strtol(r->enhanced + 2, NULL, 10);
		about = subject < sizeof(subjects) / sizeof(subjects[0])
		    ? subjects[subject]
		    : "";
		buf_puts(out, r->enhanced);
	} else {
		buf_printf(out, "%d", r->code);
	}
	buf_printf(out, ": %snot a registered code",
	    verdict(enhanced ? r->enhanced[0] : (char)('0' + r->code / 100)));
	if (about[0] != '\0')
		buf_printf(out, "; it is about %s (%s)", about,
		    enhanced ? "RFC 3463" : "RFC 5321");
	buf_putc(out, '\n');
}

static void
put_standard(struct buf *out, const struct reply *r, bool enhanced)
{
	const struct codes_row *row = standard(r, enhanced);

	if (row != NULL)
		put_row(out, row, r);
	else
		put_unregistered(out, r, enhanced);
}

static void
put_meanings(struct buf *out, const struct reply *r)
{
	const struct codes_row *row;
	enum codes_speaker speaker;

	if (r->code != 0)
		put_standard(out, r, false);
	if (r->enhanced[0] != '\0')
		put_standard(out, r, true);
	for (speaker = CODES_STANDARD + 1; speaker < CODES_SPEAKERS;
	     speaker++) {
		if (r->speaker != CODES_STANDARD && r->speaker != speaker)
			continue;
		row = NULL;
		while ((row = next_fit(row, r, speaker)) != NULL) {
			put_row(out, row, r);
			/* Its words decide which one it is. */
			if (!r->bare)
				break;
		}
	}
}

int
codes_explain(struct buf *out, const char *text, const char *server)
{
	struct reply r;
	int result = read_reply(&r, text, server);

	if (result == 0)
		put_meanings(out, &r);
	buf_clear(&r.words);
	return result;
}

/* Without what a call that names a user has done already. */
static const char *
what_is_left(const char *step, bool has_user)
{
	static const char user[] = "--user NAME with ", or_else[] = ", or ";

	if (!has_user || strncmp(step, user, strlen(user)) != 0)
		return step;
	step = strstr(step, or_else);
	return step != NULL ? step + strlen(or_else) : "";
}

const char *
codes_step(int code, const char *enhanced, const char *text, const char *server,
    bool has_user)
{
	const char *step;

	struct reply r = {.code = code, .words = BUF_WITH_MAX(WORDS_MAX)};
	const struct codes_row *row = NULL;

	if (code < 400 || code > 599)
		return NULL;
	strncpy(r.enhanced, enhanced, sizeof(r.enhanced) - 1);
	put_words(&r.words, text);
	know_speaker(&r, server);
	if (r.speaker != CODES_STANDARD)
		row = next_fit(NULL, &r, r.speaker);
	if (row == NULL && (row = standard(&r, true)) != NULL && !row->certain)
		row = NULL;
	if (row == NULL && (row = standard(&r, false)) != NULL && !row->certain)
		row = NULL;
	buf_clear(&r.words);
	step = row != NULL ? what_is_left(row->step, has_user) : "";
	return *step != '\0' ? step : NULL;
}
