#include "command/records_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/parts.h"
#include "options/missing.h"
#include "options/value_many.h"

enum { LOOKED_AT_MAX = 64 * 1024 }; /* octets that may all be blanks */

/* Whether `text` begins with `what`, or may do so when more has come. */
static bool
may_begin(const struct buf *text, const char *what)
{
	size_t n = strlen(what);

	return memcmp(buf_string(text), what, text->len < n ? text->len : n) ==
	    0;
}

/* What it is, by no more of its first octets than it takes: those of a pipe
 * may come one by one. */
static int
look_at(struct records *r, enum records_form *form, struct error *err)
{
	static const char mark[] = "\357\273\277", from[] = "From ";
	struct input *in = &r->input;
	struct buf *kept = &in->kept;
	bool list = false;
	size_t at = 0;

	do {
		if (input_keep(in, kept->len + 1, err) == -1)
			return -1;
		if (at < strlen(mark) && kept->len >= strlen(mark) &&
		    may_begin(kept, mark))
			at = strlen(mark);
		for (; at < kept->len; at++) {
			/* Objects in a list are told to be no lines. */
			if (kept->data[at] == '[' && !list)
				list = true;
			else if (memchr(" \t\r\n", kept->data[at], 4) == NULL)
				break;
		}
	} while (!in->ended && kept->len < LOOKED_AT_MAX &&
	    (at == kept->len ||
		(kept->len < strlen(mark) && may_begin(kept, mark)) ||
		(kept->len < strlen(from) && may_begin(kept, from))));
	r->utf8 = kept->len >= strlen(mark) && may_begin(kept, mark);
	*form = RECORDS_CSV;
	if (kept->len >= strlen(from) && may_begin(kept, from))
		*form = RECORDS_MAILBOX;
	else if (at < kept->len && kept->data[at] == '{')
		*form = RECORDS_JSONL;
	return 0;
}

static void
name_form(struct records *r, const char *format)
{
	static const struct {
		const char *name;
		enum records_form form;
		enum mailbox_form mailbox;
	} forms[] = {
	    {"csv", RECORDS_CSV, MAILBOX_RD},
	    {"jsonl", RECORDS_JSONL, MAILBOX_RD},
	    {"maildir", RECORDS_MAILDIR, MAILBOX_RD},
	    {"mbox", RECORDS_MAILBOX, MAILBOX_RD},
	    {"mboxrd", RECORDS_MAILBOX, MAILBOX_RD},
	    {"mboxo", RECORDS_MAILBOX, MAILBOX_O},
	    {"mboxcl", RECORDS_MAILBOX, MAILBOX_CL},
	    {"mboxcl2", RECORDS_MAILBOX, MAILBOX_CL2},
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(format, forms[i].name) == 0) {
			r->form = forms[i].form;
			r->mailbox_form = forms[i].mailbox;
		}
}

static int
open_file(struct records *r, struct error *err)
{
	const struct settings *s = r->settings;
	struct input_params params = {
	    .wait = process_wait(r->process), .temp_dir = getenv("TMPDIR")};
	bool on_stdin = parts_name_stdin(s->many.each);
	enum records_form seen;

	if (on_stdin)
		r->name = "standard input";
	r->fd = on_stdin ? STDIN_FILENO : missing_open(s->many.each, err);
	if (r->fd == -1)
		return error_context(err, "--each");
	params.fd = r->fd;
	params.name = r->name;
	input_begin(&r->input, &params);
	r->lasting = input_is_lasting(&r->input);
	if (!r->lasting && input_spool(&r->input, err) == -1)
		return -1;
	if (look_at(r, &seen, err) == -1)
		return -1;
	if (s->many.format == NULL)
		r->form = seen;
	r->utf8 |= r->form == RECORDS_JSONL;
	if (r->form != RECORDS_CSV && s->many.delimiter != NULL)
		return error_set(err, EX_USAGE,
		    "--delimiter: of no use to %s, which is no table", r->name);
	if (records_reader_begin(r, &r->on, err) == -1)
		return -1;
	r->begun = true;
	return r->form == RECORDS_CSV ? records_header(r, err) : 0;
}

int
records_open(struct records *r, const struct settings *s,
    const struct process *process, struct error *err)
{
	*r = (struct records){.settings = s,
	    .process = process,
	    .name = s->many.each,
	    .fd = -1,
	    .lasting = true,
	    .delimiter = ','};
	if (s->many.delimiter != NULL &&
	    value_delimiter_read(s->many.delimiter, &r->delimiter, err) == -1)
		return -1;
	if (s->many.each == NULL) {
		r->form = RECORDS_FILES;
		return 0;
	}
	if (s->many.format != NULL)
		name_form(r, s->many.format);
	else if (maildir_is(s->many.each))
		r->form = RECORDS_MAILDIR;
	if (r->form != RECORDS_MAILDIR)
		return open_file(r, err);
	r->begun = maildir_begin(&r->maildir, s->many.each, err) == 0;
	return r->begun ? 0 : error_context(err, "--each");
}

void
records_close(struct records *r)
{
	if (r->begun && r->form == RECORDS_MAILDIR)
		maildir_end(&r->maildir);
	else if (r->begun)
		records_reader_end(r, &r->on);
	if (r->again_begun)
		records_reader_end(r, &r->again);
	if (r->fd != -1)
		input_end(&r->input);
	if (r->fd > STDERR_FILENO)
		close(r->fd);
	arena_clear(&r->arena);
}
