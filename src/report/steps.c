#include "report/steps.h"

#include <stdbool.h>

#include "lib/ascii.h"
#include "report/codes.h"

enum { ANY_5YZ = 5 };
/* Before there is a connection there is no reply. */
#define ANY_PHASE SMTP_PHASE_CONNECT
enum user {
	ANYBODY,
	NAMED,
	NOBODY,
	PASSWORD,
	PROOF,
	TOKEN,
	TOKEN_FIRST /* whoever speaks, whatever it means for passwords */
};

static const char mailbox[] = "check what stands before the @, and send it "
			      "again to those named here alone";

static const char relays[] = "the server relays for its users only: --user "
			     "NAME with --password-file FILE";
static const char needs_user[] = "--user NAME with --password-file FILE or "
				 "--password-command COMMAND";
static const char needs_token[] =
    "the server takes no passwords any more: smtpsend --configure ADDRESS sets "
    "up signing in by OAuth, and --token-command takes a helper's token";
static const char app_password[] =
    "the provider wants an app password, made on its page about security, in "
    "the place of the account's own";

static const char policy[] =
    "the organisation's rules forbid this sign-in: its administrator can allow "
    "it, or smtpsend --configure ADDRESS sets up signing in by OAuth";

/* Of those that fit the first one counts.  A step is one that can be gone: no
 * option that the call has already. */
static const struct step {
	enum smtp_phase phase;
	int reply; /* ANY_5YZ: each of that class; 0: we saw it ourselves */
	char words[24];
	enum user user;
	const char *text;
} steps[] = {
    {SMTP_PHASE_EHLO, ANY_5YZ, "", ANYBODY,
	"--ehlo-name NAME says another name for this host: the one that its "
	"address has in DNS"},
    {SMTP_PHASE_AUTH, 530, "", ANYBODY,
	"--tls=starttls: the server may want TLS first"},
    {ANY_PHASE, 530, "", NAMED,
	"the server let --user in, and wants somebody else: another --user, or "
	"another --auth=MECHANISM"},
    {ANY_PHASE, ANY_5YZ, "relay", NOBODY, relays},
    {ANY_PHASE, ANY_5YZ, "relay", NAMED,
	"--envelope-from ADDRESS names another sender, one that --user may "
	"use; or the server for that user is another one (-S)"},
    {ANY_PHASE, ANY_5YZ, "authentication required", NOBODY, needs_user},
    {ANY_PHASE, ANY_5YZ, "authentication is requi", NOBODY, needs_user},
    {ANY_PHASE, ANY_5YZ, "must authenticate", NOBODY, needs_user},
    {ANY_PHASE, ANY_5YZ, "not authenticated", NOBODY, needs_user},
    {SMTP_PHASE_MAIL, 503, "auth", NOBODY, needs_user},
    {SMTP_PHASE_RCPT, 503, "auth", NOBODY, needs_user},
    {SMTP_PHASE_RCPT, ANY_5YZ, "rcpthosts", NOBODY, relays},
    {SMTP_PHASE_AUTH, ANY_5YZ, "5.7.30", PASSWORD, needs_token},
    {SMTP_PHASE_AUTH, ANY_5YZ, "basic auth", PASSWORD, needs_token},
    {SMTP_PHASE_AUTH, ANY_5YZ, "application-specific", PASSWORD, app_password},
    {SMTP_PHASE_AUTH, ANY_5YZ, "app password", PASSWORD, app_password},
    {SMTP_PHASE_AUTH, ANY_5YZ, "app-specific", PASSWORD, app_password},
    {SMTP_PHASE_AUTH, ANY_5YZ, "security defaults", PASSWORD, policy},
    {SMTP_PHASE_AUTH, ANY_5YZ, "did not meet the criter", PASSWORD, policy},
    {SMTP_PHASE_AUTH, ANY_5YZ, "web browser", PASSWORD,
	"sign in with a web browser once, where the provider asks whether it "
	"is you; then with an app password, or a token (--token-command)"},
    {SMTP_PHASE_AUTH, 504, "", ANYBODY,
	"--auth=MECHANISM names another mechanism; --server-info lists those "
	"that are offered"},
    {SMTP_PHASE_AUTH, 534, "", ANYBODY,
	"--auth=MECHANISM names another mechanism; --server-info lists those "
	"that are offered"},
    {SMTP_PHASE_AUTH, 535, "5.7.3 ", TOKEN_FIRST,
	"--user is the person who signed in for the token, not a shared "
	"mailbox"},
    {SMTP_PHASE_AUTH, 535, "5.7.8", TOKEN_FIRST,
	"the token must be a fresh one, for this --user and for sending by "
	"SMTP"},
    {SMTP_PHASE_AUTH, 535, "", TOKEN,
	"the token must be a fresh one, for this --user and for sending by "
	"SMTP"},
    {SMTP_PHASE_AUTH, 535, "", PROOF,
	"the certificate or ticket may not be for this --user; without it the "
	"server decides who that is"},
    {SMTP_PHASE_AUTH, 535, "", PASSWORD,
	"check --user (often the whole address) and the password; many "
	"providers want an app password in its place"},
    {SMTP_PHASE_MAIL, 0, "does not offer", ANYBODY,
	"leave out what asks for that, or name a server that has it: "
	"--server-info lists what one offers"},
    {SMTP_PHASE_MAIL, 550, "", ANYBODY,
	"--envelope-from ADDRESS names another sender"},
    {SMTP_PHASE_MAIL, 553, "", NAMED,
	"--envelope-from ADDRESS names another sender, one that --user may "
	"use"},
    {SMTP_PHASE_MAIL, 553, "", NOBODY,
	"--envelope-from ADDRESS names another sender; or --user NAME with "
	"--password-file FILE"},
    {SMTP_PHASE_RCPT, ANY_5YZ, "5.1.1", ANYBODY, mailbox},
    {SMTP_PHASE_RCPT, ANY_5YZ, "no such", ANYBODY, mailbox},
    {SMTP_PHASE_RCPT, ANY_5YZ, "unknown user", ANYBODY, mailbox},
    {SMTP_PHASE_RCPT, ANY_5YZ, "user unknown", ANYBODY, mailbox},
    {SMTP_PHASE_RCPT, ANY_5YZ, "not exist", ANYBODY, mailbox},
};

/* The pattern is in small letters. */
static bool
has_words(const char *text, const char *words)
{
	for (; *text != '\0'; text++)
		if (ascii_begins(text, words))
			return true;
	return *words == '\0';
}

static bool
is_for(enum user wanted, enum steps_user user)
{
	switch (wanted) {
	case NAMED:
		return user != STEPS_NOBODY;
	case NOBODY:
		return user == STEPS_NOBODY;
	case PASSWORD:
		return user == STEPS_PASSWORD;
	case PROOF:
		return user == STEPS_PROOF;
	case TOKEN:
	case TOKEN_FIRST:
		return user == STEPS_TOKEN;
	default:
		return true;
	}
}

static const char *
first_that_fits(enum smtp_phase phase, int reply, const char *text,
    enum steps_user user, bool before_codes)
{
	const struct step *s = steps, *end = steps + sizeof(steps) / sizeof(*s);

	for (; s < end; s++)
		if ((s->phase == phase || s->phase == ANY_PHASE) &&
		    (s->reply == reply || s->reply == reply / 100) &&
		    (s->user == TOKEN_FIRST) == before_codes &&
		    is_for(s->user, user) && has_words(text, s->words))
			return s->text;
	return NULL;
}

const char *
steps_after(enum smtp_phase phase, int reply, const char *enhanced,
    const char *text, const char *server, enum steps_user user)
{
	const char *step = first_that_fits(phase, reply, text, user, true);

	if (step == NULL)
		step = codes_step(
		    reply, enhanced, text, server, user != STEPS_NOBODY);
	if (step == NULL)
		step = first_that_fits(phase, reply, text, user, false);
	return step;
}
