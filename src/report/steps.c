#include "report/steps.h"

#include <string.h>

#include "lib/ascii.h"
#include "report/codes.h"

enum { ANY_5YZ = 5 };
/* Before there is a connection there is no reply. */
#define ANY_PHASE SMTP_PHASE_CONNECT
enum user { ANYBODY, NAMED, NOBODY };

static const char mailbox[] = "check what stands before the @, and send it "
			      "again to those named here alone";

/* Of those that fit the first one counts.  A step is one that can be gone: no
 * option that the call has already. */
static const struct step {
	enum smtp_phase phase;
	int reply; /* ANY_5YZ: each of that class; 0: we saw it ourselves */
	char words[16];
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
    {ANY_PHASE, ANY_5YZ, "relay", NOBODY,
	"the server relays for its users only: --user NAME with "
	"--password-file FILE"},
    {ANY_PHASE, ANY_5YZ, "relay", NAMED,
	"--envelope-from ADDRESS names another sender, one that --user may "
	"use; or the server for that user is another one (-S)"},
    {SMTP_PHASE_AUTH, 504, "", ANYBODY,
	"--auth=MECHANISM names another mechanism; --server-info lists those "
	"that are offered"},
    {SMTP_PHASE_AUTH, 534, "", ANYBODY,
	"--auth=MECHANISM names another mechanism; --server-info lists those "
	"that are offered"},
    {SMTP_PHASE_AUTH, 535, "", NAMED,
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
fits(const struct step *s, enum smtp_phase phase, int reply, const char *text,
    bool has_user)
{
	return (s->phase == phase || s->phase == ANY_PHASE) &&
	    (s->reply == reply || s->reply == reply / 100) &&
	    (s->user == ANYBODY || (s->user == NAMED) == has_user) &&
	    has_words(text, s->words);
}

const char *
steps_after(enum smtp_phase phase, int reply, const char *enhanced,
    const char *text, const char *server, bool has_user)
{
	const char *step = codes_step(reply, enhanced, text, server, has_user);
	size_t i;

	for (i = 0; step == NULL && i < sizeof(steps) / sizeof(steps[0]); i++)
		if (fits(&steps[i], phase, reply, text, has_user))
			step = steps[i].text;
	return step;
}
