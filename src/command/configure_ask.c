/* configure_ask: see configure_ask.h. */
#include "command/configure_ask.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/secret_draft.h"
#include "command/terminal.h"
#include "lib/ascii.h"
#include "lib/printable.h"

enum { LINE_MAX_OCTETS = 4096 }; /* a terminal has no longer ones */

void
person_init(struct person *p, const struct settings *settings,
    const struct process *process, bool may_ask)
{
	*p = (struct person){
	    .settings = settings,
	    .process = process,
	    .wait = process_wait(process),
	    .terminal = may_ask ? terminal_open() : -1,
	};
}

void
person_clear(struct person *p)
{
	if (p->terminal != -1)
		close(p->terminal);
	p->terminal = -1;
}

void
person_tell(const struct person *p, const char *fmt, ...)
{
	struct buf text = {0}, line = {0};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	printable_append(&line, buf_string(&text), text.len);
	if (!person_can_be_asked(p)) {
		if (line.len > 0)
			output_warning(
			    p->settings, p->process, "%s", buf_string(&line));
	} else {
		buf_putc(&line, '\n');
		(void)terminal_show(p->terminal, line.data, line.len);
	}
	buf_clear(&text);
	buf_clear(&line);
}

void
person_tell_error(const struct person *p, const struct error *err)
{
	const char *line = err->hint;
	size_t n;

	person_tell(p, "%s", err->text);
	for (; *line != '\0'; line += n + (line[n] != '\0')) {
		n = strcspn(line, "\n");
		person_tell(p, "hint: %.*s", (int)n, line);
	}
}

/* The end of asking, whatever brought it. */
static int
given_up(const struct person *p, struct error *err)
{
	if (err->status > EX_SIGNAL) {
		person_tell(p, "%s", "");
		return error_set(
		    err, err->status, "cancelled, nothing was changed");
	}
	return -1;
}

/* The line is in `d`, without its end. */
static int
ask(const struct person *p, const char *prompt, bool echo, struct buf *d,
    struct error *err)
{
	struct buf shown = {0};
	int r;

	printable_append(&shown, prompt, strlen(prompt));
	buf_putc(&shown, ' ');
	r = terminal_ask(p->terminal, &shown, echo, d, &p->wait, err);
	buf_clear(&shown);
	if (r == -1)
		return given_up(p, err);
	if (d->len == 0) {
		person_tell(p, "%s", "");
		return error_set(
		    err, EX_NOINPUT, "no answer, nothing was changed");
	}
	return 0;
}

static int
ask_line(const struct person *p, const char *prompt, struct arena *a,
    const char **answer, struct error *err)
{
	struct buf d = BUF_WITH_MAX(LINE_MAX_OCTETS);
	size_t begin = 0;
	int r;

	buf_reserve(&d, LINE_MAX_OCTETS - 1);
	r = ask(p, prompt, true, &d, err);
	if (r == 0) {
		while (
		    d.len > 0 && strchr(" \t\r\n", d.data[d.len - 1]) != NULL)
			d.len--;
		while (begin < d.len && ascii_is_blank(d.data[begin]))
			begin++;
		*answer = arena_strndup(a, d.data + begin, d.len - begin);
	}
	buf_clear(&d);
	return r;
}

int
person_ask(const struct person *p, const char *question, const char *initial,
    struct arena *a, const char **answer, struct error *err)
{
	const char *prompt = initial == NULL || *initial == '\0'
	    ? arena_printf(a, "%s:", question)
	    : arena_printf(a, "%s [%s]:", question, initial);

	do {
		if (ask_line(p, prompt, a, answer, err) == -1)
			return -1;
	} while (**answer == '\0' && initial == NULL);
	if (**answer == '\0')
		*answer = initial;
	return 0;
}

int
person_agrees(const struct person *p, const char *question, bool initial,
    struct error *err)
{
	struct arena a = {0};
	const char *prompt =
	    arena_printf(&a, "%s [%s]", question, initial ? "Y/n" : "y/N");
	const char *answer;
	int r = -2;

	while (r == -2) {
		if (ask_line(p, prompt, &a, &answer, err) == -1)
			r = -1;
		else if (*answer == '\0')
			r = initial;
		else if (ascii_equal(answer, "y") || ascii_equal(answer, "yes"))
			r = 1;
		else if (ascii_equal(answer, "n") || ascii_equal(answer, "no"))
			r = 0;
		else
			person_tell(p, "please answer yes or no");
	}
	arena_clear(&a);
	return r;
}

int
person_chooses(const struct person *p, const char *question,
    const char *const *choices, size_t count, size_t initial, struct error *err)
{
	struct arena a = {0};
	const char *prompt, *answer;
	unsigned long number = 0;
	char *end;
	size_t i;

	person_tell(p, "%s", question);
	for (i = 0; i < count; i++)
		person_tell(p, "  %zu  %s", i + 1, choices[i]);
	prompt = arena_printf(&a, "Number [%zu]:", initial + 1);
	while (number == 0) {
		if (ask_line(p, prompt, &a, &answer, err) == -1)
			break;
		number = strtoul(answer, &end, 10);
		if (*answer == '\0')
			number = initial + 1;
		else if (!ascii_is_digit(*answer) || *end != '\0' ||
		    number > count)
			number = 0;
		if (number == 0)
			person_tell(p,
			    "please answer with a number from 1 to %zu", count);
	}
	arena_clear(&a);
	return (int)number - 1;
}

static bool
is_empty(const struct buf *d)
{
	return d->data[0] == '\n' || d->data[0] == '\r';
}

int
person_secret(const struct person *p, const char *question, bool optional,
    struct secret *secret, struct error *err)
{
	const struct secret_wanted wanted = {.noun = "password"};
	struct buf d, prompt = {0};
	int r;

	process_hide();
	buf_printf(&prompt, "%s:", question);
	secret_draft_init(&d);
	do {
		r = ask(p, buf_string(&prompt), false, &d, err);
	} while (r == 0 && is_empty(&d) && !optional);
	if (r == 0 && is_empty(&d))
		secret_clear(secret);
	else if (r == 0)
		r = secret_draft_finish(&d, &wanted, secret, err);
	secret_draft_clear(&d);
	buf_clear(&prompt);
	return r;
}

void
person_tell_steps(const struct person *p, const char *steps)
{
	const char *end;
	size_t n;

	for (; *steps != '\0'; steps += n + (end != NULL ? 2 : 0)) {
		end = strstr(steps, "; ");
		n = end != NULL ? (size_t)(end - steps) : strlen(steps);
		person_tell(p, "  - %.*s", (int)n, steps);
	}
}
