#include "command/sendmail_words.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "command/log.h"
#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/charset.h"
#include "options/elsewhere.h"
#include "options/option.h"
#include "rfc5322/address.h"
#include "rfc5322/lexer.h"

struct words {
	struct arena *arena;
	struct strings list;
};

static void
add(struct words *w, const char *option)
{
	strings_append(&w->list, w->arena, option);
}

static void
add_value(struct words *w, const char *option, const char *value)
{
	if (value != NULL)
		add(w, arena_printf(w->arena, "%s=%s", option, value));
}

static void
add_operands(struct words *w, const struct argv_sendmail *call)
{
	size_t i;

	add(w, "--");
	for (i = 0; i < call->recipients.count; i++)
		add(w, call->recipients.items[i]);
}

static void
add_message(struct words *w, const struct argv_sendmail *call)
{
	const bool now = call->delivery == SENDMAIL_NOW;

	add_value(w, "--aliases", call->aliases_file);
	add_value(w, "--envelope-from", call->reverse_path);
	add_value(w, "--dsn-notify", call->notify);
	add_value(w, "--dsn-return", call->ret);
	add_value(w, "--envelope-id", call->envelope_id);
	if (now)
		add_value(w, "--transcript", call->traffic_log);
	else
		add(w, "--queue");
	add(w, call->from_header ? "-t" : "--message=-");
	add_operands(w, call);
}

static void
add_mode(struct words *w, const struct argv_sendmail *call)
{
	switch (call->mode) {
	case SENDMAIL_SEND:
		add_message(w, call);
		break;
	case SENDMAIL_VERIFY:
		add_value(w, "--aliases", call->aliases_file);
		add_value(w, "--envelope-from", call->reverse_path);
		add_value(w, "--transcript", call->traffic_log);
		add(w, "--check");
		add_operands(w, call);
		break;
	case SENDMAIL_LIST:
		add(w, "--outbox");
		break;
	case SENDMAIL_FLUSH:
		add(w, "--flush");
		break;
	case SENDMAIL_VERSION:
		add(w, "--version");
		break;
	case SENDMAIL_HELP:
		add(w, "-h");
		break;
	case SENDMAIL_SMTP:
		add_value(w, "--aliases", call->aliases_file);
		add_value(w, "--transcript", call->traffic_log);
		if (call->delivery == SENDMAIL_LATER)
			add(w, "--queue");
		break;
	case SENDMAIL_ALIASES:
		add_value(w, "--aliases", call->aliases_file);
		break;
	}
}

static void
fill_words(struct words *w, const struct argv_sendmail *call, const char *name,
    struct options_origin *made)
{
	unsigned i;

	add(w, name);
	if (call->quiet)
		add(w, "--quiet");
	if (call->json)
		add(w, "--json");
	for (i = 0; i < call->verbose; i++)
		add(w, "--verbose");
	add_mode(w, call);
	made->argc = (int)w->list.count;
	strings_add(&w->list, w->arena, NULL);
	made->argv = (char **)(uintptr_t)w->list.items;
}

/* Whether it can be read as one address, a bare name included. */
static int
judge_address(struct arena *a, const char *text, const char *what, bool single,
    struct error *err)
{
	const struct address_params params = {
	    .domain = "localhost", .what = what, .single = single};
	struct address_list list = {0};

	return address_parse(a, text, &params, &list, err);
}

static const char *
quoted_local(struct arena *a, const char *name)
{
	struct buf text = {0};
	const char *quoted;

	lexer_put_quoted(&text, name, strlen(name));
	quoted = arena_strdup(a, buf_string(&text));
	buf_clear(&text);
	return quoted;
}

/* Names from a directory may have a backslash or blanks in them. */
static const char *
caller(struct arena *a)
{
	const struct passwd *pw = getpwuid(getuid());
	struct error ignored;

	if (pw == NULL)
		return arena_printf(a, "uid%u", (unsigned)getuid());
	return judge_address(a, pw->pw_name, "user", true, &ignored) == 0
	    ? arena_strdup(a, pw->pw_name)
	    : quoted_local(a, pw->pw_name);
}

/* Without one the reverse-path would be the author's: whoever sends on what
 * others wrote is no author, and a relay that wants a certain sender has it
 * configured.  A message without an author is by the sender. */
static void
default_sender(struct settings *s)
{
	struct settings_message *m = &s->message;

	/* That an account is for others keeps no mail from being sent. */
	m->from_pattern = NULL;
	if (m->envelope_from == NULL)
		m->envelope_from =
		    m->from != NULL ? m->from : caller(&s->arena);
	else if (m->from == NULL && m->envelope_from[0] != '\0' &&
	    strcmp(m->envelope_from, "<>") != 0)
		m->from = m->envelope_from;
}

/* What is wrong with it is told of -f, not of what it is said with. */
static int
judge_sender(
    const struct argv_sendmail *call, struct arena *a, struct error *err)
{
	const char *text = call->reverse_path;
	char quoted[OPTION_QUOTED_SIZE];
	struct error why;

	if (text == NULL || text[0] == '\0')
		return 0;
	if (value_line(text, &why) == -1)
		return error_set(err, EX_USAGE, "-f: %s %s",
		    option_quote(text, quoted), why.text);
	return judge_address(a, text, "-f", true, err);
}

/* A configured address that is none: of whoever mends it, and not of whoever
 * sends a message meanwhile. */
static int
judge_configured(struct settings *s, const char *option, const char *text,
    bool single, struct error *err)
{
	const char *utf8;

	if (text == NULL || text[0] == '\0' || strcmp(text, "<>") == 0)
		return 0;
	if (charset_option(
		&s->arena, s->message.charset, option, text, &utf8, err) == 0 &&
	    judge_address(&s->arena, utf8, option, single, err) == 0)
		return 0;
	option_blame(s, err);
	err->status = EX_CONFIG;
	return -1;
}

static int
judge_charset(const struct settings *s, struct error *err)
{
	struct charset charset;

	if (s->message.charset == NULL)
		return 0;
	if (charset_begin(&charset, s->message.charset, NULL, err) == 0) {
		charset_end(&charset);
		return 0;
	}
	error_context(err, "--charset");
	err->status = EX_CONFIG;
	return -1;
}

static int
judge_settings(struct settings *s, struct error *err)
{
	const struct settings_message *m = &s->message;
	size_t i;

	if (judge_charset(s, err) == -1 ||
	    judge_configured(
		s, "--envelope-from", m->envelope_from, true, err) == -1 ||
	    judge_configured(s, "--from", m->from, true, err) == -1)
		return -1;
	for (i = 0; i < m->bcc.count; i++)
		if (judge_configured(s, "--bcc", m->bcc.items[i], false, err) ==
		    -1)
			return -1;
	for (i = 0; i < m->bcc_file.count; i++)
		if (access(m->bcc_file.items[i], R_OK) == -1)
			return error_set(err, EX_CONFIG, "--bcc-file: %s: %s",
			    m->bcc_file.items[i], strerror(errno));
	return 0;
}

static bool
is_unset(const struct settings *s, const char *option)
{
	return option_origin(s, option_by_name(option))->layer <= LAYER_DEFAULT;
}

/* It is read again when the message is sent, from wherever that is done. */
static const char *
whole_path(struct arena *a, const char *name)
{
	struct error ignored;

	if (name != NULL)
		(void)elsewhere_file(a, name, &name, &ignored);
	return name;
}

/* What may stand there (RFC 3164 4.1.3), and a little more. */
static const char *
log_tag(struct arena *a, const char *given)
{
	enum { MAX = 32 };
	char *tag, *p;

	if (given == NULL || given[0] == '\0')
		return NULL;
	tag = arena_strndup(a, given, strnlen(given, MAX));
	for (p = tag; *p != '\0'; p++)
		if (!ascii_is_letter_or_digit(*p) && strchr("-_./", *p) == NULL)
			*p = '_';
	return tag;
}

void
sendmail_default_log(struct settings *s)
{
	if ((s->origins == NULL || is_unset(s, "log")) &&
	    access(LOG_SOCKET, W_OK) == 0)
		s->report.log = "syslog";
}

static int
read_settings(const struct argv_sendmail *call, const char *name,
    struct arena *a, struct options_origin *made, struct settings *out,
    struct error *err)
{
	struct words words = {.arena = a};

	memset(out, 0, sizeof(*out));
	if (judge_sender(call, a, err) == -1)
		return -1;
	fill_words(&words, call, name, made);
	made->sender_chooses = call->reverse_path != NULL;
	if (options_read(made, out, err) == -1)
		return -1;
	if ((call->mode == SENDMAIL_SEND || call->mode == SENDMAIL_SMTP) &&
	    judge_settings(out, err) == -1)
		return -1;
	if (is_unset(out, "queue-on-failure"))
		out->outbox.on_failure = true;
	out->envelope.dsn_if_offered = call->notify != NULL ||
	    call->ret != NULL || call->envelope_id != NULL;
	out->local.face = true;
	/* Who is left out would never have it. */
	out->delivery.all_or_nothing = false;
	out->local.full_name = call->full_name;
	out->local.header_too = call->from_header;
	out->local.no_aliases = call->no_aliases;
	out->local.log_tag = log_tag(a, call->log_tag);
	sendmail_default_log(out);
	out->local.config_file = whole_path(a, call->config_file);
	if (call->mode == SENDMAIL_SEND || call->mode == SENDMAIL_VERIFY)
		default_sender(out);
	return 0;
}

int
sendmail_settings(const struct argv_sendmail *call, const char *name,
    const struct options_origin *from, struct arena *a,
    struct options_origin *made, struct settings *out, struct error *err)
{
	*made = *from;
	if (call->config_file != NULL) {
		made->system_file = whole_path(a, call->config_file);
		made->no_user_file = true;
	}
	if (call->config_file != NULL &&
	    access(made->system_file, R_OK) == -1) {
		error_set(err, EX_CONFIG, "-C %s: %s", made->system_file,
		    strerror(errno));
		memset(out, 0, sizeof(*out));
		return -1;
	}
	return read_settings(call, name, a, made, out, err);
}

/* Variables, but of ours only those that begin with `kept`; NULL: none.  EMAIL is
 * one that may be wrong, too. */
static char **
variables(char *const *from, struct arena *a, const char *kept)
{
	static const char ours[] = "SMTPSEND_", author[] = "EMAIL=";
	struct strings rest = {0};
	bool all = kept != NULL && strcmp(kept, ours) == 0;

	for (; *from != NULL; from++)
		if ((strncmp(*from, ours, strlen(ours)) != 0 &&
			(all || strncmp(*from, author, strlen(author)) != 0)) ||
		    (kept != NULL && strncmp(*from, kept, strlen(kept)) == 0))
			strings_add(&rest, a, *from);
	strings_add(&rest, a, NULL);
	return (char **)(uintptr_t)rest.items;
}

int
sendmail_settings_bare(const struct argv_sendmail *call, const char *name,
    const struct options_origin *from, struct arena *a,
    struct options_origin *made, struct settings *out, struct error *err)
{
	static const char *const kept[] = {
	    "SMTPSEND_", "SMTPSEND_OUTBOX_DIR=", NULL};
	size_t i;

	for (i = 0;; i++) {
		*made = *from;
		made->system_file = NULL;
		made->no_user_file = true;
		made->environ = variables(from->environ, a, kept[i]);
		if (read_settings(call, name, a, made, out, err) == 0)
			return 0;
		if (err->status != EX_CONFIG || kept[i] == NULL)
			return -1;
		settings_clear(out);
	}
}
