#include "command/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/patience.h"

#include "options/option.h"

enum { LIST_FILE_MAX = 64 * 1024 * 1024 };

static bool
is_stdin(const char *name)
{
	return name != NULL && strcmp(name, "-") == 0;
}

/* --- recipients from files ------------------------------------------------*/

/* One address (or list) a line; blank lines and lines with # are comments. */
static int
add_lines(struct strings *list, struct arena *a, const char *option,
    const char *name, char *text, size_t n, struct error *err)
{
	char *line = text, *end, *next;
	size_t len;

	if (memchr(text, '\0', n) != NULL)
		return error_set(
		    err, EX_USAGE, "%s: %s: holds a NUL", option, name);
	for (; line < text + n; line = next) {
		end = memchr(line, '\n', (size_t)(text + n - line));
		if (end == NULL)
			end = text + n;
		next = end + 1;
		line += strspn(line, " \t");
		len = line < end ? (size_t)(end - line) : 0;
		while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
			len--;
		if (len > 0 && line[0] != '#')
			strings_append(list, a, arena_strndup(a, line, len));
	}
	return 0;
}

static int
add_file(struct strings *list, struct arena *a, const struct process *process,
    const char *option, const char *name, struct error *err)
{
	struct patience patience = process_patience(process);
	struct buf text = BUF_WITH_MAX(LIST_FILE_MAX);
	int fd = STDIN_FILENO, r;

	if (is_stdin(name))
		name = "standard input";
	else
		fd = patience_open(name, err);
	if (fd == -1)
		return error_context(err, "%s", option);
	r = patience_read_all(&patience, fd, name, &text, err);
	if (r == -1)
		error_context(err, "%s", option);
	else if (text.len > 0)
		r = add_lines(list, a, option, name, text.data, text.len, err);
	buf_clear(&text);
	if (fd != STDIN_FILENO)
		close(fd);
	return r;
}

/* items, the lines of files, and (for To) the operands, in one list. */
static int
gather(struct strings *out, struct arena *a, const struct process *process,
    const char *option, const struct strings *items,
    const struct strings *files, const struct strings *operands,
    struct error *err)
{
	size_t i;

	for (i = 0; i < items->count; i++)
		strings_append(out, a, items->items[i]);
	for (i = 0; i < files->count; i++)
		if (add_file(out, a, process, option, files->items[i], err) ==
		    -1)
			return -1;
	for (i = 0; operands != NULL && i < operands->count; i++)
		strings_append(out, a, operands->items[i]);
	return 0;
}

static size_t
stdin_uses(const struct settings *s)
{
	const struct strings *files[] = {
	    &s->to_file, &s->cc_file, &s->bcc_file};
	size_t i, k, n = 0;

	for (i = 0; i < 3; i++)
		for (k = 0; k < files[i]->count; k++)
			n += is_stdin(files[i]->items[k]);
	if (s->message_stdin || is_stdin(s->message))
		n++;
	else if (s->message == NULL && s->body == NULL &&
	    (s->body_file == NULL || is_stdin(s->body_file)))
		n++;
	return n;
}

/* --- who and where we are -------------------------------------------------*/

/* The domain of bare names: /etc/mailname as Debian has it, else our name. */
static const char *
mail_name(struct arena *a)
{
	const struct patience now = {.deadline_us = 1};
	struct buf text = BUF_WITH_MAX(1024);
	struct error err;
	struct utsname u;
	const char *name = NULL;
	int fd = open("/etc/mailname", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd != -1 &&
	    patience_read_all(&now, fd, "/etc/mailname", &text, &err) == 0 &&
	    text.len > 0) {
		text.data[strcspn(text.data, " \t\r\n")] = '\0';
		if (text.data[0] != '\0')
			name = arena_strdup(a, text.data);
	}
	if (fd != -1)
		close(fd);
	buf_clear(&text);
	if (name == NULL && uname(&u) == 0 && u.nodename[0] != '\0')
		name = arena_strdup(a, u.nodename);
	return name != NULL ? name : "localhost";
}

/* The passwd entry is looked up only when no From is given: it may ask a
 * directory server. */
static void
who_we_are(struct message_ident *ident, struct arena *a)
{
	const struct passwd *pw = getpwuid(getuid());
	char *name;

	if (pw == NULL) {
		ident->user = arena_printf(a, "uid%u", (unsigned)getuid());
		return;
	}
	ident->user = arena_strdup(a, pw->pw_name);
	if (pw->pw_gecos == NULL)
		return;
	name = arena_strdup(a, pw->pw_gecos);
	name[strcspn(name, ",")] = '\0';
	if (name[0] != '\0')
		ident->name = name;
}

static int
fill_ident(struct message_ident *ident, bool need_user, struct arena *a,
    struct error *err)
{
	time_t now = time(NULL);
	struct tm tm;

	if (getrandom(ident->random, sizeof(ident->random), 0) !=
	    (ssize_t)sizeof(ident->random))
		return error_set(
		    err, EX_OSERR, "no random numbers: %s", strerror(errno));
	ident->now = now;
	if (localtime_r(&now, &tm) != NULL)
		ident->zone_minutes = (int)(tm.tm_gmtoff / 60);
	ident->host = mail_name(a);
	if (need_user)
		who_we_are(ident, a);
	return 0;
}

/* The locale's charset.  Loading a locale costs more than all the rest of a
 * small message, so the usual name is read off the variables. */
static const char *
locale_charset(struct arena *a)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *value = NULL, *name;
	locale_t locale;
	size_t i;

	for (i = 0; i < 3 && (value == NULL || *value == '\0'); i++)
		value = getenv(variables[i]);
	if (value == NULL || *value == '\0' || strcmp(value, "C") == 0 ||
	    strcmp(value, "POSIX") == 0)
		return "US-ASCII";
	if (strstr(value, ".UTF-8") != NULL || strstr(value, ".utf8") != NULL)
		return "UTF-8";
	/* Not setlocale: protocol text is compared in the "C" locale. */
	locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (locale == (locale_t)0)
		return "US-ASCII";
	name = arena_strdup(a, nl_langinfo_l(CODESET, locale));
	freelocale(locale);
	return name;
}

/* --- the terminal ---------------------------------------------------------*/

/* One line from the terminal; 0 or -1, which is an interruption. */
static int
ask_subject(const struct process *process, struct arena *a,
    const char **subject, struct error *err)
{
	struct patience patience = process_patience(process);
	struct buf prompt = {0};
	char line[1000];
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd == -1)
		return 0;
	buf_puts(&prompt, "Subject: ");
	output_write(fd, &prompt);
	buf_clear(&prompt);
	n = patience_read(
	    &patience, fd, "the terminal", line, sizeof(line) - 1, err);
	close(fd);
	if (n == -1)
		return -1;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (line[0] != '\0')
		*subject = arena_strdup(a, line);
	return 0;
}

static int
greet_terminal(const struct settings *s, const struct process *process,
    struct message_params *p, struct arena *a, struct error *err)
{
	if (p->subject == NULL && !p->complete && !s->quiet &&
	    ask_subject(process, a, &p->subject, err) == -1)
		return -1;
	output_warning(
	    s, process, "type the message; end with ^D, cancel with ^C");
	return 0;
}

/* --- the message ----------------------------------------------------------*/

static int
open_input(
    const struct settings *s, struct message_params *p, struct error *err)
{
	const char *name = s->message != NULL ? s->message : s->body_file;

	p->complete = s->message != NULL || s->message_stdin;
	p->input_fd = -1;
	if (s->body != NULL && (p->complete || s->body_file != NULL))
		return error_set(
		    err, EX_USAGE, "--body excludes --body-file and --message");
	if (p->complete && s->body_file != NULL)
		return error_set(
		    err, EX_USAGE, "--message excludes --body-file");
	if (s->body != NULL) {
		p->body_text = s->body;
		p->input_name = "--body";
		return 0;
	}
	if (name == NULL || is_stdin(name) || s->message_stdin) {
		p->input_name = "standard input";
		p->input_fd = STDIN_FILENO;
		return 0;
	}
	p->input_name = name;
	p->input_fd = patience_open(name, err);
	return p->input_fd == -1 ? -1 : 0;
}

static bool
on_argv(const struct settings *s, const char *option)
{
	const struct option_row *row = option_by_name(option);

	return option_origin(s, row)->layer == LAYER_ARGV;
}

/* What a configuration says about the header is for composed messages. */
static int
check_complete(const struct settings *s, struct error *err)
{
	static const char *const options[] = {"subject", "header", "reply-to"};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!on_argv(s, options[i]))
			continue;
		error_set(err, EX_USAGE,
		    "--%s: a complete message brings its own header",
		    options[i]);
		return error_hint(err,
		    "leave it out, or give the text alone with "
		    "--body-file or on standard input");
	}
	return 0;
}

static void
fill_header(const struct settings *s, struct message_params *p)
{
	p->reply_to = s->reply_to.items;
	p->reply_to_count = s->reply_to.count;
	p->subject = s->subject;
	p->headers = s->headers.items;
	p->header_count = s->headers.count;
}

static int
fill_params(const struct settings *s, const struct process *process,
    struct arena *a, struct message_params *p, struct error *err)
{
	struct strings to = {0}, cc = {0}, bcc = {0};

	if (stdin_uses(s) > 1)
		return error_set(err, EX_USAGE,
		    "standard input can be read for one thing only: name "
		    "another file than '-'");
	if (open_input(s, p, err) == -1 ||
	    (p->complete && check_complete(s, err) == -1) ||
	    gather(&to, a, process, "--to-file", &s->to, &s->to_file,
		&s->operands, err) == -1 ||
	    gather(&cc, a, process, "--cc-file", &s->cc, &s->cc_file, NULL,
		err) == -1 ||
	    gather(&bcc, a, process, "--bcc-file", &s->bcc, &s->bcc_file, NULL,
		err) == -1 ||
	    fill_ident(&p->ident, s->from == NULL, a, err) == -1)
		return -1;
	p->to = to.items;
	p->to_count = to.count;
	p->cc = cc.items;
	p->cc_count = cc.count;
	p->bcc = bcc.items;
	p->bcc_count = bcc.count;
	p->recipients_from_header = s->message_stdin ||
	    (p->complete && to.count + cc.count + bcc.count == 0);
	p->from = s->from;
	if (!p->complete)
		fill_header(s, p);
	p->charset = s->charset != NULL ? s->charset : locale_charset(a);
	p->temp_dir = getenv("TMPDIR");
	p->keep_bcc = s->keep_bcc;
	p->envelope_from = s->envelope_from;
	p->patience = process_patience(process);
	return 0;
}

int
compose_message(const struct settings *s, const struct process *process,
    struct arena *a, struct message **message, struct error *err)
{
	struct message_params p = {0};

	if (fill_params(s, process, a, &p, err) == -1)
		return -1;
	if (p.input_fd == STDIN_FILENO && isatty(STDIN_FILENO)) {
		if (!p.recipients_from_header &&
		    p.to_count + p.cc_count + p.bcc_count == 0) {
			error_set(err, EX_USAGE, "no recipients");
			return error_hint(err,
			    "smtpsend --to USER@HOST; see "
			    "smtpsend --help");
		}
		if (greet_terminal(s, process, &p, a, err) == -1)
			return -1;
	}
	return message_new(&p, message, err);
}
