#include "command/login_person.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "command/browser.h"
#include "command/terminal.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/printable.h"
#include "oauth/listener.h"

/* How long a line break may be one of a paste that goes on. */
enum { PAUSE_US = 250 * 1000 };

bool
login_can_paste(void)
{
	return child_may_ask();
}

/* "smtpsend: account 'work': " and the rest of a sentence. */
static void
put_begin(struct buf *b, const struct login_person *p, const char *text)
{
	buf_printf(b, "%s: account '", p->process->name);
	printable_append(b, p->account, strlen(p->account));
	buf_printf(b, "': %s", text);
}

/* "sign in as ann@x.test" */
static void
put_who(struct buf *b, const struct login_person *p)
{
	put_begin(b, p, "sign in");
	if (p->user != NULL) {
		buf_puts(b, " as ");
		printable_append(b, p->user, strlen(p->user));
	}
}

static void
put_line(struct buf *b, const char *before, const char *text)
{
	buf_puts(b, before);
	printable_append(b, text, strlen(text));
	buf_putc(b, '\n');
}

static void
show(void *arg, const char *url, bool open)
{
	const struct login_person *p = arg;
	bool opened = open && browser_open(url);
	struct buf b = {0};

	if (opened && p->settings->report.quiet)
		return;
	put_who(&b, p);
	buf_puts(&b,
	    opened     ? " in the browser that has been opened, or at\n"
		: open ? " in a browser of this machine, at\n"
		       : " in any browser, at\n");
	put_line(&b, "", url);
	if (open && !p->settings->report.quiet)
		buf_printf(&b,
		    "waiting for the browser, %d minutes at most; ^C cancels\n",
		    OAUTH_LISTENER_MINUTES);
	else if (!open)
		buf_puts(&b,
		    "In the end the browser shows an error, since nothing "
		    "listens at its last address,\n"
		    "which begins with http:// and has code= in it. Copy all "
		    "of that address.\n");
	output_tell(p->process, &b);
	buf_clear(&b);
}

static void
show_code(void *arg, const char *url, const char *code, const char *complete,
    int64_t lifetime_s)
{
	const struct login_person *p = arg;
	struct buf b = {0};

	put_who(&b, p);
	buf_puts(&b, " with any browser: open\n");
	put_line(&b, "  ", url);
	buf_puts(&b, "and type the code\n");
	put_line(&b, "  ", code);
	if (complete != NULL)
		put_line(&b, "or open ", complete);
	if (!p->settings->report.quiet)
		buf_printf(&b,
		    "waiting until that is done, %lld minutes at most; ^C "
		    "cancels\n",
		    (long long)(lifetime_s + 59) / 60);
	output_tell(p->process, &b);
	buf_clear(&b);
}

static void
note(void *arg, const char *text)
{
	const struct login_person *p = arg;

	output_warning(
	    p->settings, p->process, "account '%s': %s", p->account, text);
}

/* With a pause that is long enough the paste is over. */
static enum wait_end
wait_for_more(int terminal, const struct wait_limits *given, bool is_line)
{
	struct pollfd ready = {.fd = terminal, .events = POLLIN};
	struct wait_limits wait = *given;
	int64_t pause = clock_monotonic_us() + PAUSE_US;

	if (is_line && (wait.deadline_us == 0 || pause < wait.deadline_us))
		wait.deadline_us = pause;
	return wait_poll(&wait, &ready, 1);
}

static bool
is_blank(const struct buf *b)
{
	return strspn(buf_string(b), " \t\r\n") == b->len;
}

/* What a person types to mend a line, since the kernel does not keep one. */
static void
take(struct buf *text, char c)
{
	if (c == 0x7f || c == '\b')
		text->len -= text->len > 0 ? 1 : 0;
	else if (c == ('U' & 0x1f))
		text->len = 0;
	else
		buf_putc(text, c);
	if (text->data != NULL)
		text->data[text->len] = '\0';
}

/* Until a line with something in it has ended, and no more comes. */
static int
read_paste(int terminal, const struct wait_limits *wait, struct buf *text,
    struct error *err)
{
	enum wait_end end;
	bool is_line = false;
	char bytes[512];
	ssize_t n, i;

	while (text->len < text->max) {
		end = wait_for_more(terminal, wait, is_line);
		if (end == WAIT_LATE && is_line)
			return 0;
		if (end == WAIT_STOPPED)
			return error_set(err, EX_SIGNAL + *wait->stop,
			    "cancelled; nobody has signed in");
		if (end == WAIT_LATE)
			return error_set(err, EX_TEMPFAIL,
			    "nothing was pasted within the deadline");
		n = read(terminal, bytes, sizeof(bytes));
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return error_set(err, EX_IOERR, "the terminal is gone");
		for (i = 0; i < n; i++) {
			if (bytes[i] == ('D' & 0x1f))
				return 0;
			take(text, bytes[i]);
		}
		is_line =
		    strchr("\r\n", bytes[n - 1]) != NULL && !is_blank(text);
	}
	return 0;
}

/* A line of the kernel's ends after 4095 bytes; some addresses do not. */
static int
paste_on(int terminal, const struct wait_limits *wait, struct buf *text,
    struct error *err)
{
	static const char prompt[] = "Paste that address here: ";
	struct termios before, raw;
	int r;

	if (tcgetattr(terminal, &before) == -1)
		return error_set(
		    err, EX_IOERR, "/dev/tty: %s", strerror(errno));
	raw = before;
	raw.c_iflag |= ICRNL;
	raw.c_lflag &= ~(tcflag_t)ICANON;
	raw.c_lflag |= ISIG | ECHO;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(terminal, TCSANOW, &raw) == -1)
		return error_set(
		    err, EX_IOERR, "/dev/tty: %s", strerror(errno));
	if (terminal_show(terminal, prompt, sizeof(prompt) - 1) == 0)
		r = read_paste(terminal, wait, text, err);
	else
		r = error_set(err, EX_IOERR, "/dev/tty: %s", strerror(errno));
	tcsetattr(terminal, TCSANOW, &before);
	return r;
}

static int
paste(void *arg, struct buf *text, struct error *err)
{
	const struct login_person *p = arg;
	int terminal = terminal_open(), r;

	if (terminal == -1)
		return error_set(
		    err, EX_USAGE, "there is no terminal to paste on");
	r = paste_on(terminal, &p->wait, text, err);
	close(terminal);
	return r;
}

struct oauth_person
login_person(struct login_person *self)
{
	return (struct oauth_person){
	    .arg = self,
	    .show = show,
	    .show_code = show_code,
	    .paste = paste,
	    .note = note,
	};
}
