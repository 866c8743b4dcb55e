/* msmtprc_write: see msmtprc_write.h. */
#include "command/msmtprc_write.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "options/author.h"
#include "options/config_line.h"
#include "options/option.h"
#include "transport/proxy_url.h"
#include "transport/server.h"
#include "transport/service.h"

struct writer {
	struct buf *out, *notes;
	const char *path;
	const struct msmtprc_account *account;
	const struct msmtprc *rc;
	bool *noted; /* of each line */
	bool *has_password;
};

/* The same setting by another name. */
static const struct {
	enum msmtprc_command command;
	const char *setting;
} same[] = {
    {MSMTPRC_SOURCE_IP, "source-address"},
    {MSMTPRC_DSN_NOTIFY, "dsn-notify"},
    {MSMTPRC_TLS_CERT_FILE, "tls-cert"},
    {MSMTPRC_TLS_KEY_FILE, "tls-key"},
    {MSMTPRC_TLS_CRL_FILE, "tls-crl"},
    {MSMTPRC_TLS_PRIORITIES, "tls-priority"},
    {MSMTPRC_TLS_HOST_OVERRIDE, "tls-server-name"},
};

/* Once for each line, though several accounts may have it. */
static void
note(struct writer *w, const struct msmtprc_line *line, const char *why)
{
	struct buf text = {0};
	bool *noted = &w->noted[line - w->rc->lines];

	if (*noted)
		return;
	*noted = true;
	printable_append(&text, w->path, strlen(w->path));
	buf_printf(&text, ":%u: ", line->number);
	printable_append(&text, line->name, strlen(line->name));
	buf_printf(&text, ": %s\n", why);
	buf_puts(w->notes, buf_string(&text));
	buf_printf(w->out, "# %s", buf_string(&text));
	buf_clear(&text);
}

/* A setting, if there is one of this name and it takes the value; else the line
 * that it comes from is noted. */
static bool
put_setting(struct writer *w, const struct msmtprc_line *line, const char *name,
    const char *value)
{
	static const struct option_origin origin = {LAYER_USER_FILE, "msmtprc"};
	const struct option_row *row = option_by_name(name);
	struct buf why = {0};
	struct error err;

	if (row == NULL || (row->scope & OPTION_FILE) == 0) {
		note(w, line, "smtpsend has nothing for it");
		return false;
	}
	if (option_check(row, value, &origin, &err) == -1) {
		buf_printf(&why, "%s: not taken over", err.text);
		note(w, line, buf_string(&why) + strlen("msmtprc: "));
		buf_clear(&why);
		return false;
	}
	buf_printf(w->out, "%s = ", name);
	config_quote(w->out, value);
	buf_putc(w->out, '\n');
	return true;
}

/* What a URL is made of, if it is one; else the line is noted. */
static bool
put_url(struct writer *w, const struct msmtprc_line *line, const char *name,
    const char *url)
{
	bool is_server = strcmp(name, "server") == 0;
	struct buf why = {0};
	struct server server;
	struct arena a = {0};
	struct proxy proxy;
	struct error err;
	int r;

	if (is_server)
		r = server_parse(&a, url, "25", &server, &err);
	else
		r = proxy_url_parse(&a, url, &proxy, &err);
	if (r == -1) {
		buf_printf(&why, "%s: not taken over", err.text);
		note(w, line, buf_string(&why));
		buf_clear(&why);
	} else {
		secret_clear(is_server ? &server.password : &proxy.password);
	}
	arena_clear(&a);
	return r == 0 && put_setting(w, line, name, url);
}

static const struct msmtprc_line *
line_of(const struct writer *w, enum msmtprc_command command)
{
	return msmtprc_line_of(w->account, command);
}

static const char *
argument_of(const struct writer *w, enum msmtprc_command command)
{
	return msmtprc_argument(w->account, command);
}

/* "on", or no argument at all, is on; without a line it is `initial`. */
static bool
is_on(const struct writer *w, enum msmtprc_command command, bool initial)
{
	const struct msmtprc_line *line = line_of(w, command);

	if (line == NULL)
		return initial;
	return *line->argument == '\0' || strcmp(line->argument, "on") == 0;
}

/* The line that is wrong if the server is. */
static const struct msmtprc_line *
server_line(const struct writer *w)
{
	const char *port = argument_of(w, MSMTPRC_PORT);

	if (*argument_of(w, MSMTPRC_SOCKET) != '\0')
		return line_of(w, MSMTPRC_SOCKET);
	return line_of(w,
	    *port != '\0' && service_port(port) == 0 ? MSMTPRC_PORT
						     : MSMTPRC_HOST);
}

static bool
put_server(struct writer *w)
{
	const char *host = argument_of(w, MSMTPRC_HOST);
	const char *port = argument_of(w, MSMTPRC_PORT);
	const char *socket = argument_of(w, MSMTPRC_SOCKET);
	bool lmtp = strcmp(argument_of(w, MSMTPRC_PROTOCOL), "lmtp") == 0;
	bool v6 = strchr(host, ':') != NULL, taken;
	struct buf server = {0};

	if (*socket != '\0')
		buf_printf(&server, "%sunix:%s", lmtp ? "lmtp+" : "", socket);
	else
		buf_printf(&server, "%s%s%s%s%s%s", lmtp ? "lmtp://" : "",
		    v6 ? "[" : "", host, v6 ? "]" : "",
		    *port != '\0' ? ":" : "", port);
	taken = put_url(w, server_line(w), "server", buf_string(&server));
	buf_clear(&server);
	return taken;
}

/* What msmtp does without, ours does where it can be had. */
static void
put_tls(struct writer *w)
{
	const struct msmtprc_line *line = line_of(w, MSMTPRC_TLS);
	const struct msmtprc_line *trust = line_of(w, MSMTPRC_TLS_TRUST_FILE);

	if (line == NULL)
		return;
	if (!is_on(w, MSMTPRC_TLS, false)) {
		put_setting(w, line, "tls", "off");
		return;
	}
	put_setting(w, line, "tls",
	    is_on(w, MSMTPRC_TLS_STARTTLS, true) ? "starttls" : "implicit");
	/* Of a socket, certificates are for the host beside it. */
	if (*argument_of(w, MSMTPRC_SOCKET) != '\0' &&
	    *argument_of(w, MSMTPRC_TLS_HOST_OVERRIDE) == '\0' &&
	    *argument_of(w, MSMTPRC_HOST) != '\0')
		put_setting(w, line_of(w, MSMTPRC_HOST), "tls-server-name",
		    argument_of(w, MSMTPRC_HOST));
	if (trust == NULL || strcmp(trust->argument, "system") == 0)
		return;
	if (*trust->argument == '\0')
		note(w, trust, "the system's authorities are trusted");
	else
		put_setting(w, trust, "tls-ca", trust->argument);
}

static bool
is_token(const char *method)
{
	return strcmp(method, "oauthbearer") == 0 ||
	    strcmp(method, "xoauth2") == 0;
}

static void
put_secret(struct writer *w, const char *method)
{
	const struct msmtprc_line *eval = line_of(w, MSMTPRC_PASSWORDEVAL);
	const struct msmtprc_line *password = line_of(w, MSMTPRC_PASSWORD);
	bool token = is_token(method);

	if (eval != NULL && *eval->argument != '\0') {
		put_setting(w, eval,
		    token ? "token-command" : "password-command",
		    eval->argument);
		return;
	}
	if (password != NULL && *password->argument != '\0') {
		if (token)
			note(w, password,
			    "a token does not last: token-command gives one");
		else
			*w->has_password |= put_setting(
			    w, password, "password", password->argument);
		return;
	}
	if (!token && option_by_name("password-from") != NULL)
		buf_puts(w->out,
		    "# msmtp has looked into the keyring here, as does\n"
		    "# password-from = secret-tool\n");
}

static const char *
upper(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		buf_putc(
		    b, (char)(*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s));
	return buf_string(b);
}

static void
put_mechanism(struct writer *w, const char *method)
{
	const struct msmtprc_line *line = line_of(w, MSMTPRC_AUTH);
	struct buf name = {0};

	if (strcmp(method, "ntlm") == 0 || strcmp(method, "digest-md5") == 0) {
		note(w, line, "smtpsend does not know this mechanism");
		return;
	}
	put_setting(w, line, "auth", upper(&name, method));
	buf_clear(&name);
	if (!is_on(w, MSMTPRC_TLS, false) &&
	    (strcmp(method, "plain") == 0 || strcmp(method, "login") == 0))
		note(w, line,
		    "no password goes out without TLS; auth-in-clear = yes "
		    "allows it");
}

static void
put_auth(struct writer *w)
{
	const struct msmtprc_line *user = line_of(w, MSMTPRC_USER);
	const char *method = argument_of(w, MSMTPRC_AUTH);
	bool chosen = *method != '\0' && strcmp(method, "on") != 0;

	if (line_of(w, MSMTPRC_AUTH) == NULL || strcmp(method, "off") == 0)
		return;
	if (user != NULL && *user->argument != '\0')
		put_setting(w, user, "user", user->argument);
	if (chosen)
		put_mechanism(w, method);
	if (strcmp(method, "external") != 0 && strcmp(method, "gssapi") != 0)
		put_secret(w, method);
}

/* A `%` and a letter is replaced there; a question mark or a bracket makes a
 * pattern. */
static const char *
cannot_be_from(const char *from)
{
	const char *percent = strchr(from, '%');

	if (percent != NULL && percent[1] != '\0' &&
	    strchr("UHCM", percent[1]) != NULL)
		return "no address is made of names of this host: write it "
		       "out";
	if (strchr(from, '"') == NULL && strpbrk(from, "?[") != NULL)
		return "a pattern has asterisks only";
	return NULL;
}

static void
put_from(struct writer *w)
{
	const struct msmtprc_line *line = line_of(w, MSMTPRC_FROM);
	const char *name = argument_of(w, MSMTPRC_FROM_FULL_NAME);
	struct buf from = {0};
	bool named = line != NULL && *line->argument != '\0' &&
	    cannot_be_from(line->argument) == NULL &&
	    !author_is_pattern(line->argument);

	if (*name != '\0' && !named)
		note(w, line_of(w, MSMTPRC_FROM_FULL_NAME),
		    "there is no address that it is the name of: write from = "
		    "NAME <ADDRESS>");
	if (line == NULL || *line->argument == '\0')
		return;
	if (cannot_be_from(line->argument) != NULL) {
		note(w, line, cannot_be_from(line->argument));
		return;
	}
	if (*name != '\0' && named) {
		buf_putc(&from, '"');
		for (; *name != '\0'; name++) {
			if (*name == '"' || *name == '\\')
				buf_putc(&from, '\\');
			buf_putc(&from, *name);
		}
		buf_printf(&from, "\" <%s>", line->argument);
	} else {
		buf_puts(&from, line->argument);
	}
	put_setting(w, line, "from", buf_string(&from));
	buf_clear(&from);
}

/* Its names are looked up there. */
static void
put_proxy(struct writer *w)
{
	const char *host = argument_of(w, MSMTPRC_PROXY_HOST);
	const char *port = argument_of(w, MSMTPRC_PROXY_PORT);
	const struct msmtprc_line *line = line_of(w, MSMTPRC_PROXY_HOST);
	bool v6 = strchr(host, ':') != NULL;
	struct buf url = {0};

	if (*host == '\0') {
		if (*port != '\0')
			note(w, line_of(w, MSMTPRC_PROXY_PORT),
			    "there is no proxy_host");
		return;
	}
	if (*argument_of(w, MSMTPRC_SOCKET) != '\0') {
		note(w, line, "a socket is not reached by a proxy");
		return;
	}
	buf_printf(&url, "socks5h://%s%s%s:%s", v6 ? "[" : "", host,
	    v6 ? "]" : "", *port != '\0' ? port : "1080");
	put_url(w, line, "proxy", buf_string(&url));
	buf_clear(&url);
}

static void
put_domain(struct writer *w)
{
	const struct msmtprc_line *line = line_of(w, MSMTPRC_DOMAIN);

	if (line == NULL || *line->argument == '\0')
		return;
	if (strchr(line->argument, '%') != NULL)
		note(w, line, "the name of this host is used anyway");
	else
		put_setting(w, line, "ehlo-name", line->argument);
}

static void
put_rest(struct writer *w)
{
	const struct msmtprc_line *line;
	const char *value;
	size_t i;

	put_domain(w);
	line = line_of(w, MSMTPRC_TIMEOUT);
	value = argument_of(w, MSMTPRC_TIMEOUT);
	if (strcmp(value, "off") == 0)
		note(w, line,
		    "each step has the limit of RFC 5321, or that of timeout");
	else if (*value != '\0')
		put_setting(w, line, "timeout", value);
	line = line_of(w, MSMTPRC_DSN_RETURN);
	value = argument_of(w, MSMTPRC_DSN_RETURN);
	if (*value != '\0' && strcmp(value, "off") != 0)
		put_setting(w, line, "dsn-return",
		    strcmp(value, "headers") == 0 ? "hdrs" : value);
	if (!is_on(w, MSMTPRC_REMOVE_BCC_HEADERS, true))
		put_setting(w, line_of(w, MSMTPRC_REMOVE_BCC_HEADERS),
		    "keep-bcc", "yes");
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		line = line_of(w, same[i].command);
		if (line != NULL && *line->argument != '\0' &&
		    strcmp(line->argument, "off") != 0)
			put_setting(w, line, same[i].setting, line->argument);
	}
}

/* What has nothing here, of one account or (NULL) of the defaults. */
static void
put_lacking(struct writer *w, const char *account)
{
	const struct msmtprc_line *line = w->rc->lines;

	for (; line < w->rc->lines + w->rc->line_count; line++)
		if (line->lacking != NULL &&
		    (account == NULL ? line->account == NULL
				     : line->account != NULL &&
				strcmp(line->account, account) == 0))
			note(w, line, line->lacking);
}

/* An account whose server cannot be would send to the usual one. */
static bool
begin_account(struct writer *w)
{
	struct buf *out = w->out, server = {0};
	bool taken;

	w->out = &server;
	taken = put_server(w);
	w->out = out;
	buf_printf(out,
	    taken ? "\n[account %s]\n" : "\n# account %s is left out\n",
	    w->account->name);
	buf_puts(out, buf_string(&server));
	buf_clear(&server);
	return taken;
}

static void
put_account(struct writer *w)
{
	const struct msmtprc_account *a = w->account;

	if (*argument_of(w, MSMTPRC_HOST) == '\0' &&
	    *argument_of(w, MSMTPRC_SOCKET) == '\0') {
		buf_puts(w->out, "\n# account ");
		printable_append(w->out, a->name, strlen(a->name));
		buf_puts(w->out, " names no host\n");
		return;
	}
	if (!begin_account(w))
		return;
	put_tls(w);
	put_auth(w);
	put_from(w);
	put_proxy(w);
	put_rest(w);
	put_lacking(w, a->name);
}

void
msmtprc_write(struct buf *out, struct buf *notes, const struct msmtprc *rc,
    const char *path, bool *has_password)
{
	struct writer w = {
	    .out = out,
	    .notes = notes,
	    .path = path,
	    .rc = rc,
	    .noted = memory_alloc(rc->line_count + 1),
	    .has_password = has_password,
	};
	size_t i;

	*has_password = false;
	put_lacking(&w, NULL);
	for (i = 0; i < rc->account_count; i++) {
		w.account = &rc->accounts[i];
		put_account(&w);
	}
	free(w.noted);
}
