/* rows: how a message is sent. */
#include "options/rows.h"

static const char *const preview_choices[] = {"text", "open", NULL};

static const struct option_row rows[] = {
    {
	.name = "all-or-nothing",
	.type = OPTION_FLAG,
	.offset = FIELD(delivery.all_or_nothing),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.summary = "send nothing if a recipient is not accepted",
	.manual = "Sends the message to all recipients or to none: when "
		  "the server does not accept one, the exit status is "
		  "that of its reply, and nothing is sent. Without it, "
		  "the message goes to those who are accepted.",
    },
    {
	.name = "dry-run",
	.letter = 'n',
	.type = OPTION_STRING,
	.check = value_tokens,
	.offset = FIELD(delivery.dry_run),
	.scope = OPTION_ARGV,
	.applies = (CALL_MESSAGE & ~CALL_CHECK) | CALL_CONFIGURE,
	.group = GROUP_OFFLINE,
	.argument = "KEYWORDS",
	.optional = true,
	.omitted = "",
	.summary = "print what would go out, connect nowhere",
	.manual = "Prints on standard output exactly the bytes of "
		  "the message that would go out, and connects "
		  "nowhere. KEYWORDS are the extensions that the "
		  "server is taken to offer, with commas between, "
		  "such as `8BITMIME,SMTPUTF8`; without them it "
		  "offers none. `-n` takes no KEYWORDS. With `-v`, the "
		  "envelope and the size go to standard error.",
    },
    {
	.name = "preview",
	.type = OPTION_STRING,
	.offset = FIELD(delivery.preview),
	.scope = OPTION_ARGV,
	.applies = CALL_MESSAGE & ~CALL_CHECK,
	.group = GROUP_OFFLINE,
	.argument = "MODE",
	.optional = true,
	.omitted = "text",
	.choices = preview_choices,
	.summary = "show what a reader would see, send nothing",
	.manual = "Shows what a reader of the message would see, "
		  "and sends nothing. `text`, which is meant "
		  "without a MODE, prints it on standard output. "
		  "`open` opens the message in the mail reader of "
		  "the desktop. With `-v`, the envelope goes to standard "
		  "error.",
    },
    {
	.name = "save",
	.type = OPTION_STRING,
	.offset = FIELD(delivery.save),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_SENDING & ~CALL_MANY,
	.argument = "PATH",
	.completion = COMPLETE_FILE,
	.summary = "keep a copy of what the server accepted",
	.manual = "Keeps a copy of the message after the server has "
		  "accepted it for at least one recipient. A PATH that "
		  "is a Maildir, or ends in `/`, gets it as a message "
		  "that was read; a Maildir is created when it is "
		  "missing. A name that ends in `.eml` is that of a new "
		  "file, with this message alone. Any other is a mailbox "
		  "file (mboxrd), to which it is appended.\n"
		  "\n"
		  "What is wrong with PATH is an error before anything "
		  "is sent. If a copy cannot be kept after that, there "
		  "is a warning: the message has been sent.",
    },
    {
	.name = "timeout",
	.type = OPTION_DURATION,
	.offset = FIELD(delivery.timeout_ms),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY | CALL_LOGIN | CALL_SIGNED | CALL_OUTBOX,
	.argument = "DURATION",
	.unset = "1m to connect, 5m for a reply, 10m for the verdict",
	.summary = "longest wait for one step",
	.manual = "The longest wait for one step: a connection, a "
		  "reply, a hook, or the next bytes of input from a pipe "
		  "(75). Without it, or with 0, the limits of RFC 5321 "
		  "hold, which are minutes, and input may take as long as "
		  "it likes; on a terminal it may in any case.",
    },
    {
	.name = "deadline",
	.type = OPTION_DURATION,
	.offset = FIELD(delivery.deadline_ms),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY | CALL_LOGIN | CALL_SIGNED | CALL_OUTBOX,
	.argument = "DURATION",
	.summary = "longest time for the whole run",
	.manual = "The longest time for the whole run, readers of its output "
		  "included. Without it, or with 0, there is no such limit.",
    },
    {
	.name = "on-commit",
	.type = OPTION_STRING,
	.check = value_line_or_empty,
	.secret = SECRET_COMMAND,
	.offset = FIELD(hooks.on_commit),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_SENDING & ~CALL_MANY,
	.argument = "COMMAND",
	.summary = "run a command as the message goes out",
	.manual = "Runs COMMAND by the shell when the last octets of the "
		  "message are next to go out: until then nobody has it, "
		  "from then on the server may. The message does not wait "
		  "for it. See HOOKS in smtpsend(1).",
    },
    {
	.name = "on-success",
	.type = OPTION_STRING,
	.check = value_line_or_empty,
	.secret = SECRET_COMMAND,
	.offset = FIELD(hooks.on_success),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_SENDING & ~CALL_MANY,
	.argument = "COMMAND",
	.summary = "run a command when all have the message",
	.manual = "Runs COMMAND by the shell after the end, if all "
		  "recipients were accepted (status 0), with the report of "
		  "`--json` on its standard input. See HOOKS in "
		  "smtpsend(1).",
    },
    {
	.name = "on-failure",
	.type = OPTION_STRING,
	.check = value_line_or_empty,
	.secret = SECRET_COMMAND,
	.offset = FIELD(hooks.on_failure),
	.scope = OPTION_ANYWHERE,
	.applies = (CALL_SENDING & ~CALL_MANY) | CALL_OUTBOX,
	.argument = "COMMAND",
	.summary = "run a command when somebody may not have it",
	.manual = "The same for every other end: nobody has the message, "
		  "or some have not (1), or that is not known (2), or it "
		  "was cancelled by a signal. `--flush` runs it for each "
		  "message of the outbox that has failed.",
    },
    {.name = NULL},
};

const struct option_section section_delivery = {
    "Delivery", "delivery", ROWS(rows)};
