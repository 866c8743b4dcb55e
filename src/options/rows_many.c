/* rows: many messages in one call. */
#include "options/rows.h"

#include "options/value_many.h"

enum {
	MANY = CALL_MANY | CALL_COMPOSED | CALL_COMPLETE,
	MANY_SEEN = MANY | CALL_OFFLINE,
};

static const char *const formats[] = {"csv", "jsonl", "mbox", "mboxo", "mboxrd",
    "mboxcl", "mboxcl2", "maildir", NULL};
static const char *const delimiters[] = {",", ";", "tab", "|", NULL};

static const struct option_row rows[] = {
    {
	.name = "each",
	.type = OPTION_STRING,
	.offset = FIELD(many.each),
	.scope = OPTION_ARGV,
	.applies = MANY_SEEN,
	.once = true,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "send one message for each record of FILE",
	.manual =
	    "Sends one message for each record of FILE (`-`: standard "
	    "input): the rows of CSV with a header row, the lines of "
	    "JSONL, or the complete messages of a mailbox (mbox) or "
	    "Maildir. What FILE is, is seen from it; `--each-format` says "
	    "it.\n"
	    "\n"
	    "Columns and keys are variables, and `{{name}}` stands for one "
	    "in every value of a message option, in the body, in the HTML "
	    "and in the names of files. Where no recipient is named, the "
	    "variable `to`, else `email`, holds them. All records of a "
	    "file are checked before the first byte goes out, those of a "
	    "pipe as they come. See smtpsend-each(7).",
    },
    {
	.name = "each-format",
	.type = OPTION_STRING,
	.offset = FIELD(many.format),
	.scope = OPTION_ARGV,
	.applies = MANY_SEEN,
	.argument = "FORMAT",
	.choices = formats,
	.summary = "what the FILE of --each is",
	.manual =
	    "Says what the FILE of `--each` is instead of looking at it: "
	    "`csv`, `jsonl`, `maildir`, or a mailbox file. Mailbox files "
	    "differ in what became of lines that begin with `From `: "
	    "`mboxo` and `mboxrd` have a `>` before them, which is taken "
	    "away from these lines alone, or also from those that had one "
	    "before; `mboxcl` and `mboxcl2` have a Content-Length field, "
	    "and `mboxcl2` has no `>`. `mbox` is `mboxrd`.",
    },
    {
	.name = "delimiter",
	.type = OPTION_STRING,
	.check = value_delimiter,
	.offset = FIELD(many.delimiter),
	.scope = OPTION_ANYWHERE,
	.applies = MANY_SEEN,
	.argument = "CHAR",
	.hints = delimiters,
	.summary = "what stands between the cells of CSV",
	.manual = "The character between the cells of a CSV file: `,`, which "
		  "is meant without it, or `;`, `|` or `tab`.",
    },
    {
	.name = "key",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(many.key),
	.scope = OPTION_ARGV,
	.applies = MANY_SEEN,
	.argument = "COLUMN|row",
	.summary = "what makes a record the same as another",
	.manual =
	    "Names the column whose value tells records apart; `row` takes "
	    "the number of the record. Without it, that is all that the "
	    "record holds. Of several records with the same key the first is "
	    "sent; the others are skipped and named. With `row` all are "
	    "sent.\n"
	    "\n"
	    "The key is also what a record is known by in the file of "
	    "`--results`, so that `--resume` finds it where rows were moved "
	    "or added; with `row` they must not be.",
    },
    {
	.name = "skip-bad",
	.type = OPTION_FLAG,
	.offset = FIELD(many.skip_bad),
	.scope = OPTION_ARGV,
	.applies = MANY_SEEN,
	.summary = "go on without records that cannot be sent",
	.manual =
	    "Sends the others where records cannot be sent: with a bad "
	    "address, an attachment that cannot be read, a line that is no "
	    "JSON. Each is named with its line, and counts as "
	    "bad in the exit status (1). Without it, nothing is sent (65). "
	    "A column that the header lacks, and a template that is none, "
	    "are errors in any case.",
    },
    {
	.name = "record",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(many.record),
	.scope = OPTION_ARGV,
	.applies = MANY_SEEN,
	.argument = "N|ADDRESS",
	.summary = "which record --dry-run and --preview show",
	.manual =
	    "Which record of `--each` `--dry-run` and `--preview` show: the "
	    "one of this number, from 1, the header row not counted, or the "
	    "first one that goes to this address. Without it, it is the "
	    "first.",
    },
    {
	.name = "yes",
	.type = OPTION_FLAG,
	.offset = FIELD(many.yes),
	.scope = OPTION_ARGV,
	.applies = MANY_SEEN,
	.summary = "do not ask before many messages are sent",
	.manual = "Does not ask, at a terminal, whether more than ten "
		  "messages are to be sent. Elsewhere nothing is asked.",
    },
    {
	.name = "each-dir",
	.type = OPTION_STRING,
	.offset = FIELD(many.dir),
	.scope = OPTION_ARGV,
	.applies = MANY_SEEN,
	.argument = "DIR",
	.completion = COMPLETE_FILE,
	.summary = "files that records name stay below DIR",
	.manual =
	    "Files whose names a record has a part in, such as `--attach "
	    "'cert/{{id}}.pdf'` or `attach` among the options of a line of "
	    "JSON, are looked for in DIR and have to lie below it: a name "
	    "that leads out of it, by `..`, from `/` or by a symbolic link, "
	    "makes its record a bad one. For lists that others wrote. Names "
	    "without a variable are as they are.",
    },
    {
	.name = "connections",
	.type = OPTION_NUMBER,
	.check = value_connections,
	.offset = FIELD(many.connections),
	.scope = OPTION_ANYWHERE,
	.applies = MANY,
	.argument = "N",
	.initial = "1",
	.summary = "send over up to N connections at once",
	.manual =
	    "Sends many messages over up to N connections at once; the "
	    "default is 1. They are opened as they are needed. When the "
	    "server has too much (421, a connection that is refused or "
	    "lost), half of them are closed and come back later. Providers "
	    "allow few: see smtpsend-each(7).",
    },
    {
	.name = "rate",
	.type = OPTION_STRING,
	.check = value_rate,
	.offset = FIELD(many.rate),
	.scope = OPTION_ANYWHERE,
	.applies = MANY,
	.argument = "N/UNIT",
	.summary = "messages at most in a s, min, h or d",
	.manual =
	    "Begins no more than N messages in a unit of time: `s`, `min`, "
	    "`h` or `d`, such as `30/min`. They are spaced evenly, all "
	    "connections together, from the first one on: `30/min` is one "
	    "every two seconds. When a server says that it gets too much, "
	    "the rate is halved, and said.",
    },
    {
	.name = "quota",
	.type = OPTION_STRING,
	.check = value_quota,
	.offset = FIELD(many.quota),
	.scope = OPTION_ANYWHERE,
	.applies = MANY,
	.argument = "N/DURATION",
	.summary = "messages at most within DURATION, over runs",
	.manual =
	    "Begins no more than N messages within any DURATION, such as "
	    "`500/24h`. What earlier runs have begun counts as well if it "
	    "stands in the file of `--results`. When the quota is used up "
	    "the run waits until the oldest has gone by, or until "
	    "`--deadline`; what is not sent then is left to `--resume` (3).",
    },
    {
	.name = "per-connection",
	.type = OPTION_NUMBER,
	.check = value_positive,
	.offset = FIELD(many.per_connection),
	.scope = OPTION_ANYWHERE,
	.applies = MANY,
	.argument = "N",
	.summary = "messages at most over one connection",
	.manual =
	    "Closes a connection after N messages and opens another one. "
	    "Without it, a connection is used as long as the server keeps "
	    "it, or as its LIMITS (RFC 9422) say; a server that closes it "
	    "without a word after five messages or more is not given more "
	    "than that any more.",
    },
    {
	.name = "retry-for",
	.type = OPTION_DURATION,
	.offset = FIELD(many.retry_for_ms),
	.scope = OPTION_ANYWHERE,
	.applies = MANY,
	.argument = "DURATION",
	.initial = "15m",
	.summary = "how long a message is tried again",
	.manual = "For how long a message that was put off with a reply 4yz is "
		  "tried again in this run; the default is 15 minutes from its "
		  "first try. Then it is left to `--resume` (3). With 0 it is "
		  "tried once.",
    },
    {
	.name = "tries",
	.type = OPTION_NUMBER,
	.check = value_positive,
	.offset = FIELD(many.tries),
	.scope = OPTION_ANYWHERE,
	.applies = MANY,
	.argument = "N",
	.initial = "10",
	.summary = "how often a message is tried",
	.manual = "How often a message is tried in this run, the first time "
		  "counted in; the default is 10. Then it is left to "
		  "`--resume` (3).",
    },
    {
	.name = "stop-after",
	.type = OPTION_NUMBER,
	.offset = FIELD(many.stop_after),
	.scope = OPTION_ANYWHERE,
	.applies = MANY,
	.argument = "N",
	.initial = "5",
	.summary = "stop after N messages refused alike",
	.manual =
	    "Ends the run when the server has refused N messages in a row "
	    "with the same reply, code and enhanced code; the default is 5. "
	    "These messages count as not sent, since the fault is not "
	    "theirs, and `--resume` sends them (3). With 0 the run goes on. "
	    "A reply that speaks of the account, such as 535 or 550 5.4.5, "
	    "ends it at once.",
    },
    {
	.name = "results",
	.type = OPTION_STRING,
	.offset = FIELD(many.results),
	.scope = OPTION_ARGV,
	.applies = MANY,
	.group = GROUP_JOURNAL,
	.once = true,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "keep what became of each message in FILE",
	.manual =
	    "Writes what becomes of each message into FILE, which must not "
	    "exist yet, as a line of JSON each: before its last byte goes "
	    "out that it is tried, then what the server said of each "
	    "recipient. The lines are on the disk before the message can be "
	    "accepted, so that the file is true after any end, kill and "
	    "power cut included. `--resume` goes on from it. If it cannot be "
	    "written, no further message is sent (74).",
    },
    {
	.name = "resume",
	.type = OPTION_STRING,
	.offset = FIELD(many.resume),
	.scope = OPTION_ARGV,
	.applies = MANY,
	.group = GROUP_JOURNAL,
	.once = true,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "go on from a FILE of --results",
	.manual =
	    "Goes on with what FILE, which `--results` wrote, says is not "
	    "done; give the rest of the call as it was. A FILE that does not "
	    "exist is begun, so that one command line is enough for the "
	    "first run and all that follow. Messages that were accepted or "
	    "refused are not sent again. Those that were tried and have no "
	    "verdict are unknown: they are named, and sent again only with "
	    "`--resend-unknown`. If nothing is left to do it ends at once, "
	    "with the status of the whole, so that it can stand in a loop. A "
	    "list or a template that is not the same any more is refused "
	    "(65), unless `--resume-changed` is given. Only one run at a "
	    "time can use FILE (75).",
    },
    {
	.name = "resend-unknown",
	.type = OPTION_FLAG,
	.offset = FIELD(many.resend_unknown),
	.scope = OPTION_ARGV,
	.applies = MANY,
	.summary = "send again what may have been delivered",
	.manual =
	    "Sends again what `--resume` finds unknown: messages that had "
	    "gone out when their verdict was lost. A few recipients may get "
	    "theirs twice; it has the same Message-ID and Date, which lets "
	    "many servers and readers leave one out.",
    },
    {
	.name = "resume-changed",
	.type = OPTION_FLAG,
	.offset = FIELD(many.resume_changed),
	.scope = OPTION_ARGV,
	.applies = MANY,
	.summary = "resume although list or text has changed",
	.manual =
	    "Goes on with `--resume` although the list, the texts or the "
	    "options of the message are not those of the first call. "
	    "Records are known by their key: those that were done before "
	    "are not sent again, even with another text, and new ones are "
	    "sent.",
    },
    {.name = NULL},
};

const struct option_section section_many = {
    "Many messages", "many", ROWS(rows)};
