/* import: a configuration of msmtp is printed as one of ours. */
#include "command/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/charset.h"
#include "lib/printable.h"
#include "lib/secret.h"

#include "command/msmtprc_write.h"
#include "options/missing.h"

enum { SIZE_MAX_OCTETS = 64 * 1024 };

/* Where msmtp looks, in its order. */
static size_t
usual_places(struct arena *a, const char *places[3])
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	size_t n = 0;

	if (home != NULL && *home != '\0')
		places[n++] = arena_printf(a, "%s/.msmtprc", home);
	if (xdg != NULL && *xdg == '/')
		places[n++] = arena_printf(a, "%s/msmtp/config", xdg);
	else if (home != NULL && *home != '\0')
		places[n++] = arena_printf(a, "%s/.config/msmtp/config", home);
	places[n++] = "/etc/msmtprc";
	return n;
}

static const char *
choose_file(const struct settings *s, struct arena *a, struct error *err)
{
	const struct strings *named = &s->action_arguments;
	const char *places[3];
	struct buf list = BUF_WITH_MAX(400);
	size_t n, i;

	if (named->count == 1)
		return named->items[0];
	if (named->count > 1) {
		error_set(
		    err, EX_USAGE, "--import-msmtprc: one file at a time");
		return NULL;
	}
	n = usual_places(a, places);
	for (i = 0; i < n; i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	for (i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", places[i]);
	error_set(err, EX_NOINPUT, "--import-msmtprc: there is none: %s",
	    buf_string(&list));
	error_hint(err, "--import-msmtprc=FILE names another");
	buf_clear(&list);
	return NULL;
}

static int
read_text(const char *path, const struct process *process, struct buf *text,
    struct error *err)
{
	const struct wait_limits wait = process_wait(process);
	int fd = missing_open(path, err), r;

	if (fd == -1)
		return error_context(err, "--import-msmtprc");
	*text = BUF_WITH_MAX(SIZE_MAX_OCTETS);
	buf_reserve(text, SIZE_MAX_OCTETS);
	r = wait_read_all(&wait, fd, path, text, err);
	close(fd);
	if (r == -1)
		return error_context(err, "--import-msmtprc");
	text->data[text->len] = '\0';
	return 0;
}

/* Where ours is looked for. */
static const char *
our_file(struct arena *a)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");

	if (xdg != NULL && *xdg == '/')
		return arena_printf(a, "%s/smtpsend/config", xdg);
	return home != NULL && *home == '/'
	    ? arena_printf(a, "%s/.config/smtpsend/config", home)
	    : "~/.config/smtpsend/config";
}

static void
put_head(struct buf *out, const char *path, const struct buf *body,
    bool has_password)
{
	buf_puts(out, "# Made by smtpsend --import-msmtprc from ");
	printable_append(out, path, strlen(path));
	buf_putc(out, '\n');
	if (has_password)
		buf_puts(out,
		    "# There is a password in it: mode 0600, or better "
		    "password-command.\n");
	buf_append(out, body->data, body->len);
}

static void
tell(const struct settings *s, const struct process *process,
    const struct buf *notes, bool has_password, struct arena *a)
{
	const char *ours = our_file(a), *line = buf_string(notes);
	size_t n;

	for (; *line != '\0'; line += n + 1) {
		n = strcspn(line, "\n");
		output_warning(s, process, "left out: %.*s", (int)n, line);
	}
	if (has_password)
		output_warning(s, process,
		    "warning: there is a password in it: give its file mode "
		    "0600, or use password-command");
	output_warning(s, process,
	    access(ours, F_OK) == 0
		? "hint: it can be added to %s; then smtpsend --accounts"
		: "hint: it belongs into %s; then smtpsend --accounts",
	    ours);
}

int
import_msmtprc_run(const struct settings *s, const struct process *process)
{
	struct arena a = {0};
	struct buf text = {0}, body = {0}, out = {0}, notes = {0};
	struct msmtprc rc;
	struct error err;
	const char *path = choose_file(s, &a, &err);
	bool has_password;
	size_t mark;
	int r = -1;

	process_hide();
	if (path != NULL && read_text(path, process, &text, &err) == 0) {
		mark = charset_mark(text.data, text.len);
		r = msmtprc_read(
		    &rc, &a, text.data + mark, text.len - mark, path, &err);
	}
	if (r == 0) {
		msmtprc_write(&body, &notes, &rc, path, &has_password);
		put_head(&out, path, &body, has_password);
		r = output_text(process, &out, &err);
	}
	if (r == 0)
		tell(s, process, &notes, has_password, &a);
	secret_wipe(text.data, text.cap);
	secret_wipe(body.data, body.cap);
	secret_wipe(out.data, out.cap);
	buf_clear(&text);
	buf_clear(&body);
	buf_clear(&out);
	buf_clear(&notes);
	arena_clear(&a);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
