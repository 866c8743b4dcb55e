/* rows: what stands beside the body. */
#include "options/rows.h"

static const struct option_row rows[] = {
    {
	.name = "attach",
	.letter = 'a',
	.type = OPTION_LIST,
	.offset = FIELD(message.attach),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "attach a file",
	.manual = "Attaches FILE, byte for byte; `-` is standard "
		  "input. Behind the name, each after a comma, may "
		  "follow `type=TYPE`, `name=NAME`, `inline`, "
		  "`cid=ID` and `encoding=ENC`; see PARTS in "
		  "smtpsend(1).",
    },
    {
	.name = "html",
	.type = OPTION_STRING,
	.offset = FIELD(message.html),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.once = true,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "the text as HTML, beside the plain one",
	.manual = "The text as HTML (`-`: standard input), for "
		  "readers that show it; the plain body is for the "
		  "others. Without a plain body, one is derived "
		  "from the HTML, with its links. Standard input is "
		  "that body, if it is neither a terminal nor used "
		  "for something else, and not empty.",
    },
    {
	.name = "inline",
	.type = OPTION_LIST,
	.offset = FIELD(message.inlined),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "a picture that the HTML shows",
	.manual =
	    "A file that the HTML shows, as a rule a picture. "
	    "Where the HTML says `src=\"FILE\"`, with FILE as "
	    "it is written here, or `cid:FILE`, it gets the "
	    "reference to this part. What it says and no part "
	    "is, or the other way round, is warned of. Without `--html` it is shown where "
	    "the text ends. What may follow the name is as "
	    "with `--attach`.",
    },
    {
	.name = "calendar",
	.type = OPTION_STRING,
	.offset = FIELD(message.calendar),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.once = true,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "an invitation (iCalendar)",
	.manual = "An invitation, or an answer to one: an iCalendar "
		  "object, with the METHOD that it names (there is a "
		  "warning if it names none). Readers "
		  "that know calendars offer to accept it; for the "
		  "others it is attached as a file, too.",
    },
    {
	.name = "forward",
	.type = OPTION_LIST,
	.offset = FIELD(message.forward),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "a message to pass on, whole",
	.manual = "Attaches the message in FILE (`-`: on standard "
		  "input) as a message, with its header and its own "
		  "attachments. What mail cannot carry in it is encoded, "
		  "which is said in a note; but what is signed goes as "
		  "it is or is refused. A message with UTF-8 addresses "
		  "in its header needs SMTPUTF8.",
    },
    {.name = NULL},
};

const struct option_section section_parts = {"Parts", "parts", ROWS(rows)};
