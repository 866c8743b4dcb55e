/* explain_provider: see explain_provider.h. */
#include "command/explain_provider.h"

#include <string.h>

static const char indent[] = "    ";

static void
put_line(struct buf *out, const char *what, const char *text)
{
	if (text != NULL)
		buf_printf(out, "%s%-10s %s\n", indent, what, text);
}

/* Some of a list, and how many more there are. */
static void
put_list(struct buf *out, const char *what, const char *list)
{
	enum { SHOWN = 8 };
	size_t count = 0, n;

	if (list == NULL)
		return;
	buf_printf(out, "%s%-10s ", indent, what);
	for (; *list != '\0'; list += n + (list[n] == ','), count++) {
		n = strcspn(list, ",");
		if (count < SHOWN)
			buf_printf(
			    out, "%s%.*s", count > 0 ? ", " : "", (int)n, list);
	}
	if (count > SHOWN)
		buf_printf(out, " and %zu more", count - SHOWN);
	buf_putc(out, '\n');
}

/* "a; b; c" as steps, numbered if there are several. */
static void
put_steps(struct buf *out, const char *what, const char *text, const char *url)
{
	unsigned number = 1;
	size_t n;

	if (text == NULL && url == NULL)
		return;
	buf_printf(out, "\n%s%s%s:\n", what, url != NULL ? ", at " : "",
	    url != NULL ? url : "");
	for (; text != NULL; number++) {
		n = strstr(text, "; ") != NULL
		    ? (size_t)(strstr(text, "; ") - text)
		    : strlen(text);
		if (number > 1 || text[n] != '\0')
			buf_printf(
			    out, "%s%u. %.*s\n", indent, number, (int)n, text);
		else
			buf_printf(out, "%s%s\n", indent, text);
		text = text[n] != '\0' ? text + n + 2 : NULL;
	}
}

/* "app-password" as people say it. */
static void
put_words(struct buf *out, const char *word)
{
	for (; *word != '\0'; word++)
		buf_putc(out, *word == '-' ? ' ' : *word);
}

/* "app password, or OAuth (browser, device)". */
static void
put_ways(struct buf *out, const struct provider *p)
{
	const char *s;

	buf_printf(out, "%s%-10s ", indent, "sign in");
	if (p->secret != NULL)
		put_words(out, p->secret);
	if (p->auth_url != NULL || p->issuer != NULL) {
		buf_printf(out, "%sOAuth", p->secret != NULL ? ", or " : "");
		for (s = p->flow; s != NULL && *s != '\0'; s++) {
			if (s == p->flow)
				buf_puts(out, " (");
			buf_putc(out, *s);
			if (*s == ',')
				buf_putc(out, ' ');
		}
		buf_puts(out, p->flow != NULL ? ")" : "");
	}
	buf_putc(out, '\n');
	put_list(out, "AUTH", p->auth);
}

static void
put_server(struct buf *out, const struct provider *p)
{
	const char *user = p->user;

	if (p->server == NULL)
		buf_printf(out, "%s%-10s the domain's own, port %s, %s\n",
		    indent, "server", p->port, p->tls);
	else
		buf_printf(out, "%s%-10s %s, port %s, %s\n", indent, "server",
		    p->server, p->port,
		    strcmp(p->tls, "implicit") == 0 ? "TLS from the first byte"
						    : "STARTTLS");
	if (strcmp(user, "%address") == 0)
		user = "the whole address";
	else if (strcmp(user, "%local") == 0)
		user = "what stands before the @";
	put_line(out, "user", user);
}

/* As comments where a password does it, too. */
static void
put_oauth(struct buf *out, const struct provider *p)
{
	const char *mark = p->secret != NULL ? "#" : "";

	if (p->auth_url == NULL && p->issuer == NULL)
		return;
	if (p->secret != NULL)
		buf_printf(out, "%s# or, in place of the password:\n", indent);
	if (p->auth_url == NULL) {
		buf_printf(out, "%s%soauth = https://mail.example.org\n",
		    indent, mark);
		return;
	}
	buf_printf(out, "%s%soauth = %s\n", indent, mark, p->id);
	buf_printf(out, "%s%soauth-client-id = ...\n", indent, mark);
	if (p->client != NULL &&
	    strstr(p->client, "oauth-client-secret-file") != NULL)
		buf_printf(
		    out, "%s%soauth-client-secret-file = ...\n", indent, mark);
}

/* Lines for a configuration file, as they can be pasted. */
static void
put_example(struct buf *out, const struct provider *p, const char *address)
{
	struct arena arena = {0};
	const char *whose = address != NULL ? address : "me@example.org";

	buf_printf(out,
	    "\nfor a configuration file, or by `smtpsend "
	    "--configure %s`:\n",
	    address != NULL ? address : "ADDRESS");
	buf_printf(out, "%s[account %s]\n", indent, p->id);
	buf_printf(out, "%sserver = %s://%s:%s\n", indent,
	    strcmp(p->tls, "implicit") == 0 ? "smtps" : "submission",
	    p->server != NULL ? p->server : "mail.example.org", p->port);
	buf_printf(out, "%suser = %s\n", indent,
	    provider_user(p->user, whose, &arena));
	buf_printf(out, "%sfrom = %s\n", indent, whose);
	if (p->secret != NULL)
		buf_printf(out, "%spassword-from = secret-tool\n", indent);
	put_oauth(out, p);
	arena_clear(&arena);
}

void
explain_provider(struct buf *out, const struct provider *p, const char *address)
{
	buf_printf(out, "%s: %s\n", p->id, p->name);
	put_server(out, p);
	put_ways(out, p);
	put_list(out, "domains", p->domains);
	put_list(out, "MX", p->mx);
	put_line(out, "scope", p->scope);
	put_line(out, "source", p->source);
	put_line(out, "checked", p->checked);
	if (p->hint != NULL)
		put_steps(out, "to be known", p->hint, NULL);
	if (p->secret_url != NULL) {
		buf_puts(out, "\nthe ");
		put_words(out, p->secret != NULL ? p->secret : "password");
		buf_printf(out, " is made at %s\n", p->secret_url);
	}
	put_steps(out, "for OAuth, an app of your own (oauth-client-id)",
	    p->client, p->client_url);
	put_example(out, p, address);
}

void
explain_providers(struct buf *out, const struct providers *providers)
{
	const struct provider *p = providers->rows;
	size_t i;

	for (i = 0; i < providers->count; i++, p++)
		/* One that the user has put in its place is not ours. */
		if (provider_by_id(providers, p->id) == p)
			buf_printf(out, "%-14s %s\n", p->id, p->name);
}
