/* rows: what is told. */
#include "options/rows.h"

static const struct option_row rows[] = {
    {
	.name = "verbose",
	.letter = 'v',
	.type = OPTION_COUNT,
	.offset = FIELD(report.verbose),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY | CALL_LOGIN | CALL_OUTBOX,
	.summary = "print the server's answer (-vv: the dialogue)",
	.manual = "Prints the server's final reply, with its queue "
		  "identifier. Given twice, prints the whole dialogue "
		  "on standard error, without credentials.",
    },
    {
	.name = "quiet",
	.letter = 'q',
	.type = OPTION_FLAG,
	.offset = FIELD(report.quiet),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY | CALL_EXPLAIN | CALL_ACCOUNTS | CALL_IMPORT |
	    CALL_LOGIN | CALL_SIGNED | CALL_OUTBOX,
	.summary = "no questions, notes or progress",
	.manual = "Asks nothing, and prints neither notes nor progress "
		  "on the terminal. Errors are still printed.",
    },
    {
	.name = "json",
	.type = OPTION_FLAG,
	.offset = FIELD(report.json),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_REAL | CALL_ACCOUNTS | CALL_LOGIN | CALL_OUTBOX,
	.summary = "print the result as a JSON object",
	.manual = "Prints the result on standard output as one JSON "
		  "object; see REPORTS in smtpsend(1).",
    },
    {
	.name = "timing",
	.type = OPTION_FLAG,
	.offset = FIELD(report.timing),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_REAL,
	.summary = "show how long each phase took",
	.manual = "Shows how long each phase took, as bars of which the "
		  "longest is as wide as the terminal, and puts times into "
		  "the dialogue (`-vv`, `--transcript`); see TRANSCRIPTS in "
		  "smtpsend(1).",
    },
    {
	.name = "transcript",
	.type = OPTION_STRING,
	.offset = FIELD(report.transcript),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_REAL | CALL_OUTBOX,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "write the dialogue to FILE",
	.manual = "Writes the dialogue with the server to FILE, "
		  "without credentials; `-` is standard output. A file that "
		  "exists is replaced only if it is empty or a transcript, "
		  "and neither read in the same call nor being written to; "
		  "else nothing is sent (73).",
    },
    {
	.name = "log",
	.type = OPTION_STRING,
	.offset = FIELD(report.log),
	.scope = OPTION_ANYWHERE,
	.check = value_plain_or_empty,
	.applies = CALL_SENDING | CALL_OUTBOX,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "log each mail, in FILE or by `syslog`",
	.manual =
	    "Adds a line for each mail to FILE, which is made with mode "
	    "0600, or sends it to syslog, facility mail, if FILE is "
	    "`syslog` (a file of that name is `./syslog`); `none` is no "
	    "log, and the default, but under the name `sendmail`, where "
	    "it is `syslog`. It says for whom the mail was and what became of it; "
	    "see THE LOG in smtpsend(1). That it cannot be written is "
	    "a warning and nothing else. FILE must not be a symbolic "
	    "link.",
    },
    {
	.name = "hexdump",
	.type = OPTION_FLAG,
	.offset = FIELD(report.hexdump),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_REAL,
	.summary = "show the octets of the dialogue, too",
	.manual = "Adds to the dialogue what goes over the connection, octet "
		  "by octet, the message included; see TRANSCRIPTS in "
		  "smtpsend(1). Without `--transcript` the dialogue is "
		  "printed as by `-vv`.",
    },
    {.name = NULL},
};

const struct option_section section_report = {"Report", "reports", ROWS(rows)};
