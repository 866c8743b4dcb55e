/*
 * oauth_hint: what to do after an error of OAuth.
 *
 * The error alone is a protocol's word; whose server said it, and sometimes what
 * its description says, makes it a next step.  Numbers that a provider puts
 * into descriptions are not looked at: they change.
 */
#include "provider/provider.h"

#include <string.h>

#include "lib/ascii.h"

/* Without pointers, so that a start pays nothing for it.  "": any.  Of those
 * that fit the first one counts. */
static const struct row {
	char host[20]; /* in the name of the authorisation server */
	char error[28];
	char words[28]; /* in the description, in any case */
	char text[236];
} rows[] = {
    {"google", "invalid_grant", "",
	"Google ends the sign-ins of an app in \"Testing\" after seven days: "
	"publish the app (Google Auth Platform, Audience), then sign in anew; "
	"a new password, and half a year without use, end one, too"},
    {"google", "invalid_request", "client_secret",
	"Google's desktop apps have a secret, too: oauth-client-secret-file "
	"or oauth-client-secret-command names it"},
    {"google", "invalid_client", "client type",
	"an app of type \"Desktop app\" signs in by --login=browser or "
	"--login=copy; mail has no device flow at Google"},
    {"google", "invalid_client", "not found",
	"oauth-client-id is to be the whole one, "
	"NUMBER-TEXT.apps.googleusercontent.com, of an app that is still there"},
    {"google", "invalid_client", "",
	"Google's desktop apps have a secret, too: oauth-client-secret-file "
	"or oauth-client-secret-command must name that of this "
	"oauth-client-id"},
    {"google", "unauthorized_client", "",
	"the app must be one of type \"Desktop app\", and the secret its own"},
    {"google", "access_denied", "",
	"if it was not you who said no: an app in \"Testing\" lets in the "
	"people alone who are listed there as test users (Google Auth "
	"Platform, Audience)"},
    {"google", "org_internal", "",
	"the app is for people of its own organization: sign in as one of "
	"them, or make it \"External\" (Google Auth Platform, Audience)"},
    {"google", "admin_policy_enforced", "",
	"the organization's administrator has to trust the app: Admin "
	"console, Security, API controls, by its oauth-client-id"},
    {"google", "redirect_uri_mismatch", "",
	"the app must be one of type \"Desktop app\": those take any port of "
	"127.0.0.1"},
    {"google", "invalid_scope", "",
	"mail by SMTP wants https://mail.google.com/, which has to be among "
	"the app's scopes; the device flow never gives it: --login=browser or "
	"--login=copy"},
    {"microsoftonline", "invalid_client", "client is public",
	"the app is a public client, which has no secret: take away "
	"oauth-client-secret-file or oauth-client-secret-command"},
    {"microsoftonline", "invalid_client", "client_secret",
	"switch on \"Allow public client flows\" of the app registration "
	"(Authentication), or name its secret: oauth-client-secret-file"},
    {"microsoftonline", "invalid_client", "",
	"oauth-client-id is the \"Application (client) ID\"; without a secret "
	"\"Allow public client flows\" must be on (Authentication), and a "
	"secret has its value, not its ID, and an end"},
    {"microsoftonline", "unauthorized_client", "not found",
	"the app is not known in this tenant: oauth-client-id is the "
	"\"Application (client) ID\", and oauth-tenant its tenant if it is for "
	"one alone"},
    {"microsoftonline", "unauthorized_client", "",
	"the app registration must allow these accounts (\"Supported account "
	"types\") and have \"Allow public client flows\" on "
	"(Authentication); oauth-tenant names the tenant of one that is for "
	"one alone"},
    {"microsoftonline", "invalid_request", "redirect",
	"add http://localhost to the app registration, as a platform \"Mobile "
	"and desktop applications\" (Authentication)"},
    {"microsoftonline", "access_denied", "conditional access",
	"a rule of the organization blocks this way to sign in: "
	"--login=browser where --login=device is blocked, or its administrator "
	"allows it"},
    {"microsoftonline", "invalid_grant", "conditional access",
	"a rule of the organization blocks this way to sign in: "
	"--login=browser where --login=device is blocked, or its administrator "
	"allows it"},
    {"microsoftonline", "access_denied", "",
	"if it was not you who said no: an administrator has to consent to "
	"the app's permission SMTP.Send for the organization"},
    {"microsoftonline", "invalid_grant", "consent",
	"an administrator has to consent to the app's permission SMTP.Send for "
	"the organization; then sign in anew"},
    {"microsoftonline", "consent_required", "",
	"an administrator has to consent to the app's permission SMTP.Send for "
	"the organization; then sign in anew"},
    {"microsoftonline", "interaction_required", "",
	"Microsoft wants to see you again (a second factor, a changed "
	"password, consent): sign in anew, by --login=browser"},
    {"microsoftonline", "invalid_grant", "",
	"a new password, a sign-in that was revoked, a rule of the "
	"organization or 90 days without use end a sign-in: sign in anew"},
    {"microsoftonline", "invalid_scope", "",
	"mail by SMTP wants https://outlook.office.com/SMTP.Send and "
	"offline_access; SMTP.SendAsApp is not for people"},
    {"yahoo", "invalid_client", "",
	"Yahoo gives apps for mail to partners alone: an app password does "
	"what a token would"},
    {"yahoo", "invalid_scope", "",
	"Yahoo gives apps for mail to partners alone: an app password does "
	"what a token would"},
    {"", "invalid_grant", "",
	"the server does not take this sign-in any more: sign in anew"},
    {"", "access_denied", "",
	"you, or an administrator, said no; sign in anew and allow it, or ask "
	"for what the app needs"},
    {"", "invalid_client", "",
	"check oauth-client-id; where the app has a secret, "
	"oauth-client-secret-file or oauth-client-secret-command names it"},
    {"", "unauthorized_client", "",
	"the server does not let this app sign in so: allow it where the app "
	"was made, or try --login=browser, device or copy"},
    {"", "invalid_scope", "",
	"oauth-scope names what is asked for: it must be what the server "
	"knows, and what the app may ask"},
    {"", "redirect_uri_mismatch", "",
	"the app must have a redirect to loopback (RFC 8252 7.3), with any "
	"port: http://127.0.0.1/ or http://localhost"},
    {"", "invalid_redirect_uri", "",
	"the server registers no app with a redirect to loopback: make one "
	"there, and name it by oauth-client-id"},
    {"", "invalid_client_metadata", "",
	"the server registers no such app: make one there, and name it by "
	"oauth-client-id"},
    {"", "unsupported_grant_type", "",
	"the server does not let anybody sign in so: try another way, "
	"--login=browser, device or copy"},
    {"", "unsupported_response_type", "",
	"the server knows no sign-in by browser: try --login=device"},
    {"", "interaction_required", "",
	"the server wants to see you again: sign in anew"},
    {"", "login_required", "",
	"the server wants to see you again: sign in anew"},
    {"", "consent_required", "",
	"the server wants to be told again that the app may: sign in anew"},
    {"", "expired_token", "", "the code was not typed in time: sign in anew"},
    {"", "temporarily_unavailable", "", "try again later"},
    {"", "server_error", "", "try again later"},
};

static bool
has_words(const char *text, const char *words)
{
	for (; *text != '\0'; text++)
		if (ascii_begins(text, words))
			return true;
	return *words == '\0';
}

/* Whoever answers: its token endpoint, or where that would be found. */
static const char *
server_of(const struct provider *p)
{
	if (p == NULL)
		return "";
	if (p->token_url != NULL)
		return p->token_url;
	return p->issuer != NULL ? p->issuer : "";
}

const char *
provider_oauth_hint(
    const struct provider *p, const char *error, const char *description)
{
	const struct row *row = rows, *end = rows + sizeof(rows) / sizeof(*row);

	for (; row < end; row++)
		if (strcmp(row->error, error) == 0 &&
		    has_words(server_of(p), row->host) &&
		    has_words(
			description != NULL ? description : "", row->words))
			return row->text;
	return NULL;
}
